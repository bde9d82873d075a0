use sentinelops_realtime::use_incident_updates;
use yew::prelude::*;

#[component]
pub fn Ticker() -> Html {
    let line = use_state(String::new);
    let set = line.setter();
    use_incident_updates(move |news| set.set(format!("{:?}: {}", news.change, news.incident.id)));
    html! { <p>{ (*line).clone() }</p> }
}
