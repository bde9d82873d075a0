//! The palette: a combobox over a list (WAI-ARIA Authoring Practices).

use super::bus::{Call, can_run};
use super::incident::action_of;
use super::sheet::key_hint;
use super::target::is_composing;
use crate::actions::Action;
use crate::board::{Pairs, Views};
use crate::commands::{COMMANDS, Command, Entry, Keys, Section, score};
use crate::components::dialog::Dialog;
use crate::components::incidents::own_views;
use crate::components::people::Names;
use crate::components::undo::use_actor;
use crate::words::{UNTITLED, commands as texts};
use sentinelops_protocol::domain::Incident;
use sentinelops_realtime::{IncidentRow, use_incidents};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

/// More would not be read.
const SHOWN: usize = 40;
/// So many incidents stand in an empty search.
const INCIDENTS: usize = 8;
const LIST: &str = "palette-list";

/// What was chosen.
pub(super) enum Choice {
    /// A command, once the palette is closed, and the incident that its line names.
    Run(Call),
    /// Open an incident.
    Incident(String),
    /// Show a view.
    View(Pairs),
    /// It is done already.
    Done,
}

/// See [`Palette`].
#[derive(Properties, PartialEq)]
pub(super) struct PaletteProps {
    /// The incident that commands are about.
    pub target: Option<AttrValue>,
    /// Something was chosen.
    pub on_choose: Callback<Choice>,
    /// Close it.
    pub on_close: Callback<()>,
}

/// What an entry does.
#[derive(Clone, PartialEq)]
enum Does {
    Run(Call),
    Open(String),
    View(Pairs),
    /// To this person, this incident.
    Assign(String, AttrValue),
}

impl Does {
    /// Unlike any other in its section; `text`: of the line.
    fn key(&self, text: &str) -> String {
        match self {
            Self::Run(_) | Self::View(_) => text.to_owned(),
            // Two people, or two incidents, may have the same name.
            Self::Open(id) | Self::Assign(id, _) => id.clone(),
        }
    }
}

/// A line of the list.
struct Line {
    does: Does,
    section: &'static str,
    text: String,
    keys: Keys,
}

/// Commands, incidents, people; typed letters find.
#[component]
pub(super) fn Palette(props: &PaletteProps) -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    let feed = use_incidents();
    let actor = use_actor();
    let typed = use_state_eq(String::new);
    // What the arrow keys chose, by what the line does: the list changes while it is open. `None`: the best line.
    let at = use_state_eq(|| None::<Does>);
    let views = use_memo(actor.me.clone(), |me| own_views(me.as_deref()));
    let target = props.target.as_deref().and_then(|id| feed.get(id));
    let lines = lines(&names, &views, &feed.items, target, actor.me.as_deref(), &typed);
    let active = at.as_ref().and_then(|at| lines.iter().position(|line| line.does == *at)).unwrap_or(0);

    use_effect_with((active, typed.len()), |(active, _)| {
        let option = gloo::utils::document().get_element_by_id(&option_id(*active));
        if let Some(option) = option {
            let nearest = ScrollIntoViewOptions::new();
            nearest.set_block(ScrollLogicalPosition::Nearest);
            option.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
    });
    let choose = {
        let (on_choose, actor, feed) = (props.on_choose.clone(), actor.clone(), feed.clone());
        Callback::from(move |does: Does| {
            on_choose.emit(match does {
                Does::Run(call) => Choice::Run(call),
                Does::Open(id) => Choice::Incident(id),
                Does::View(view) => Choice::View(view),
                Does::Assign(who, id) => {
                    if let Some(row) = feed.get(&id) {
                        actor.act(&row.incident, Action::Assign(who));
                    }
                    Choice::Done
                }
            });
        })
    };
    let oninput = {
        let (set, at) = (typed.setter(), at.setter());
        move |event: InputEvent| {
            set.set(event.target_unchecked_into::<HtmlInputElement>().value());
            at.set(None);
        }
    };
    let onkeydown = {
        let (set, choose) = (at.setter(), choose.clone());
        let does = |at: usize| lines.get(at).map(|line| line.does.clone());
        let last = lines.len().saturating_sub(1);
        let after = does(if active == last { 0 } else { active + 1 });
        let (now, before) = (does(active), does(active.checked_sub(1).unwrap_or(last)));
        move |event: KeyboardEvent| {
            // Enter ends a composition, the arrows move in its candidates.
            if is_composing(&event) {
                return;
            }
            let next = match &*event.key() {
                "ArrowDown" => after.clone(),
                "ArrowUp" => before.clone(),
                "Enter" => {
                    event.prevent_default();
                    return now.iter().for_each(|does| choose.emit(does.clone()));
                }
                // It closes the palette only, not what is open behind it.
                "Escape" => return event.stop_propagation(),
                _ => return,
            };
            event.prevent_default();
            set.set(next);
        }
    };
    // A press keeps the focus in the field.
    let onmousedown = |event: MouseEvent| {
        if event.target().is_some_and(|target| target.has_type::<Element>()) {
            event.prevent_default();
        }
    };
    let option = |(place, line): (usize, &Line)| {
        let onclick = choose.reform({
            let does = line.does.clone();
            move |_: MouseEvent| does.clone()
        });
        html! {
            <li key={line.does.key(&line.text)} id={option_id(place)} role="option" aria-selected={(place == active).to_string()}
                class={classes!("palette__option", (place == active).then_some("palette__option--active"))} {onclick} data-testid="palette-option">
                <span class="palette__text">{ &line.text }</span>
                if line.keys != Keys::None { { key_hint(line.keys) } }
            </li>
        }
    };
    let mut groups: Vec<(&str, Vec<Html>)> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        match groups.iter_mut().find(|(section, _)| *section == line.section) {
            Some((_, options)) => options.push(option((place, line))),
            None => groups.push((line.section, vec![option((place, line))])),
        }
    }
    html! {
        <Dialog name="palette" title={texts::PALETTE} on_close={props.on_close.clone()}>
            <input class="input palette__input" type="text" role="combobox" aria-expanded="true" aria-controls={LIST} aria-autocomplete="list"
                aria-activedescendant={(!lines.is_empty()).then(|| option_id(active))} aria-label={texts::TYPE} placeholder={texts::TYPE}
                value={(*typed).clone()} {oninput} {onkeydown} autocomplete="off" autofocus=true data-testid="palette-input" />
            <p class="sr-only" role="status">{ texts::results(lines.len()) }</p>
            <div id={LIST} class="palette__list" role="listbox" aria-label={texts::PALETTE} {onmousedown}>
                { for groups.into_iter().map(|(section, options)| html! {
                    <ul key={section} role="group" aria-label={section}>
                        <li class="keys__title" role="presentation">{ section }</li>
                        { for options }
                    </ul>
                }) }
            </div>
            if lines.is_empty() { <p class="hint">{ texts::NOTHING }</p> }
        </Dialog>
    }
}

