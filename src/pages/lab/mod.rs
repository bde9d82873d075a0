//! `/lab`: what the end-to-end tests need to press and to read. Built only with the feature `lab`,
//! and made of the public API alone, so that what is tested is what people use.

mod meter;
mod raw;

use super::ConfigProblems;
use crate::components::shell::Banners;
use gloo::timers::callback::Interval;
use js_sys::Date;
use meter::Meter;
use raw::RawFrames;
use sentinelops_protocol::Priority;
use sentinelops_realtime::ConnectionStatus;
use sentinelops_realtime::{
    BUILD_ID, Message, MessageId, SendState, SignOut, SubscribeOptions, use_connection, use_incident_updates,
    use_metrics, use_outbox, use_websocket,
};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The states are read so often; tests wait for text, not for time.
const REFRESH_MS: u32 = 50;

struct Sent {
    /// 0: of an earlier life of this page, or of another.
    n: u32,
    id: MessageId,
    /// What it says, without padding; empty where it is only followed.
    text: String,
    at: f64,
    /// When it was seen to be final, ms after it was sent.
    ended: Option<f64>,
}

impl Sent {
    fn shown(n: u32, id: MessageId) -> Self {
        Self { n, id, text: String::new(), at: Date::now(), ended: None }
    }

    /// `state`: `None` if the page does not know the message.
    fn entry(&mut self, state: Option<SendState>) -> serde_json::Value {
        let is_known = state.is_some();
        let state = state.unwrap_or_default();
        if state.is_final() && self.ended.is_none() {
            self.ended = Some(Date::now() - self.at);
        }
        let delivery = if is_known { format!("{:?}", state.delivery) } else { "Unknown".to_owned() };
        serde_json::json!({
            "n": self.n,
            "id": self.id.as_str(),
            "text": self.text,
            "at": self.at,
            "delivery": delivery,
            "durability": format!("{:?}", state.durability),
            "ackedMs": self.ended,
        })
    }
}

/// The inputs have no `value` of ours: a render would put it back over what a test typed.
fn value(node: &NodeRef) -> String {
    node.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
}

