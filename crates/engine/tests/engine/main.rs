//! The engine's connection side, one scenario a file.

mod common;

mod backoff;
mod closes;
mod hints;
mod hostile_welcome;
mod liveness;
mod metrics;
mod modes;
mod raw;
mod refused;
mod sends;
mod server_time;
mod states;
mod subscriptions;
mod tokens;
