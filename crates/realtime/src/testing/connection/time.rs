//! Virtual time and the page of a test.

use super::*;

/// A pause of the length of nothing that took this long, ms, was no pause: somebody worked. Browsers
/// make 4 of 0.
const BUSY_MS: f64 = 8.0;

impl FakeConnection {
    // ---- time ----

    /// Virtual wall clock, ms since the epoch.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// let before = connection.now();
    /// connection.advance(1_500);
    /// assert_eq!(connection.now(), before + 1_500);
    /// ```
    pub fn now(&self) -> u64 {
        self.world.time.wall()
    }

    /// Time passes; timers fire. Frames are not painted by it.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn nobody_types_any_more(connection: &FakeConnection, page: &Mounted) {
    ///     connection.advance(5_000);
    ///     connection.settle().await;
    ///     assert!(!page.text().contains("types"));
    /// }
    /// ```
    pub fn advance(&self, ms: u64) {
        self.world.time.advance(ms);
    }

    /// The page sleeps: its timers fire late, at the next [`FakeConnection::advance`].
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// // The lid is closed for an hour; on waking, timers are an hour late.
    /// connection.sleep(3_600_000);
    /// connection.advance(0);
    /// ```
    pub fn sleep(&self, ms: u64) {
        self.world.time.sleep(ms);
    }

    /// What is due happens, and one frame is painted. `true`: something asked for it.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// assert!(!FakeConnection::new().frame(), "nothing asked to be painted");
    /// ```
    pub fn frame(&self) -> bool {
        self.world.time.advance(0);
        let painted = self.world.time.frame();
        self.world.time.advance(0);
        painted
    }

    /// Frames are painted until nobody asks for one: what waited for the credit of an earlier batch
    /// has arrived then.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, incident};
    ///
    /// let connection = FakeConnection::new();
    /// connection.deliver(incident("inc-1"));
    /// connection.paint();
    /// ```
    pub fn paint(&self) {
        // A loop of a test is noticed rather than waited for.
        for _ in 0..100 {
            if !self.frame() {
                break;
            }
        }
    }

    /// Shows changes from outside at most this often (ms), as a browser's page does every 100 ms.
    #[cfg(test)]
    pub(crate) fn set_pace(&self, ms: u64) {
        self.world.time.pace_ms.set(ms);
    }

    /// The page is shown or hidden: the worker gets the hint, and hidden pages get no frames.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// async fn looks_away_and_back(connection: &FakeConnection) {
    ///     connection.set_visible(false);
    ///     connection.advance(60_000);
    ///     connection.set_visible(true);
    ///     connection.settle().await;
    /// }
    /// ```
    pub fn set_visible(&self, visible: bool) {
        self.hint(if visible { Hint::Visible } else { Hint::Hidden });
    }

    /// The browser reports a change of the page: offline, focused, resumed. The worker gets the hint.
    ///
    /// ```
    /// use sentinelops_realtime::engine::Hint;
    /// use sentinelops_realtime::testing::FakeConnection;
    ///
    /// FakeConnection::new().hint(Hint::Offline);
    /// ```
    pub fn hint(&self, hint: Hint) {
        self.world.time.hint(hint);
    }

    /// Waits for Yew, paints, and again, until nothing more happens: what is on the page then is
    /// what people see. Only in a browser.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted, incident};
    ///
    /// async fn what_people_see(connection: &FakeConnection, page: &Mounted) {
    ///     connection.deliver(incident("inc-1"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("inc-1"));
    /// }
    /// ```
    pub async fn settle(&self) {
        // Mounting, effects, timers and frames may each bring about the next; a loop of a test is
        // noticed rather than waited for.
        let mut quiet = 0;
        for _ in 0..1_000 {
            let began = js_sys::Date::now();
            yew::platform::time::sleep(std::time::Duration::ZERO).await;
            // Yew pauses after 16 ms of work and goes on in a task of its own: who was kept waiting
            // came between two of them.
            let worked = js_sys::Date::now() - began >= BUSY_MS;
            quiet = if self.frame() || worked { 0 } else { quiet + 1 };
            if quiet == 2 {
                break;
            }
        }
        self.world.forget_early();
    }
}
