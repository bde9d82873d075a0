//! The hooks: one a file. Each subscribes for itself, selects what it shows, and has its component
//! rendered only when that changed, at most once a frame.

mod feed;
mod selected;
mod use_activity_feed;
mod use_agent_status;
mod use_alerts;
mod use_channel;
mod use_chat_messages;
mod use_client;
mod use_clock;
mod use_connection;
mod use_diagnostics;
mod use_incident;
mod use_incident_updates;
mod use_metrics;
mod use_outbox;
mod use_own_channel;
mod use_raw_frames;
mod use_send_state;
mod use_signed_out;
mod use_stats;
mod use_timeline;
mod use_unsaved;
mod use_viewers;
mod use_websocket;

pub use feed::{UseFeedHandle, UseFeedOptions};
pub use use_activity_feed::{use_activity, use_activity_feed, use_activity_feed_with, use_activity_with};
pub use use_agent_status::{use_agent_status, use_agent_status_with, use_agents, use_agents_with};
pub use use_alerts::{use_alert_updates, use_alert_updates_with, use_alerts, use_alerts_with};
pub use use_channel::{UseChannelHandle, UseChannelOptions, use_channel};
pub use use_chat_messages::{
    UseChatHandle, use_chat, use_chat_messages, use_chat_messages_with, use_chat_with,
};
pub use use_client::use_client;
pub use use_clock::{Clock, ClockListener, ClockTimeout, use_clock};
pub use use_connection::{UseConnectionHandle, use_connection, use_connection_state};
pub use use_diagnostics::{UseDiagnosticsHandle, use_diagnostics};
pub use use_incident::{UseIncidentHandle, use_incident};
pub use use_incident_updates::{
    IncidentChanged, use_incident_updates, use_incident_updates_with, use_incidents, use_incidents_with,
};
pub use use_metrics::use_metrics;
pub use use_outbox::{UseOutboxHandle, use_outbox};
pub use use_own_channel::{UseOwnChannelHandle, use_own_channel};
pub use use_raw_frames::{UseRawHandle, use_raw_frames};
pub use use_send_state::use_send_state;
pub use use_signed_out::use_signed_out;
pub use use_stats::{UseSourcesHandle, UseStatsHandle, use_sources, use_stats};
pub use use_timeline::use_timeline;
pub use use_unsaved::use_unsaved;
pub use use_viewers::use_viewers;
pub use use_websocket::{SubscribeOptions, UseWebSocketHandle, use_websocket};
