//! The worker's program, made ready for the browser, for the tests that spawn it as a page does.

use crate::run::cmd;
use crate::{root, run};
use anyhow::Result;

const WASM: &str = "wasm32-unknown-unknown";
/// Set when the tests are compiled: the worker and a gateway are there, and a test that misses them fails.
pub const SURROUNDINGS: &str = "SENTINELOPS_TEST_SURROUNDINGS";

pub fn bundle() -> Result<()> {
    // As wasm-pack does it right after this: of the same features, so nothing is built twice and page and worker
    // are of one build.
    let build = cmd!("cargo build --tests --target {WASM} -p sentinelops-realtime -p sentinelops");
    run::visible(build.env(SURROUNDINGS, "1"))?;
    let program = root::target().join(WASM).join("debug/worker.wasm");
    // In the package's own folder, wherever cargo builds: the runner serves the package.
    let folder = root::at("crates/realtime/target/test-worker");
    run::visible(cmd!("wasm-bindgen --target web --no-typescript --out-dir {folder} {program}"))?;
    let loader = "import init from './worker.js';\nawait init();\n";
    run::shell().write_file(folder.join("worker_loader.js"), loader)?;
    Ok(())
}
