//! Debian packages, where there is a Debian and a way to be root.

use crate::{root, run};
use anyhow::{Context, Result, bail};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this machine installs by apt.
pub fn is_here() -> bool {
    root::on_path("apt-get").is_some()
}

/// Installs packages, after refreshing the lists once: stale lists name versions the mirrors no longer have, and
/// older compilers than the project needs.
pub fn install(packages: &[&str]) -> Result<()> {
    if !is_here() {
        bail!("apt-get is not on this machine, and set-up knows no other package manager");
    }
    let apt = |args: &[&str]| -> Result<_> {
        let command = run::as_root("env").context("not root, and `sudo -n` is not allowed")?;
        Ok(command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"])
            .args(args))
    };
    static REFRESHED: AtomicBool = AtomicBool::new(false);
    if !REFRESHED.swap(true, Ordering::Relaxed)
        && let Err(error) = run::quiet("apt-get update", apt(&["update"])?)
    {
        println!("  {error:#}; going on with the lists as they are");
    }
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(packages);
    run::quiet(&format!("apt-get install {}", packages[0]), apt(&args)?)
}

/// The line to type where set-up could not.
pub fn line(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get install --no-install-recommends {}", packages.join(" "))
}
