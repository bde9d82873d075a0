//! One thing somebody did.

use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::domain::Activity;
use std::rc::Rc;
use yew::prelude::*;

/// See [`ActivityItem`].
#[derive(Properties, PartialEq)]
pub struct ActivityItemProps {
    /// What was done.
    pub activity: Rc<Activity>,
}

/// When, who, what, to what.
#[component]
pub fn ActivityItem(props: &ActivityItemProps) -> Html {
    let activity = &props.activity;
    html! {
        <li class="feed__item" data-testid="activity-item">
            <span class="feed__when"><RelativeTime at={activity.timestamp} /></span>
            <span>
                <span class="feed__who">{ &activity.actor }</span>{ " " }
                <span class="feed__what">{ &activity.action }</span>
                if let Some(target) = &activity.target { { " " }<span class="feed__target">{ target }</span> }
            </span>
        </li>
    }
}
