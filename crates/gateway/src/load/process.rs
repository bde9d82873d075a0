//! Time and memory of a process, from /proc.

use super::NotMeasured;

/// A process of this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(u32);

impl Process {
    /// The process with this id.
    ///
    /// # Errors
    /// A sentence: there is no /proc, or no such process.
    pub fn find(id: u32) -> Result<Self, NotMeasured> {
        if !cfg!(target_os = "linux") {
            return Err(NotMeasured(
                "--pid reads /proc, which only Linux has: leave it out, or measure on the gateway's machine"
                    .into(),
            ));
        }
        let process = Self(id);
        if process.cpu_s().is_none() || process.rss_kib().is_none() {
            return Err(NotMeasured(format!(
                "--pid {id}: there is no such process on this machine; `pidof sentinelops-gateway` prints the gateway's"
            )));
        }
        Ok(process)
    }

    /// This process.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// Time on all cores so far, in seconds; threads that have ended included.
    pub fn cpu_s(self) -> Option<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        Some(ticks(&text)? as f64 / ticks_per_second())
    }

    /// Memory it holds, in KiB.
    pub fn rss_kib(self) -> Option<f64> {
        rss(&std::fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?)
    }
}

/// User and system time. The name, the second field, may hold anything, blanks and brackets included.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

fn rss(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(unix)]
fn ticks_per_second() -> f64 {
    use nix::unistd::{SysconfVar, sysconf};
    // 100 everywhere but on a few old machines.
    sysconf(SysconfVar::CLK_TCK).ok().flatten().map_or(100.0, |ticks| ticks as f64)
}

#[cfg(not(unix))]
fn ticks_per_second() -> f64 {
    100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_times() {
        let stat = "17 (a) b (c) S 1 17 17 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 100 1 1";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("17 (x) S 1"), None);
    }

    #[test]
    fn memory_is_read_in_kib() {
        assert_eq!(rss("Name:\tx\nVmRSS:\t   1234 kB\nThreads:\t2\n"), Some(1234.0));
        assert_eq!(rss("Name:\tx\n"), None);
    }
}
