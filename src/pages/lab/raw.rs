//! Frames of one's own, to and from a server of another protocol.

use sentinelops_realtime::{OwnMessage, RawEvent, RawFrame, use_own_channel, use_raw_frames};
use std::fmt::Display;
use std::rc::Rc;
use yew::prelude::*;

/// Why a button had no effect, or nothing.
fn outcome<E: Display>(result: Result<(), E>) -> String {
    result.err().map_or_else(|| "sent".to_owned(), |why| why.to_string())
}

/// Lists what arrives, and sends a text frame, a binary frame and a message on a channel of the server's own.
#[component]
pub fn RawFrames() -> Html {
    let lines = use_mut_ref(Vec::<String>::new);
    let update = use_force_update();
    let add: Rc<dyn Fn(String)> = {
        let (lines, update) = (lines.clone(), update.clone());
        Rc::new(move |line| {
            lines.borrow_mut().push(line);
            update.force_update();
        })
    };
    let raw = use_raw_frames({
        let add = add.clone();
        move |event| match event {
            RawEvent::Frame(frame) => match &**frame {
                RawFrame::Text(text) => add(format!("text {text}")),
                RawFrame::Binary(bytes) => add(format!("binary {bytes:?}")),
            },
            RawEvent::Lost { frames } => add(format!("lost {frames}")),
        }
    });
    let weather = use_own_channel("weather", {
        let add = add.clone();
        move |message: Result<OwnMessage<f64>, _>| match message {
            Ok(message) => add(format!("{} {}", message.kind, message.payload)),
            Err(why) => add(why.to_string()),
        }
    });
    let send = |frame: RawFrame| {
        let (raw, add) = (raw.clone(), add.clone());
        move |_: MouseEvent| add(outcome(raw.send(frame.clone())))
    };
    let follow = {
        let (weather, add) = (weather.clone(), add.clone());
        move |_: MouseEvent| add(outcome(weather.send("weather.follow", &["Berlin"])))
    };
    html! {
        <section>
            <p>{ "ready: " }<output data-testid="lab-raw-ready">{ raw.is_ready }</output></p>
            <button data-testid="lab-raw-text" onclick={send(RawFrame::Text("HELLO".to_owned()))}>{ "Text" }</button>
            <button data-testid="lab-raw-binary" onclick={send(RawFrame::Binary(vec![0, 255]))}>{ "Binary" }</button>
            <button data-testid="lab-raw-own" onclick={follow}>{ "Own channel" }</button>
            <pre data-testid="lab-raw-lines">{ lines.borrow().join("\n") }</pre>
        </section>
    }
}
