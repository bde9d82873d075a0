//! `docs/getting-started.md`, followed word by word: the files it shows are those of `examples/guide-in-page` (after three
//! steps) and `examples/guide` (after six), which are standalone crates as the reader's is. Both are served and opened as the
//! guide says, and built and opened under the content security policy as `docs/shipping.md` says.

use super::apps::{self, App, Built};
use crate::build::headers;
use crate::{root, run};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

const GATEWAY: &str = "cargo run -p sentinelops-gateway -- --dev --scenario";
const SERVE: &str = "trunk serve";
const TEST: &str = "wasm-pack test --headless --chrome";
const BUILD: &str = "trunk build --release --config deploy.toml";

/// Follows the guide; `others` are served and opened in the same run.
pub fn follow(driver: &Path, others: Vec<App>) -> Result<()> {
    println!("--- docs/getting-started.md, as a new user would");
    let (mut served, mut built) = (Vec::new(), Vec::new());
    for (name, app, worker) in [("three steps", "guide-in-page", false), ("six steps", "guide", true)] {
        let folder = root::at("examples").join(app);
        run::shell().copy_file("Cargo.lock", folder.join("Cargo.lock"))?;
        built.push(Built { name, dist: build(&folder, app)?, worker });
        served.push(App { name, folder, serve: SERVE.to_owned(), worker });
    }
    served.extend(others);
    let opened = apps::open(&served, &built, GATEWAY);
    // Also when an app failed: one run shows all there is to mend.
    opened.and(run_test(driver))
}

/// Builds an app for deployment, with the policy beside it as a host would send it; where it is. Not optimised, so that
/// what is compiled already is used, and in a folder that `trunk serve` does not write to.
fn build(folder: &Path, app: &str) -> Result<PathBuf> {
    println!("--- examples/{app}: {BUILD}");
    let dist = root::target().join("guide-dist").join(app);
    let line = format!("{} --dist {}", BUILD.replace(" --release", ""), dist.display());
    let shell = run::shell();
    shell.create_dir(&dist)?;
    let _inside = shell.push_dir(folder);
    run::visible(apps::typed(&line).env_remove("NO_COLOR"))?;
    shell.copy_file("boot.js", dist.join("boot.js"))?;
    let headers = format!("/*\n  Content-Security-Policy: {}\n", headers::policy()?);
    shell.write_file(dist.join("_headers"), headers)?;
    Ok(dist)
}

/// The guide has the driver on PATH; here it may be named by a variable.
fn run_test(driver: &Path) -> Result<()> {
    let mut path: Vec<PathBuf> = driver.parent().map(Path::to_path_buf).into_iter().collect();
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let _inside = run::shell().push_dir("examples/guide");
    run::visible(apps::typed(TEST).env("PATH", std::env::join_paths(path)?))
        .with_context(|| format!("`{TEST}` in examples/guide"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands of the two pages, in their order. Two are followed by copying a file, and `cargo new` by the manifests.
    const COMMANDS: [&str; 7] = [
        "cargo new console && cd console",
        "cp ../sentinelops/Cargo.lock .",
        GATEWAY,
        SERVE,
        TEST,
        BUILD,
        "cp boot.js dist/",
    ];

    /// The checkout as the apps name it, and as the reader's app does.
    const CHECKOUT: (&str, &str) = ("../../crates", "../sentinelops/crates");

    fn page(name: &str) -> String {
        std::fs::read_to_string(root::at("docs").join(name)).unwrap()
    }

    /// The blocks right below a line that ends with a file's name in backticks and a colon; blocks of `sh` have no name.
    fn blocks(page: &str) -> Vec<(Option<String>, String)> {
        let (mut found, mut above, mut lines) = (Vec::new(), "", page.lines());
        while let Some(line) = lines.next() {
            if let Some(language) = line.strip_prefix("```") {
                let block: Vec<_> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
                let named =
                    std::mem::take(&mut above).strip_suffix("`:").and_then(|line| line.rsplit_once('`'));
                match named {
                    Some((_, name)) => found.push((Some(name.to_owned()), block.join("\n") + "\n")),
                    None if language == "sh" => found.push((None, block.join("\n"))),
                    None => {}
                }
            } else if !line.is_empty() {
                above = line;
            }
        }
        found
    }

    #[test]
    fn pages_show_the_files_of_the_apps_and_the_commands() {
        let (guide, shipping) = (page("getting-started.md"), page("shipping.md"));
        let (first, later) = guide.split_once("\n## 4. ").expect("a step 4");
        let mut commands = Vec::new();
        for (app, pages) in [("guide-in-page", [first, ""]), ("guide", [later, &shipping])] {
            let folder = root::at("examples").join(app);
            let mut missing = vec!["Cargo.toml", "index.html", "src/main.rs"];
            for (name, block) in pages.iter().flat_map(|page| blocks(page)) {
                let Some(name) = name else {
                    commands.push(block);
                    continue;
                };
                let file = std::fs::read_to_string(folder.join(&name)).unwrap_or_default();
                let file = file.replace(CHECKOUT.0, CHECKOUT.1);
                // Of the manifest, what `cargo new` does not write.
                let same = if name == "Cargo.toml" { file.contains(&block) } else { file == block };
                assert!(same, "{app}/{name} is other than the page shows:\n{block}");
                missing.retain(|file| *file != name);
            }
            assert_eq!(missing, [] as [&str; 0], "files of examples/{app} that no page shows");
        }
        assert_eq!(commands, COMMANDS);
    }

    #[test]
    fn both_apps_are_deployed_alike() {
        for name in ["boot.js", "deploy.toml"] {
            let file = |app| std::fs::read_to_string(root::at("examples").join(app).join(name)).unwrap();
            assert_eq!(file("guide-in-page"), file("guide"), "{name}");
        }
    }
}
