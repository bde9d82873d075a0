//! The incidents panel: filter, states, list.

use super::steady::{use_hand, use_steady};
use super::{CreateIncident, IncidentFilter, IncidentFilters, IncidentList, Scope, arrange};
use crate::components::commands::use_incident_commands;
use crate::components::icon::Icon;
use crate::components::outbox::PendingChanges;
use crate::components::panel::{Awaited, Empty, Panel};
use crate::components::undo::use_actor;
use sentinelops_realtime::{IncidentRow, List, use_incidents};
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use yew::prelude::*;

/// See [`IncidentBoard`].
#[derive(Properties, PartialEq)]
pub struct IncidentBoardProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// Whose detail is open.
    #[prop_or_default]
    pub selected: Option<AttrValue>,
    /// A row was chosen.
    #[prop_or_default]
    pub on_select: Callback<AttrValue>,
    /// What is shown at first.
    #[prop_or_default]
    pub scope: Scope,
}

/// Every incident the filter lets through, most urgent first.
#[component]
pub fn IncidentBoard(props: &IncidentBoardProps) -> Html {
    let feed = use_incidents();
    let filter = use_state_eq(|| IncidentFilter { scope: props.scope, ..IncidentFilter::default() });
    let fresh = use_fresh(&feed.items, feed.is_loaded);
    let arranged = use_memo((feed.items.clone(), (*filter).clone()), |(incidents, filter)| {
        let (shown, counts) = arrange(incidents, filter);
        (Rc::new(shown), counts)
    });
    let (shown, counts) = (&arranged.0, arranged.1);
    let actor = use_actor();
    use_incident_commands(&feed, props.selected.clone(), props.on_select.clone());
    let hand = use_hand();
    let steady = use_steady(shown, &feed.items, &filter, hand.is_on);
    let on_change = use_callback((), {
        let set = filter.setter();
        move |filter: IncidentFilter, ()| set.set(filter)
    });
    let clear = {
        let set = filter.setter();
        let scope = props.scope;
        move |_| set.set(IncidentFilter { scope, ..IncidentFilter::default() })
    };
    let count = feed.is_loaded.then(|| match (filter.narrows(), filter.scope) {
        (false, Scope::Open) => format!("{} open", shown.len()),
        _ => format!("{} of {}", shown.len(), feed.items.len()),
    });
    html! {
        <Panel title="Incidents" class={props.class.clone()} count={count.map(AttrValue::from)} testid="incidents-panel" error={feed.error.clone().filter(|_| feed.is_loaded)}>
            <IncidentFilters filter={(*filter).clone()} counts={feed.is_loaded.then_some(counts)} {on_change}>
                <CreateIncident on_created={props.on_select.clone()} />
            </IncidentFilters>
            if !feed.is_loaded && feed.items.is_empty() {
                <div class="panel__body">
                    <Awaited what="The incidents" rows={8} error={feed.error.clone()} />
                    <PendingChanges />
                </div>
            } else if steady.rows.is_empty() {
                <div class="panel__body">
                    if filter.narrows() && !feed.items.is_empty() {
                        <Empty title="Nothing matches" detail="No incident fits the filter." icon={Icon::Search}>
                            <button type="button" class="button" onclick={clear}>{ "Clear the filter" }</button>
                        </Empty>
                    } else if feed.items.is_empty() {
                        <Empty title="No incidents" detail="Nothing is broken, or nobody has noticed yet. New ones appear here by themselves." />
                    } else {
                        <Empty title="Nothing open" detail="Every incident is resolved." icon={Icon::Tick} />
                    }
                </div>
            } else {
                <div class="anchor" ref={hand.holder} onpointermove={hand.onpointermove} onpointerleave={hand.onpointerleave}
                    onfocusin={hand.onfocusin} onfocusout={hand.onfocusout} data-testid="incidents-steady">
                    <IncidentList incidents={steady.rows} selected={props.selected.clone()} {fresh} actor={Some(actor)} on_select={props.on_select.clone()} />
                    <div aria-live="polite">
                        if let Some(words) = steady.held {
                            <button type="button" class="button float float--top" onclick={steady.release.reform(|_: MouseEvent| ())} data-testid="incidents-new">
                                { words }
                            </button>
                        }
                    </div>
                </div>
            }
        </Panel>
    }
}

/// Ids that appeared since the first state was shown: their rows light up once.
#[hook]
fn use_fresh(incidents: &List<IncidentRow>, loaded: bool) -> Rc<HashSet<String>> {
    let known = use_memo((), |()| RefCell::new(None::<HashSet<String>>));
    (*use_memo((incidents.clone(), loaded), |(incidents, loaded)| {
        let mut known = known.borrow_mut();
        let first = known.is_none();
        if first && !loaded && incidents.is_empty() {
            return Rc::default();
        }
        let known = known.get_or_insert_default();
        let new = incidents.iter().filter(|row| !known.contains(&row.id)).map(|row| row.id.clone());
        let new: HashSet<String> = new.collect();
        known.extend(new.iter().cloned());
        Rc::new(if first { HashSet::new() } else { new })
    }))
    .clone()
}
