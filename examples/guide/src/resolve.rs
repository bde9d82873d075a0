use sentinelops_realtime::{MessageId, use_incidents, use_send_state};
use yew::prelude::*;

#[component]
pub fn Resolve() -> Html {
    let feed = use_incidents();
    let sent = use_state(|| None::<MessageId>);
    let state = use_send_state((*sent).clone());
    let onclick = {
        let set = sent.setter();
        move |_| set.set(Some(feed.resolve("inc-1012").id()))
    };
    html! {
        <p>
            <button {onclick}>{ "Resolve inc-1012" }</button>
            { state.map(|state| state.label()).unwrap_or_default() }
        </p>
    }
}
