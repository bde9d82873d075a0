//! The looks of [`super::ConnectionStatus`]: everything it shows is a prop, so that it can be shown and tested
//! without a connection.

use super::words::{cause_advice, cause_label, mode_label, quality_label, state_label, storage_label};
use super::{Glyph, Sparkline};
use crate::time_text::{ago_words, time_of_day, until, use_time_text};
use sentinelops_engine::{Cause, ConnectionState, Status, StorageState};
use std::rc::Rc;
use yew::prelude::*;

/// See [`ConnectionView`].
#[derive(Properties, PartialEq)]
pub struct ConnectionViewProps {
    /// The connection as the engine sees it.
    pub status: Rc<Status>,
    /// What is wrong with the worker or the set-up, in words: then there is no connection to speak of.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// Round trips, oldest first, ms.
    #[prop_or_default]
    pub samples: Rc<[f64]>,
    /// One line.
    #[prop_or_default]
    pub compact: bool,
    /// Cause, latency, quality, queue, storage, last error.
    #[prop_or_default]
    pub show_details: bool,
    /// The word of the state is a live region.
    #[prop_or(true)]
    pub live: bool,
    /// When the last round trip was measured, ms since the epoch.
    #[prop_or_default]
    pub measured_at: Option<u64>,
    /// Connected, as far as is known: the server is being asked.
    #[prop_or_default]
    pub checking: bool,
    /// Dial now, start the worker now. Without it no button is shown.
    #[prop_or_default]
    pub on_reconnect: Option<Callback<()>>,
    /// Reload the page: where given, nothing else helps, and the button says so instead.
    #[prop_or_default]
    pub on_reload: Option<Callback<()>>,
}

/// Connection state, from one line to everything that is known.
#[component]
pub fn ConnectionView(props: &ConnectionViewProps) -> Html {
    let status = &*props.status;
    let state = if props.error.is_some() { ConnectionState::Error } else { status.state };
    let checking = props.checking && state == ConnectionState::Connected;
    let (word, shown) = match checking {
        true => ("Checking…", ConnectionState::Connecting),
        false => (state_label(state), state),
    };
    let waiting: u32 = status.queued.iter().sum();
    let mut class = classes!("so-status", format!("so-status--{}", state_label(shown).to_ascii_lowercase()));
    class.push(if props.show_details { "so-status--details" } else { "so-status--line" });
    if props.compact {
        class.push("so-status--compact");
    }
    // The word alone is announced; numbers that change all the time are not.
    let head = html! {
        <>
            <Glyph state={shown} />
            <span class="so-status__state" role={props.live.then_some("status")} data-testid="connection-state">{ word }</span>
        </>
    };
    if !props.show_details {
        return html! {
            <span {class} title={reason(status, props.error.as_ref())} data-testid="connection-status">
                { head }
                if state == ConnectionState::Connected {
                    <Latency ms={status.latency_ms} />
                }
                if waiting > 0 {
                    <span class="so-status__waiting" title={waiting_words(status.queued)}>
                        { waiting }<span class="so-status__word">{ " waiting" }</span>
                    </span>
                }
            </span>
        };
    }
    // Figures of a connection that is gone are no figures of now.
    let stale =
        props.measured_at.filter(|_| state != ConnectionState::Connected && status.latency_ms.is_some());
    let stale = stale.map(|at| format!(", last measured {}", time_of_day(at)));
    let stale_class = stale.is_some().then_some("so-status__stale");
    let stale = stale.unwrap_or_default();
    html! {
        <div {class} role="group" aria-label="Connection status" data-testid="connection-status">
            <div class="so-status__head">
                { head }
                if let Some(quality) = status.quality.filter(|_| state == ConnectionState::Connected) {
                    <span class="so-status__quality">{ quality_label(quality) }</span>
                }
                { button(state, &status.cause, props) }
            </div>
            <p class="so-status__why" data-testid="connection-cause">
                if checking {
                    { "The browser says that there is no network. The server is being asked." }
                } else {
                    { sentence(status, props.error.as_ref()) }
                }
                if let Some(at) = status.next_dial_at.filter(|_| state == ConnectionState::Reconnecting) {
                    { " Next attempt " }<Until {at} />{ "." }
                }
            </p>
            <dl class="so-status__facts">
                <dt>{ "Round trip" }</dt>
                <dd class="so-status__trip">
                    <span class={stale_class}><Latency ms={status.latency_ms} />{ spread(status) }{ &stale }</span>
                    <Sparkline samples={props.samples.clone()} />
                </dd>
                <dt>{ "Quality" }</dt>
                <dd class={stale_class}>{ status.quality.map_or("Not measured yet", quality_label) }{ &stale }</dd>
                <dt>{ "Unsent changes" }</dt>
                <dd data-testid="connection-queue">{ waiting_words(status.queued) }</dd>
                <dt>{ "Storage" }</dt>
                <dd class={storage_class(&status.storage)} data-testid="connection-storage">{ storage_label(&status.storage) }</dd>
                <dt>{ "Delivery" }</dt>
                <dd>{ status.mode.map_or(if state == ConnectionState::Connected { "Not known yet" } else { "Not connected" }, mode_label) }</dd>
                if let Some(protocol) = &status.protocol {
                    <dt>{ "Subprotocol" }</dt>
                    <dd>{ protocol }</dd>
                }
                <dt>{ "Connected since" }</dt>
                <dd>
                    if let Some(at) = status.connected_since { <Since {at} /> } else { { "Not connected" } }
                </dd>
                <dt>{ "Last error" }</dt>
                <dd data-testid="connection-error">{ status.last_error.as_deref().unwrap_or("None") }</dd>
            </dl>
        </div>
    }
}

