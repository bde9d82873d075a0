//! The steps of a group: each is timed, and runs whatever became of those before it, so that one call shows all there is
//! to mend.

use anyhow::{Result, bail};
use std::time::Instant;

#[derive(Default)]
pub struct Steps {
    /// Name and seconds.
    done: Vec<(String, f64)>,
    /// Name and error.
    failed: Vec<(String, String)>,
}

impl Steps {
    /// Runs a step and prints how long it took.
    pub fn run(&mut self, name: &str, step: impl FnOnce() -> Result<()>) {
        println!("--- {name}");
        let began = Instant::now();
        let outcome = step();
        let seconds = began.elapsed().as_secs_f64();
        if let Err(error) = outcome {
            println!("error: {error:#}");
            self.failed.push((name.to_owned(), format!("{error:#}")));
        }
        println!("--- {name}: {seconds:.1} s");
        self.done.push((name.to_owned(), seconds));
    }

    pub fn outcome(&self) -> Result<()> {
        if !self.failed.is_empty() {
            let names: Vec<_> = self.failed.iter().map(|(name, _)| name.as_str()).collect();
            bail!("{}", names.join(", "));
        }
        Ok(())
    }

    /// What the failed steps said, said again below all that came after them.
    pub fn errors(&self) -> impl Iterator<Item = String> {
        self.failed.iter().map(|(name, error)| format!("{name}: {error}"))
    }

    /// Where the time went: the steps that took a second or more, the longest first.
    pub fn times(&self) -> String {
        let mut long: Vec<_> = self.done.iter().filter(|(_, seconds)| *seconds >= 1.0).collect();
        long.sort_by(|one, other| other.1.total_cmp(&one.1));
        long.iter().map(|(name, seconds)| format!("{name} {seconds:.0} s")).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_runs_after_a_failed_one_and_the_failed_are_named() {
        let mut steps = Steps::default();
        let mut ran = 0;
        steps.run("bad", || bail!("as planned"));
        steps.run("good", || {
            ran += 1;
            Ok(())
        });
        assert_eq!(ran, 1);
        assert_eq!(steps.outcome().unwrap_err().to_string(), "bad");
        assert_eq!(steps.errors().collect::<Vec<_>>(), ["bad: as planned"]);
    }

    #[test]
    fn times_begin_with_the_longest_and_leave_out_the_short() {
        let done = vec![("a".into(), 2.0), ("b".into(), 0.4), ("c".into(), 31.4)];
        let steps = Steps { done, ..Steps::default() };
        assert_eq!(steps.times(), "c 31 s, a 2 s");
    }
}
