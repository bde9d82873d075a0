//! `docs/getting-started.md`, followed word by word: a fresh crate outside of this workspace, the files as the guide
//! shows them, the commands it names, and what is promised to be seen. What a new user would stumble over fails here
//! first.
//!
//! Two apps come of it: one as it is after step 4, served by trunk, and one of all steps, built and served under the
//! content security policy.
//!
//! What differs is the machine, not the words: the path of the checkout; ports that are free; this workspace's settings
//! for development, also for the last build, so that what is compiled already is used.

use super::apps::{self, App};
use crate::build::headers;
use crate::{root, run};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Where the guide expects the checkout; its comment says to put one's own path there.
const CHECKOUT: &str = "../sentinelops";

/// How the commands of the guide begin: one of each is there and followed, and no other.
const COMMANDS: [&str; 6] = ["cargo new ", "cp ", "cargo run ", "trunk serve", "wasm-pack ", "trunk build"];

/// What comes first once the app runs.
const LATER_STEPS: &str = "\n## 5. ";

/// Follows the guide; `others` are served and opened in the same go.
pub fn follow(driver: &Path, others: Vec<App>) -> Result<()> {
    println!("--- docs/getting-started.md, as a new user would");
    let guide = std::fs::read_to_string(root::at("docs/getting-started.md"))?;
    let [new, versions, gateway, serve, test, build] = commands(&guide)?;
    let Some((first, later)) = guide.split_once(LATER_STEPS) else {
        bail!("the guide has no step 5");
    };
    let (first, later) = (files(first), files(later));
    shows(&first, &["Cargo.toml", "src/main.rs", "src/worker.rs", "index.html"])?;
    shows(
        &later,
        &["src/resolve.rs", "src/ticker.rs", "src/main.rs", "index.html", "tests/count.rs", "boot.js"],
    )?;

    let folder = folder();
    // Left behind by an earlier run.
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    // In the folder above: the app itself stays as the guide has it.
    std::fs::create_dir_all(folder.join(".cargo"))?;
    std::fs::write(
        folder.join(".cargo/config.toml"),
        dev_profile(&std::fs::read_to_string(root::at("Cargo.toml"))?),
    )?;
    // Beside the app, where the guide copies the lock file from. Its manifest gets the path itself: cargo would take what
    // stands behind a link for another package, and compile it anew.
    std::os::unix::fs::symlink(root::root(), folder.join("sentinelops"))?;
    run::visible(&mut apps::typed(&new, &folder))?;
    let app = folder.join("console");
    write(&app, &first)?;
    run::visible(&mut apps::typed(&versions, &app))?;

    let whole = folder.join("whole");
    std::fs::create_dir(&whole)?;
    for name in ["Cargo.toml", "Cargo.lock"] {
        std::fs::copy(app.join(name), whole.join(name))?;
    }
    write(&whole, &first[1..])?;
    write(&whole, &later)?;

    let mut served = vec![App { name: "the app of the guide", folder: app, serve }];
    served.extend(others);
    let built = build_whole(&whole, build.trim_end_matches(" --release"));
    let seen = built.and_then(|dist| apps::open(&served, &dist, &gateway));
    // Also when nothing was seen: one call shows all there is to mend.
    let tested = run_test(&test, &whole, driver);
    seen.and(tested)?;
    std::fs::remove_dir_all(&folder)?;
    println!("the guide holds");
    Ok(())
}

/// The guide shows these.
fn shows(files: &[(String, String)], wanted: &[&str]) -> Result<()> {
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    match wanted.iter().find(|wanted| !names.contains(wanted)) {
        Some(wanted) => bail!("the guide shows no `{wanted}` there: it shows {}", names.join(", ")),
        None => Ok(()),
    }
}

/// Writes files as the guide has them: sections of a manifest are added, lines of a page go to the end of its head.
fn write(app: &Path, files: &[(String, String)]) -> Result<()> {
    for (name, content) in files {
        let path = app.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match name.as_str() {
            "Cargo.toml" => std::fs::write(&path, manifest(&std::fs::read_to_string(&path)?, content)?)?,
            "index.html" if !content.starts_with("<!doctype") => {
                std::fs::write(&path, with_head(&std::fs::read_to_string(&path)?, content)?)?
            }
            _ => std::fs::write(&path, content)?,
        }
    }
    Ok(())
}

