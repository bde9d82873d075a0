//! More of one row: its life, its contents.

use super::life::Life;
use super::log::Row;
use crate::words::inspector as texts;
use sentinelops_realtime::{use_client, use_diagnostics};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(super) struct DetailProps {
    /// The selected one; `None`: the newest message of this page.
    pub row: Option<Rc<Row>>,
}

/// Beside the table.
#[component]
pub(super) fn Detail(props: &DetailProps) -> Html {
    let shows_contents = use_client().shows_contents();
    let traces = use_diagnostics().traces;
    let trace = match &props.row {
        Some(row) => traces.iter().rev().find(|trace| trace.id == row.id()),
        // Nobody has sent a receipt.
        None => traces.iter().rev().find(|trace| !matches!(&*trace.kind, "chat.delivered" | "chat.read")),
    };
    html! {
        <>
            <h3>{ texts::LIFE }</h3>
            if let Some(trace) = trace {
                <Life trace={trace.clone()} />
            } else {
                <p class="list__meta">{ if props.row.is_some() { texts::LIFE_UNKNOWN } else { texts::NO_LIFE } }</p>
            }
            <h3>{ texts::CONTENTS }</h3>
            if let Some(row) = props.row.as_ref() {
                if let Some(text) = row.contents().filter(|_| shows_contents) {
                    <pre class="inspect__contents" tabindex="0" data-testid="inspector-contents">{ text }</pre>
                } else {
                    <p class="list__meta">{ texts::HIDDEN }</p>
                }
            } else {
                <p class="list__meta">{ texts::SELECT }</p>
            }
        </>
    }
}
