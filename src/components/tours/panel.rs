//! The choice of tours, and the one that runs.

use super::card::{Card, Stage};
use super::list::{Act, TOURS, Tour};
use super::look::use_look;
use super::run::Run;
use crate::components::breaks::{Act as OnFaults, Breaker, Order, use_orders};
use crate::components::load::{Load, use_load};
use crate::components::panel::Panel;
use crate::components::plots::{Frames, percentile};
use crate::words::tours as texts;
use sentinelops_realtime::{Message, use_client, use_clock, use_connection_state};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{UrlSearchParams, Window};
use yew::prelude::*;

/// Of the windows that a tour opens, px.
const WINDOW: &str = "popup,width=520,height=640";
/// So many are opened.
const WINDOWS: usize = 2;

/// The tour in the address.
fn of_address() -> Option<&'static Tour> {
    let search = web_sys::window()?.location().search().ok()?;
    let code = UrlSearchParams::new_with_str(&search).ok()?.get("tour")?;
    TOURS.iter().find(|tour| tour.code == code)
}

/// What a tour has opened, changed and measured.
struct Held {
    run: Run,
    frames: Frames,
    windows: Windows,
    /// Before it changed the load.
    load: Option<Load>,
    smooth: Option<String>,
}

/// Windows that a tour has opened. Dropping them closes them.
#[derive(Default)]
struct Windows(Vec<Window>);

impl Drop for Windows {
    fn drop(&mut self) {
        // Nothing happens to one that somebody has closed.
        self.0.iter().for_each(|window| drop(window.close()));
    }
}

/// Opens this page in another window. `None`: the browser refused.
fn open_window(number: usize) -> Option<Window> {
    let window = web_sys::window()?;
    let (address, name) = (window.location().pathname().ok()?, format!("sentinelops-tour-{number}"));
    window.open_with_url_and_target_and_features(&address, &name, WINDOW).ok().flatten()
}

/// See [`Tours`].
#[derive(Properties, PartialEq)]
pub struct ToursProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// What the tours break.
    pub(crate) breaker: Breaker,
    /// Where their messages go.
    pub conversation: AttrValue,
}

