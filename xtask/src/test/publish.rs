//! The crates that are published: that they can be packaged, that their versions keep semver, and that no shipped build
//! has the features for tests or the one for a first try.

use crate::run::cmd;
use crate::{root, run, setup};
use anyhow::{Context, Result, bail};

/// In the order of their dependencies.
const CRATES: [&str; 3] = ["sentinelops-protocol", "sentinelops-engine", "sentinelops-realtime"];

/// What is shipped: the console's two programs and the gateway.
const SHIPPED: [&str; 2] = ["sentinelops", "sentinelops-gateway"];

/// Features of our crates that exist for tests, benchmarks and a first try.
const NEVER_SHIPPED: [&str; 5] = ["lab", "mutants", "bench", "in_page", "traces"];

/// Each is packaged and compiled from its package alone, dependencies on each other included.
///
/// In a workspace of the unpacked packages: cargo's own verification keeps what it once unpacked and compiled of a version,
/// and takes it for the package of every later commit.
pub fn packages() -> Result<()> {
    // Only what is committed can be published; here edits in progress are to be checked as well.
    let package = cmd!("cargo package --quiet --allow-dirty --no-verify");
    run::visible(package.args(CRATES.iter().flat_map(|name| ["-p", name])))?;
    let folder = root::target().join("unpacked");
    let shell = run::shell();
    shell.remove_path(&folder)?;
    let version = env!("CARGO_PKG_VERSION");
    for name in CRATES {
        let file = root::target().join(format!("package/{name}-{version}.crate"));
        let file = std::fs::File::open(&file).with_context(|| format!("cannot open {}", file.display()))?;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        // With the time of today, or cargo takes them for what it has compiled.
        archive.set_preserve_mtime(false);
        archive.unpack(&folder)?;
    }
    let members = CRATES.map(|name| format!("\"{name}-{version}\"")).join(", ");
    let patches = CRATES.map(|name| format!("{name} = {{ path = \"{name}-{version}\" }}\n")).concat();
    let manifest =
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}");
    shell.write_file(folder.join("Cargo.toml"), manifest)?;
    shell.copy_file("Cargo.lock", folder.join("Cargo.lock"))?;
    let _inside = shell.push_dir(&folder);
    run::visible(cmd!("cargo check --quiet --workspace").env("CARGO_TARGET_DIR", root::target()))
}

/// They are off where the default features are used, which is what `cargo xtask build` and `dist` do.
pub fn shipped_features() -> Result<()> {
    let mut found = Vec::new();
    for package in SHIPPED {
        let format = "{p} [{f}]";
        let tree = cmd!("cargo tree --locked --edges normal,build --prefix none --format {format}");
        let lines = tree.args(["--package", package]).read()?;
        let ours = lines.lines().filter(|line| line.starts_with("sentinelops"));
        if ours.clone().count() < 2 {
            bail!("cargo tree names no crate of ours below {package}: this check looks at the wrong place");
        }
        found.extend(
            ours.filter_map(|line| offence(line).map(|feature| format!("{package}: {feature} in {line}"))),
        );
    }
    if !found.is_empty() {
        bail!("features that no shipped build may have: {}", found.join("; "));
    }
    Ok(())
}

/// Such a feature in a line of `cargo tree`.
fn offence(line: &str) -> Option<&'static str> {
    let (_, features) = line.rsplit_once('[')?;
    let mut features = features.split([',', ']']).map(str::trim);
    features.find_map(|feature| NEVER_SHIPPED.into_iter().find(|known| *known == feature))
}

/// Against the newest tag; before the first one there is nothing to compare with.
pub fn semver() -> Result<()> {
    run::output(cmd!("git --version")).context("git cannot be run")?;
    let Some(tag) = run::output(cmd!("git describe --tags --abbrev=0")) else {
        println!("no tag yet: nothing to compare with");
        return Ok(());
    };
    setup::run(&[setup::tools::SEMVER_CHECKS])?;
    let checks = cmd!("cargo semver-checks --baseline-rev {tag}");
    run::visible(checks.args(CRATES.iter().flat_map(|name| ["--package", name])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_found_by_their_whole_names() {
        assert_eq!(offence("sentinelops-engine v0.1.0 (/a/lab) []"), None);
        assert_eq!(offence("sentinelops-gateway v0.1.0 (/a) [default,server]"), None);
        assert_eq!(offence("sentinelops-realtime v0.1.0 (/a) [default,lab]"), Some("lab"));
        assert_eq!(offence("sentinelops-engine v0.1.0 (/a) [mutants] (*)"), Some("mutants"));
        assert_eq!(offence("sentinelops-realtime v0.1.0 (/a) [in_page]"), Some("in_page"));
    }
}
