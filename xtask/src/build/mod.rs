//! `cargo xtask build`: trunk compiles and bundles, then trunk's hook calls [`post_build`], which makes of that
//! something a CDN can serve for ever: hashed names, integrity, strict headers, sizes within budget.

pub mod budget;
pub mod functions;
pub mod graph;
pub mod headers;
pub mod html;
pub mod laboratory;
pub mod names;
pub mod post_build;
pub mod preload;
pub mod service_worker;
pub mod shorten;
pub mod show_sizes;
pub mod sizes;
pub mod wasm_opt;

use crate::run::cmd;
use crate::{root, run};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// The programs of pages: the name of the module, and the address it is for. That of the console is for every other, too.
pub const PROGRAMS: [(&str, &str); 3] = [("app", ""), ("demo", "realtime-demo"), ("wall", "wall")];
/// Every program, by the name of its module.
pub const MODULES: [&str; 4] = ["app", "demo", "wall", "worker"];

/// Says to the hook that the sizes found are to be the new ones to compare with.
pub const BUDGETS_RECORD: &str = "SENTINELOPS_BUDGETS_RECORD";
/// Tells the hook that the build is a quick one: no wasm-opt, no budgets.
pub const QUICK: &str = "SENTINELOPS_QUICK";
/// Tells the hook that the build is the laboratory's: no budgets.
pub const LAB: &str = "SENTINELOPS_LAB";
/// Its cargo feature.
const LAB_FEATURE: &str = "lab";

#[derive(clap::Args, Default)]
pub struct Options {
    /// Optimised, hashed, within budget: this is the default
    #[arg(long, conflicts_with = "dev")]
    pub release: bool,
    /// Fast to build, plain names, no optimisation
    #[arg(long)]
    pub dev: bool,
    /// Laid out like the release, but quick to compile: no link-time optimisation, no wasm-opt, no budgets. For tests
    #[arg(long, conflicts_with_all = ["dev", "record_sizes"])]
    pub quick: bool,
    /// With faults and the check against the gateway's count of effects at `/realtime-demo`; into `dist-lab`. Not for users
    #[arg(long, conflicts_with = "record_sizes")]
    pub lab: bool,
    /// The path the app is deployed under
    #[arg(long, default_value = "/", value_parser = public_url)]
    pub public_url: String,
    /// Cargo features of the app, separated by commas
    #[arg(long, default_value = "")]
    pub features: String,
    /// Where the files go
    #[arg(long, default_value = "dist", default_value_if("lab", "true", "dist-lab"))]
    pub dist: PathBuf,
    /// Write today's sizes into budgets.json, as what the next build is compared with
    #[arg(long)]
    pub record_sizes: bool,
    /// The app's own configuration at build time (`docs/api.md`), beside that of the caller's environment
    #[arg(skip)]
    pub configuration: Vec<(&'static str, &'static str)>,
}

/// A path with both slashes. Anything else could not be distinguished from a relative address on a deep route.
pub fn public_url(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    if !text.starts_with('/') || text.starts_with("//") || !text.chars().all(plain) {
        return Err(format!("`{text}` is no path: allowed are `/` and paths such as `/console/`"));
    }
    Ok(if text.ends_with('/') { text.to_owned() } else { format!("{text}/") })
}

pub fn build(options: &Options) -> Result<()> {
    let (public_url, dist) = (&options.public_url, root::at(&options.dist));
    let mut trunk = cmd!("trunk build --public-url {public_url} --dist {dist}");
    if !options.dev {
        trunk = trunk.arg("--release");
    }
    if options.quick {
        trunk = trunk.args(["--cargo-profile", "quick"]).env(QUICK, "1");
    }
    let lab = options.lab.then_some(LAB_FEATURE);
    let features = [lab, Some(&*options.features).filter(|features| !features.is_empty())];
    let features = features.into_iter().flatten().collect::<Vec<_>>().join(",");
    if !features.is_empty() {
        trunk = trunk.args(["--features", &features]);
    }
    if options.lab {
        trunk = trunk.env(LAB, "1");
    }
    if options.record_sizes {
        trunk = trunk.env(BUDGETS_RECORD, "1");
    }
    trunk = trunk.envs(options.configuration.iter().copied());
    // A failed build is explained by its own lines, not by where in trunk it was noticed.
    trunk = trunk.env("RUST_BACKTRACE", "0");
    // Trunk takes `NO_COLOR=1`, which some environments set, for a malformed flag of its own.
    trunk = trunk.env_remove("NO_COLOR");
    run::visible(trunk).context("the app was not built; the lines above say why")?;
    let index = root::at(&options.dist).join("index.html");
    if !index.is_file() {
        bail!("trunk ended well but {} is not there", index.display());
    }
    println!("built {}", root::at(&options.dist).display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::public_url;

    #[test]
    fn public_urls_are_paths_with_both_slashes() {
        assert_eq!(public_url("/").as_deref(), Ok("/"));
        assert_eq!(public_url("/ops").as_deref(), Ok("/ops/"));
        for bad in ["", "ops/", "./", "//cdn/x/", "https://cdn/x/", "/a b/", "/\"/"] {
            assert!(public_url(bad).is_err(), "{bad}");
        }
    }
}
