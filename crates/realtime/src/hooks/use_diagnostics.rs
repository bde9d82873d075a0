//! `use_diagnostics`: the flight recorder.

use super::selected::use_selected;
use super::use_client;
use crate::client::Dependency;
use crate::{Client, List, MessageTrace, Record};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_diagnostics`] gives.
///
/// ```
/// use sentinelops_realtime::{RecordKind, UseDiagnosticsHandle};
///
/// fn last_error(diagnostics: &UseDiagnosticsHandle) -> Option<&str> {
///     let errors = diagnostics.records.iter().filter(|record| record.kind == RecordKind::Error);
///     errors.last().map(|record| record.text.as_str())
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseDiagnosticsHandle {
    /// What happened, oldest first: the newest 500 of the connection (states, reconnects, worker, page),
    /// and as many of messages, errors and notes.
    pub records: List<Rc<Record>>,
    /// The ways of the newest 200 messages: click, saved, sent, acked, rendered.
    pub traces: List<Rc<MessageTrace>>,
    client: Client,
}

impl UseDiagnosticsHandle {
    /// All of it as JSON, for a file. It holds no token, and contents only where the provider's
    /// `debug_contents` is on.
    ///
    /// ```
    /// use sentinelops_realtime::use_diagnostics;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Report() -> Html {
    ///     let diagnostics = use_diagnostics();
    ///     html! { <textarea readonly=true value={diagnostics.export()} /> }
    /// }
    /// ```
    pub fn export(&self) -> String {
        self.client.export_diagnostics()
    }
}

/// What happened so far, live while a component shows it. It is recorded from the start, whether
/// somebody looks or not, also what happens inside the worker.
///
/// ```
/// use sentinelops_realtime::use_diagnostics;
/// use yew::prelude::*;
///
/// #[component]
/// fn Recorder() -> Html {
///     let diagnostics = use_diagnostics();
///     html! {
///         <ol>
///             for record in &diagnostics.records {
///                 <li key={record.number}>{ &record.text }</li>
///             }
///         </ol>
///     }
/// }
/// ```
#[hook]
pub fn use_diagnostics() -> UseDiagnosticsHandle {
    let client = use_client();
    use_selected(&client, vec![Dependency::Diagnostics], |client| {
        let (records, traces) = client.diagnostics();
        UseDiagnosticsHandle { records, traces, client: client.clone() }
    })
}
