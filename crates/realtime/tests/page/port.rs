//! The worker port's shim, in a page: what it reports of workers that cannot be started. A whole worker
//! needs a bundle; that is the end-to-end tests' business.

use crate::uncaught;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use gloo::timers::future::TimeoutFuture;
use sentinelops_realtime::BUILD_ID;
use sentinelops_realtime::bridge::{FromWorker, Port, PortEvent, PortFailure, ToWorker, WorkerPort};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

#[wasm_bindgen(inline_js = r#"
    const real = globalThis.Worker;
    export function forbid_workers() {
        globalThis.Worker = function () { throw new DOMException("no", "SecurityError"); };
    }
    export function remove_workers() { delete globalThis.Worker; }
    export function allow_workers() { globalThis.Worker = real; }
    export function constructor_is_real() { return globalThis.Worker === real; }
    export function script(source) {
        return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    }
    let errors = 0;
    addEventListener("error", () => { errors += 1; });
    export function page_errors() { return errors; }
"#)]
extern "C" {
    fn forbid_workers();
    fn remove_workers();
    fn allow_workers();
    fn constructor_is_real() -> bool;
    fn script(source: &str) -> String;
    fn page_errors() -> u32;
}

/// What yew-agent's worker sends first.
const LOADED: &str = "send(0)";

/// A worker that can `send` messages of this build, made of these bytes.
fn ours(source: &str) -> String {
    sends(&format!("SNTL2{BUILD_ID}"), source)
}

fn sends(head: &str, source: &str) -> String {
    script(&format!(
        "const send = (...bytes) => postMessage(new Uint8Array([...new TextEncoder().encode('{head}'), ...bytes]));
        {source}"
    ))
}

fn spawn(url: &str) -> (WorkerPort, UnboundedReceiver<PortEvent>) {
    let (send, events) = unbounded();
    let listener = Rc::new(move |event| {
        let _ = send.unbounded_send(event);
    });
    (WorkerPort::spawn(url, listener), events)
}

