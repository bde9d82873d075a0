//! The worker: what it received, what it asks, how it fails.

use super::*;

impl FakeConnection {
    /// The token is asked for: the provider's `token` callback is called.
    ///
    /// ```
    /// use sentinelops_realtime::engine::TokenReason;
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// /// The server did not take the last one: the provider's `token` callback is asked again.
    /// async fn session_over(connection: &FakeConnection) {
    ///     connection.request_token(TokenReason::Rejected);
    ///     connection.settle().await;
    /// }
    /// ```
    pub fn request_token(&self, reason: TokenReason) {
        self.world.emit(PortEvent::Message(FromWorker::TokenWanted(reason)));
    }

    /// Anything else the worker may say.
    #[doc(hidden)]
    pub fn emit(&self, message: FromWorker) {
        self.world.emit(PortEvent::Message(message));
    }

    /// The worker fails.
    ///
    /// ```
    /// use sentinelops_realtime::PortFailure;
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// async fn after_a_crash_there_is_another(connection: &FakeConnection) {
    ///     connection.fail_worker(PortFailure::Crashed("unreachable".to_owned()));
    ///     connection.advance(1_000);
    ///     connection.settle().await;
    ///     assert_eq!(connection.workers(), 2);
    /// }
    /// ```
    pub fn fail_worker(&self, failure: PortFailure) {
        self.world.emit(PortEvent::Failed(failure));
    }

    /// From now on the worker answers no beat (`true`) or does again (`false`).
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// connection.hang(true);
    /// // Silence for 10 s ends it.
    /// connection.advance(15_000);
    /// ```
    pub fn hang(&self, hangs: bool) {
        self.world.answers.set(!hangs);
    }

    /// From now on a worker that is started never says that it is ready (`true`), or does.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// connection.refuse_start(true);
    /// ```
    pub fn refuse_start(&self, refuses: bool) {
        self.world.starts.set(!refuses);
    }

    // ---- what the page did ----

    /// What was sent, each message once, in order.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// fn sends_the_edit(connection: &FakeConnection, page: &Mounted) {
    ///     page.click("button");
    ///     let sent = connection.sent();
    ///     assert_eq!((sent.len(), sent[0].kind.as_str()), (1, "incident.update"));
    /// }
    /// ```
    pub fn sent(&self) -> Vec<SendRequest> {
        self.world.requests.borrow().clone()
    }

    /// The id of the last message sent.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// assert_eq!(FakeConnection::new().last_id(), None);
    /// ```
    pub fn last_id(&self) -> Option<MessageId> {
        self.world.requests.borrow().last().map(|request| request.id.as_str().into())
    }

    /// The frames of one's own that were sent, in order.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// assert_eq!(FakeConnection::new().sent_raw(), []);
    /// ```
    pub fn sent_raw(&self) -> Vec<RawFrame> {
        let frame = |message: &ToWorker| match message {
            ToWorker::SendRaw(frame) => Some(frame.clone()),
            _ => None,
        };
        self.world.posted.borrow().iter().filter_map(frame).collect()
    }

    /// What is subscribed to now, in order of subscribing.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// assert_eq!(FakeConnection::new().subscriptions(), [], "nobody shows anything");
    /// ```
    pub fn subscriptions(&self) -> Vec<Subject> {
        self.world.subjects.borrow().clone()
    }

    /// Everything the page ever sent to its workers.
    #[doc(hidden)]
    pub fn commands(&self) -> Vec<ToWorker> {
        self.world.posted.borrow().clone()
    }

    /// The same, and forgets it.
    #[doc(hidden)]
    pub fn take_commands(&self) -> Vec<ToWorker> {
        self.world.posted.take()
    }

    /// What the page broadcast to other tabs: channel and message.
    #[doc(hidden)]
    pub fn broadcasts(&self) -> Vec<(String, Vec<u8>)> {
        self.world.time.broadcasts()
    }

    /// How many workers were started.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// assert_eq!(FakeConnection::new().workers(), 0, "the first provider starts one");
    /// ```
    pub fn workers(&self) -> u32 {
        self.world.spawned.get()
    }

    /// How many batches went to the page.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// async fn goes_out_in_one_batch(connection: &FakeConnection) {
    ///     let before = connection.batches();
    ///     connection.settle().await;
    ///     assert!(connection.batches() - before <= 1);
    /// }
    /// ```
    pub fn batches(&self) -> u64 {
        self.world.batches.get()
    }
}
