//! Close codes the protocol gives a meaning. What a client does about each is the engine's table.

/// Normal closure.
pub const NORMAL: u16 = 1000;
/// The other end goes away (page left, server stops).
pub const GOING_AWAY: u16 = 1001;
/// Closed without a code.
pub const NO_STATUS: u16 = 1005;
/// The connection broke; never sent in a frame.
pub const ABNORMAL: u16 = 1006;
/// Data that did not fit its type (bad UTF-8).
pub const INVALID_DATA: u16 = 1007;
/// Policy violation.
pub const POLICY: u16 = 1008;
/// Message too big.
pub const TOO_BIG: u16 = 1009;
/// Server error.
pub const INTERNAL: u16 = 1011;
/// Service restart.
pub const RESTART: u16 = 1012;
/// Try again later.
pub const TRY_LATER: u16 = 1013;
/// Bad request: a frame that broke the protocol.
pub const BAD_REQUEST: u16 = 4400;
/// Token missing or expired.
pub const UNAUTHENTICATED: u16 = 4401;
/// Not allowed at all.
pub const FORBIDDEN: u16 = 4403;
/// No such endpoint or tenant.
pub const NOT_FOUND: u16 = 4404;
/// Slow consumer, or silent for too long.
pub const SLOW_CONSUMER: u16 = 4408;
/// Conflict that retrying cannot mend.
pub const CONFLICT: u16 = 4409;
/// A newer leader of the same session is connected.
pub const SUPERSEDED: u16 = 4410;
/// Too many requests.
pub const RATE_LIMITED: u16 = 4429;