async fn failure(events: &mut UnboundedReceiver<PortEvent>) -> PortFailure {
    match events.next().await {
        Some(PortEvent::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn a_script_that_is_not_there_is_missing() {
    let (port, mut events) = spawn("/no/such/worker.js");
    assert!(constructor_is_real());
    port.send(ToWorker::Connect);
    match failure(&mut events).await {
        PortFailure::Missing(text) => assert!(text.contains("/no/such/worker.js"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn a_page_in_the_place_of_the_script_is_missing() {
    // What servers of single-page apps answer to any path; here the page of the test runner.
    let (_port, mut events) = spawn("/");
    match failure(&mut events).await {
        PortFailure::Missing(text) => assert!(text.contains("text/html"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn a_throwing_constructor_is_blocked_and_told_later() {
    forbid_workers();
    let (port, mut events) = spawn("/worker.js");
    allow_workers();
    assert!(events.try_recv().is_err(), "reported from inside");
    port.send(ToWorker::Connect);
    assert!(matches!(failure(&mut events).await, PortFailure::Blocked(text) if text.contains("no")));
}

#[wasm_bindgen_test]
async fn a_browser_without_workers_is_blocked_and_the_page_lives() {
    remove_workers();
    let (port, mut events) = spawn("/worker.js");
    allow_workers();
    port.send(ToWorker::Connect);
    match failure(&mut events).await {
        PortFailure::Blocked(text) => assert_eq!(text, "this browser has no web workers"),
        other => panic!("{other:?}"),
    }
    port.terminate();
}

#[wasm_bindgen_test]
async fn an_error_in_the_worker_is_a_crash_and_not_the_pages() {
    let before = page_errors();
    let (_port, mut events) = spawn(&script("setTimeout(() => { throw new Error('boom'); }, 0)"));
    assert!(matches!(failure(&mut events).await, PortFailure::Crashed(text) if text.contains("boom")));
    assert_eq!(page_errors(), before);
}

#[wasm_bindgen_test]
async fn a_rejected_start_is_a_crash() {
    // A module's top level that awaits in vain: how wasm that cannot be compiled ends.
    let (_port, mut events) = spawn(&script("await Promise.reject(new Error('no wasm'))"));
    assert!(matches!(failure(&mut events).await, PortFailure::Crashed(text) if text.contains("no wasm")));
}

#[wasm_bindgen_test]
async fn a_worker_whose_wasm_is_gone_is_missing() {
    let fetched = "throw new Error('failed to fetch Wasm: 404 Not Found')";
    let (_port, mut events) = spawn(&script(fetched));
    assert!(matches!(failure(&mut events).await, PortFailure::Missing(text) if text.contains("404")));

    // The same words of a worker that had loaded are its own trouble.
    let source = format!("{LOADED}; setTimeout(() => {{ {fetched} }}, 50)");
    let (_port, mut events) = spawn(&ours(&source));
    assert!(matches!(failure(&mut events).await, PortFailure::Crashed(_)));
}

#[wasm_bindgen_test]
async fn garbage_is_refused_and_everything_lives() {
    for garbage in [
        "null",
        "'text'",
        "{ kind: 'hello' }",
        "new Uint8Array(0)",
        "new Uint8Array([1, 2, 3])",
        // The mark of all builds, and less than a build id.
        "new TextEncoder().encode('SNTL2')",
        // How builds before this one began.
        "new TextEncoder().encode('SNTL1\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f')",
    ] {
        let (port, mut events) = spawn(&script(&format!("postMessage({garbage})")));
        match failure(&mut events).await {
            PortFailure::OtherBuild(text) => assert!(text.contains("not one of ours"), "{garbage}: {text}"),
            other => panic!("{garbage}: {other:?}"),
        }
        port.send(ToWorker::Connect);
    }
}

#[wasm_bindgen_test]
async fn another_build_is_told_from_ours() {
    let (port, mut events) = spawn(&sends("SNTL20123456789abcdef", LOADED));
    // Nothing of this is sent to it.
    port.send(ToWorker::Connect);
    match failure(&mut events).await {
        PortFailure::OtherBuild(text) => assert!(text.contains("0123456789abcdef"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn a_message_of_this_build_that_cannot_be_read_is_dropped_and_the_next_one_taken() {
    let expected = uncaught::Expected::new("unreadable message between page and worker");
    // Of no kind that there is; then a beat for each handler that may be ours.
    let source = "send(99); for (let id = 0; id < 100; id++) send(1, id, 3, 7);";
    let (_port, mut events) = spawn(&ours(source));
    assert!(matches!(events.next().await, Some(PortEvent::Message(FromWorker::Heartbeat(7)))));
    assert_eq!(expected.count(), 1);
}

#[wasm_bindgen_test]
async fn messages_wait_in_order_until_the_worker_has_loaded() {
    // Counts what comes after it has loaded and throws the list: the shortest way back to the test.
    let source = "
        const got = [];
        onmessage = (event) => {
            got.push(event.data.at(-1));
            if (got.length === 4) setTimeout(() => { throw new Error('got ' + got.slice(1).join()); }, 0);
        };
        setTimeout(() => send(0), 100);
    ";
    let (port, mut events) = spawn(&ours(source));
    for number in [7, 8, 9] {
        port.send(ToWorker::Credit(number));
    }
    assert!(matches!(failure(&mut events).await, PortFailure::Crashed(text) if text.contains("got 7,8,9")));
}

#[wasm_bindgen_test]
async fn nothing_is_heard_after_terminate_and_a_hung_worker_ends() {
    let (port, mut events) = spawn(&script("setTimeout(() => { throw new Error('late'); }, 50)"));
    port.terminate();
    port.send(ToWorker::Connect);
    TimeoutFuture::new(200).await;
    assert!(events.try_recv().is_err());

    let (hung, mut events) = spawn(&script("for (;;);"));
    TimeoutFuture::new(100).await;
    drop(hung);
    TimeoutFuture::new(50).await;
    assert!(events.try_recv().is_err());
}
