//! What each group runs. One toolchain, one target directory and few feature sets: what one group compiled, the
//! next one uses.

use super::apps::App;
use super::beside::{self, Beside};
use super::steps::Steps;
use super::{dependencies, gateway, guide, publish, worker};
use crate::run::cmd;
use crate::setup::browser;
use crate::{build, dev, root, run, setup};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use xshell::Cmd;

const WASM: &str = "wasm32-unknown-unknown";

pub fn lint(steps: &mut Steps) {
    let clippy = |args: &[&str]| run::visible(cmd!("cargo clippy --keep-going {args...} -- -D warnings"));
    let checks: [(&str, &dyn Fn() -> Result<()>); 11] = [
        ("format", &|| run::visible(cmd!("cargo fmt --all --check"))),
        ("links in Markdown", &links),
        ("clippy, native", &|| clippy(&["--workspace", "--all-targets"])),
        ("clippy, wasm32", &|| {
            clippy(&["--target", WASM, "-p", "sentinelops-protocol", "-p", "sentinelops-engine"])?;
            let both = ["-p", "sentinelops-realtime", "-p", "sentinelops"];
            clippy(&[&["--target", WASM], &both[..], &["--all-targets", "--all-features"]].concat())
        }),
        // By itself: what another crate switches on in a shared dependency would hide what it lacks.
        ("library alone, wasm32", &|| clippy(&["--target", WASM, "-p", "sentinelops-realtime", "--lib"])),
        ("features of a shipped build", &publish::shipped_features),
        ("licences, advisories and sources of dependencies", &dependencies::check),
        ("packages", &publish::packages),
        ("semver against the last tag", &publish::semver),
        ("documentation", &|| {
            run::visible(cmd!("cargo doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
        }),
        ("types of the end-to-end tests", &|| {
            let _inside = run::shell().push_dir("e2e");
            run::visible(cmd!("node_modules/.bin/tsc --noEmit"))
        }),
    ];
    for (name, check) in checks {
        steps.run(name, check);
    }
}

/// Files and headings that Markdown links to: by remark, set up in package.json, without a network.
fn links() -> Result<()> {
    let files = run::output(cmd!("git ls-files --cached --others --exclude-standard -- *.md"))
        .context("git cannot list the Markdown files")?;
    let files = files.lines().filter(|file| root::at(file).is_file());
    run::visible(cmd!("node_modules/.bin/remark --quiet --frail --no-stdout {files...}"))
}

pub fn native(steps: &mut Steps) {
    let test = |args: &[&str]| run::visible(cmd!("cargo test --workspace {args...}"));
    steps.run("compile", || test(&["--no-run", "--quiet"]));
    steps.run("tests", || {
        let mut tests = cmd!("cargo test --workspace --no-fail-fast --lib --bins --tests");
        if std::env::var_os("RUST_TEST_THREADS").is_none() {
            // Those of the gateway mostly wait.
            tests = tests.env("RUST_TEST_THREADS", "6");
        }
        run::visible(tests)
    });
    steps.run("examples in documentation", || test(&["--no-fail-fast", "--doc"]));
}

/// Native tests that take minutes.
pub fn long(steps: &mut Steps) {
    steps.run("long tests of the gateway", || {
        run::visible(cmd!("cargo test --package sentinelops-gateway --test gateway -- --ignored --nocapture"))
    });
}

/// `cargo xtask bench [name]`.
pub fn bench(name: &str, args: &[String]) -> Result<()> {
    let package = match name {
        "engine" => "sentinelops-engine",
        "protocol" => "sentinelops-protocol",
        "gateway" => "sentinelops-gateway",
        "nats" => return bench_nats(args),
        "store" => return bench_store(),
        "page" => return bench_page("page", false, args),
        "saturation" => return bench_page("saturation", false, args),
        "faults" => return bench_page("faults", true, args),
        "start" | "lighthouse" => return bench_builds(name, args),
        other => {
            bail!(
                "no benchmark is called `{other}`: there are engine, protocol, gateway, nats, store, page, saturation, faults, start and lighthouse"
            )
        }
    };
    let mut cargo = cmd!("cargo bench --package {package}");
    if !args.is_empty() {
        cargo = cargo.arg("--").args(args);
    }
    run::visible(cargo)
}

/// Gateways on NATS; `--quick`: fewer and shorter rounds.
fn bench_nats(args: &[String]) -> Result<()> {
    if let Some(unknown) = args.iter().find(|arg| *arg != "--quick") {
        bail!("`{unknown}` is not known: --quick is");
    }
    run::visible(cmd!("cargo bench --package sentinelops-gateway --bench gateway -- nats {args...}"))
}

/// In a real browser, optimised: durable sends beside what one would write by hand.
fn bench_store() -> Result<()> {
    let driver = browser::chromedriver().context("no chromedriver: see `cargo xtask doctor`")?;
    for bench in ["bench_store", "bench_local_storage"] {
        let pack = cmd!(
            "wasm-pack test --release --headless --chrome --mode no-install --chromedriver {driver} crates/realtime
             --features bench --test {bench} -- --nocapture"
        );
        run::visible(pack.env("WASM_BINDGEN_TEST_TIMEOUT", "600"))?;
    }
    Ok(())
}

/// In a real browser with the real gateway, beside pages written by hand and other libraries: what pages cost (`page`), and what
/// faults do (`faults`, with the page of the end-to-end tests). `--quick`: one run at one rate, or two faults; `--json FILE`:
/// every figure; `--docs`: tables and plots into docs/benchmarks.md.
fn bench_page(name: &str, for_tests: bool, args: &[String]) -> Result<()> {
    let tests = Playwright::find()?;
    let options = built(for_tests);
    build::build(&options)?;
    let mut bench = tests.command(&options.dist).args(["--config", "bench.config.ts", name]);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        bench = match (arg.as_str(), rest.as_slice().first()) {
            ("--quick", _) => {
                bench.env("BENCH_RUNS", "1").env("BENCH_RATES", "1000").env("BENCH_FAULTS", "cut,reload")
            }
            ("--docs", _) => bench.env("BENCH_DOCS", "1"),
            ("--json", Some(file)) => {
                rest.next();
                bench.env("BENCH_JSON", std::path::absolute(file)?)
            }
            _ => bail!("`{arg}` is not known: --quick, --docs and --json FILE are"),
        };
    }
    let _inside = run::shell().push_dir(Playwright::FOLDER);
    run::visible(bench)
}

/// How long from navigation to the first row, of builds that take turns; or what Lighthouse says of builds.
fn bench_builds(name: &str, builds: &[String]) -> Result<()> {
    if builds.is_empty() {
        bail!(
            "name the builds: `cargo xtask bench {name} BEFORE AFTER`; `cargo xtask build --dist DIR` makes one"
        );
    }
    let builds = builds.iter().map(std::path::absolute).collect::<std::io::Result<Vec<_>>>()?;
    let names: Vec<_> = builds.iter().map(|dir| dir.to_string_lossy()).collect();
    let bench = Playwright::find()?.command(&builds[0]).args([
        "--config",
        "bench.config.ts",
        &format!("{name}.bench"),
    ]);
    let _inside = run::shell().push_dir(Playwright::FOLDER);
    run::visible(bench.env("BENCH_DISTS", names.join(",")))
}

pub fn wasm(steps: &mut Steps) {
    let Some(driver) = browser::chromedriver() else {
        return steps.run("browser", || bail!("no chromedriver: see `cargo xtask doctor`"));
    };
    let mut gateway = None;
    steps.run("gateway and worker", || {
        gateway = Some(gateway::start()?);
        worker::bundle()
    });
    steps.run("hooks, components and worker in Chromium", || {
        in_browser("--chrome", "--chromedriver", &driver)
    });
    steps.run("the same in Firefox", || {
        let driver =
            browser::geckodriver().context("no Firefox or no geckodriver: see `cargo xtask doctor`")?;
        in_browser("--firefox", "--geckodriver", &driver)
    });
    drop(gateway);
    // The smallest app there is; its page and its worker have names of their own.
    let minimal = App {
        name: "examples/minimal",
        folder: root::at("examples/minimal"),
        serve: "trunk serve".to_owned(),
        worker: true,
    };
    steps.run("guide and the smallest app", || guide::follow(&driver, vec![minimal]));
}

fn in_browser(browser: &str, flag: &str, driver: &Path) -> Result<()> {
    // Library and console in one go: their dependencies are compiled once.
    let pack = cmd!(
        "wasm-pack test --headless {browser} --mode no-install {flag} {driver} . -p sentinelops-realtime
         -p sentinelops"
    );
    run::visible(pack.env(worker::SURROUNDINGS, "1"))
}

/// Which of the end-to-end tests.
#[derive(Clone, Copy, PartialEq)]
pub enum E2e {
    /// All but the long ones.
    Ordinary,
    /// Those that take minutes each: they carry the tag @long in their title.
    Long,
    /// One that says whether the app comes up at all.
    Smoke,
}

pub fn e2e(steps: &mut Steps, which: E2e) {
    let mut tests = None;
    steps.run("build for the tests", || {
        tests = Some(Playwright::find()?);
        build::build(&built(true))
    });
    let Some(tests) = tests else { return };
    let dist = built(true).dist;
    match which {
        E2e::Long => steps.run("long tests", || tests.run(&dist, &["--grep", "@long"])),
        E2e::Smoke => {
            steps.run("smoke test", || tests.run(&dist, &["live.spec.ts", "--grep", "is seen within"]))
        }
        E2e::Ordinary => {
            // The quick build stands in for the release, so the release is checked for its size and its main job. Beside
            // the tests, which mostly wait; not beside the other build, which writes into the same folder of trunk.
            let release = Beside::start(release);
            steps.run("tests", || tests.run(&dist, &["--grep-invert", "@long"]));
            steps.run("release build", || release.wait().map(|output| print!("{output}")));
            steps.run("release tests", || tests.run(&built(false).dist, &["live.spec.ts"]));
        }
    }
}

/// What runs the end-to-end tests, and what they need.
struct Playwright {
    program: PathBuf,
    chrome: PathBuf,
    gateway: PathBuf,
}

impl Playwright {
    const FOLDER: &str = "e2e";

    fn find() -> Result<Self> {
        let chrome = browser::chrome().context("no Chromium: see `cargo xtask doctor`")?;
        Ok(Self { program: playwright()?, chrome, gateway: dev::build_gateway()? })
    }

    /// Starts in the shell's folder, which is to be [`Self::FOLDER`].
    fn command(&self, dist: &Path) -> Cmd<'static> {
        let program = &self.program;
        cmd!("{program} test")
            .env("SENTINELOPS_DIST", dist)
            .env("SENTINELOPS_GATEWAY", &self.gateway)
            .env("E2E_NATS_SERVER", setup::nats::newest())
            .env("CHROME", &self.chrome)
    }

    fn run(&self, dist: &Path, arguments: &[&str]) -> Result<()> {
        let _inside = run::shell().push_dir(Self::FOLDER);
        let failures = root::target().join("e2e-failures.txt");
        // Of an earlier run.
        let _ = std::fs::remove_file(&failures);
        let outcome = run::visible(self.command(dist).env("E2E_FAILURES", &failures).args(arguments));
        outcome.map_err(|error| match std::fs::read_to_string(&failures) {
            Ok(failed) => error.context(failed),
            Err(_) => error,
        })
    }
}

