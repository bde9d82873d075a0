//! The feed: newest at the bottom, following it until the person scrolls up.

use super::ActivityItem;
use crate::components::hooks::{use_follow, use_lost, use_paced, use_total};
use crate::components::icon::{Icon, icon_mark};
use crate::components::panel::{Awaited, Panel, empty};
use sentinelops_protocol::domain::Activity;
use sentinelops_realtime::{ClientError, List, use_activity};
use std::rc::Rc;
use yew::prelude::*;

/// Enough to look back over some screens; in a flood every one of them is new at each frame, so more would cost.
const SHOWN: usize = 60;
/// Faster than this nobody reads, ms.
const PACE_MS: u32 = 200;

/// See [`ActivityPanel`].
#[derive(Properties, PartialEq)]
pub struct ActivityPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// An incident was chosen in it.
    #[prop_or_default]
    pub on_incident: Option<Callback<AttrValue>>,
}

/// Who did what.
#[component]
pub fn ActivityPanel(props: &ActivityPanelProps) -> Html {
    let feed = use_activity();
    let activities = use_paced(feed.items.clone(), PACE_MS);
    html! {
        <Panel title="Activity" class={props.class.clone()} testid="activity-panel" error={feed.error.clone().filter(|_| feed.is_loaded)}>
            <ActivityLog {activities} is_loaded={feed.is_loaded} error={feed.error.clone()} on_incident={props.on_incident.clone()} />
        </Panel>
    }
}

#[derive(Properties, PartialEq)]
struct ActivityLogProps {
    activities: List<Rc<Activity>>,
    is_loaded: bool,
    error: Option<ClientError>,
    on_incident: Option<Callback<AttrValue>>,
}

#[component]
fn ActivityLog(props: &ActivityLogProps) -> Html {
    let activities = &props.activities;
    let total = use_total(activities, |activity| &activity.id);
    let follow = use_follow(total);
    use_lost(activities.iter().map(|activity| Some(&*activity.id)), SHOWN);
    let hidden = activities.len().saturating_sub(SHOWN);
    let jump = follow.jump.clone();
    html! {
        <div class="anchor">
            <div class="panel__body" ref={follow.scroller} tabindex="0" role="log" aria-live="off" aria-label="Activity" data-testid="activity-log">
                if !props.is_loaded {
                    <Awaited what="The activity" rows={5} error={props.error.clone()} />
                } else if activities.is_empty() {
                    { empty(Icon::Activity, "Nothing happened yet", "What people and machines do appears here.") }
                } else {
                    <ol class="feed">
                        { for activities.iter().skip(hidden).map(|activity| html! {
                            <ActivityItem key={activity.id.clone()} activity={activity.clone()} on_target={props.on_incident.clone()} />
                        }) }
                    </ol>
                }
            </div>
            if follow.unseen > 0 {
                <button type="button" class="button float" onclick={move |_| jump.emit(())} data-testid="activity-new">
                    { icon_mark(Icon::Down, 14) }
                    <span class="num">{ format!("{} new", follow.unseen) }</span>
                </button>
            }
        </div>
    }
}
