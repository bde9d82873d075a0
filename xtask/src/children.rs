//! Programs that run beside each other until Ctrl-C: each in its own process group, so that what it started
//! itself ends with it.

use crate::run;
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Children that end when this is dropped.
pub struct Children {
    running: Vec<(&'static str, Child)>,
    interrupted: Arc<AtomicBool>,
}

impl Children {
    /// Takes over Ctrl-C, termination and hang-up.
    pub fn new() -> Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&interrupted);
        ctrlc::set_handler(move || seen.store(true, Ordering::Relaxed))
            .context("cannot listen for Ctrl-C")?;
        Ok(Self { running: Vec::new(), interrupted })
    }

    pub fn start(&mut self, name: &'static str, command: impl Into<Command>) -> Result<()> {
        let mut command = command.into();
        command.process_group(0);
        let child =
            command.spawn().with_context(|| format!("`{}` cannot be started", run::shown(&command)))?;
        self.running.push((name, child));
        Ok(())
    }

    /// Whether Ctrl-C was pressed; an error if one of the children ended by itself.
    pub fn check(&mut self) -> Result<bool> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Ok(true);
        }
        for (name, child) in &mut self.running {
            if let Some(status) = child.try_wait()? {
                bail!("{name} ended by itself ({status}); its last lines are above");
            }
        }
        Ok(false)
    }

    /// Waits for Ctrl-C.
    pub fn wait(&mut self) -> Result<()> {
        while !self.check()? {
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        let group = |child: &Child| i32::try_from(child.id()).map(Pid::from_raw);
        for (_, child) in &self.running {
            if let Ok(group) = group(child) {
                // The only failure is a group that is gone already.
                let _ = killpg(group, Signal::SIGTERM);
            }
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        for (_, child) in &mut self.running {
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(20));
            }
            if let Ok(group) = group(child) {
                let _ = killpg(group, Signal::SIGKILL);
            }
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_started_ends_with_it() {
        let mut children = Children::new().expect("first handler in this process");
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & sleep 60"]);
        children.start("a shell", command).expect("sh is on every machine");
        let id = children.running[0].1.id();
        assert!(!children.check().expect("it runs"));

        drop(children);
        let group = Pid::from_raw(i32::try_from(id).expect("a pid"));
        // The grandchild is killed with its group; the process that inherited it may take a moment to bury it.
        let deadline = Instant::now() + Duration::from_secs(10);
        while killpg(group, None).is_ok() {
            assert!(Instant::now() < deadline, "a process of the group is left");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