fn with_head(page: &str, more: &str) -> Result<String> {
    let Some((before, after)) = page.split_once("  </head>") else {
        bail!("the guide's index.html has no head")
    };
    Ok(format!("{before}{more}  </head>{after}"))
}

/// Builds the app of all steps, with the policy beside it as a host would send it; where it is.
fn build_whole(app: &Path, line: &str) -> Result<PathBuf> {
    println!("--- the app of the whole guide: {line}");
    run::visible(apps::typed(line, app).env_remove("NO_COLOR"))?;
    let dist = app.join("dist");
    std::fs::write(
        dist.join("_headers"),
        format!("/*\n  Content-Security-Policy: {}\n", headers::policy()?),
    )?;
    Ok(dist)
}

/// The guide has the driver on PATH; here it may be named by a variable.
fn run_test(line: &str, app: &Path, driver: &Path) -> Result<()> {
    let mut path: Vec<PathBuf> = driver.parent().map(Path::to_path_buf).into_iter().collect();
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut test = apps::typed(line, app);
    test.env("PATH", std::env::join_paths(path)?);
    super::groups::patient(&mut test);
    run::visible(&mut test).with_context(|| format!("`{line}` in the guide's app"))
}

/// Outside of every workspace, the same for each run of this checkout.
fn folder() -> PathBuf {
    let hash = root::fingerprint(root::root().to_string_lossy().as_bytes());
    std::env::temp_dir().join(format!("sentinelops-guide-{hash}"))
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

/// The manifest so far with the guide's sections: in the place of the empty dependencies of `cargo new`, later ones at
/// the end.
fn manifest(before: &str, shown: &str) -> Result<String> {
    if !shown.contains("[dependencies]") {
        return Ok(format!("{before}\n{shown}"));
    }
    let Some((package, _)) = before.split_once("[dependencies]") else {
        bail!("`cargo new` wrote no [dependencies] to put the guide's in the place of");
    };
    if !shown.contains(CHECKOUT) {
        bail!("the guide's Cargo.toml does not name the checkout as {CHECKOUT}");
    }
    let checkout = root::root().to_string_lossy().replace('\\', "/");
    Ok(format!("{package}{}", shown.replace(CHECKOUT, &checkout)))
}

/// The commands of the guide in the order of [`COMMANDS`].
fn commands(guide: &str) -> Result<[String; 6]> {
    let mut lines = guide.lines();
    let mut found: Vec<&str> = Vec::new();
    while let Some(line) = lines.next() {
        if line == "```sh" {
            found.extend(lines.by_ref().take_while(|line| !line.starts_with("```")));
        }
    }
    let shown = found.join(", ");
    let wanted = COMMANDS.map(|start| found.iter().position(|line| line.starts_with(start)));
    let [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f)] = wanted else {
        bail!(
            "the guide shows the commands {shown}; there has to be one for each of {}",
            COMMANDS.join(", ")
        );
    };
    if found.len() != COMMANDS.len() {
        bail!("the guide shows the commands {shown}: nobody follows those beyond {}", COMMANDS.join(", "));
    }
    Ok([a, b, c, d, e, f].map(|at| found[at].to_owned()))
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
        let more = manifest(&made, "[dev-dependencies]\na = \"1\"\n").unwrap();
        assert_eq!(more, format!("{made}\n[dev-dependencies]\na = \"1\"\n"));
    }

    #[test]
    fn what_comes_later_stands_at_the_end_of_the_head() {
        let page = "<html>\n  <head>\n    <a>\n  </head>\n";
        assert_eq!(with_head(page, "    <b>\n").unwrap(), "<html>\n  <head>\n    <a>\n    <b>\n  </head>\n");
        assert!(with_head("<html>", "").is_err());
    }

    #[test]
    fn every_command_is_followed() {
        let block = |lines: &str| format!("```sh\n{lines}\n```\n");
        let all = [
            "cargo new a && cd a",
            "cp a b",
            "cargo run -p b",
            "trunk serve",
            "wasm-pack test",
            "trunk build",
        ];
        assert_eq!(commands(&all.map(block).concat()).unwrap(), all);
        assert!(commands(&all[1..].iter().map(|line| block(line)).collect::<String>()).is_err());
        let more = format!("{}{}", all.map(block).concat(), block("npm install"));
        assert!(commands(&more).unwrap_err().to_string().contains("npm install"));
    }
}
