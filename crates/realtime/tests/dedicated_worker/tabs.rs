//! Locks and channels of several tabs, in a real dedicated worker: Web Locks, and the leases in their place.

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use sentinelops_engine::tabs::{LinkMessage, LinkTarget, LockEvent, LockRequest};
use sentinelops_realtime::worker::tabs::{TabEvent, Tabs};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

#[wasm_bindgen(module = "/tests/dedicated_worker/browser.js")]
extern "C" {
    fn web_locks(on: bool);
    fn page_says(channel: &str, bytes: js_sys::Uint8Array);
    #[wasm_bindgen(catch)]
    async fn plant_expired(name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn lease_names() -> Result<JsValue, JsValue>;
}

struct Tab {
    tabs: Tabs,
    inbox: UnboundedReceiver<TabEvent>,
}

impl Tab {
    fn open(scope: &str, name: &str) -> Self {
        let (say, inbox) = unbounded();
        let tabs = Tabs::new(1, scope, name, Rc::new(move |event| say.unbounded_send(event).unwrap()));
        Self { tabs, inbox }
    }

    async fn next(&mut self) -> TabEvent {
        self.inbox.next().await.unwrap()
    }

    async fn expect_lock(&mut self, event: LockEvent) {
        assert_eq!(self.next().await, TabEvent::Lock(event));
    }

    async fn leads(&mut self) {
        self.tabs.lock(LockRequest::Request);
        self.expect_lock(LockEvent::Granted).await;
    }

    /// Who is alive, as soon as these are: a lock may be on its way.
    async fn alive(&mut self, expected: &[&str]) {
        loop {
            self.tabs.query();
            let TabEvent::Alive(mut alive) = self.next().await else { continue };
            alive.sort_unstable();
            if alive == expected {
                return;
            }
        }
    }
}

/// Granted in the order of the requests, given back, robbed.
async fn one_leads(scope: &str) {
    let (mut a, mut b) = (Tab::open(scope, "a"), Tab::open(scope, "b"));
    a.leads().await;
    b.tabs.lock(LockRequest::Request);
    a.alive(&["a", "b"]).await;
    assert!(b.inbox.try_recv().is_err(), "a has it");
    a.tabs.lock(LockRequest::Release);
    b.expect_lock(LockEvent::Granted).await;
    a.tabs.lock(LockRequest::Steal);
    b.expect_lock(LockEvent::Lost).await;
    a.expect_lock(LockEvent::Granted).await;
    // A tab that is gone leaves its lock to the next.
    b.tabs.lock(LockRequest::Request);
    drop(a);
    b.expect_lock(LockEvent::Granted).await;
    b.alive(&["b"]).await;
}

#[wasm_bindgen_test]
async fn one_tab_has_the_lock() {
    one_leads("locks").await;
}

#[wasm_bindgen_test]
async fn leases_are_the_same_to_who_asks_and_sweep_what_crashed_tabs_left() {
    web_locks(false);
    Tab::open("leases", "first").alive(&["first"]).await;
    plant_expired("sentinelops 1 leases tab crashed").await.unwrap();
    one_leads("leases").await;
    let names = lease_names().await.unwrap().as_string().unwrap();
    web_locks(true);
    assert!(!names.contains("crashed"), "{names}");
}

/// After a sleep of the machine every lease looks free, and its holder renews it within a second.
#[wasm_bindgen_test]
async fn a_lease_that_ran_out_is_taken_at_the_second_look() {
    web_locks(false);
    let mut tab = Tab::open("slept", "a");
    tab.alive(&["a"]).await;
    plant_expired("sentinelops 1 slept leader").await.unwrap();
    let asked = js_sys::Date::now();
    tab.leads().await;
    web_locks(true);
    let waited = js_sys::Date::now() - asked;
    assert!(waited >= 900.0, "taken after {waited} ms");
}

#[wasm_bindgen_test]
async fn a_withdrawn_request_is_granted_to_nobody() {
    let (mut a, mut b) = (Tab::open("withdrawn", "a"), Tab::open("withdrawn", "b"));
    a.leads().await;
    b.tabs.lock(LockRequest::Request);
    b.tabs.lock(LockRequest::Release);
    a.tabs.lock(LockRequest::Release);
    a.leads().await;
    assert!(b.inbox.try_recv().is_err());
}

#[wasm_bindgen_test]
async fn all_hear_what_is_for_all_and_one_what_is_for_one() {
    let (mut a, mut b, mut c) = (Tab::open("link", "a"), Tab::open("link", "b"), Tab::open("link", "c"));
    let beat = |term| LinkMessage::Heartbeat { term };
    a.tabs.send(LinkTarget::All, &beat(1));
    a.tabs.send(LinkTarget::Tab("b".to_owned()), &beat(2));
    a.tabs.send(LinkTarget::All, &beat(3));
    // Channels are not in order among each other.
    let mut received = vec![];
    for _ in 0..3 {
        received.push(b.next().await);
    }
    for term in [1, 2, 3] {
        assert!(received.contains(&TabEvent::Link(beat(term))), "{received:?}");
    }
    assert_eq!(c.next().await, TabEvent::Link(beat(1)));
    assert_eq!(c.next().await, TabEvent::Link(beat(3)));
    assert!(a.inbox.try_recv().is_err(), "no tab receives its own message");
}

#[wasm_bindgen_test]
async fn a_tab_that_is_put_away_holds_nothing_and_hears_nothing_until_it_appears_again() {
    let (mut a, mut b) = (Tab::open("away", "a"), Tab::open("away", "b"));
    a.alive(&["a", "b"]).await;
    b.tabs.leave();
    a.alive(&["a"]).await;
    a.tabs.send(LinkTarget::All, &LinkMessage::Ask);
    a.tabs.send(LinkTarget::Tab("b".to_owned()), &LinkMessage::Ask);
    b.tabs.send(LinkTarget::All, &LinkMessage::Ask);
    b.tabs.join();
    a.alive(&["a", "b"]).await;
    a.tabs.send(LinkTarget::All, &LinkMessage::Heartbeat { term: 7 });
    assert_eq!(b.next().await, TabEvent::Link(LinkMessage::Heartbeat { term: 7 }));
    assert!(a.inbox.try_recv().is_err(), "no message");
}

#[wasm_bindgen_test]
async fn scopes_and_versions_do_not_meet() {
    let mut a = Tab::open("scope a", "a");
    let mut b = Tab::open("scope b", "b");
    a.leads().await;
    b.leads().await;
    a.alive(&["a"]).await;
    b.alive(&["b"]).await;
}

/// The page of a tab says it in its place.
#[wasm_bindgen_test]
async fn other_tabs_receive_a_leave_notice() {
    let (a, mut b) = (Tab::open("leave-notice", "a"), Tab::open("leave-notice", "b"));
    let leaving = LinkMessage::Leaving { term: 7 };
    let leave_notice = a.tabs.leave_notice(&leaving).unwrap();
    page_says(&leave_notice.channel, js_sys::Uint8Array::from(&leave_notice.bytes[..]));
    assert_eq!(b.next().await, TabEvent::Link(leaving));
}
