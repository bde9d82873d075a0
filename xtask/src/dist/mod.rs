//! `cargo xtask dist`: the archive of a release. Gateway, console, documentation, licences; beside it what is in it
//! (CycloneDX) and the checksums.

mod archive;
mod sbom;

use crate::run::cmd;
use crate::{build, root, run};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Options {
    /// Where the files go
    #[arg(long, default_value = "target/release-archive")]
    out: PathBuf,
    /// Take this build of the console instead of making one
    #[arg(long, value_name = "DIR")]
    console: Option<PathBuf>,
    /// Take this gateway instead of compiling one
    #[arg(long, value_name = "FILE")]
    gateway: Option<PathBuf>,
}

/// What stands in the archive as it is in the checkout.
const AS_IT_IS: [&str; 5] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "docs"];

pub fn run(options: &Options) -> Result<()> {
    let console = match &options.console {
        Some(dir) => root::at(dir),
        None => console()?,
    };
    if !console.join("index.html").is_file() || !console.join("_headers").is_file() {
        bail!("{} is no build of the console: `cargo xtask build` makes one", console.display());
    }
    let gateway = match &options.gateway {
        Some(file) => root::at(file),
        None => gateway()?,
    };
    let (version, target) = (env!("CARGO_PKG_VERSION"), host()?);
    let name = format!("sentinelops-{version}-{target}");
    let out = root::at(&options.out);
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;

    let sbom = format!("{}\n", serde_json::to_string_pretty(&sbom::of_project(version, &target)?)?);
    let mut files = archive::Files::default();
    files.add_bytes("sbom.cdx.json", sbom.clone().into_bytes());
    files.add("sentinelops-gateway", &gateway)?;
    files.add("console", &console)?;
    for path in AS_IT_IS {
        files.add(path, &root::at(path))?;
    }
    let archive = files.pack(&name).context("the archive cannot be packed")?;

    let parts = [(format!("{name}.tar.gz"), archive), (format!("{name}.cdx.json"), sbom.into_bytes())];
    let mut sums = String::new();
    for (file, content) in &parts {
        let path = out.join(file);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        sums.push_str(&format!("{}  {file}\n", sum(content)));
        println!("{:>10} bytes  {}", content.len(), path.display());
    }
    fs::write(out.join("SHA256SUMS"), sums).context("cannot write SHA256SUMS")?;
    println!("check with: (cd {} && sha256sum -c SHA256SUMS)", out.display());
    Ok(())
}

/// As `sha256sum` prints it.
fn sum(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn console() -> Result<PathBuf> {
    let dist = root::target().join("release-console");
    build::build(&build::Options { dist: dist.clone(), public_url: "/".to_owned(), ..Default::default() })?;
    Ok(dist)
}

fn gateway() -> Result<PathBuf> {
    let build = cmd!("cargo build --profile native --package sentinelops-gateway");
    // Symbols of a program that is shipped are of no use to anybody.
    run::visible(build.env("CARGO_PROFILE_NATIVE_STRIP", "symbols"))?;
    Ok(root::target().join("native/sentinelops-gateway"))
}

/// The target this machine compiles for.
fn host() -> Result<String> {
    let text = cmd!("rustc -vV").read()?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

/// Every file below a folder, by its path in it.
fn walk(base: &Path, dir: &Path, found: &mut Vec<(String, PathBuf)>) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            walk(base, &path, found)?;
        } else {
            let name = path.strip_prefix(base)?.to_string_lossy().replace('\\', "/");
            found.push((name, path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn checksums_are_those_of_sha256sum() {
        assert_eq!(sum(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