/// See the module.
#[component]
pub fn LabPage() -> Html {
    let socket = use_websocket(SubscribeOptions::default());
    let incidents = use_incident_updates(|_| {});
    let outbox = use_outbox();
    let metrics = use_metrics();
    let connection = use_connection();
    let (count, every, priority, fault) = (use_node_ref(), use_node_ref(), use_node_ref(), use_node_ref());
    let (size, ids) = (use_node_ref(), use_node_ref());
    let sent: Rc<RefCell<Vec<Sent>>> = use_mut_ref(Vec::new);
    let sending = use_mut_ref(|| None::<Interval>);
    let problems = use_context::<ConfigProblems>().unwrap_or_default();
    let (panics, flooded) = (use_state_eq(|| false), use_state_eq(|| false));
    let raw_shown = use_state_eq(|| false);
    let log = use_state_eq(String::new);
    let finals = use_state_eq(|| 0_usize);

    let refresh: Rc<dyn Fn()> = {
        let (client, sent) = (socket.client().clone(), sent.clone());
        let (set_log, set_finals) = (log.setter(), finals.setter());
        Rc::new(move || {
            let mut sent = sent.borrow_mut();
            let entries: Vec<_> = sent.iter_mut().map(|one| one.entry(client.send_state(&one.id))).collect();
            set_finals.set(sent.iter().filter(|one| one.n > 0 && one.ended.is_some()).count());
            set_log.set(serde_json::Value::from(entries).to_string());
        })
    };
    {
        let refresh = refresh.clone();
        use_effect_with((), move |()| {
            let interval = Interval::new(REFRESH_MS, move || refresh());
            move || drop(interval)
        });
    }

    let start = {
        let (count, every, priority) = (count.clone(), every.clone(), priority.clone());
        let size = size.clone();
        // This life of the page: when it began, of the clock all tabs share, and a number of chance.
        let life = use_memo((), |()| format!("{}-{:06}", Date::now(), (js_sys::Math::random() * 1e6) as u32));
        let (sent, sending, client) = (sent.clone(), sending.clone(), socket.client().clone());
        Callback::from(move |_: MouseEvent| {
            let count: u32 = value(&count).parse().unwrap_or(1);
            let every: u32 = value(&every).parse().unwrap_or(100);
            let priority = Priority::parse(&value(&priority)).unwrap_or_default();
            let padding = " x".repeat(value(&size).parse::<usize>().unwrap_or(0) / 2);
            let (sent, client, stop) = (sent.clone(), client.clone(), sending.clone());
            let life = life.clone();
            let send = move || {
                let n = u32::try_from(sent.borrow().len()).unwrap_or(u32::MAX) + 1;
                // A conversation for each priority: within one the order of sending stays.
                let conversation = format!("lab {priority}");
                // No other message says the same: an effect is known by its text, whatever its id.
                let text = format!("lab {n} of {life}");
                let message = Message::chat(&conversation, &format!("{text}{padding}"));
                let id = client.send(message.priority(priority)).id();
                sent.borrow_mut().push(Sent { text, ..Sent::shown(n, id) });
            };
            if every == 0 {
                (0..count).for_each(|_| send());
                return;
            }
            let (began, mut done) = (Date::now(), 0);
            *sending.borrow_mut() = Some(Interval::new(every, move || {
                if done == count {
                    // An interval must not drop itself while it runs.
                    if let Some(over) = stop.borrow_mut().take() {
                        wasm_bindgen_futures::spawn_local(async move { drop(over) });
                    }
                    return;
                }
                // A hidden page has a tick a second: it sends what was due meanwhile.
                let due = ((Date::now() - began) / f64::from(every)) as u32;
                (done..due.min(count)).for_each(|_| send());
                done = due.min(count).max(done);
            }));
        })
    };
    let follow = {
        let (ids, sent) = (ids.clone(), sent.clone());
        Callback::from(move |_: MouseEvent| {
            let ids = value(&ids);
            let followed = ids.split_whitespace().map(|id| Sent::shown(0, id.into()));
            sent.borrow_mut().extend(followed);
            // The timers of a hidden page on a busy machine may be minutes late.
            refresh();
        })
    };
    let answers = use_state_eq(String::new);
    use_effect_with((), {
        let (client, set) = (socket.client().clone(), answers.setter());
        move |()| {
            let subscription = client.subscribe_lab(move |answer| {
                // Those of the laboratory's panels in another tab would push the others out.
                if !["lab-count-", "lab-break-", "lab.frames"].iter().any(|of| answer.contains(of)) {
                    set.set(answer.to_owned());
                }
            });
            move || drop(subscription)
        }
    });
    let inject_fault = {
        let (fault, client) = (fault.clone(), socket.client().clone());
        Callback::from(move |_: MouseEvent| client.lab(&value(&fault)))
    };
    let connect = {
        let client = socket.client().clone();
        Callback::from(move |_: MouseEvent| client.connect())
    };
    let disconnect = {
        let client = socket.client().clone();
        Callback::from(move |_: MouseEvent| client.disconnect())
    };

    assert!(!*panics, "a test asked the page to panic");
    let panic = {
        let set = panics.setter();
        move |_: MouseEvent| set.set(true)
    };
    let flood = {
        let set = flooded.setter();
        move |_: MouseEvent| set.set(true)
    };

    let show_raw = {
        let set = raw_shown.setter();
        move |_: MouseEvent| set.set(true)
    };

    let sign_out = {
        let client = socket.client().clone();
        Callback::from(move |_: MouseEvent| client.sign_out(SignOut::SendFirst))
    };

    html! {
        <main>
            <Banners problems={problems.0.clone()} />
            <h1>{ "Lab" }</h1>
            <ConnectionStatus show_details=true />
            <p>
                <input data-testid="lab-count" ref={count} aria-label="count" />
                <input data-testid="lab-every" ref={every} aria-label="every ms" />
                <input data-testid="lab-priority" ref={priority} aria-label="priority" />
                <input data-testid="lab-size" ref={size} aria-label="bytes more" />
                <button data-testid="lab-start" onclick={start}>{ "Send" }</button>
                <input data-testid="lab-ids" ref={ids} aria-label="ids" />
                <button data-testid="lab-follow" onclick={follow}>{ "Follow" }</button>
                <input data-testid="lab-fault" ref={fault} aria-label="fault" />
                <button data-testid="lab-inject-fault" onclick={inject_fault}>{ "Fault" }</button>
                <button data-testid="lab-panic" onclick={panic}>{ "Panic" }</button>
                <button data-testid="lab-meters" onclick={flood}>{ "Meters" }</button>
                <button data-testid="lab-raw" onclick={show_raw}>{ "Raw frames" }</button>
                <button data-testid="lab-connect" onclick={connect}>{ "Connect" }</button>
                <button data-testid="lab-disconnect" onclick={disconnect}>{ "Disconnect" }</button>
                <button data-testid="lab-sign-out" onclick={sign_out}>{ "Send, then sign out" }</button>
            </p>
            <p>{ "answer: " }<output data-testid="lab-answers">{ &*answers }</output></p>
            <p>{ "build: " }<output data-testid="lab-build">{ BUILD_ID }</output></p>
            if *raw_shown {
                <RawFrames />
            }
            if *flooded {
                { for (0..4).map(|at| html! { <Meter key={at} /> }) }
            }
            <p>{ "final: " }<output data-testid="lab-final">{ *finals }</output></p>
            <p>{ "outbox: " }<output data-testid="lab-outbox">{ outbox.export() }</output></p>
            <p>{ "leads: " }<output data-testid="lab-leads">{ format!("{:?}", connection.is_leader) }</output></p>
            <p>{ "metrics: " }
                <output data-testid="lab-metrics">
                    { serde_json::to_string(&metrics.as_deref()).unwrap_or_default() }
                </output>
            </p>
            <pre data-testid="lab-log">{ &*log }</pre>
            <ul>
                for incident in &incidents.items {
                    <li key={incident.id.clone()} data-testid="incident-row" data-incident-id={incident.id.clone()}>
                        { incident.title.clone() }
                    </li>
                }
            </ul>
        </main>
    }
}
