//! The hook trunk calls when it has bundled, before the result is moved to its place. It reads what trunk says in
//! the environment, so that bare `trunk serve` and `trunk build` come out right as well.
//!
//! In a debug build names stay plain (trunk's reload works by them) and only the meta tags are set.

use super::{
    BUDGETS_RECORD, LAB, MODULES, QUICK, budget, functions, graph, headers, html, laboratory, names, preload,
    service_worker, shorten, show_sizes, sizes, wasm_opt,
};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How a Yew function looks in a name section, demangled or not.
const YEW: [&str; 3] = ["yew::", "yew[", "3yew"];

pub fn run() -> Result<()> {
    let variable = |name: &str| {
        std::env::var(name).with_context(|| {
            format!(
                "{name} is not set: this is trunk's post_build hook, run `cargo xtask build` or `trunk build`"
            )
        })
    };
    let stage = PathBuf::from(variable("TRUNK_STAGING_DIR")?);
    let public_url = super::public_url(&variable("TRUNK_PUBLIC_URL")?).map_err(anyhow::Error::msg)?;
    let release = variable("TRUNK_PROFILE")? == "release";

    let page = stage.join("index.html");
    let source = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let source = html::set_meta(&source, "sentinelops-base", &public_url)?;
    if !release {
        let worker = format!("{public_url}worker_loader.js");
        fs::write(&page, html::set_meta(&source, "sentinelops-worker", &worker)?)?;
        return Ok(());
    }

    check_worker(&stage)?;
    let (quick, lab) = (std::env::var_os(QUICK).is_some(), std::env::var_os(LAB).is_some());
    if !quick && !lab {
        laboratory::check_absent(&stage)?;
    }
    let mut crates = budget::Crates::new();
    if !quick {
        let modules = MODULES.map(|name| stage.join(format!("{name}_bg.wasm")));
        wasm_opt::optimise(&modules, || crates_of(&stage).map(|of| crates = of))?;
        for program in MODULES {
            shorten_names(&stage, program).with_context(|| format!("{program}.js and its module"))?;
        }
    }

    let mut files = graph::Files::new();
    read_all(&stage, &stage, &mut files)?;
    files.remove("index.html");
    drop_unused_snippets(&mut files);
    let source = join_styles(source, &public_url, &mut files)?;
    let plain_sizes = if quick { BTreeMap::new() } else { sizes::measure(&files)? };
    let (hashed, renamed) = graph::hash_all(files)?;
    let preloads = preload::of_programs(&public_url, &hashed, &renamed)?;
    let source = finish_page(source, &public_url, &hashed, &renamed, &preloads)?;

    for old in fs::read_dir(&stage)?.flatten() {
        let path = old.path();
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    fs::create_dir_all(stage.join(graph::FOLDER))?;
    for (path, content) in &hashed {
        fs::write(stage.join(path), content)?;
    }
    fs::write(&page, &source)?;
    fs::write(stage.join(service_worker::NAME), service_worker::file(&public_url, &hashed, &renamed)?)?;
    // Static hosts answer an unknown path with this page; the app's router then shows the right one.
    fs::write(stage.join("404.html"), &source)?;
    fs::write(stage.join("_headers"), headers::file(&public_url, &preloads)?)?;

    if quick {
        return Ok(());
    }
    for (path, content) in sizes::precompressed(&hashed)? {
        fs::write(stage.join(path), content)?;
    }
    sizes::print(&plain_sizes);
    if lab {
        return Ok(());
    }
    if std::env::var_os(BUDGETS_RECORD).is_some() {
        budget::record(&plain_sizes, &crates)?;
    }
    budget::check(&plain_sizes, &crates)
}

/// The worker must not carry the page's framework: yew-agent depends on it, and only the linker keeps it out.
/// Looked at before wasm-opt strips the names.
fn check_worker(stage: &Path) -> Result<()> {
    let wasm = fs::read(stage.join("worker_bg.wasm")).context("trunk built no worker_bg.wasm")?;
    let found = names::containing(&wasm, &YEW).context("worker_bg.wasm")?;
    if let Some(first) = found.first() {
        bail!(
            "the worker contains {} function(s) of Yew, such as `{first}`: something reachable from \
             src/bin/worker.rs uses a component, hook or `yew::` function",
            found.len()
        );
    }
    Ok(())
}

/// What each module consists of, for the budgets; the modules with their names stay for `cargo xtask sizes`.
fn crates_of(stage: &Path) -> Result<budget::Crates> {
    let mut crates = budget::Crates::new();
    for module in MODULES {
        let wasm = fs::read(stage.join(format!("{module}_bg.wasm")))?;
        crates.insert(module, functions::by_crate(&functions::of(&wasm)?));
        let kept = show_sizes::named(module);
        fs::create_dir_all(kept.parent().context("a file has a folder")?)?;
        fs::write(&kept, wasm).with_context(|| format!("cannot write {}", kept.display()))?;
    }
    Ok(crates)
}

fn shorten_names(stage: &Path, program: &str) -> Result<()> {
    let (module, script) = (stage.join(format!("{program}_bg.wasm")), stage.join(format!("{program}.js")));
    let (wasm, text) = shorten::shorten(&fs::read(&module)?, &fs::read_to_string(&script)?)?;
    fs::write(module, wasm)?;
    fs::write(script, text)?;
    Ok(())
}

/// Scripts of crates that no program imports: wasm-bindgen writes those of the worker for the page as well, and leaves
/// those of an earlier build beside the new ones.
fn drop_unused_snippets(files: &mut graph::Files) {
    let scripts: Vec<(String, String)> = files
        .iter()
        .filter(|(path, _)| path.ends_with(".js"))
        .map(|(path, content)| (path.clone(), String::from_utf8_lossy(content).into_owned()))
        .collect();
    files.retain(|path, _| {
        !path.starts_with("snippets/")
            || scripts.iter().any(|(other, text)| other != path && text.contains(path.as_str()))
    });
}

/// The style sheets as one, `app.css`: the page waits for one request before it paints.
fn join_styles(mut source: String, public_url: &str, files: &mut graph::Files) -> Result<String> {
    const JOINED: &str = "app.css";
    let mut joined = Vec::new();
    for other in
        files.keys().filter(|path| path.ends_with(".css") && *path != JOINED).cloned().collect::<Vec<_>>()
    {
        source = html::remove_link(&source, &format!("{public_url}{other}"))?;
        joined.extend(files.remove(&other).unwrap_or_default());
    }
    // Last, because it overrides the others.
    let own = files.get_mut(JOINED).context("trunk built no app.css")?;
    joined.append(own);
    *own = joined;
    Ok(source)
}

fn read_all(base: &Path, dir: &Path, files: &mut graph::Files) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            read_all(base, &path, files)?;
        } else {
            let name = path.strip_prefix(base)?.to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}

