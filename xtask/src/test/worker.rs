//! The worker's program, made ready for the browser, for the tests that spawn it as a page does.

use crate::{root, run};
use anyhow::Result;

const WASM: &str = "wasm32-unknown-unknown";
/// Set when the tests are compiled: the worker and a gateway are there, and a test that misses them fails.
pub const SURROUNDINGS: &str = "SENTINELOPS_TEST_SURROUNDINGS";

pub fn bundle() -> Result<()> {
    // As wasm-pack does it right after this: of the same features, so nothing is built twice and page and worker
    // are of one build.
    let mut build = run::cargo();
    build
        .args(["build", "--tests", "--target", WASM, "-p", "sentinelops-realtime", "-p", "sentinelops"])
        .env(SURROUNDINGS, "1");
    run::visible(&mut build)?;
    let program = root::target().join(WASM).join("debug/worker.wasm");
    // In the package's own folder, wherever cargo builds: the runner serves the package.
    let folder = root::at("crates/realtime/target/test-worker");
    let mut bindgen = run::command("wasm-bindgen");
    bindgen.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&folder).arg(&program);
    run::visible(&mut bindgen)?;
    std::fs::write(folder.join("worker_loader.js"), "import init from './worker.js';\nawait init();\n")?;
    Ok(())
}
