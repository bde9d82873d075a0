//! `use_viewers`: who else has an incident open.

use super::selected::use_selected;
use super::use_client;
use crate::client::Dependency;
use gloo::timers::callback::Interval;
use sentinelops_protocol::{Channel, Subject};
use std::rc::Rc;
use yew::prelude::*;

/// How often one says so, ms. Others count it for 25 s.
const EVERY_MS: u32 = 10_000;

/// The agent ids of the others who have the incident open. While it is mounted and the page is visible it tells them
/// that this user has, too. Needs a v1 server.
///
/// ```
/// use sentinelops_realtime::use_viewers;
/// use yew::prelude::*;
///
/// #[component]
/// fn Others() -> Html {
///     let viewers = use_viewers("inc-1");
///     html! { if !viewers.is_empty() { <p>{ viewers.len() }{ " more are looking at this" }</p> } }
/// }
/// ```
#[hook]
pub fn use_viewers(incident: &str) -> Vec<Rc<str>> {
    let client = use_client();
    use_effect_with((client.clone(), incident.to_owned()), |(client, incident)| {
        client.viewing(incident);
        let (client, incident) = (client.clone(), incident.clone());
        let timer = Interval::new(EVERY_MS, move || client.viewing(&incident));
        move || drop(timer)
    });
    let incident = incident.to_owned();
    let dependencies = vec![Dependency::Subject(Subject::channel(Channel::Incidents))];
    use_selected(&client, dependencies, move |client| client.viewers(&incident))
}