fn option_id(at: usize) -> String {
    format!("palette-option-{at}")
}

/// What fits, the best section first once something is typed, the best line first within it.
fn lines(
    names: &Names,
    views: &Views,
    rows: &[IncidentRow],
    target: Option<&IncidentRow>,
    me: Option<&str>,
    typed: &str,
) -> Vec<Line> {
    let is_free = typed.trim().is_empty();
    let mut found: Vec<(i32, Line)> = Vec::new();
    let mut add = |line: Line| {
        let Some(score) = score(typed, &line.text).map(|score| if is_free { 0 } else { score }) else {
            return;
        };
        let at = found.partition_point(|(better, _)| *better >= score);
        found.insert(at, (score, line));
        found.truncate(SHOWN);
    };
    for entry in COMMANDS.iter().filter(|entry| is_possible(entry, target.map(|row| &*row.incident), me)) {
        let named =
            target.filter(|_| is_about_incident(entry.command)).map(|row| AttrValue::from(row.id.clone()));
        let text =
            named.as_ref().map_or_else(|| entry.title.to_owned(), |id| texts::of_incident(entry.title, id));
        add(Line {
            does: Does::Run((entry.command, named)),
            section: texts::section(entry.section),
            text,
            keys: entry.keys,
        });
    }
    for (name, view) in views.iter() {
        let section = texts::section(Section::View);
        add(Line { does: Does::View(view.clone()), section, text: texts::show_view(name), keys: Keys::None });
    }
    for row in rows.iter().take(if is_free { INCIDENTS } else { usize::MAX }) {
        let text = format!("{} {}", row.id, row.title.as_deref().unwrap_or(UNTITLED));
        add(Line { does: Does::Open(row.id.clone()), section: texts::INCIDENTS, text, keys: Keys::None });
    }
    if let Some(row) = target {
        for (id, name) in names.by_name() {
            let text = texts::assign(&row.id, &name);
            add(Line {
                does: Does::Assign(id, row.id.clone().into()),
                section: texts::PEOPLE,
                text,
                keys: Keys::None,
            });
        }
    }
    // Sections stand in the order of their best line.
    let mut lines: Vec<Line> = Vec::new();
    while !found.is_empty() {
        let section = found[0].1.section;
        let (of_it, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, line)| line.section == section);
        lines.extend(of_it.into_iter().map(|(_, line)| line));
        found = others;
    }
    lines
}

fn is_about_incident(command: Command) -> bool {
    matches!(command, Command::Comment | Command::Take) || action_of(command, None).is_some()
}

fn is_possible(entry: &Entry, target: Option<&Incident>, me: Option<&str>) -> bool {
    let is_shown = match entry.command {
        // One moves in the list by the list's own keys.
        Command::Palette | Command::Next | Command::Previous | Command::Open => return false,
        command => can_run(command),
    };
    let fits = !is_about_incident(entry.command)
        || target.is_some_and(|incident| {
            entry.command == Command::Comment
                || action_of(entry.command, me).is_some_and(|action| action.is_offered(incident))
        });
    is_shown && fits && entry.section != Section::List || is_shown && entry.command == Command::Search
}