/// A button for each tour, and the card of the chosen one.
#[component]
pub fn Tours(props: &ToursProps) -> Html {
    let (client, clock) = (use_client(), use_clock());
    let (load, _) = use_load();
    let (orders, _) = use_orders();
    let held: Rc<RefCell<Option<Held>>> = use_mut_ref(|| None);
    // Those opened before the tour begins, and how many.
    let (opened, count) = (use_mut_ref(Windows::default), use_state_eq(|| 0_usize));
    let (chosen, is_blocked) = (use_state_eq(of_address), use_state_eq(|| false));
    let update = use_force_update();

    let carry_out =
        use_callback((client, orders.clone(), props.breaker.clone(), props.conversation.clone()), {
            |(act, before): (Act, Option<Load>), (client, orders, breaker, conversation)| match act {
                Act::Say(text) => drop(client.send(Message::chat(conversation, text))),
                Act::Break(name, seconds) => breaker.begin(name, seconds),
                Act::Rate(rate) => {
                    let rate =
                        rate.map(f64::from).or(before.map(|load| load.events_per_second)).unwrap_or_default();
                    let payload = serde_json::json!({ "eventsPerSecond": rate }).to_string();
                    orders.emit(vec![Order::Ask("lab.load", payload)]);
                }
                Act::Tabs => {}
            }
        });
    let tick = use_callback((carry_out.clone(), props.breaker.clone()), {
        let held = held.clone();
        move |_: u64, (carry_out, breaker): &(Callback<(Act, Option<Load>)>, Breaker)| {
            let mut place = held.borrow_mut();
            let Some(Held { run, frames, load, smooth, windows }) = place.as_mut() else { return };
            if run.verdict.is_some() {
                return;
            }
            for act in run.step(breaker.seen()) {
                carry_out.emit((act, *load));
            }
            if run.verdict.is_some() {
                let mut gaps = frames.take();
                let (p99, longest) = (percentile(&mut gaps, 99), percentile(&mut gaps, 100));
                *smooth = p99.zip(longest).map(|(p99, longest)| texts::frames(p99, longest));
                *windows = Windows::default();
            }
            update.force_update();
        }
    });
    // What breaks between two seconds is noticed, too.
    let connection = use_connection_state();
    use_effect_with((connection, tick.clone()), {
        let clock = clock.clone();
        move |(_, tick)| tick.emit(clock.now())
    });
    use_effect_with((clock.clone(), tick.clone()), |(clock, tick)| {
        let ticking = clock.listen(tick.clone());
        move || drop(ticking)
    });

    let on_start = {
        let (held, chosen, is_blocked) = (held.clone(), chosen.clone(), is_blocked.clone());
        let (clock, tick, opened, count) = (clock.clone(), tick.clone(), opened.clone(), count.clone());
        Callback::from(move |tour: &'static Tour| {
            // Closes those of the tour before.
            held.borrow_mut().take();
            chosen.set(Some(tour));
            let mut windows = opened.borrow_mut();
            if tour.opens_tabs() {
                let window = open_window(windows.0.len());
                is_blocked.set(window.is_none());
                windows.0.extend(window);
                count.set(windows.0.len());
                if windows.0.len() < WINDOWS {
                    return;
                }
            }
            let (now, windows) = (clock.now(), std::mem::take(&mut *windows));
            count.set(0);
            let (run, frames) = (Run::begin(tour, now), Frames::watch());
            *held.borrow_mut() = Some(Held { run, frames, windows, load, smooth: None });
            tick.emit(now);
        })
    };
    let on_choose = {
        let (opened, count) = (opened.clone(), count.clone());
        let (held, chosen, is_blocked, breaker) =
            (held.clone(), chosen.clone(), is_blocked.clone(), props.breaker.clone());
        let carry_out = carry_out.clone();
        Callback::from(move |tour: Option<&'static Tour>| {
            let before = held.borrow_mut().take();
            drop(opened.take());
            count.set(0);
            if let Some(stopped) = before.filter(|held| held.run.verdict.is_none()) {
                breaker.act(OnFaults::Reset);
                if stopped.run.tour.needs_story() {
                    carry_out.emit((Act::Rate(None), stopped.load));
                }
            }
            is_blocked.set(false);
            chosen.set(tour);
        })
    };

    let now = clock.now();
    let held_now = held.borrow();
    let run = held_now.as_ref().map(|held| &held.run);
    let step = run.filter(|run| run.verdict.is_none()).and_then(|run| run.shown(now));
    use_look(step.map(|step| step.look));
    let stage = |tour: &Tour| match held_now.as_ref() {
        Some(Held { run, smooth, .. }) => match &run.verdict {
            Some(verdict) => Stage::Over(verdict.clone(), smooth.clone()),
            None => Stage::Runs(step.map_or(texts::LAST, |step| step.text), run.left(now)),
        },
        None if *is_blocked => Stage::Ready(Some(texts::BLOCKED), false),
        None if tour.needs_story() && load.is_none() => Stage::Ready(Some(texts::NEEDS_STORY), false),
        None => Stage::Ready(None, *count > 0),
    };
    let button = |tour: &'static Tour| {
        let on_choose = on_choose.clone();
        html! {
            <button key={tour.code} type="button" class="button tours__one" aria-pressed={(*chosen == Some(tour)).to_string()}
                onclick={move |_| on_choose.emit(Some(tour))} data-testid="tour-choose" data-tour={tour.code}>
                <b>{ tour.name }</b><span>{ tour.about }</span>
            </button>
        }
    };
    html! {
        <>
            <Panel title={texts::TITLE} class={props.class.clone()} testid="tours-panel">
                <div class="panel__body tours" tabindex="0">
                    <p class="list__meta">{ texts::INTRO }</p>
                    <div class="tours__all">{ for TOURS.iter().map(button) }</div>
                </div>
            </Panel>
            if let Some(tour) = *chosen {
                <Card {tour} stage={stage(tour)} {on_start} {on_choose} />
            }
        </>
    }
}
