//! How a client gets its port, and the clock, timers and frames that go with it.

use super::platform::{Browser, Platform};
use crate::bridge::{Port, PortListener};
use std::{fmt, rc::Rc};

type Make = Rc<dyn Fn(PortListener) -> Rc<dyn Port>>;

/// Makes the connection of a client to its worker, again after each failure: the `port` prop of the provider.
///
/// Left out, it is the real worker. Tests pass that of [`FakeConnection::port`](crate::testing::FakeConnection::port).
///
/// ```
/// use sentinelops_realtime::testing::FakeConnection;
/// use sentinelops_realtime::{ClientOptions, PortFactory};
///
/// let connection = FakeConnection::new();
/// let port: PortFactory = connection.port();
/// let options = ClientOptions { port: Some(port), ..ClientOptions::new("/ws") };
/// # let _ = options;
/// ```
#[derive(Clone)]
pub struct PortFactory {
    make: Make,
    platform: Rc<dyn Platform>,
}

impl PortFactory {
    /// Calls `make` whenever a worker is needed. Events of the port go to the listener.
    pub(crate) fn new(make: impl Fn(PortListener) -> Rc<dyn Port> + 'static) -> Self {
        Self { make: Rc::new(make), platform: Rc::new(Browser) }
    }

    pub(crate) fn with_platform(self, platform: Rc<dyn Platform>) -> Self {
        Self { platform, ..self }
    }

    pub(crate) fn make(&self, listener: PortListener) -> Rc<dyn Port> {
        (self.make)(listener)
    }

    pub(crate) fn platform(&self) -> Rc<dyn Platform> {
        self.platform.clone()
    }
}

impl PartialEq for PortFactory {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.make, &other.make)
    }
}

impl fmt::Debug for PortFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortFactory")
    }
}
