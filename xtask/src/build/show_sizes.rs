//! `cargo xtask sizes`: what the modules of the last build consist of.

use super::{budget, functions};
use crate::root;
use anyhow::{Context, Result};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Options {
    /// So many functions of each module
    #[arg(long, default_value_t = 30)]
    top: usize,
}

/// Where a build leaves its optimised modules with their names.
pub fn named(module: &str) -> PathBuf {
    root::target().join("named-modules").join(format!("{module}_bg.wasm"))
}

pub fn run(options: &Options) -> Result<()> {
    for module in super::MODULES {
        let file = named(module);
        let wasm = std::fs::read(&file).with_context(|| {
            format!("{} is not there: `cargo xtask build` (not --quick) leaves it", file.display())
        })?;
        let functions = functions::of(&wasm)?;
        let mut crates: Vec<_> = functions::by_crate(&functions).into_iter().collect();
        crates.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let total: u64 = crates.iter().map(|(_, bytes)| bytes).sum();
        println!(
            "{module}: {total} bytes of code; after wasm-opt, not compressed\n\n    bytes  since recorded  crate"
        );
        for (name, bytes) in crates.iter().filter(|(_, bytes)| *bytes >= total / 500) {
            let change = match budget::recorded_crate(module, name)? {
                Some(was) => format!("{:+}", i64::try_from(*bytes)? - i64::try_from(was)?),
                None => "not recorded".to_owned(),
            };
            println!("{bytes:9}  {change:>14}  {name}");
        }
        println!("\n    bytes  copies  function");
        for function in functions.iter().take(options.top) {
            println!("{:9}  {:6}  {}", function.bytes, function.copies, function.name);
        }
        println!();
    }
    Ok(())
}
