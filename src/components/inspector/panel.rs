//! The panel: what is listed, filter, pause, the table, and more of one row beside it.

use super::Shared;
use super::collect::Messages;
use super::detail::Detail;
use super::log::{Row, fitting};
use super::tab_map::TabMap;
use super::table::Table;
use crate::components::icon::Icon;
use crate::components::panel::{Panel, empty};
use crate::words::inspector as texts;
use gloo::timers::callback::Interval;
use sentinelops_realtime::List;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// How often new rows are shown, ms.
const PACE_MS: u32 = 250;

/// See [`InspectorPanel`].
#[derive(Properties, PartialEq)]
pub struct InspectorPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// The conversation that the page shows.
    pub conversation: AttrValue,
}

/// Rows, how many there are, and frames that were not looked into.
type Shown = (List<Rc<Row>>, usize, u64);

/// What is shown: what the filter leaves of a log, four times a second, or what it left when it was paused.
#[hook]
fn use_shown(log: &Shared, filter: &str, is_paused: bool) -> Shown {
    let update = use_force_update();
    use_effect_with(is_paused, move |is_paused| {
        let pace = (!is_paused).then(|| Interval::new(PACE_MS, move || update.force_update()));
        move || drop(pace)
    });
    let kept = use_mut_ref(|| None::<(Shared, List<Rc<Row>>, u64)>);
    let mut kept = kept.borrow_mut();
    kept.take_if(|(of, ..)| !is_paused || of != log);
    let (_, rows, more) = kept.get_or_insert_with(|| {
        let mut now = log.borrow_mut();
        (log.clone(), now.rows(), now.more)
    });
    (fitting(rows, filter), rows.len(), *more)
}

/// Frames of the socket in place of the page's messages.
#[cfg(feature = "lab")]
#[hook]
fn use_frames() -> (Shared, bool, Html) {
    let log = (*use_memo((), |()| Shared::default())).clone();
    let is_on = use_state_eq(|| true);
    let choose = |(name, value): (&'static str, bool)| {
        let set = is_on.setter();
        html! {
            <label key={name} class="check">
                <input type="radio" name="inspector-list" checked={*is_on == value} onchange={move |_| set.set(value)}
                    data-testid="inspector-list" value={if value { "frames" } else { "messages" }} />
                { name }
            </label>
        }
    };
    let choice = html! {
        <fieldset class="inspect__list">
            <legend class="sr-only">{ texts::LIST }</legend>
            { for [(texts::FRAMES, true), (texts::MESSAGES, false)].into_iter().map(choose) }
            if *is_on { <super::frames::Frames log={log.clone()} /> }
        </fieldset>
    };
    (log, *is_on, choice)
}

/// A release knows no frames.
#[cfg(not(feature = "lab"))]
#[hook]
fn use_frames() -> (Shared, bool, Html) {
    ((*use_memo((), |()| Shared::default())).clone(), false, Html::default())
}

/// What passes the socket, and what the page receives and sends, row by row.
#[component]
pub fn InspectorPanel(props: &InspectorPanelProps) -> Html {
    let messages = (*use_memo((), |()| Shared::default())).clone();
    let (frames, is_of_frames, choice) = use_frames();
    let (filter, is_paused) = (use_state_eq(String::new), use_state_eq(|| false));
    let selected = use_state_eq(|| None::<Rc<Row>>);
    let log = if is_of_frames { &frames } else { &messages };
    let (rows, all, more) = use_shown(log, &filter, *is_paused);
    let oninput = {
        let set = filter.setter();
        move |event: InputEvent| {
            set.set(
                event.target_dyn_into::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default(),
            );
        }
    };
    let pause = {
        let (is_paused, selected) = (is_paused.clone(), selected.setter());
        move |_| {
            // What goes on has nothing selected: it moves away under the eye.
            selected.set(None);
            is_paused.set(!*is_paused);
        }
    };
    let on_select = use_callback((), {
        let (set, pause) = (selected.setter(), is_paused.setter());
        move |row: Rc<Row>, ()| {
            pause.set(true);
            set.set(Some(row));
        }
    });
    let end = html! {
        <button type="button" class="button button--small" aria-pressed={is_paused.to_string()} onclick={pause}
            data-testid="inspector-pause">{ if *is_paused { texts::RESUME } else { texts::PAUSE } }</button>
    };
    let count = texts::rows(rows.len(), all, more);
    html! {
        <Panel title={texts::TITLE} class={props.class.clone()} {count} {end} testid="inspector-panel">
            <Messages log={messages.clone()} conversation={props.conversation.clone()} />
            <div class="inspect">
                <div class="inspect__main">
                    <div class="inspect__tools">
                        { choice }
                        <input class="input" type="search" placeholder={texts::FILTER} aria-label={texts::FILTER} value={(*filter).clone()}
                            {oninput} data-testid="inspector-filter" />
                    </div>
                    if rows.is_empty() {
                        { empty(Icon::Activity, if all == 0 { texts::NOTHING } else { texts::NONE_FIT }, "") }
                    } else {
                        <Table {rows} selected={selected.as_ref().map(|row| row.number)} {on_select} />
                    }
                </div>
                <div class="inspect__side" tabindex="0" role="region" aria-label={texts::LIFE}>
                    <Detail row={(*selected).clone()} />
                    <h3>{ texts::TABS }</h3>
                    <TabMap />
                    <a href="" target="_blank" rel="noopener" data-testid="inspector-open-tab">{ texts::OPEN_TAB }</a>
                </div>
            </div>
        </Panel>
    }
}
