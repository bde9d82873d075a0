//! How a client gets its port, and the clock, timers and frames that go with it.

use super::platform::{Browser, Platform};
use crate::bridge::{Port, PortListener};
use std::{fmt, rc::Rc};

type Make = Rc<dyn Fn(PortListener) -> Rc<dyn Port>>;

/// Makes the [`Port`] of a client, anew after each failure: the `port` prop of the provider.
///
/// Left out, it is the real worker. Tests pass that of [`crate::testing::FakeConnection`]; a
/// program without worker may run the engine in the page.
///
/// ```
/// use sentinelops_realtime::{PortFactory, WebSocketProvider};
/// use sentinelops_realtime::worker::LocalPort;
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// /// Everything in the page: for a place where no worker can be started.
/// #[component]
/// fn WithoutWorker() -> Html {
///     let port = use_memo((), |()| PortFactory::new(|listener| Rc::new(LocalPort::new(listener))));
///     html! { <WebSocketProvider port={(*port).clone()}>{ "…" }</WebSocketProvider> }
/// }
/// ```
#[derive(Clone)]
pub struct PortFactory {
    make: Make,
    platform: Rc<dyn Platform>,
}

impl PortFactory {
    /// Calls `make` whenever a worker is needed. What comes out of the port goes to the listener.
    ///
    /// ```
    /// use sentinelops_realtime::PortFactory;
    /// use sentinelops_realtime::worker::LocalPort;
    /// use std::rc::Rc;
    ///
    /// let factory = PortFactory::new(|listener| Rc::new(LocalPort::new(listener)));
    /// // Two providers share a client when their factories are the same.
    /// assert_eq!(factory, factory.clone());
    /// ```
    pub fn new(make: impl Fn(PortListener) -> Rc<dyn Port> + 'static) -> Self {
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
