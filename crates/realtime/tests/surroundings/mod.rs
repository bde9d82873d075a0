//! What `cargo xtask test wasm` starts and makes beside the tests. Under it whatever is missing is a failure; in a bare
//! run of wasm-pack the test says that it was skipped.

use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::console_log;
use web_sys::{RequestInit, Response};

/// Set by xtask.
const MUST_BE_THERE: bool = option_env!("SENTINELOPS_TEST_SURROUNDINGS").is_some();

/// A file that the runner serves. In a worker made from a blob only the location's origin leads to the runner, which serves
/// the package.
async fn served(method: &str, path: &str) -> Option<Response> {
    let global = js_sys::global();
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap();
    let url = format!("{}{path}", get(&get(&global, "location"), "origin").as_string().unwrap());
    let init = RequestInit::new();
    init.set_method(method);
    let fetch: js_sys::Function = get(&global, "fetch").unchecked_into();
    let answer: Promise = fetch.call2(&global, &url.into(), &init).unwrap().unchecked_into();
    let response: Response = JsFuture::from(answer).await.ok()?.unchecked_into();
    response.ok().then_some(response)
}

/// What the gateway beside the tests left as its address.
async fn gateway_url() -> Option<String> {
    let response = served("GET", "/target/test-gateway.json").await?;
    let note = JsFuture::from(response.json().ok()?).await.ok()?;
    Reflect::get(&note, &"url".into()).ok()?.as_string()
}

/// The URL of the gateway, if this file of the package is there as well. `None`: skip the test.
pub async fn gateway(needed: Option<&str>) -> Option<String> {
    let url = gateway_url().await;
    let mut missing = Vec::new();
    if url.is_none() {
        missing.push("the gateway of target/test-gateway.json");
    }
    if let Some(path) = needed
        && served("HEAD", path).await.is_none()
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
