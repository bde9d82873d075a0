//! The port of options that name none: the real worker, or with `in_page` its code in the page.

use super::platform::meta;
use super::{ClientOptions, PortFactory};
use crate::bridge::WorkerPort;
use std::rc::Rc;

/// Where the worker's script is, when neither prop nor meta tag says so.
const DEFAULT_WORKER: &str = "worker_loader.js";

/// The port that these options name, or the default.
pub(crate) fn port_factory(options: &ClientOptions) -> PortFactory {
    if let Some(port) = &options.port {
        return port.clone();
    }
    #[cfg(feature = "in_page")]
    if options.in_page {
        return PortFactory::new(|listener| Rc::new(crate::worker::LocalPort::new(listener)));
    }
    worker_port(options.worker_url.clone())
}

/// The worker at this address.
fn worker_port(worker_url: Option<String>) -> PortFactory {
    PortFactory::new(move |listener| {
        let url = worker_url
            .clone()
            .or_else(|| meta("sentinelops-worker"))
            .unwrap_or_else(|| DEFAULT_WORKER.to_owned());
        Rc::new(WorkerPort::spawn(&url, listener))
    })
}
