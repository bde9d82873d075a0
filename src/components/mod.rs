//! What people see, one component a file. They know the connection only through the hooks of [`sentinelops_realtime`].
//! `docs/components.md` lists the `data-testid` attributes.

pub mod activity;
pub mod agents;
pub mod alerts;
pub mod attention;
pub mod away;
#[cfg(feature = "lab")]
pub mod breaks;
pub mod chat;
pub mod commands;
pub mod diagnostics;
pub mod dialog;
mod download;
pub mod hooks;
pub mod icon;
pub mod incidents;
pub mod inspector;
#[cfg(feature = "lab")]
pub mod load;
pub mod marks;
pub mod outbox;
pub mod panel;
pub mod people;
pub mod plots;
pub mod relative_time;
pub mod scoreboard;
pub mod send_line;
pub mod shell;
pub mod sign_in;
pub mod sign_out;
#[cfg(feature = "lab")]
pub mod tours;
pub mod undo;
pub mod zone;
