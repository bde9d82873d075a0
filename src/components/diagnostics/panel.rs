//! What happened, line by line, and as a file.

use super::{Meters, Traces, clock};
use crate::components::download::save_json;
use crate::components::hooks::use_follow;
use crate::components::icon::{Icon, icon_mark};
use crate::components::panel::{Panel, empty};
use sentinelops_realtime::{Record, RecordKind, use_diagnostics};
use yew::prelude::*;

/// More would not be read here; the export holds all.
const SHOWN: usize = 200;

/// See [`DiagnosticsPanel`].
#[derive(Properties, PartialEq)]
pub struct DiagnosticsPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
}

/// Counters above, then the ways of messages, records below.
#[component]
pub fn DiagnosticsPanel(props: &DiagnosticsPanelProps) -> Html {
    let diagnostics = use_diagnostics();
    let total = diagnostics.records.last().map_or(0, |record| record.number + 1);
    let follow = use_follow(total);
    let jump = follow.jump.clone();
    let export = {
        let diagnostics = diagnostics.clone();
        move |_| {
            save_json("sentinelops-diagnostics.json", &diagnostics.export());
        }
    };
    let end = html! {
        <button type="button" class="button button--small" onclick={export} data-testid="diagnostics-export">
            { icon_mark(Icon::Download, 14) }{ "Export JSON" }
        </button>
    };
    let hidden = diagnostics.records.len().saturating_sub(SHOWN);
    html! {
        <Panel title="Diagnostics" class={props.class.clone()} {end} testid="diagnostics-panel">
            <Meters />
            if !diagnostics.traces.is_empty() {
                <Traces traces={diagnostics.traces.clone()} />
            }
            <div class="anchor">
                <div class="panel__body log" ref={follow.scroller} tabindex="0" role="log" aria-live="off" aria-label="Flight recorder"
                    data-testid="diagnostics-log">
                    if diagnostics.records.is_empty() {
                        { empty(Icon::Activity, "Nothing recorded yet", "") }
                    } else {
                        <ol>
                            { for diagnostics.records.iter().skip(hidden).map(|record| line(record)) }
                        </ol>
                    }
                </div>
                if follow.unseen > 0 {
                    <button type="button" class="button float" onclick={move |_| jump.emit(())}>
                        { icon_mark(Icon::Down, 14) }<span class="num">{ format!("{} new", follow.unseen) }</span>
                    </button>
                }
            </div>
        </Panel>
    }
}

fn line(record: &Record) -> Html {
    html! {
        <li key={record.number} class="log__line">
            <span class="num">{ clock(record.at) }</span>
            <span>{ kind_word(record.kind) }</span>
            <span class="log__text">{ &record.text }</span>
        </li>
    }
}

fn kind_word(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::State => "state",
        RecordKind::Reconnect => "reconnect",
        RecordKind::Send => "send",
        RecordKind::Receive => "receive",
        RecordKind::Error => "error",
        RecordKind::Worker => "worker",
        RecordKind::Page => "page",
        _ => "note",
    }
}
