//! Mounting and unmounting leaves nothing behind.

use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::MessageCounts;
use sentinelops_realtime::protocol::domain::{AlertChange, IncidentStatus, Presence, Severity};
use sentinelops_realtime::protocol::{Channel, Problem};
use sentinelops_realtime::testing::{
    FakeConnection, Mounted, activity, agent, alert, chat_message, incident,
};
use sentinelops_realtime::{
    MessageId, OwnMessage, SubscribeOptions, UseChannelOptions, UseFeedOptions, use_activity,
    use_activity_feed, use_activity_feed_with, use_activity_with, use_agent_status, use_agent_status_with,
    use_agents, use_agents_with, use_alert_updates, use_alert_updates_with, use_alerts, use_alerts_with,
    use_channel, use_chat, use_chat_messages, use_chat_messages_with, use_chat_with, use_client, use_clock,
    use_connection, use_connection_state, use_diagnostics, use_incident, use_incident_updates,
    use_incident_updates_with, use_incidents, use_incidents_with, use_metrics, use_outbox, use_own_channel,
    use_raw_frames, use_send_state, use_signed_out, use_sources, use_stats, use_timeline, use_unsaved,
    use_viewers, use_websocket,
};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::*;
use yew::prelude::*;

/// Every hook at once: `the_list_of_hooks_is_whole` says that none is missing.
#[component]
fn All() -> Html {
    let incidents = use_incident_updates(|_| {});
    let agents = use_agent_status(|_| {});
    let chat = use_chat("c1");
    let alerts = use_alerts();
    let activity = use_activity();
    let _outbox = use_outbox();
    let _raw = use_raw_frames(|_| {});
    let _own_channel = use_own_channel("weather", |_: Result<OwnMessage<u32>, Problem>| {});
    let _metrics = use_metrics();
    let _connection = use_connection();
    let _diagnostics = use_diagnostics();
    let _socket = use_websocket(SubscribeOptions::default().on_message(|_| {}).on_connect(|()| {}));
    let _channel = use_websocket(
        SubscribeOptions::channel(Channel::Incidents)
            .on_message(|_| {})
            .on_batch(|_| {})
            .on_disconnect(|_| {})
            .on_error(|_| {})
            .on_continuity(|_| {}),
    );
    let _own = use_channel(
        UseChannelOptions::new(Channel::Activity, "activity.event"),
        |_: Result<Rc<serde_json::Value>, Problem>| {},
    );
    let _sent = use_send_state(Some(MessageId::from("m1")));
    let _incident = use_incident("a");
    let _ = (use_timeline("a"), use_viewers("a"), use_stats(), use_sources());
    let _ = (
        use_activity_feed_with(UseFeedOptions::default(), |_| {}),
        use_agent_status_with(UseFeedOptions::default(), |_| {}),
        use_alert_updates_with(UseFeedOptions::default(), |_| {}),
        use_chat_messages_with("c1", UseFeedOptions::default(), |_| {}),
        use_incident_updates_with(UseFeedOptions::default(), |_| {}),
        use_client(),
        use_connection_state(),
        use_incidents(),
        use_agents(),
        use_signed_out(),
        use_unsaved(),
    );
    let clock = use_clock();
    use_effect_with(clock, |clock| {
        let held = (clock.listen(Callback::noop()), clock.after(60_000, || ()));
        move || drop(held)
    });
    let _ = (use_alert_updates(|_| {}), use_activity_feed(|_| {}), use_chat_messages("c1", |_| {}));
    let _ = (
        use_incidents_with(UseFeedOptions::default().filter(|_| true)),
        use_agents_with(UseFeedOptions::default()),
        use_alerts_with(UseFeedOptions::default().enabled(false)),
        use_activity_with(UseFeedOptions::default()),
        use_chat_with("c1", UseFeedOptions::default().filter(|_| false)),
    );
    let lengths = [
        incidents.items.len(),
        agents.items.len(),
        chat.feed.items.len(),
        alerts.items.len(),
        activity.items.len(),
    ];
    html! { <p>{ format!("{lengths:?}") }</p> }
}

