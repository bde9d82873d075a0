//! One thing somebody did.

use crate::components::people::PersonName;
use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::domain::Activity;
use std::rc::Rc;
use yew::prelude::*;

/// See [`ActivityItem`].
#[derive(Properties, PartialEq)]
pub struct ActivityItemProps {
    /// What was done.
    pub activity: Rc<Activity>,
    /// Its target was chosen.
    #[prop_or_default]
    pub on_target: Option<Callback<AttrValue>>,
}

/// When, who, what, to what.
#[component]
pub fn ActivityItem(props: &ActivityItemProps) -> Html {
    let activity = &props.activity;
    html! {
        <li class="feed__item" data-testid="activity-item">
            <span class="feed__when"><RelativeTime at={activity.timestamp} /></span>
            <span>
                <span class="feed__who"><PersonName id={activity.actor.clone()} /></span>{ " " }
                <span class="feed__what">{ &activity.action }</span>
                if let Some(target) = &activity.target {
                    { " " }
                    { shown(target, props.on_target.as_ref()) }
                }
            </span>
        </li>
    }
}

/// A target that can be opened is a button, any other one is text.
fn shown(target: &str, on_target: Option<&Callback<AttrValue>>) -> Html {
    let known = on_target.filter(|_| target.starts_with("inc-")).cloned();
    let Some(on_target) = known else {
        return html! { <span class="feed__target">{ target.to_owned() }</span> };
    };
    let id = AttrValue::from(target.to_owned());
    let onclick = {
        let id = id.clone();
        move |_| on_target.emit(id.clone())
    };
    html! { <button type="button" class="link feed__target" {onclick}>{ id }</button> }
}
