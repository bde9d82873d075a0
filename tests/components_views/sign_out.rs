//! The question at sign-out, the wait, and the page afterwards.

use sentinelops::components::sign_out::{SessionGate, SignOutButton};
use sentinelops_realtime::WebSocketProvider;
use sentinelops_realtime::bridge::{FromWorker, SignOut, ToWorker};
use sentinelops_realtime::engine::{MessageCounts, StorageState, StoreError};
use sentinelops_realtime::testing::{FakeConnection, Mounted};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

struct Rig {
    connection: FakeConnection,
    page: Mounted,
}

impl Rig {
    /// The dialog is open, with so many messages unsent and failed.
    async fn open(unsent: u32, failed: u32) -> Self {
        let connection = FakeConnection::new();
        let page = connection.mount(html! { <SessionGate><SignOutButton /></SessionGate> });
        connection.settle().await;
        connection.connect();
        let rig = Self { connection, page };
        rig.press("sign-out").await;
        rig.count(unsent, failed).await;
        rig.connection.take_commands();
        rig
    }

    async fn count(&self, unsent: u32, failed: u32) {
        let queued = [0, 0, unsent, 0];
        self.connection.change_status(|status| status.queued = queued);
        self.connection.outbox(Vec::new(), MessageCounts { queued, in_flight: 0, failed });
        self.connection.settle().await;
    }

    fn text(&self, testid: &str) -> Option<String> {
        self.page.find(&format!("[data-testid={testid}]"))?.text_content()
    }

    async fn press(&self, testid: &str) {
        assert!(self.page.click(&format!("[data-testid={testid}]")), "no {testid}");
        self.connection.settle().await;
    }

    fn asked(&self) -> Vec<SignOut> {
        let asked = self.connection.take_commands().into_iter().filter_map(|shown| match shown {
            ToWorker::SignOut(how) => Some(how),
            _ => None,
        });
        asked.collect()
    }
}

#[wasm_bindgen_test]
async fn it_says_how_many_are_unsent_and_what_can_become_of_them() {
    let rig = Rig::open(3, 1).await;
    assert_eq!(
        rig.text("sign-out-unsent").as_deref(),
        Some("3 messages have not arrived yet. What should happen to them?")
    );
    rig.press("sign-out-keep").await;
    assert_eq!(rig.asked(), [SignOut::Keep]);
    rig.count(0, 0).await;
    assert_eq!(rig.text("sign-out-unsent").as_deref(), Some("Everything you sent has arrived."));
    assert!(rig.text("sign-out-send").is_none(), "there is nothing to send");
    // At once, before the list of the outbox is there.
    rig.press("sign-out-cancel").await;
    rig.connection.change_status(|status| status.queued = [2, 0, 0, 0]);
    rig.connection.settle().await;
    rig.press("sign-out").await;
    assert!(rig.text("sign-out-unsent").unwrap().starts_with("2 messages"));
    // What is not saved cannot be kept.
    rig.connection.change_status(|status| status.storage = StorageState::MemoryOnly(StoreError::Quota));
    rig.count(1, 0).await;
    assert!(rig.text("sign-out-keep").is_none());
    assert!(
        rig.text("sign-out-unsent").unwrap().starts_with("1 message has not arrived yet, and cannot be kept")
    );
    rig.press("sign-out-cancel").await;
    assert!(rig.text("sign-out-dialog").is_none());
}

#[wasm_bindgen_test]
async fn one_message_is_one() {
    let rig = Rig::open(1, 0).await;
    let question = rig.text("sign-out-unsent");
    assert_eq!(question.as_deref(), Some("1 message has not arrived yet. What should happen to it?"));
    assert!(rig.text("sign-out-keep").unwrap().contains("It will be sent the next time you sign in here."));
    rig.connection.drop_connection();
    rig.press("sign-out-send").await;
    let progress = rig.text("sign-out-progress").unwrap();
    assert_eq!(progress, "1 message to go, and no connection. It is sent as soon as there is one.");
}

