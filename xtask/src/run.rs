//! Running other programs, written as xshell's command lines: a clean environment, output kept for the case of failure, a
//! heartbeat on long steps.

use crate::root;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use xshell::{Cmd, Shell};

/// Set by the cargo (and rustup proxy) that started us. Handed on, they would pin children to the toolchain of
/// the outer call, whatever the `rust-toolchain` file that set-up may just have written says.
const OUTER_CARGO: [&str; 8] = [
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
    "RUSTUP_TOOLCHAIN_SOURCE",
    "CARGO",
    "RUSTC",
    "RUSTDOC",
    "OUT_DIR",
    "LD_LIBRARY_PATH",
];

/// A command line as `xshell::cmd!` takes it, in the folder of [`shell`], that sees the world as a fresh shell would. `cargo` is
/// that of PATH: where rustup is, this is its proxy, which honours `rust-toolchain`.
macro_rules! cmd {
    ($($line:tt)*) => { $crate::run::clean(xshell::cmd!($crate::run::shell(), $($line)*)) };
}
pub(crate) use cmd;

/// The shell of this thread, in the repository's root. Commands start in another folder while the guard of its `push_dir`
/// lives.
pub fn shell() -> &'static Shell {
    thread_local! {
        // Leaked: a command borrows its shell, and the few threads last as long as the program.
        static SHELL: &'static Shell = {
            let shell = Shell::new().expect("cargo started this in a folder that is there");
            shell.change_dir(root::root());
            Box::leak(Box::new(shell))
        };
    }
    SHELL.with(|shell| *shell)
}

/// Without what the outer cargo left in the environment. Called first: what the caller sets afterwards stays.
pub fn clean(mut command: Cmd<'_>) -> Cmd<'_> {
    for name in OUTER_CARGO {
        command = command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text == "CARGO_PRIMARY_PACKAGE"
        {
            command = command.env_remove(&name);
        }
    }
    match library_path() {
        Some(paths) => command.env("LD_LIBRARY_PATH", paths),
        None => command,
    }
}

/// The person's own library path without what the outer cargo put in front of it.
fn library_path() -> Option<OsString> {
    let all = std::env::var_os("LD_LIBRARY_PATH")?;
    let target = root::target();
    let own: Vec<_> = std::env::split_paths(&all)
        .filter(|dir| !dir.starts_with(&target) && !dir.to_string_lossy().contains("/toolchains/"))
        .filter(|dir| !dir.ends_with("rustlib/x86_64-unknown-linux-gnu/lib") && dir != Path::new("/usr/lib"))
        .collect();
    if own.is_empty() { None } else { std::env::join_paths(own).ok() }
}

/// Standard output, trimmed, if the command ran and succeeded.
pub fn output(command: Cmd<'_>) -> Option<String> {
    Some(command.ignore_stderr().read().ok()?.trim().to_owned())
}

/// What a command line looks like to a person.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs with the person's terminal; an error names the command. Not `Cmd::run`, which closes the standard input.
pub fn visible(command: Cmd<'_>) -> Result<()> {
    let mut command = Command::from(command);
    let status = command.status().with_context(|| format!("`{}` cannot be started", shown(&command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(&command));
    }
    Ok(())
}

/// Runs with its output in a log under the target directory, a line every 15 seconds, and on failure the log's
/// last lines: for long steps whose every line is of interest only when they fail.
pub fn quiet(what: &str, command: Cmd<'_>) -> Result<()> {
    let command = Command::from(command);
    println!("  {} …", cut(&shown(&command), 160));
    logged(what, command, true).map(drop)
}

/// As [`quiet`] without a word, for work beside other work; answers its output.
pub fn beside(what: &str, command: Cmd<'_>) -> Result<String> {
    logged(what, command.into(), false)
}

fn logged(what: &str, mut command: Command, tell: bool) -> Result<String> {
    let dir = root::target().join("xtask-logs");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let name: String = what.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let log = dir.join(format!("{name}.log"));
    let file = std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let began = Instant::now();
    let mut child = command
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("`{}` cannot be started", shown(&command)))?;
    let mut reported_at = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if tell && reported_at.elapsed() >= Duration::from_secs(15) {
            reported_at = Instant::now();
            let text = root::read_or_empty(&log);
            let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
            println!("    … {what}, {} s so far: {}", began.elapsed().as_secs(), cut(last, 80));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let text = root::read_or_empty(&log);
    if status.success() {
        return Ok(text);
    }
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(15)..] {
        println!("    | {line}");
    }
    bail!("`{}` failed ({status}); all of its output is in {}", cut(&shown(&command), 160), log.display());
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// A command as root: directly, through a sudo that asks nothing, or not at all.
pub fn as_root(program: &str) -> Option<Cmd<'static>> {
    if output(cmd!("id -u")).as_deref() == Some("0") {
        return Some(cmd!("{program}"));
    }
    output(cmd!("sudo -n true"))?;
    Some(cmd!("sudo -n {program}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_start_in_the_shells_folder_without_the_outer_cargo_and_keep_what_the_caller_sets() {
        // Over two lines, as the long ones are written.
        let printed = cmd!(
            "sh
             -c 'pwd; env'"
        );
        let printed = printed.env("RUSTUP_TOOLCHAIN", "of-the-caller").read().unwrap();
        let mut lines = printed.lines();
        assert_eq!(lines.next(), root::root().to_str());
        assert!(lines.clone().any(|line| line == "RUSTUP_TOOLCHAIN=of-the-caller"), "{printed}");
        // Cargo sets these for this test.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        assert!(!lines.any(|line| line.starts_with("CARGO_PKG_")), "{printed}");

        let inside = shell().push_dir("xtask");
        assert_eq!(output(cmd!("pwd")).as_deref(), root::at("xtask").to_str());
        drop(inside);
        assert_eq!(output(cmd!("pwd")).as_deref(), root::root().to_str());
    }
}
