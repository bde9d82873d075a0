//! Listens to keys; shows palette and sheet.

use super::bus::{Call, run, use_commands, use_fallback};
use super::palette::{Choice, Palette};
use super::sheet::Sheet;
use super::target::{focused_incident, is_composing, is_mac};
use crate::board::Pairs;
use crate::commands::{Command, Matcher, Press};
use crate::components::people::People;
use gloo::events::{EventListener, EventListenerOptions};
use sentinelops_realtime::use_clock;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, Storage};
use yew::prelude::*;

/// Where it is kept that single letters are switched off.
const KEY: &str = "sentinelops.keys";
const OFF: &str = "off";

/// Takes letters itself: nothing typed there is a command.
const FIELD: &str = "input:not([type=checkbox]), textarea, select, [contenteditable], [role=combobox]";

/// What is over the page.
#[derive(Clone, Debug, Default, PartialEq)]
enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The palette, opened with the focus on this incident.
    Palette(Option<AttrValue>),
    /// The sheet of keys.
    Sheet,
}

/// See [`CommandCenter`].
#[derive(Properties, PartialEq)]
pub struct CommandCenterProps {
    /// An incident was chosen in the palette.
    pub on_open: Callback<String>,
    /// A view of one's own was chosen in the palette.
    #[prop_or_default]
    pub on_view: Callback<Pairs>,
    /// [`Command::GoIncidents`], [`Command::GoDemo`] and [`Command::GoWall`], where no page takes them.
    pub on_go: Callback<Command>,
    /// The incident whose detail is open: commands are about it while no row has the focus.
    #[prop_or_default]
    pub selected: Option<AttrValue>,
}

/// One on the page, before what registers commands.
#[component]
pub fn CommandCenter(props: &CommandCenterProps) -> Html {
    let clock = use_clock();
    let overlay = use_state_eq(Overlay::default);
    let letters = use_state_eq(letters_are_on);
    // Carried out when the dialog is gone and the focus is back.
    let chosen = use_mut_ref(|| None::<Call>);

    use_fallback(&[Command::GoIncidents, Command::GoDemo, Command::GoWall], props.on_go.clone());
    use_commands(&[Command::Palette, Command::Sheet], {
        let (set, selected) = (overlay.setter(), props.selected.clone());
        Callback::from(move |command| {
            set.set(match command {
                Command::Sheet => Overlay::Sheet,
                _ => Overlay::Palette(focused_incident().map(AttrValue::from).or_else(|| selected.clone())),
            });
        })
    });
    use_effect_with((), move |()| {
        let matcher = Cell::new(Matcher::default());
        let listener = web_sys::window().map(|window| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&window, "keydown", options, move |event| {
                let event = event.dyn_ref::<KeyboardEvent>();
                let Some(event) = event.filter(|event| !event.default_prevented() && !is_composing(event))
                else {
                    return;
                };
                let mut state = matcher.take();
                let found = state.press(press(event, &event.key()), clock.now(), letters_are_on());
                matcher.set(state);
                if found.is_some_and(|command| run((command, None))) {
                    event.prevent_default();
                }
            })
        });
        move || drop(listener)
    });
    use_effect_with((*overlay).clone(), {
        let chosen = chosen.clone();
        move |overlay| {
            if let Some(call) = chosen.take().filter(|_| *overlay == Overlay::None) {
                run(call);
            }
        }
    });
    let on_close = use_callback(overlay.setter(), |(), set| set.set(Overlay::None));
    match &*overlay {
        Overlay::None => Html::default(),
        Overlay::Palette(target) => {
            let (on_open, on_view, close) = (props.on_open.clone(), props.on_view.clone(), on_close.clone());
            let on_choose = Callback::from(move |choice| {
                match choice {
                    Choice::Run(call) => drop(chosen.replace(Some(call))),
                    Choice::Incident(id) => on_open.emit(id),
                    Choice::View(view) => on_view.emit(view),
                    Choice::Done => {}
                }
                close.emit(());
            });
            html! { <People><Palette target={target.clone()} {on_choose} {on_close} /></People> }
        }
        Overlay::Sheet => {
            let set = letters.setter();
            let on_letters = Callback::from(move |on: bool| {
                if let Some(storage) = storage() {
                    // Storage that is full or forbidden: letters stay on.
                    let _ = if on { storage.remove_item(KEY) } else { storage.set_item(KEY, OFF) };
                }
                set.set(letters_are_on());
            });
            html! { <Sheet letters={*letters} {on_letters} {on_close} /> }
        }
    }
}

fn press<'a>(event: &KeyboardEvent, key: &'a str) -> Press<'a> {
    let document = web_sys::window().and_then(|window| window.document());
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let in_field = target.is_some_and(|element| element.closest(FIELD).ok().flatten().is_some());
    Press {
        key,
        shift: event.shift_key(),
        modifier: event.ctrl_key() || event.meta_key(),
        // On a Mac, Ctrl+K in a field deletes to the end of the line.
        alt: event.alt_key() || in_field && event.ctrl_key() && is_mac(),
        in_field,
        in_dialog: document.is_some_and(|page| page.query_selector("dialog[open]").ok().flatten().is_some()),
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn letters_are_on() -> bool {
    storage().and_then(|storage| storage.get_item(KEY).ok().flatten()).as_deref() != Some(OFF)
}