#[wasm_bindgen_test]
async fn deleting_is_asked_twice_and_says_what_is_lost() {
    let rig = Rig::open(3, 1).await;
    rig.press("sign-out-wipe").await;
    let lost = rig.text("sign-out-lost").unwrap();
    assert!(lost.starts_with("3 messages not yet sent and 1 that could not be sent will be lost"), "{lost}");
    let focused = web_sys::window().unwrap().document().unwrap().active_element().unwrap();
    assert_eq!(focused.text_content().as_deref(), Some("Back"), "the safe answer");
    rig.press("sign-out-back").await;
    assert_eq!(rig.asked(), []);
    rig.press("sign-out-wipe").await;
    rig.press("sign-out-delete").await;
    assert_eq!(rig.asked(), [SignOut::Wipe]);
}

#[wasm_bindgen_test]
async fn sending_first_shows_how_far_it_is_and_the_rest_can_be_kept() {
    let rig = Rig::open(4, 0).await;
    rig.press("sign-out-send").await;
    assert_eq!(rig.asked(), [SignOut::SendFirst]);
    assert!(rig.text("sign-out-progress").unwrap().starts_with("4 messages to go."));
    rig.count(1, 0).await;
    assert!(rig.text("sign-out-progress").unwrap().starts_with("1 message to go."));
    let bar = rig.page.find("progress").unwrap();
    assert_eq!(
        (bar.get_attribute("value").as_deref(), bar.get_attribute("max").as_deref()),
        (Some("3"), Some("4"))
    );
    rig.connection.drop_connection();
    rig.connection.settle().await;
    assert!(rig.text("sign-out-progress").unwrap().contains("no connection"));
    // Out of sight it goes on, and can be looked at again.
    rig.press("sign-out-hide").await;
    rig.press("sign-out").await;
    rig.count(1, 0).await;
    rig.press("sign-out-keep-rest").await;
    assert_eq!(rig.asked(), [SignOut::Keep]);
}

#[wasm_bindgen_test]
async fn afterwards_the_page_says_so_and_offers_to_sign_in_again() {
    let rig = Rig::open(0, 0).await;
    rig.press("sign-out-keep").await;
    rig.connection.emit(FromWorker::SignedOut { left: false });
    rig.connection.settle().await;
    assert!(rig.text("signed-out").unwrap().contains("Signed out"));
    assert!(rig.text("sign-in-again").is_some() && rig.text("sign-out").is_none());
    let focused = web_sys::window().unwrap().document().unwrap().active_element().unwrap();
    assert_eq!(focused.tag_name(), "H1");
}

#[wasm_bindgen_test]
async fn another_page_shows_the_sign_out_that_is_under_way() {
    let mut rig = Rig::open(4, 0).await;
    rig.press("sign-out-send").await;
    rig.press("sign-out-hide").await;
    // Each page has a button of its own.
    rig.page.show(html! { <main><SessionGate><SignOutButton /></SessionGate></main> });
    rig.connection.settle().await;
    rig.press("sign-out").await;
    rig.count(3, 0).await;
    assert!(rig.text("sign-out-unsent").is_none(), "the question is not shown again");
    assert!(rig.text("sign-out-progress").unwrap().starts_with("3 messages to go."));
}

#[wasm_bindgen_test]
async fn the_dialog_says_who_is_signed_in() {
    let rig = Rig::open(0, 0).await;
    assert_eq!(rig.text("signed-in-as"), None, "the provider has no name");
    for user in ["ann", "<b>bob</b>"] {
        let connection = FakeConnection::new();
        let page = connection.mount(html! {
            <WebSocketProvider url="ws://fake.invalid" port={connection.port()} {user}><SignOutButton /></WebSocketProvider>
        });
        connection.settle().await;
        connection.connect();
        let rig = Rig { connection, page };
        rig.press("sign-out").await;
        assert_eq!(rig.text("signed-in-as"), Some(format!("Signed in as {user}")));
    }
}
