//! What `cargo xtask test wasm` starts and makes beside the tests. Under it whatever is missing is a failure; in a bare
//! run of wasm-pack the test says that it was skipped.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::console_log;

/// Set by xtask.
const MUST_BE_THERE: bool = option_env!("SENTINELOPS_TEST_SURROUNDINGS").is_some();

#[wasm_bindgen(inline_js = r#"
    // In a worker made from a blob only the location's origin leads to the runner, which serves the package.
    const at = (path) => new URL(path, self.location.origin);
    export async function gateway_url() {
        try {
            const answer = await fetch(at("/target/test-gateway.json"));
            return answer.ok ? (await answer.json()).url : "";
        } catch { return ""; }
    }
    export async function is_there(path) {
        try {
            return (await fetch(at(path), { method: "HEAD" })).ok;
        } catch { return false; }
    }
"#)]
extern "C" {
    #[wasm_bindgen]
    async fn gateway_url() -> JsValue;
    #[wasm_bindgen]
    async fn is_there(path: &str) -> JsValue;
}

/// The URL of the gateway, if this file of the package is there as well. `None`: skip the test.
pub async fn gateway(needed: Option<&str>) -> Option<String> {
    let url = gateway_url().await.as_string().filter(|url| !url.is_empty());
    let mut missing = Vec::new();
    if url.is_none() {
        missing.push("the gateway of target/test-gateway.json");
    }
    if let Some(path) = needed
        && is_there(path).await != JsValue::TRUE
    {
        missing.push(path);
    }
    if missing.is_empty() {
        return url;
    }
    let missing = missing.join(" and ");
    if MUST_BE_THERE {
        panic!("{missing}: not there, although `cargo xtask test wasm` is to see to it");
    }
    console_log!("SKIPPED: {missing}: not there; run this with `cargo xtask test wasm`");
    None
}
