//! For tests of your own components: a connection made of nothing, moved by hand, in virtual time.
//!
//! [`FakeConnection`] stands where worker and server would be. The components under test, the
//! provider and the hooks are the real ones. Nothing happens by itself: you connect, deliver, ack,
//! drop; time passes when you say so.
//!
//! ```
//! use sentinelops_realtime::protocol::domain::IncidentStatus;
//! use sentinelops_realtime::use_incidents;
//! use sentinelops_realtime::testing::{FakeConnection, incident};
//! use yew::prelude::*;
//!
//! #[component]
//! fn Count() -> Html {
//!     let shown = use_incidents();
//!     html! { <p>{ shown.items.len() }</p> }
//! }
//!
//! // #[wasm_bindgen_test]
//! async fn counts_what_arrives() {
//!     let connection = FakeConnection::new();
//!     let page = connection.mount(html! { <Count /> });
//!     connection.connect();
//!     connection.deliver(incident("inc-1").status(IncidentStatus::New));
//!     connection.settle().await;
//!     assert_eq!(page.text(), "1");
//! }
//! # let _ = counts_what_arrives;
//! ```

mod connection;
mod events;
mod fake_port;
mod mount;
mod time;

pub use connection::FakeConnection;
pub use events::{
    IncidentBuilder, activity, agent, alert, chat_message, event, incident, raw, receipt, timeline, typing,
    viewing,
};
pub use mount::{FakeProvider, FakeProviderProps, Mounted};