/// The server of the tests looks whether a page without any configuration dials it.
const OF_THE_BUILD: (&str, &str) = ("SENTINELOPS_WEBSOCKET_URL", "/of-the-build");

/// The app as the tests load it: quick to compile and with fault injection, or as it is shipped.
fn built(quick: bool) -> build::Options {
    build::Options {
        public_url: "/".to_owned(),
        lab: quick,
        quick,
        dist: root::target().join(if quick { "e2e-dist" } else { "release-dist" }),
        configuration: vec![OF_THE_BUILD],
        ..Default::default()
    }
}

/// Builds what is shipped, at idle priority; answers what the build printed.
fn release() -> Result<String> {
    // Not the program that runs: the group native has compiled it once more, in its place.
    let command = beside::command("cargo").args(["xtask", "build", "--dist"]).arg(built(false).dist);
    run::beside("release build", command.env(OF_THE_BUILD.0, OF_THE_BUILD.1))
}

/// Takes the pictures of `docs/images`, of the app as it is shipped, with the gateway's made-up day.
pub fn screenshots() -> Result<()> {
    let tests = Playwright::find()?;
    let options = built(false);
    build::build(&options)?;
    let _inside = run::shell().push_dir(Playwright::FOLDER);
    run::visible(tests.command(&options.dist).args(["--config", "screenshots.config.ts"]))
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
