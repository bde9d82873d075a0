//! What most components need: `use sentinelops_realtime::prelude::*;`.
//!
//! ```
//! use sentinelops_realtime::prelude::*;
//! use yew::prelude::*;
//!
//! #[component]
//! fn App() -> Html {
//!     html! { <WebSocketProvider url="/ws"><ConnectionStatus compact=true /><Open /></WebSocketProvider> }
//! }
//!
//! #[component]
//! fn Open() -> Html {
//!     let feed = use_incidents();
//!     let open = feed.items.iter().filter(|row| row.status != Some(IncidentStatus::Resolved));
//!     html! { <p>{ open.count() }</p> }
//! }
//! ```

pub use crate::engine::{ConnectionState, Options, OutboxOptions, Quality};
pub use crate::hooks::*;
pub use crate::protocol::domain::{IncidentStatus, Presence, Severity};
pub use crate::protocol::{Channel, Event, Payload, Priority};
pub use crate::{
    Client, ClientError, ClientOptions, ConnectionStatus, IncidentEdit, List, Message, MessageId,
    NewIncident, SendError, SendState, SentMessage, Subscription, TokenSource, UnloadGuard,
    WebSocketProvider, install_reload_screen,
};
