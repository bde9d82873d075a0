//! wasm-opt over the modules of a release build. Not left to trunk, which would fetch its own copy from the
//! network, and would strip the names before the build has looked at them.

use crate::root;
use crate::run::cmd;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What rustc's wasm32 target uses by default, and every browser with module workers has.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The program as locked in package-lock.json, else one on PATH.
fn program() -> Option<PathBuf> {
    let own = root::at("node_modules/.bin/wasm-opt");
    if own.exists() { Some(own) } else { root::on_path("wasm-opt") }
}

/// The passes of the first run. `--low-memory-unused`: nothing is stored below address 1,024, which is the far end of
/// the stack. Functions in the order of their names: copies of one generic function stand side by side, and gzip, which
/// looks back 32 KB, finds that they are alike (4 % smaller).
const OPTIMISE: [&str; 5] = ["-Oz", "--converge", "--low-memory-unused", "--reorder-functions-by-name", "-g"];
/// The second, which drops the names that the order was made of.
const STRIP: [&str; 3] = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/// Optimises the modules in place, side by side. `before_strip` sees them with the names of their functions.
pub fn optimise(modules: &[PathBuf], before_strip: impl FnOnce() -> Result<()>) -> Result<()> {
    let Some(program) = program() else {
        anyhow::bail!(
            "wasm-opt is not there: `cargo xtask setup` (or `npm ci` in the root folder) installs it"
        );
    };
    run(&program, &OPTIMISE, modules)?;
    before_strip()?;
    run(&program, &STRIP, modules)
}

fn run(program: &Path, passes: &[&str], modules: &[PathBuf]) -> Result<()> {
    let mut running = Vec::new();
    for module in modules {
        let mut command = Command::from(cmd!("{program} {passes...} {FEATURES...} {module} -o {module}"));
        let child = command.spawn().with_context(|| format!("{} cannot be started", program.display()))?;
        running.push((module, child));
    }
    for (module, mut child) in running {
        let status = child.wait()?;
        anyhow::ensure!(status.success(), "wasm-opt failed on {} ({status})", shown(module));
    }
    Ok(())
}

fn shown(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}
