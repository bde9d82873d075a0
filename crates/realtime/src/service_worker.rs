//! Registers the page's service worker, through the one Trusted Types policy there is.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

#[wasm_bindgen(module = "/src/bridge/shim.js")]
extern "C" {
    fn register(url: &str, scope: &str, newer: &Closure<dyn Fn()>) -> Promise;
}

/// Registers a service worker, once a page: its script's address, and the path below which it counts. A policy of
/// `require-trusted-types-for 'script'` wants its address from a policy that this library has made already. `on_newer` is
/// called when the service worker of another build has taken over, which announces itself with `postMessage` of the path
/// of the script that its pages start with: a reload then loads that build. On plain http nothing happens; what is refused
/// is logged.
///
/// ```no_run
/// sentinelops_realtime::register_service_worker("/sw.js", "/", || log::info!("reload to update"));
/// ```
pub fn register_service_worker(url: &str, scope: &str, on_newer: impl Fn() + 'static) {
    let newer = Closure::<dyn Fn()>::new(on_newer);
    let registered = register(url, scope, &newer);
    // Called as long as the page lives.
    newer.forget();
    spawn_local(async move {
        if let Err(error) = JsFuture::from(registered).await {
            log::warn!("the service worker was not registered: {error:?}");
        }
    });
}