fn memory() -> u32 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    buffer.byte_length()
}

/// All tables of the instance: functions, which do not change, and externrefs.
fn tables() -> u32 {
    let exports: js_sys::Object = wasm_bindgen::exports().unchecked_into();
    js_sys::Object::values(&exports)
        .iter()
        .filter_map(|export| export.dyn_into::<js_sys::WebAssembly::Table>().ok())
        .map(|table| table.length())
        .sum()
}

fn externrefs() -> u32 {
    wasm_bindgen::externref_heap_live_count()
}

/// Mounts, shows something, unmounts. How much was left watched or subscribed.
async fn cycle(connection: &FakeConnection, page: &mut Mounted, content: Html, expected: &str) -> i32 {
    page.show(content);
    connection.settle().await;
    connection.deliver_all([
        incident("a").status(IncidentStatus::New).into(),
        agent("ann", Presence::Online),
        chat_message("c1", "1", "ann", "hi"),
        alert("x", AlertChange::Raised, Severity::High),
        activity("y", "ann", "looked"),
    ]);
    connection.settle().await;
    assert!(page.text().starts_with(expected), "{}", page.text());
    page.show(Html::default());
    connection.settle().await;
    connection.settle().await;
    let switch = |on| if on { 1 } else { -1 };
    let left = connection.take_commands().into_iter().map(|message| match message {
        ToWorker::WatchOutbox(on) | ToWorker::WatchMetrics(on) | ToWorker::WatchRaw(on) => switch(on),
        ToWorker::Subscribe(_) => 1,
        ToWorker::Unsubscribe(_) => -1,
        _ => 0,
    });
    left.sum()
}

/// Some rounds to let pools, caches and tables reach their size; then as many as wanted: after
/// the fewer and after the more of them everything has to be as large as before.
async fn rounds(content: impl Fn() -> Html, expected: &str, rounds: (usize, usize)) {
    let connection = FakeConnection::new();
    let mut page = connection.mount(Html::default());
    connection.settle().await;
    connection.connect();
    // The first list of a worker is watched for without anybody who shows it.
    connection.outbox(Vec::new(), MessageCounts::default());
    connection.settle().await;
    for _ in 0..2 {
        cycle(&connection, &mut page, content(), expected).await;
    }
    assert_eq!(connection.subscriptions(), []);
    let before = [memory(), tables(), externrefs()];
    for round in 1..=rounds.1 {
        assert_eq!(cycle(&connection, &mut page, content(), expected).await, 0);
        if round == rounds.0 || round == rounds.1 {
            // Less: a test that ran before on this page left something that was collected meanwhile.
            let after = [memory(), tables(), externrefs()];
            let grown = after.iter().zip(&before).any(|(after, before)| after > before);
            assert!(!grown, "after {round} rounds: {after:?}, before: {before:?}");
            assert_eq!(connection.subscriptions(), []);
        }
    }
}

#[wasm_bindgen_test]
async fn a_thousand_and_ten_thousand_mounts_of_every_hook_leave_nothing() {
    let many = || html! { <>{ for (0..200).map(|n| html! { <All key={n} /> }) }</> };
    rounds(many, "[1, 1, 1, 1, 1]", (5, 50)).await;
}

#[wasm_bindgen_test]
fn the_list_of_hooks_is_whole() {
    // Each hook stands in a public function's line right below `#[hook]`.
    let sources = [include_str!("../../../src/hooks/mod.rs"), include_str!("leaks.rs")];
    let modules = sources[0].split(';').filter_map(|it| it.trim().strip_prefix("pub use "));
    let hooks: Vec<_> = modules
        .flat_map(|it| it.split([':', '{', '}', ',', ' ', '\n']))
        .filter(|name| name.starts_with("use_"))
        .collect();
    assert!(hooks.len() >= 20, "{hooks:?}");
    let called = |hook: &&str| sources[1].contains(&format!("{hook}("));
    assert_eq!(hooks.iter().filter(|hook| !called(hook)).collect::<Vec<_>>(), [] as [&&str; 0]);
}
