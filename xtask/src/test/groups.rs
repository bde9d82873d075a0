//! What each group runs. One toolchain, one target directory and few feature sets: what one group compiled, the
//! next one uses.

use super::apps::App;
use super::{gateway, guide, publish, testids, worker};
use crate::setup::browser;
use crate::{build, dev, root, run, setup};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const WASM: &str = "wasm32-unknown-unknown";

/// Runs every check even if one fails, so that one call shows all there is to mend.
pub fn lint() -> Result<()> {
    let clippy = |args: &[&str]| {
        run::visible(run::cargo().args(["clippy", "--keep-going"]).args(args).args(["--", "-D", "warnings"]))
    };
    let checks: [(&str, &dyn Fn() -> Result<()>); 10] = [
        ("format", &|| run::visible(run::cargo().args(["fmt", "--all", "--check"]))),
        ("documented test ids", &testids::check),
        ("clippy, native", &|| clippy(&["--workspace", "--all-targets"])),
        ("clippy, wasm32", &|| {
            clippy(&["--target", WASM, "-p", "sentinelops-protocol", "-p", "sentinelops-engine"])?;
            let both = ["-p", "sentinelops-realtime", "-p", "sentinelops"];
            clippy(&[&["--target", WASM], &both[..], &["--all-targets", "--all-features"]].concat())
        }),
        // By itself: what another crate switches on in a shared dependency would hide what it lacks.
        ("library alone, wasm32", &|| clippy(&["--target", WASM, "-p", "sentinelops-realtime", "--lib"])),
        ("features of a shipped build", &publish::shipped_features),
        ("packages", &publish::packages),
        ("semver against the last tag", &publish::semver),
        ("documentation", &|| {
            let mut doc = run::cargo();
            doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
            run::visible(&mut doc)
        }),
        ("types of the end-to-end tests", &|| {
            run::visible(run::command("node_modules/.bin/tsc").arg("--noEmit").current_dir(root::at("e2e")))
        }),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        println!("--- {name}");
        if let Err(error) = check() {
            println!("error: {error:#}");
            failed.push(name);
        }
    }
    let passed = checks.len() - failed.len();
    println!("lint: {passed} passed, {} failed", failed.len());
    if !failed.is_empty() {
        bail!("lint: {}", failed.join(", "));
    }
    Ok(())
}

pub fn native() -> Result<()> {
    run::visible(run::cargo().args(["test", "--workspace"]))?;
    sim(&[])?;
    sim(&["--tabs".to_owned(), "--seeds".to_owned(), "2000".to_owned()])?;
    sim(&["--storm".to_owned(), "10000".to_owned()])?;
    sim(&["--mutants".to_owned()])
}

/// Native tests that take minutes.
pub fn long() -> Result<()> {
    let mut tests = run::cargo();
    tests.args([
        "test",
        "--package",
        "sentinelops-gateway",
        "--test",
        "kill",
        "--test",
        "hostile",
        "--",
        "--ignored",
        "--nocapture",
    ]);
    run::visible(&mut tests)
}

/// `cargo xtask sim …`.
pub fn sim(args: &[String]) -> Result<()> {
    let mut cargo = run::cargo();
    cargo.args(["run", "--quiet", "--profile", "native", "--package", "sentinelops-sim"]);
    if args.iter().any(|arg| arg.starts_with("--mutants")) {
        // Engine and simulator are compiled once more for it, and kept beside those without planted bugs.
        cargo.args(["--features", "mutants"]);
    }
    run::visible(cargo.arg("--").args(args))
}

/// `cargo xtask bench [name]`.
pub fn bench(name: &str, args: &[String]) -> Result<()> {
    let package = match name {
        "engine" => "sentinelops-engine",
        "protocol" => "sentinelops-protocol",
        "gateway" => "sentinelops-gateway",
        "store" => return bench_store(),
        other => bail!("no benchmark is called `{other}`: there are engine, protocol, gateway and store"),
    };
    let mut cargo = run::cargo();
    cargo.args(["bench", "--package", package]);
    if !args.is_empty() {
        cargo.arg("--").args(args);
    }
    run::visible(&mut cargo)
}

