//! Carries orders out: to the worker at once, to the gateway until it answers.

use super::control::Order;
use sentinelops_realtime::{Client, use_client, use_clock};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::rc::Rc;
use yew::prelude::*;

/// Requests that are not answered, by id.
type Open = Rc<RefCell<Vec<(String, String)>>>;

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

/// How orders are carried out, and whether the gateway takes requests; `None`: it was not asked.
#[hook]
pub fn use_orders() -> (Callback<Vec<Order>>, Option<bool>) {
    let (client, clock) = (use_client(), use_clock());
    let open: Open = use_mut_ref(Vec::new);
    let answered = use_state_eq(|| None::<bool>);
    use_effect_with(clock, {
        let (client, open, set) = (client.clone(), open.clone(), answered.setter());
        move |clock| {
            let known = open.clone();
            let subscription = client.subscribe_lab(move |text| {
                let Ok(Answer { kind, id: Some(id) }) = serde_json::from_str(text) else { return };
                let mut known = known.borrow_mut();
                let before = known.len();
                known.retain(|(asked, _)| *asked != id);
                if known.len() < before {
                    set.set(Some(kind != "error"));
                }
            });
            let ticking = clock.listen(Callback::from(move |_| {
                open.borrow().iter().for_each(|(_, request)| client.lab(request));
            }));
            move || drop((subscription, ticking))
        }
    });
    let carry_out = use_callback((client, open), |orders: Vec<Order>, (client, open)| {
        for order in orders {
            carry_out(client, open, order);
        }
    });
    (carry_out, *answered)
}

fn carry_out(client: &Client, open: &Open, order: Order) {
    match order {
        Order::Worker(name) => client.lab(&name),
        Order::Connect => {
            client.connect();
            client.reconnect();
        }
        Order::AskOnce(kind, payload) => client.lab(&request(kind, &payload).1),
        Order::Ask(kind, payload) => {
            let (id, request) = request(kind, &payload);
            client.lab(&request);
            let mut open = open.borrow_mut();
            // The last one of a kind counts: an earlier one that is still open must not undo it.
            open.retain(|(_, other)| !other.contains(kind));
            open.push((id, request));
        }
    }
}

fn request(kind: &str, payload: &str) -> (String, String) {
    let id = format!("lab-break-{:x}", (js_sys::Math::random() * 1e15) as u64);
    let payload = RawValue::from_string(payload.to_owned()).ok();
    let text = json!({ "type": kind, "id": id, "channel": "system", "payload": payload }).to_string();
    (id, text)
}
