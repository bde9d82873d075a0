//! The incidents panel: views, filter, states, list.

use super::query::{BoardAddress, Step, use_board_query};
use super::steady::{use_hand, use_steady};
use super::{
    BulkBar, CreateIncident, IncidentFilters, IncidentList, IncidentViews, Lines, MoreFilters,
    NothingMatches, Pick, Picks, Trend, use_own_views,
};
use crate::board::{BoardQuery, Part, Scope, Selection, Sort, View, arrange, group, lines};
use crate::commands::Command;
use crate::components::commands::{Bulk, is_row_focused, rescue_focus, use_commands, use_incident_commands};
use crate::components::hooks::use_media;
use crate::components::icon::Icon;
use crate::components::outbox::PendingChanges;
use crate::components::panel::{Awaited, Panel, empty};
use crate::components::undo::use_actor;
use crate::words::commands;
use gloo::timers::callback::Timeout;
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
    /// Says what is shown. Default: nothing does, and a reload shows what is shown at first.
    #[prop_or_default]
    pub address: Option<BoardAddress>,
    /// Figures stand above the list.
    #[prop_or_default]
    pub trend: bool,
}

/// Every incident the query asks for, most urgent first at first; equal ones in one row.
#[component]
pub fn IncidentBoard(props: &IncidentBoardProps) -> Html {
    let feed = use_incidents();
    let actor = use_actor();
    let me = actor.me.clone();
    let (query, on_query) = use_board_query(props.scope, props.address.as_ref());
    let fresh = use_fresh(&feed.items, feed.is_loaded);
    let arranged = use_memo((feed.items.clone(), query.clone(), me.clone()), |(incidents, query, me)| {
        let found = arrange(incidents, query, me.as_deref());
        let count = found.rows.len();
        let parts = if query.is_grouped {
            group(&found.rows)
        } else {
            found.rows.into_iter().map(Part::One).collect()
        };
        (Rc::new(parts), count, found.counts)
    });
    let (parts, shown, counts) = (&arranged.0, arranged.1, arranged.2);
    use_board_commands(&query, props.scope, &on_query);
    let hand = use_hand();
    let steady = use_steady(parts, &feed.items, &query, hand.is_on);
    let (lines, on_toggle) = use_lines(&steady.parts);
    let (picks, on_pick, bulk) = use_picks(&steady.parts);
    let (picking, on_picking) = use_picking(bulk.rows.is_empty());
    use_incident_commands(&feed, props.selected.clone(), props.on_select.clone(), bulk.clone());
    let onkeydown = {
        let (on_pick, is_empty) = (on_pick.clone(), bulk.rows.is_empty());
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && !is_empty {
                // Not the detail, too.
                event.stop_propagation();
                on_pick.emit(Pick::Clear);
            }
        })
    };
    let (own, on_own) = use_own_views(me.as_deref());
    let more = use_state_eq(|| false);
    let on_open = use_callback(more.setter(), |is_open, set| set.set(is_open));
    let narrows = query.narrows(props.scope);
    let is_known = feed.is_loaded || feed.as_of.is_some();
    let count = is_known.then(|| match (narrows, query.scope) {
        (false, Scope::Open) => format!("{shown} open"),
        _ => format!("{shown} of {}", feed.items.len()),
    });
    html! {
        <Panel title="Incidents" class={props.class.clone()} count={count.map(AttrValue::from)} testid="incidents-panel" as_of={feed.as_of} error={feed.error.clone().filter(|_| feed.is_loaded)}>
            if props.trend { <Trend incidents={feed.items.clone()} on_select={props.on_select.clone()} /> }
            <IncidentFilters query={query.clone()} counts={is_known.then_some(counts)} on_query={on_query.clone()}>
                <CreateIncident on_created={props.on_select.clone()} />
            </IncidentFilters>
            <p class="sr-only" role="status">if !bulk.rows.is_empty() { { commands::selected(bulk.rows.len()) } }</p>
            if bulk.rows.is_empty() {
                <IncidentViews incidents={feed.items.clone()} query={query.clone()} first={props.scope} me={me.clone()} is_loaded={is_known}
                    own={own.clone()} on_query={on_query.clone()} is_open={*more} {on_open} {picking} {on_picking} />
            } else {
                <BulkBar {bulk} actor={actor.clone()} onkeydown={onkeydown.clone()} />
            }
            if *more { <MoreFilters incidents={feed.items.clone()} query={query.clone()} me={me.clone()} {own} {on_own} on_query={on_query.clone()} /> }
            if !is_known && feed.items.is_empty() {
                <div key="awaited" class="panel__body">
                    <Awaited what="The incidents" rows={8} error={feed.error.clone()} />
                    <PendingChanges />
                </div>
            } else if steady.parts.is_empty() {
                <div key="nothing" class="panel__body">
                    if narrows && !feed.items.is_empty() {
                        <NothingMatches incidents={feed.items.clone()} {query} first={props.scope} {me} {on_query} />
                    } else if feed.items.is_empty() {
                        { empty(Icon::Empty, "No incidents", "New ones appear here by themselves.") }
                    } else {
                        { empty(Icon::Tick, "Nothing open", "Every incident is resolved.") }
                    }
                </div>
            } else {
                <div key="rows" class="anchor" ref={hand.holder} {onkeydown} onpointermove={hand.onpointermove} onpointerleave={hand.onpointerleave}
                    onfocusin={hand.onfocusin} onfocusout={hand.onfocusout} data-testid="incidents-steady">
                    <IncidentList {lines} selected={props.selected.clone()} {fresh} {picks} {picking} {on_pick} actor={Some(actor)} on_select={props.on_select.clone()} {on_toggle} />
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

/// The rows, with those groups open that the person opened.
#[hook]
fn use_lines(parts: &Rc<Vec<Part<IncidentRow>>>) -> (Lines, Callback<Rc<str>>) {
    let open = use_state_eq(HashSet::<Rc<str>>::new);
    // Nobody can open a group on paper.
    let is_paper = use_media("print");
    let on_toggle = use_callback(open.clone(), |key: Rc<str>, open| {
        let mut keys = (**open).clone();
        if !keys.remove(&key) {
            keys.insert(key);
        }
        open.set(keys);
    });
    let parts = Shared(parts.clone());
    let lines = use_memo((parts, (*open).clone(), is_paper), |(parts, open, is_paper)| {
        Lines(lines(&parts.0, |key| *is_paper || open.contains(key)).into())
    });
    ((*lines).clone(), on_toggle)
}

/// What is picked of the rows, and the incidents of it. What is shown no more is picked no more.
#[hook]
fn use_picks(parts: &Rc<Vec<Part<IncidentRow>>>) -> (Rc<Selection>, Callback<Pick>, Bulk) {
    let picks = use_reducer_eq(Picks::default);
    let on_pick = use_callback(picks.dispatcher(), |pick, picks| picks.dispatch(pick));
    let selection = picks.0.clone();
    let rows = parts.iter().flat_map(|part| part.rows()).filter(|row| selection.has(&row.id));
    let picked: Rc<[IncidentRow]> = rows.cloned().collect();
    use_effect_with((Shared(parts.clone()), selection.clone()), {
        let on_pick = on_pick.clone();
        move |(parts, selection)| {
            if !selection.is_empty() {
                let rows = parts.0.iter().flat_map(|part| part.rows());
                on_pick.emit(Pick::Keep(rows.map(|row| row.id.clone()).collect()));
            }
        }
    });
    // The bar goes with the last of them, and the focus would be lost with it.
    let had = use_mut_ref(|| false);
    use_effect_with(picked.is_empty(), move |is_empty| {
        let had = had.replace(!is_empty);
        let soon = (had && *is_empty).then(|| Timeout::new(0, rescue_focus));
        move || drop(soon)
    });
    let on_clear = on_pick.reform(|()| Pick::Clear);
    (selection, on_pick, Bulk { rows: picked, on_clear })
}

/// Whether a press on a row picks it; no more once what was picked is picked no more, as after an action.
#[hook]
fn use_picking(is_empty: bool) -> (bool, Callback<bool>) {
    let picking = use_state_eq(|| false);
    let on_picking = use_callback(picking.setter(), |picking, set| set.set(picking));
    use_effect_with(is_empty, {
        let on_picking = on_picking.clone();
        move |is_empty| {
            if *is_empty {
                on_picking.emit(false);
            }
        }
    });
    (*picking, on_picking)
}

/// Equal when it is the same one.
struct Shared(Rc<Vec<Part<IncidentRow>>>);

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Views, order and grouping by keys and the palette.
#[hook]
fn use_board_commands(query: &BoardQuery, first: Scope, on_query: &Callback<(BoardQuery, Step)>) {
    let soon = use_mut_ref(|| None::<Timeout>);
    let (query, on_query) = (query.clone(), on_query.clone());
    use_commands(
        &[
            Command::ViewAll,
            Command::ViewMine,
            Command::ViewUnassigned,
            Command::ViewUrgent,
            Command::Group,
            Command::SortUrgency,
            Command::SortNewest,
            Command::SortOldest,
            Command::SortChanged,
        ],
        Callback::from(move |command| {
            let now = query.clone();
            let view =
                |view: View| BoardQuery { sort: now.sort, is_grouped: now.is_grouped, ..view.query(first) };
            let query = match command {
                Command::ViewAll => view(View::All),
                Command::ViewMine => view(View::Mine),
                Command::ViewUnassigned => view(View::Unassigned),
                Command::ViewUrgent => view(View::Urgent),
                Command::Group => BoardQuery { is_grouped: !now.is_grouped, ..now },
                Command::SortNewest => BoardQuery { sort: Sort::Newest, ..now },
                Command::SortOldest => BoardQuery { sort: Sort::Oldest, ..now },
                Command::SortChanged => BoardQuery { sort: Sort::Changed, ..now },
                _ => BoardQuery { sort: Sort::Urgency, ..now },
            };
            // A row that had the focus may be shown no more.
            let rescue = is_row_focused().then(|| Timeout::new(0, rescue_focus));
            soon.replace(rescue);
            on_query.emit((query, Step::Chosen));
        }),
    );
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
