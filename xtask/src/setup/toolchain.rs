//! The compiler: a wasm32 standard library, clippy and rustfmt, by rustup if its servers can be reached.

use super::{Found, Need, debian};
use crate::run::cmd;
use crate::{root, run};
use anyhow::Result;
use std::path::PathBuf;

const TARGET: &str = "wasm32-unknown-unknown";

pub const WASM_TARGET: Need = Need {
    name: "wasm32 standard library",
    why: "to compile page and worker",
    look: look_target,
    get: get_target,
    by_hand: || {
        format!(
            "`rustup target add {TARGET}`, or any toolchain with that target named in a file `rust-toolchain`; on \
             Debian: {}",
            super::apt::line(&debian::PACKAGES)
        )
    },
};

pub const COMPONENTS: Need = Need {
    name: "clippy and rustfmt",
    why: "for the group lint",
    look: look_components,
    get: get_components,
    by_hand: || {
        format!("`rustup component add clippy rustfmt`; on Debian: {}", super::apt::line(&debian::PACKAGES))
    },
};

/// Where the toolchain of this checkout keeps (or would keep) the target's libraries.
pub fn target_libs() -> Option<PathBuf> {
    run::output(cmd!("rustc --print target-libdir --target {TARGET}")).map(PathBuf::from)
}

/// Whether a standard library is in that folder.
fn has_std(libs: &std::path::Path) -> bool {
    let Ok(files) = std::fs::read_dir(libs) else { return false };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

fn look_target() -> Found {
    let Some(version) = run::output(cmd!("rustc -V")) else {
        return Found::No("no rustc can be run".into());
    };
    if debian::in_use() && !debian::std_is_current() {
        return Found::No(format!("{version}: none, or built by another version of the compiler"));
    }
    match target_libs() {
        Some(libs) if has_std(&libs) => Found::Yes(format!("{version}, {}", libs.display())),
        _ => Found::No(format!("{version} has none")),
    }
}

fn get_target() -> Result<()> {
    if !debian::in_use() && root::on_path("rustup").is_some() {
        match run::quiet("rustup target add", cmd!("rustup target add {TARGET}")) {
            Ok(()) => return Ok(()),
            Err(error) => println!("  {error:#}\n  falling back to Debian's toolchain"),
        }
    }
    debian::get()
}

fn look_components() -> Found {
    let clippy = run::output(cmd!("cargo clippy --version"));
    let rustfmt = run::output(cmd!("cargo fmt --version"));
    match (clippy, rustfmt) {
        (Some(clippy), Some(rustfmt)) => Found::Yes(format!("{clippy}, {rustfmt}")),
        (None, Some(_)) => Found::No("no clippy".into()),
        (Some(_), None) => Found::No("no rustfmt".into()),
        (None, None) => Found::No("neither".into()),
    }
}

fn get_components() -> Result<()> {
    if debian::in_use() {
        return super::apt::install(&debian::PACKAGES);
    }
    run::quiet("rustup component add", cmd!("rustup component add clippy rustfmt"))
}