fn button(state: ConnectionState, cause: &Cause, props: &ConnectionViewProps) -> Html {
    let (label, testid, act) = match (state, &props.on_reload, &props.on_reconnect) {
        (_, Some(on_reload), _) => ("Reload", "reload", on_reload.clone()),
        (ConnectionState::Connected | ConnectionState::Connecting, ..) | (_, None, None) => {
            return Html::default();
        }
        (ConnectionState::Disconnected, None, Some(connect))
            if matches!(cause, Cause::NotAsked | Cause::SignedOut) =>
        {
            ("Connect", "try-now", connect.clone())
        }
        (_, None, Some(on_reconnect)) => ("Try now", "try-now", on_reconnect.clone()),
    };
    html! {
        <button type="button" class="so-status__button" onclick={move |_| act.emit(())} data-testid={testid}>
            { label }
        </button>
    }
}

fn reason(status: &Status, error: Option<&AttrValue>) -> AttrValue {
    match error {
        Some(text) => text.clone(),
        None => cause_label(&status.cause).unwrap_or_default().into(),
    }
}

fn sentence(status: &Status, error: Option<&AttrValue>) -> AttrValue {
    if let Some(text) = error {
        return text.clone();
    }
    let calm = match status.state {
        ConnectionState::Connected => "Live.",
        ConnectionState::Connecting => "Connecting to the server.",
        ConnectionState::Disconnected => "There is no connection.",
        ConnectionState::Reconnecting => "Trying to reconnect.",
        ConnectionState::Error => "The connection failed.",
    };
    // A cause outlives the state it explains: once connected it is history.
    let cause = Some(&status.cause).filter(|_| status.state != ConnectionState::Connected);
    let what = cause.and_then(cause_label).unwrap_or_else(|| calm.to_owned());
    match cause.and_then(cause_advice) {
        Some(advice) => format!("{what} {advice}").into(),
        None => what.into(),
    }
}

/// `3: 1 critical, 2 normal`.
fn waiting_words(queued: [u32; 4]) -> String {
    let total: u32 = queued.iter().sum();
    if total == 0 {
        return "None".to_owned();
    }
    let parts: Vec<String> = queued
        .iter()
        .zip(["critical", "high", "normal", "low"])
        .filter(|(count, _)| **count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    format!("{total} ({})", parts.join(", "))
}

fn spread(status: &Status) -> String {
    match (status.p95_ms, status.jitter_ms) {
        (Some(p95), Some(jitter)) => format!(" ±{jitter:.0}, 95 % below {p95:.0} ms"),
        (Some(p95), None) => format!(" 95 % below {p95:.0} ms"),
        _ => String::new(),
    }
}

fn storage_class(storage: &StorageState) -> &'static str {
    match storage {
        StorageState::MemoryOnly(_) | StorageState::Off => "so-status__warn",
        StorageState::Opening | StorageState::Durable => "",
    }
}

#[derive(Properties, PartialEq)]
struct LatencyProps {
    ms: Option<f64>,
}

#[component]
fn Latency(props: &LatencyProps) -> Html {
    html! {
        <span class="so-status__latency" title="Smoothed round trip">
            { props.ms.map_or_else(|| "– ms".to_owned(), |ms| if ms < 1.0 { "<1 ms".to_owned() } else { format!("{ms:.0} ms") }) }
        </span>
    }
}

#[derive(Properties, PartialEq)]
struct AtProps {
    at: u64,
}

#[component]
fn Until(props: &AtProps) -> Html {
    let text = use_time_text(props.at, until);
    html! { <span class="so-status__until">{ text }</span> }
}

#[component]
fn Since(props: &AtProps) -> Html {
    let text = use_time_text(props.at, ago_words);
    html! { <span>{ text }</span> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_queue() {
        assert_eq!(waiting_words([0; 4]), "None");
        assert_eq!(waiting_words([1, 0, 2, 0]), "3 (1 critical, 2 normal)");
    }

    #[test]
    fn a_cause_is_history_once_connected() {
        let mut status =
            Status { state: ConnectionState::Reconnecting, cause: Cause::Offline, ..Status::default() };
        assert!(sentence(&status, None).contains("no network"));
        status.state = ConnectionState::Connected;
        assert_eq!(sentence(&status, None), "Live.");
        assert_eq!(sentence(&status, Some(&"worker gone".into())), "worker gone");
    }
}
