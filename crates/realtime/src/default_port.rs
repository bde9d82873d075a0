//! The port of those who name none: the real worker.

use super::PortFactory;
use super::platform::meta;
use crate::bridge::WorkerPort;
use std::rc::Rc;

/// Where the worker's script is, when neither prop nor meta tag says so.
const DEFAULT_WORKER: &str = "worker_loader.js";

/// The worker at this address.
pub(crate) fn worker_port(worker_url: Option<String>) -> PortFactory {
    PortFactory::new(move |listener| {
        let url = worker_url
            .clone()
            .or_else(|| meta("sentinelops-worker"))
            .unwrap_or_else(|| DEFAULT_WORKER.to_owned());
        Rc::new(WorkerPort::spawn(&url, listener))
    })
}
