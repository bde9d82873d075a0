//! The fallback toolchain, where rustup's servers cannot be reached: Debian's own compiler, which comes with the
//! matching standard library source, from which the wasm32 standard library is built once.
//!
//! The person's default toolchain stays what it is: a git-ignored file `rust-toolchain` selects this one inside
//! the checkout only.

use super::apt;
use crate::run::cmd;
use crate::{root, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Compiler, cargo, source of the standard library, linker, clippy and rustfmt of one version.
pub const PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "rustfmt-web"];

const NAME: &str = "debian";
/// What dpkg-query is to print of a package.
const STATUS: &str = "${db:Status-Status}";
const LIBS: &str = "/usr/lib/rustlib/wasm32-unknown-unknown/lib";
/// Beside the library: the `rustc -vV` that built it.
const STAMP: &str = "/usr/lib/rustlib/wasm32-unknown-unknown/built-by.txt";

fn override_file() -> PathBuf {
    root::at("rust-toolchain")
}

/// Whether this checkout uses the fallback.
pub fn in_use() -> bool {
    root::read_or_empty(override_file()).trim() == NAME
}

/// Debian's compiler, whatever toolchain is selected.
fn rustc_version() -> Option<String> {
    run::output(cmd!("/usr/bin/rustc -vV"))
}

/// Whether the wasm32 library was built by the compiler as it is now (Debian's security updates move it on).
pub fn std_is_current() -> bool {
    rustc_version().is_some_and(|version| version == root::read_or_empty(STAMP).trim())
}

/// Installs, links, builds the library and selects the toolchain for this checkout; what is there is kept.
pub fn get() -> Result<()> {
    if !apt::is_here() {
        bail!("this is no Debian: the fallback toolchain comes from its packages");
    }
    if !complete() {
        apt::install(&PACKAGES)?;
    }
    if !new_enough()? {
        bail!("Debian's rustc is older than the project's rust-version, and apt has no newer one");
    }
    link_lld()?;
    let linked = run::output(cmd!("rustup toolchain list"))
        .is_some_and(|list| list.lines().any(|line| line.split_whitespace().next() == Some(NAME)));
    if root::on_path("rustup").is_some() && !linked {
        run::quiet("rustup toolchain link", cmd!("rustup toolchain link {NAME} /usr"))?;
    }
    if !std_is_current() {
        build_std()?;
    }
    if !in_use() {
        std::fs::write(override_file(), format!("{NAME}\n"))
            .context("cannot write the file rust-toolchain")?;
        println!("  wrote rust-toolchain (git-ignored): cargo in this checkout now uses Debian's compiler");
    }
    if run::output(cmd!("rustc -vV")) != rustc_version() {
        bail!(
            "this checkout still uses another compiler: `rustup override unset` in it, because an override wins over \
             the file rust-toolchain"
        );
    }
    Ok(())
}

/// Whether every package is there, and new enough to be worth keeping.
fn complete() -> bool {
    let installed = |package: &str| {
        run::output(cmd!("dpkg-query -W -f {STATUS} {package}")).is_some_and(|status| status == "installed")
    };
    PACKAGES.iter().all(|package| installed(package)) && new_enough().unwrap_or(false)
}

/// Whether Debian's compiler satisfies `rust-version`.
fn new_enough() -> Result<bool> {
    let version = run::output(cmd!("/usr/bin/rustc -V")).context("/usr/bin/rustc cannot be run")?;
    let have = crate::versions::of_output(&version).unwrap_or_default();
    let manifest = root::read_or_empty(root::at("Cargo.toml"));
    let wanted = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap_or("\"0\"");
    Ok(crate::versions::numbers(&have) >= crate::versions::numbers(wanted.trim_matches('"')))
}

/// Debian's `rust-lld` is a link to the lld of the same LLVM, which no package of the compiler brings along.
fn link_lld() -> Result<()> {
    let Ok(lld) = std::fs::read_link("/usr/bin/rust-lld") else { return Ok(()) };
    let lld = Path::new("/usr/bin").join(lld);
    if root::is_executable(&lld) {
        return Ok(());
    }
    // The link leads either to lld-22 or into LLVM 22's own folder: the number is the package's.
    let text = lld.to_string_lossy().into_owned();
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    apt::install(&[&format!("lld-{number}")])
}

/// Builds the wasm32 standard library from Debian's source in an empty crate and puts it where rustc looks.
fn build_std() -> Result<()> {
    let version = rustc_version().context("/usr/bin/rustc cannot be run")?;
    let dir = root::target().join("wasm-std");
    let shell = run::shell();
    shell.remove_path(&dir)?;
    shell.write_file(
        dir.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    shell.write_file(dir.join("src/lib.rs"), "#![no_std]\n")?;
    let inside = shell.push_dir(&dir);
    // Without `test` no wasm test compiles; without bitcode `lto = true` finds nothing to optimise across.
    let cargo =
        cmd!("cargo build -Zbuild-std=std,panic_abort,test --release --target wasm32-unknown-unknown")
            .env("RUSTUP_TOOLCHAIN", NAME)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .env("CARGO_TARGET_DIR", dir.join("target"));
    run::quiet("wasm32 standard library", cargo)?;
    drop(inside);

    let mut libs: Vec<PathBuf> = std::fs::read_dir(dir.join("target/wasm32-unknown-unknown/release/deps"))?
        .flatten()
        .map(|file| file.path())
        .filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.ends_with(".rlib") && name.starts_with("lib") && !name.starts_with("libempty")
        })
        .collect();
    libs.sort();
    let stamp = dir.join("built-by.txt");
    shell.write_file(&stamp, &version)?;

    let root_do = |program: &str| run::as_root(program).context("not root, and `sudo -n` is not allowed");
    run::quiet("rm", root_do("rm")?.args(["-rf", LIBS]))?;
    run::quiet("mkdir", root_do("mkdir")?.args(["-p", LIBS]))?;
    run::quiet("install", root_do("install")?.args(["-m", "644", "-t", LIBS]).args(&libs))?;
    run::quiet("stamp", root_do("install")?.args(["-m", "644"]).arg(&stamp).arg(STAMP))?;
    shell.remove_path(&dir)?;
    // Cargo does not notice that the library under its feet was replaced.
    shell.remove_path(root::target().join("wasm32-unknown-unknown"))?;
    Ok(())
}
