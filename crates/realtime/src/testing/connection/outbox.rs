//! What becomes of messages, moved by hand.

use super::*;

impl FakeConnection {
    /// A message is on disk.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_that_it_is_safe(connection: &FakeConnection, page: &Mounted) {
    ///     let id = connection.last_id().expect("something was sent");
    ///     connection.save(&id);
    ///     connection.settle().await;
    ///     assert!(page.text().contains("saved"));
    /// }
    /// ```
    pub fn save(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Queued);
    }

    /// A message was given to the socket.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_that_it_left(connection: &FakeConnection, page: &Mounted) {
    ///     connection.transmit(&connection.last_id().expect("something was sent"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("sent"));
    /// }
    /// ```
    pub fn transmit(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Sent);
    }

    /// The server has a message.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_that_it_arrived(connection: &FakeConnection, page: &Mounted) {
    ///     connection.ack(&connection.last_id().expect("something was sent"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("delivered"));
    /// }
    /// ```
    pub fn ack(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Delivered);
    }

    /// The server refuses a message for good.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Code;
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_why_not(connection: &FakeConnection, page: &Mounted) {
    ///     let id = connection.last_id().expect("something was sent");
    ///     connection.nack(&id, Code::Forbidden, "not your incident");
    ///     connection.settle().await;
    ///     assert!(page.text().contains("not your incident"));
    /// }
    /// ```
    pub fn nack(&self, id: &MessageId, code: Code, message: &str) {
        let reason = FailReason::Refused { code, message: message.to_owned() };
        self.update(id, Durability::Durable, DeliveryState::Failed(reason));
    }

    /// Any other news of a message.
    ///
    /// ```
    /// use sentinelops_realtime::engine::{DeliveryState, Durability};
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// /// The socket died before the answer came.
    /// fn in_doubt(connection: &FakeConnection) {
    ///     if let Some(id) = connection.last_id() {
    ///         connection.update(&id, Durability::Durable, DeliveryState::Unconfirmed);
    ///     }
    /// }
    /// ```
    pub fn update(&self, id: &MessageId, durability: Durability, delivery: DeliveryState) {
        let update = MessageUpdate { id: id.to_string(), durability, delivery };
        self.world.deliver([Delivery::Message(update)]);
    }

    /// The store fails: what is sent from now on is kept in memory only.
    ///
    /// ```
    /// use sentinelops_realtime::engine::StoreError;
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// // The disk is full: the page should say that closing it loses what waits.
    /// FakeConnection::new().store_failure(StoreError::Quota);
    /// ```
    pub fn store_failure(&self, error: StoreError) {
        self.change_status(|status| status.storage = StorageState::MemoryOnly(error));
    }

    /// The list of messages, for those who show it.
    ///
    /// ```
    /// use sentinelops_realtime::engine::MessageCounts;
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// connection.outbox(Vec::new(), MessageCounts { failed: 0, ..MessageCounts::default() });
    /// ```
    pub fn outbox(&self, messages: Vec<MessageInfo>, counts: MessageCounts) {
        self.world.deliver([Delivery::Outbox(messages, counts)]);
    }
}
