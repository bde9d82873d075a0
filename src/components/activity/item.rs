//! One thing somebody did.

use crate::components::people::PersonName;
use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::domain::Activity;
use sentinelops_realtime::use_incident;
use std::rc::Rc;
use yew::prelude::*;

/// See [`ActivityItem`].
#[derive(Properties, PartialEq)]
pub struct ActivityItemProps {
    /// What was done.
    pub activity: Rc<Activity>,
    /// Its target, an incident, was chosen.
    #[prop_or_default]
    pub on_target: Option<Callback<AttrValue>>,
}

/// When, who, what, to what.
#[component]
pub fn ActivityItem(props: &ActivityItemProps) -> Html {
    let activity = &props.activity;
    html! {
        <li class="feed__item" data-testid="activity-item" data-activity-id={activity.id.clone()}>
            <span class="feed__when"><RelativeTime at={activity.timestamp} /></span>
            <span>
                <span class="feed__who"><PersonName id={activity.actor.clone()} /></span>{ " " }
                <span class="feed__what">{ &activity.action }</span>
                if let Some(target) = &activity.target {
                    { " " }
                    if let Some(on_target) = props.on_target.clone() {
                        <Target id={target.clone()} {on_target} />
                    } else {
                        <span class="feed__target">{ target }</span>
                    }
                }
            </span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct TargetProps {
    id: AttrValue,
    on_target: Callback<AttrValue>,
}

/// A target that is an incident can be opened. An activity does not name the kind of its target: it is an
/// incident if one of this id is known.
#[component]
fn Target(props: &TargetProps) -> Html {
    let TargetProps { id, on_target } = props;
    if use_incident(id).incident.is_none() {
        return html! { <span class="feed__target">{ id }</span> };
    }
    let onclick = {
        let (id, on_target) = (id.clone(), on_target.clone());
        move |_| on_target.emit(id.clone())
    };
    html! { <button type="button" class="link feed__target" {onclick}>{ id }</button> }
}
