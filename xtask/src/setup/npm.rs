//! Node and the npm packages: binaryen (wasm-opt), remark (links in Markdown) and what the store bench is compared with
//! at the root, the end-to-end tests' own in e2e/.

use super::{Found, Need};
use crate::run::cmd;
use crate::{root, run, versions};
use anyhow::{Result, bail};
use std::path::PathBuf;

const NODE_MAJOR: u64 = 20;

pub const NODE: Need = Need {
    name: "node and npm",
    why: "for wasm-opt, the end-to-end tests and the gateway's conformance tests",
    look: look_node,
    get: || bail!("set-up leaves the choice of a node to you"),
    by_hand: || {
        format!("install node {NODE_MAJOR} or newer with npm from nodejs.org or your system's packages")
    },
};

pub const PACKAGES: Need = Need {
    name: "npm packages",
    why: "for wasm-opt (binaryen), links in Markdown (remark), the end-to-end tests (playwright) and the gateway's \
          conformance tests (ws)",
    look: look_packages,
    get: get_packages,
    by_hand: || "run `npm ci` in each folder that has a package-lock.json: the root and e2e/".to_owned(),
};

fn look_node() -> Found {
    let Some(node) = run::output(cmd!("node --version")) else {
        return Found::No("no node".into());
    };
    if root::on_path("npm").is_none() {
        return Found::No(format!("node {node}, no npm"));
    }
    let major = versions::of_output(&node).map(|version| versions::numbers(&version)).unwrap_or_default();
    if major.first().is_none_or(|major| *major < NODE_MAJOR) {
        return Found::No(format!("node {node} is older than {NODE_MAJOR}"));
    }
    Found::Yes(format!("node {node}"))
}

/// Folders with a lock file.
fn folders() -> Vec<PathBuf> {
    [root::root().to_path_buf(), root::at("e2e")]
        .into_iter()
        .filter(|dir| dir.join("package-lock.json").is_file())
        .collect()
}

/// A copy of the lock's fingerprint inside node_modules says what was installed.
fn stamp(dir: &std::path::Path) -> (PathBuf, String) {
    let lock = std::fs::read(dir.join("package-lock.json")).unwrap_or_default();
    (dir.join("node_modules/.sentinelops-lock"), root::fingerprint(&lock))
}

fn stale() -> Vec<PathBuf> {
    let is_stale = |dir: &PathBuf| {
        let (file, wanted) = stamp(dir);
        root::read_or_empty(file) != wanted
    };
    folders().into_iter().filter(is_stale).collect()
}

fn look_packages() -> Found {
    let stale = stale();
    if stale.is_empty() {
        return Found::Yes(format!("{} folder(s) as locked", folders().len()));
    }
    let names: Vec<_> = stale.iter().map(|dir| dir.display().to_string()).collect();
    Found::No(format!("not as locked in {}", names.join(" and ")))
}

fn get_packages() -> Result<()> {
    for dir in stale() {
        let _inside = run::shell().push_dir(&dir);
        let npm = cmd!("npm ci --no-fund --no-audit").env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        run::quiet("npm ci", npm)?;
        let (file, wanted) = stamp(&dir);
        run::shell().write_file(file, wanted)?;
    }
    Ok(())
}