/// In a real browser, optimised: durable sends beside what one would write by hand.
fn bench_store() -> Result<()> {
    let driver = browser::chromedriver().context("no chromedriver: see `cargo xtask doctor`")?;
    for bench in ["bench_store", "bench_local_storage"] {
        let mut pack = run::command("wasm-pack");
        pack.args(["test", "--release", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"]);
        pack.arg(&driver).args([
            "crates/realtime",
            "--features",
            "bench",
            "--test",
            bench,
            "--",
            "--nocapture",
        ]);
        run::visible(pack.env("WASM_BINDGEN_TEST_TIMEOUT", "600"))?;
    }
    Ok(())
}

pub fn wasm() -> Result<()> {
    let driver = browser::chromedriver().context("no chromedriver: see `cargo xtask doctor`")?;
    let gateway = gateway::start()?;
    worker::bundle()?;
    let mut pack = run::command("wasm-pack");
    pack.args(["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"]).arg(&driver);
    // Library and console in one go: their dependencies are compiled once.
    pack.args([".", "-p", "sentinelops-realtime", "-p", "sentinelops"]);
    patient(pack.env(worker::SURROUNDINGS, "1"));
    let tests = run::visible(&mut pack);
    drop(gateway);
    // The smallest app there is; its page and its worker have names of their own.
    let minimal = App {
        name: "examples/minimal",
        folder: root::at("examples/minimal"),
        serve: "trunk serve".to_owned(),
        worker: true,
    };
    // Also when a test failed: one call shows all there is to mend.
    let guide = guide::follow(&driver, vec![minimal]);
    tests.and(guide)
}

/// Seconds for one test file, browser start included: the default of 20 is short on a busy machine.
pub(super) fn patient(pack: &mut Command) {
    if std::env::var_os("WASM_BINDGEN_TEST_TIMEOUT").is_none() {
        pack.env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    }
}

pub fn e2e(long: bool) -> Result<()> {
    let dir = root::at("e2e");
    if !dir.join("package.json").is_file() {
        bail!("there is no e2e/package.json");
    }
    let chrome = browser::chrome().context("no Chromium: see `cargo xtask doctor`")?;
    let gateway = dev::build_gateway()?;
    let playwright = playwright()?;
    let run = |dist: &Path, arguments: &[&str]| {
        let mut tests = run::command(&playwright);
        tests
            .arg("test")
            .current_dir(&dir)
            .env("SENTINELOPS_DIST", dist)
            .env("SENTINELOPS_GATEWAY", &gateway)
            .env("CHROME", &chrome);
        run::visible(tests.args(arguments))
    };
    // Tests that take minutes carry the tag @long in their title.
    let tests = run(&built(true)?, &if long { ["--grep", "@long"] } else { ["--grep-invert", "@long"] });
    if long {
        return tests;
    }
    // The quick build stands in for the release, so the release is checked for its size and its main job.
    let release = built(false).and_then(|dist| run(&dist, &["live.spec.ts"]));
    tests.and(release)
}

/// The app as the tests load it: quick to compile and with fault injection, or as it is shipped.
fn built(quick: bool) -> Result<PathBuf> {
    let dist = root::target().join(if quick { "e2e-dist" } else { "release-dist" });
    build::build(&build::Options {
        public_url: "/".to_owned(),
        features: if quick { "faults" } else { "" }.to_owned(),
        quick,
        dist: dist.clone(),
        // The server of the tests looks whether a page without any configuration dials it.
        configuration: vec![("SENTINELOPS_WEBSOCKET_URL", "/of-the-build")],
        ..Default::default()
    })?;
    Ok(dist)
}

pub(super) fn playwright() -> Result<PathBuf> {
    let program = root::at("e2e/node_modules/.bin/playwright");
    if !program.exists() {
        setup::run(&[setup::npm::PACKAGES])?;
    }
    if !program.exists() {
        bail!("{} is not there: run `npm ci` in e2e/", program.display());
    }
    Ok(program)
}
