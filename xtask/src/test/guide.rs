//! `docs/getting-started.md`, followed word by word: a fresh crate outside of this workspace, the files as the guide
//! shows them, the commands it names. What a new user would stumble over fails here first.

use crate::{root, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Where the guide expects the checkout; its comment says to put one's own path there.
const CHECKOUT: &str = "../sentinelops";
/// What has to come out of it. The page finds the worker by the name in its meta tag.
const BUILT: [&str; 2] = ["index.html", "worker_loader.js"];

pub fn follow(driver: &Path) -> Result<()> {
    println!("--- docs/getting-started.md, as a new user would");
    let guide = std::fs::read_to_string(root::at("docs/getting-started.md"))?;
    let files = files(&guide);
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    for wanted in ["Cargo.toml", "src/main.rs", "src/worker.rs", "index.html", "tests/count.rs"] {
        if !names.contains(&wanted) {
            bail!("the guide shows no `{wanted}`: it shows {}", names.join(", "));
        }
    }

    let folder = folder();
    // Left behind by an earlier run.
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    run::visible(run::cargo().args(["new", "--quiet", "--vcs", "none", "console"]).current_dir(&folder))?;
    // In the folder above: the app itself stays as the guide has it, and what the workspace compiled is used.
    std::fs::create_dir_all(folder.join(".cargo"))?;
    std::fs::write(
        folder.join(".cargo/config.toml"),
        dev_profile(&std::fs::read_to_string(root::at("Cargo.toml"))?),
    )?;
    let app = folder.join("console");
    for (name, content) in &files {
        let path = app.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match name.as_str() {
            "Cargo.toml" => std::fs::write(&path, manifest(&std::fs::read_to_string(&path)?, content)?)?,
            _ => std::fs::write(&path, content)?,
        }
    }
    // The versions everything here was tested with, so that what is compiled already is used.
    std::fs::copy(root::at("Cargo.lock"), app.join("Cargo.lock"))?;

    let mut trunk = run::command("trunk");
    trunk.arg("build").env_remove("NO_COLOR");
    run::visible(here(&mut trunk, &app)).context("`trunk build` of the guide's app")?;
    for name in BUILT {
        if !app.join("dist").join(name).is_file() {
            bail!("`trunk build` of the guide's app made no {name}");
        }
    }

    let mut pack = run::command("wasm-pack");
    pack.args(["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"]).arg(driver);
    run::visible(here(&mut pack, &app)).context("`wasm-pack test` of the guide's app")?;
    std::fs::remove_dir_all(&folder)?;
    println!("the guide holds");
    Ok(())
}

/// In the app's folder, with what the workspace has compiled.
fn here<'a>(command: &'a mut std::process::Command, app: &Path) -> &'a mut std::process::Command {
    command.current_dir(app).env("CARGO_TARGET_DIR", root::target())
}

/// Outside of every workspace, the same for each run of this checkout.
fn folder() -> PathBuf {
    let hash = root::root().to_string_lossy().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    std::env::temp_dir().join(format!("sentinelops-guide-{hash:016x}"))
}

/// The sections of a manifest that say how things are compiled for development.
fn dev_profile(manifest: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.starts_with("[profile.dev]") || line.starts_with("[profile.dev.");
        }
        if inside {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// What `cargo new` wrote, with the guide's sections in the place of its empty dependencies.
fn manifest(fresh: &str, shown: &str) -> Result<String> {
    let Some((package, _)) = fresh.split_once("[dependencies]") else {
        bail!("`cargo new` wrote no [dependencies] to put the guide's in the place of");
    };
    if !shown.contains(CHECKOUT) {
        bail!("the guide's Cargo.toml does not name the checkout as {CHECKOUT}");
    }
    let checkout = root::root().to_string_lossy().replace('\\', "/");
    let shown = shown.replace(CHECKOUT, &checkout);
    // The test at the end of the guide needs one more line, which stands in its text.
    Ok(format!("{package}{shown}\n[dev-dependencies]\nwasm-bindgen-test = \"0.3\"\n"))
}

/// The files of the guide: a line that ends in "`name`:", then a block of code.
fn files(guide: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut name = None;
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let block: Vec<_> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            if let Some(name) = name.take() {
                files.push((name, block.join("\n") + "\n"));
            }
        } else if !line.trim().is_empty() {
            let named = line.strip_suffix("`:").and_then(|line| line.rsplit_once('`'));
            name = named.map(|(_, name)| name.to_owned());
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_belong_to_the_file_named_right_above_them() {
        let guide = "`a.rs`:\n\n```rust\nfn a() {}\n```\nText.\n\n```sh\nno file\n```\nWith it, `t/b.rs`:\n```\nb\n```\n";
        let found = files(guide);
        assert_eq!(
            found,
            [("a.rs".to_owned(), "fn a() {}\n".to_owned()), ("t/b.rs".to_owned(), "b\n".to_owned())]
        );
    }

    #[test]
    fn the_profile_is_taken_over_and_nothing_else() {
        let manifest = "[package]\nname = \"a\"\n\n[profile.dev]\ndebug = 1\n[profile.dev.package.b]\nopt-level = 3\n[profile.bench]\nlto = false\n";
        assert_eq!(
            dev_profile(manifest),
            "[profile.dev]\ndebug = 1\n[profile.dev.package.b]\nopt-level = 3\n"
        );
    }

    #[test]
    fn the_guide_s_dependencies_take_the_place_of_the_empty_ones() {
        let fresh = "[package]\nname = \"console\"\n\n[dependencies]\n";
        let made = manifest(fresh, "[dependencies]\nsentinelops = { path = \"../sentinelops\" }\n").unwrap();
        assert!(made.starts_with("[package]") && !made.contains(CHECKOUT), "{made}");
        assert_eq!(made.matches("[dependencies]").count(), 1);
    }
}
