//! Work that runs beside tests which mostly wait: at idle priority, so that it gets only the processor time they leave.

use crate::root;
use crate::run::cmd;
use anyhow::{Result, anyhow};
use std::ffi::OsStr;
use std::thread::JoinHandle;
use xshell::Cmd;

/// Runs on until [`Beside::wait`].
pub struct Beside<T>(JoinHandle<Result<T>>);

impl<T: Send + 'static> Beside<T> {
    pub fn start(work: impl FnOnce() -> Result<T> + Send + 'static) -> Self {
        Self(std::thread::spawn(work))
    }

    /// Its outcome, once it is there.
    pub fn wait(self) -> Result<T> {
        self.0.join().unwrap_or_else(|_| Err(anyhow!("the thread beside the tests panicked")))
    }
}

/// A program at idle priority, by Linux's own means or else by the lowest one that every system has.
pub fn command(program: impl AsRef<OsStr>) -> Cmd<'static> {
    let idle = if root::on_path("chrt").is_some() { cmd!("chrt -i 0") } else { cmd!("nice -n 19") };
    idle.arg(program)
}
