//! Phases of the connection. Each owns what belongs to it, timers too: leaving it drops them.

use crate::timers::{Timer, Timers};
use crate::{Generation, Mode, Now};

/// First and longest wait before bufferedAmount is looked at again.
pub(crate) const BUFFER_LOOK_MS: u64 = 25;
pub(crate) const BUFFER_LOOK_MAX_MS: u64 = 1_000;

/// The five documented states are derived from it.
#[derive(Debug)]
pub(super) enum Phase {
    /// No connection is wanted.
    Idle,
    /// Wants to dial; waits for the store, which may have a time that a server gave to an earlier leader.
    Loading {
        /// Monotonic ms.
        until: u64,
        /// That wait is over, but for what there is to read.
        last_look: bool,
    },
    /// Wants to dial; waits for a token.
    Asking,
    /// Has a socket.
    Online(Box<Socket>),
    /// Waits for the next dial.
    Waiting {
        /// Monotonic ms.
        until: u64,
        /// A server gave the time, so no hint shortens it.
        by_server: bool,
    },
    /// Only the user (or a new token) can help.
    Stopped,
}

/// The present socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub generation: Generation,
    pub stage: Stage,
    pub timers: Timers,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
    /// The server announced that it will close.
    pub goodbye: Option<Goodbye>,
    /// When (monotonic ms) the youngest answered ping had left.
    pub answered_to: Option<u64>,
    /// How long (ms) until bufferedAmount is looked at again.
    pub buffer_wait: u64,
}

/// How far the socket has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// Waits for the handshake.
    Dialing,
    /// Open; the mode is not known.
    Open,
    /// Connected.
    Up(Up),
}

/// A connected socket.
#[derive(Debug)]
pub(super) struct Up {
    pub mode: Mode,
    pub since: Now,
    /// `welcome.reconnectWindowMs`.
    pub window: u64,
    /// Lasted long enough: the next byte proves health.
    pub stable_due: bool,
}

/// A received `goodbye`.
#[derive(Debug)]
pub(super) struct Goodbye {
    pub reason: String,
    /// Ms.
    pub window: u64,
    /// Monotonic ms until which a close belongs to it.
    pub until: u64,
}

impl Socket {
    pub fn dialing(generation: Generation) -> Self {
        Self {
            generation,
            stage: Stage::Dialing,
            timers: Timers::default(),
            protocol: None,
            goodbye: None,
            answered_to: None,
            buffer_wait: BUFFER_LOOK_MS,
        }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up(_))
    }
}

impl Phase {
    pub fn socket(&self) -> Option<&Socket> {
        if let Self::Online(socket) = self { Some(socket) } else { None }
    }

    pub fn socket_mut(&mut self) -> Option<&mut Socket> {
        if let Self::Online(socket) = self { Some(socket) } else { None }
    }

    pub fn stage(&self) -> Option<&Stage> {
        self.socket().map(|socket| &socket.stage)
    }

    pub fn up(&self) -> Option<&Up> {
        if let Stage::Up(up) = self.stage()? { Some(up) } else { None }
    }

    pub fn up_mut(&mut self) -> Option<&mut Up> {
        if let Stage::Up(up) = &mut self.socket_mut()?.stage { Some(up) } else { None }
    }

    pub fn is_up(&self) -> bool {
        self.socket().is_some_and(Socket::is_up)
    }

    /// Open, and the mode is not known.
    pub fn is_undecided(&self) -> bool {
        matches!(self.stage(), Some(Stage::Open))
    }

    /// Whether the socket takes frames.
    pub fn is_open(&self) -> bool {
        matches!(self.stage(), Some(Stage::Open | Stage::Up(_)))
    }

    /// The mode, while connected.
    pub fn mode(&self) -> Option<Mode> {
        self.up().map(|up| up.mode)
    }

    pub fn answered_to(&self) -> Option<u64> {
        self.socket()?.answered_to
    }

    /// Takes the socket, if there is one, and is [`Phase::Idle`] then.
    pub fn take_socket(&mut self) -> Option<Box<Socket>> {
        self.socket()?;
        if let Self::Online(socket) = std::mem::replace(self, Self::Idle) { Some(socket) } else { None }
    }

    // Timers of the socket; without one they mean nothing.

    pub fn set(&mut self, timer: Timer, at: u64) {
        if let Some(socket) = self.socket_mut() {
            socket.timers.set(timer, at);
        }
    }

    pub fn ensure(&mut self, timer: Timer, at: u64) {
        if let Some(socket) = self.socket_mut() {
            socket.timers.ensure(timer, at);
        }
    }

    pub fn stop(&mut self, timer: Timer) {
        if let Some(socket) = self.socket_mut() {
            socket.timers.stop(timer);
        }
    }

    /// The next deadline of this phase.
    pub fn next_due(&self) -> Option<(u64, Timer)> {
        match self {
            Self::Idle | Self::Asking | Self::Stopped => None,
            Self::Loading { until, .. } => Some((*until, Timer::StoreWait)),
            Self::Waiting { until, .. } => Some((*until, Timer::Dial)),
            Self::Online(socket) => socket.timers.next(),
        }
    }
}
