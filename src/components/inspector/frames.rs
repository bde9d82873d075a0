//! What passes the socket, as the worker of a laboratory build reports it.

use super::Shared;
use super::log::What;
use sentinelops_realtime::{use_client, use_clock};
use serde::Deserialize;
use yew::prelude::*;

/// How often the worker is asked to go on, ms; it stops 10 s after the last time.
const RENEW_MS: u64 = 3_000;

/// The head of a message: see `worker/faults/tap.rs` of `sentinelops_realtime`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Head {
    at: f64,
    pub out: bool,
    #[serde(rename = "type")]
    pub kind: String,
    pub channel: String,
    pub id: Option<String>,
    pub seq: Option<u64>,
    pub bytes: usize,
    /// What a fault did to it.
    pub fate: String,
    pub content: Option<String>,
}

#[derive(Deserialize)]
struct Report {
    heads: Vec<Head>,
    more: u64,
}

#[derive(Properties, PartialEq)]
pub(super) struct FramesProps {
    pub log: Shared,
}

/// Lists them. Shows nothing.
#[component]
pub(super) fn Frames(props: &FramesProps) -> Html {
    let (client, clock) = (use_client(), use_clock());
    use_effect_with((props.log.clone(), client, clock), |(log, client, clock)| {
        let log = log.clone();
        let subscription = client.subscribe_lab(move |text| {
            if !text.starts_with(r#"{"type":"lab.frames""#) {
                return;
            }
            let Ok(Report { heads, more }) = serde_json::from_str(text) else { return };
            let mut log = log.borrow_mut();
            log.more += more;
            for head in heads {
                log.push(head.at as u64, What::Frame(head));
            }
        });
        let request = if client.shows_contents() { "frames contents" } else { "frames" };
        client.lab(request);
        let (client, asked) = (client.clone(), std::cell::Cell::new(clock.now()));
        let ticking = clock.listen(Callback::from(move |at: u64| {
            if at.abs_diff(asked.get()) >= RENEW_MS {
                asked.set(at);
                client.lab(request);
            }
        }));
        move || drop((subscription, ticking))
    });
    Html::default()
}
