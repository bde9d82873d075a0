//! What the server says, moved by hand.

use super::*;

impl FakeConnection {
    /// An event arrives, for those who subscribed to its channel or topic.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted, incident};
    ///
    /// async fn shows_what_arrives(connection: &FakeConnection, page: &Mounted) {
    ///     connection.deliver(incident("inc-1").title("Disk full"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("Disk full"));
    /// }
    /// ```
    pub fn deliver(&self, event: impl Into<Event>) {
        self.deliver_all([event.into()]);
    }

    /// Events arrive together. Those delivered right after mounting, before Yew has rendered, wait
    /// for what subscribes during the next [`FakeConnection::settle`].
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, incident};
    ///
    /// let connection = FakeConnection::new();
    /// connection.deliver_all((0..1_000).map(|n| incident(&format!("inc-{n}")).into()));
    /// ```
    pub fn deliver_all(&self, events: impl IntoIterator<Item = Event>) {
        self.world.events(events);
    }

    /// The whole state of a subject arrives; it replaces what was there.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Subject};
    /// use sentinelops_realtime::testing::{FakeConnection, incident};
    ///
    /// let connection = FakeConnection::new();
    /// // "There are none" is something else than "not loaded yet".
    /// connection.snapshot(Subject::channel(Channel::Incidents), []);
    /// connection.snapshot(Subject::channel(Channel::Incidents), [incident("inc-1").into()]);
    /// ```
    pub fn snapshot(&self, subject: Subject, items: impl IntoIterator<Item = Event>) {
        self.snapshot_after(subject, Continuity::Snapshot, items);
    }

    /// A frame of a basic server that is no message of the protocol: see
    /// [`Client::subscribe_raw`](crate::Client::subscribe_raw).
    ///
    /// ```
    /// use sentinelops_realtime::RawFrame;
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// async fn reading(connection: &FakeConnection) {
    ///     connection.deliver_raw(RawFrame::Text("21.5".to_owned()));
    ///     connection.settle().await;
    /// }
    /// ```
    pub fn deliver_raw(&self, frame: RawFrame) {
        self.world.deliver([Delivery::Raw(Rc::new(frame))]);
    }

    /// The same, and how it follows on what was there.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Subject, system::Continuity};
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// // Some of what happened while the page was away is gone for good.
    /// let connection = FakeConnection::new();
    /// connection.snapshot_after(Subject::channel(Channel::Activity), Continuity::Gap, []);
    /// ```
    pub fn snapshot_after(
        &self,
        subject: Subject,
        continuity: Continuity,
        items: impl IntoIterator<Item = Event>,
    ) {
        let items = items.into_iter().map(Rc::new).collect();
        let snapshot = SnapshotDelivery { subject, continuity, seq: 0, items };
        self.world.deliver([Delivery::Snapshot(snapshot)]);
    }

    /// The server refuses a subscription.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Subject};
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_who_may_not_look(connection: &FakeConnection, page: &Mounted) {
    ///     connection.deny(Subject::channel(Channel::Alerts), "not your team");
    ///     connection.settle().await;
    ///     assert!(page.text().contains("not your team"));
    /// }
    /// ```
    pub fn deny(&self, subject: Subject, message: &str) {
        self.world.deliver([Delivery::Denied(subject, message.to_owned())]);
    }

    /// Something unreadable came in.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Json, decode_payload};
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// let (_, problem) = decode_payload("agent.status", &Json::parse(r#"{"agentId": 7}"#)?);
    /// connection.problem(problem.expect("it does not fit"));
    /// # Ok::<(), sentinelops_realtime::protocol::JsonError>(())
    /// ```
    pub fn problem(&self, problem: Problem) {
        self.world.deliver([Delivery::Problem(problem)]);
    }

    /// The counters, for those who show them.
    ///
    /// ```
    /// use sentinelops_realtime::engine::Metrics;
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// FakeConnection::new().metrics(Metrics { messages_in: 12, reconnects: 1, ..Metrics::default() });
    /// ```
    pub fn metrics(&self, metrics: Metrics) {
        self.world.deliver([Delivery::Metrics(Box::new(metrics))]);
    }
}