/// Hashed addresses, integrity, the files of each program and the worker's address.
fn finish_page(
    source: String,
    public_url: &str,
    files: &graph::Files,
    renamed: &BTreeMap<String, String>,
    preloads: &preload::Preloads,
) -> Result<String> {
    let address = |old: &str| {
        let new = renamed.get(old).with_context(|| format!("trunk built no {old}"))?;
        Ok::<_, anyhow::Error>((format!("{public_url}{new}"), &files[new]))
    };
    let mut source = html::set_meta(&source, "sentinelops-worker", &address("worker_loader.js")?.0)?;
    let service_worker = format!("{public_url}{}", service_worker::NAME);
    source = html::set_meta(&source, "sentinelops-service-worker", &service_worker)?;
    source = source.replace("\"/manifest.webmanifest\"", &format!("\"{public_url}manifest.webmanifest\""));
    for (old, new) in renamed {
        source = source.replace(&format!("\"{public_url}{old}\""), &format!("\"{public_url}{new}\""));
    }
    let styles = renamed.keys().filter(|path| path.ends_with(".css")).map(String::as_str);
    for old in ["boot.js"].into_iter().chain(styles) {
        let (address, content) = address(old)?;
        source = html::pin(&source, &address, content)?;
    }
    for (program, preloads) in preloads {
        for preload in preloads {
            source = html::add_to_head(&source, &preload.element(program))?;
        }
    }
    html::check_strict(&source)?;
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_sheets_are_one_that_ends_with_the_apps_own() {
        let mut files = graph::Files::from([
            ("app.css".to_owned(), b"a{}".to_vec()),
            ("b.css".to_owned(), b"b{}".to_vec()),
        ]);
        let page = "<head>\n  <link rel=\"stylesheet\" href=\"/x/b.css\"/>\n  <link rel=\"stylesheet\" href=\"/x/app.css\"/></head>";
        let page = join_styles(page.to_owned(), "/x/", &mut files).unwrap();
        assert_eq!(page, "<head>\n  <link rel=\"stylesheet\" href=\"/x/app.css\"/></head>");
        assert_eq!(files, [("app.css".to_owned(), b"b{}a{}".to_vec())].into());
        // A sheet that the page does not load is no part of it.
        files.insert("c.css".to_owned(), Vec::new());
        assert!(join_styles(page, "/x/", &mut files).is_err());
    }

    #[test]
    fn snippets_that_no_program_imports_are_left_out() {
        let mut files = graph::Files::from([
            ("app.js".to_owned(), b"import { a } from './snippets/now-1/a.js';".to_vec()),
            ("app.css".to_owned(), b"p { color: red }".to_vec()),
            ("snippets/now-1/a.js".to_owned(), b"export const a = 1;".to_vec()),
            ("snippets/earlier-2/a.js".to_owned(), b"export const a = 0;".to_vec()),
        ]);
        drop_unused_snippets(&mut files);
        assert_eq!(files.keys().collect::<Vec<_>>(), ["app.css", "app.js", "snippets/now-1/a.js"]);
    }
}
