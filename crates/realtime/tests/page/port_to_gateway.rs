//! The whole way: the port in a page, the worker's program, a real gateway.
//!
//! `cargo xtask test wasm` makes the worker ready in `target/test-worker/` and starts the gateway.

use crate::surroundings;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::future::{Either, select};
use futures::{StreamExt, pin_mut};
use gloo::timers::future::TimeoutFuture;
use sentinelops_engine::{ConnectionState, Delivery, EngineOptions};
use sentinelops_protocol::{Channel, Subject};
use sentinelops_realtime::bridge::{FromWorker, Init, Port, PortEvent, ToWorker, WorkerPort};
use std::rc::Rc;
use wasm_bindgen_test::*;

const WORKER: &str = "/target/test-worker/worker_loader.js";
/// A debug build of the worker is large, and a machine may be busy.
const PATIENCE_MS: u32 = 30_000;

async fn next(events: &mut UnboundedReceiver<PortEvent>) -> FromWorker {
    let event = events.next();
    pin_mut!(event);
    match select(event, TimeoutFuture::new(PATIENCE_MS)).await {
        Either::Left((Some(PortEvent::Message(message)), _)) => message,
        Either::Left((other, _)) => panic!("{other:?}"),
        Either::Right(_) => panic!("nothing within {PATIENCE_MS} ms"),
    }
}

#[wasm_bindgen_test]
async fn incidents_cross_the_whole_way() {
    let Some(url) = surroundings::gateway(Some(WORKER)).await else { return };
    let (send, mut events) = unbounded();
    let listener = Rc::new(move |event| {
        let _ = send.unbounded_send(event);
    });
    let port = WorkerPort::spawn(WORKER, listener);
    let mut engine = EngineOptions::default();
    engine.connection.url = url;
    engine.session = format!("port-worker {}", js_sys::Math::random());
    let scope = engine.session.clone();
    // All of it before the worker has loaded.
    port.send(ToWorker::Init(Box::new(Init {
        engine,
        scope,
        page: "page".to_owned(),
        auto_connect: true,
        visible: true,
    })));
    port.send(ToWorker::Subscribe(Subject::channel(Channel::Incidents)));
    port.send(ToWorker::Heartbeat(1));

    assert_eq!(next(&mut events).await, FromWorker::Ready);
    let (mut beat, mut traces, mut connected, mut incidents) = (false, false, false, None);
    while !(beat && traces && connected && incidents.is_some()) {
        match next(&mut events).await {
            FromWorker::Heartbeat(1) => beat = true,
            FromWorker::Traces(_) => traces = true,
            FromWorker::Batch(batch) => {
                port.send(ToWorker::Credit(batch.number));
                for item in batch.items {
                    match item {
                        Delivery::Status(status) => connected |= status.state == ConnectionState::Connected,
                        Delivery::Snapshot(snapshot) => incidents = Some(snapshot.items.len()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    console_log!("{} incidents", incidents.unwrap_or(0));
    port.terminate();
    while events.try_recv().is_ok() {}
    TimeoutFuture::new(1_000).await;
    assert!(events.try_recv().is_err(), "an event after terminate");
}
