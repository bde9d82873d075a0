//! The way of each message.

use super::clock;
use sentinelops_realtime::{List, MessageTrace};
use std::rc::Rc;
use yew::prelude::*;

/// More would not be read here; the export holds all.
const SHOWN: usize = 20;

/// See [`Traces`].
#[derive(Properties, PartialEq)]
pub struct TracesProps {
    /// Oldest first.
    pub traces: List<Rc<MessageTrace>>,
}

/// When each of the newest messages was created, and how long each step took from there.
#[component]
pub fn Traces(props: &TracesProps) -> Html {
    let newest = props.traces.iter().rev().take(SHOWN);
    html! {
        <div class="traces" tabindex="0" role="region" aria-label="Ways of the newest messages" data-testid="diagnostics-traces">
            <table>
                <thead>
                    <tr>
                        { for ["message", "created", "saved", "sent", "acked", "rendered", "state"].map(|name| html! {
                            <th scope="col" key={name}>{ name }</th>
                        }) }
                    </tr>
                </thead>
                <tbody>
                    { for newest.map(|trace| row(trace)) }
                </tbody>
            </table>
        </div>
    }
}

fn row(trace: &MessageTrace) -> Html {
    let after = |at: Option<u64>| match at {
        Some(at) => format!("+{} ms", at.saturating_sub(trace.created)),
        None => "–".to_owned(),
    };
    html! {
        <tr key={trace.id.clone()} data-testid="diagnostics-trace" data-message-id={trace.id.clone()}>
            <td title={trace.id.clone()}>{ &trace.kind }</td>
            <td>{ clock(trace.created) }</td>
            <td>{ after(trace.saved) }</td>
            <td>{ after(trace.sent) }</td>
            <td>{ after(trace.acked) }</td>
            <td>{ after(trace.rendered) }</td>
            <td>{ trace.state }</td>
        </tr>
    }
}
