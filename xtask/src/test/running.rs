//! A program that runs beside the tests, and ends with them.

use crate::run;
use anyhow::{Context, Result};
use std::process::{Child, Command, ExitStatus};

/// Killed when dropped. In our own process group, so that Ctrl-C reaches it too.
pub struct Running(pub Child);

impl Running {
    pub fn start(command: impl Into<Command>) -> Result<Self> {
        let mut command = command.into();
        let child =
            command.spawn().with_context(|| format!("`{}` cannot be started", run::shown(&command)))?;
        Ok(Self(child))
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where there is nothing left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
