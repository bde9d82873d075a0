//! Who an incident is assigned to.

use crate::components::icon::{Icon, icon_mark};
use crate::components::people::Names;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// See [`Assign`].
#[derive(Properties, PartialEq)]
pub struct AssignProps {
    /// The id of the person; empty: nobody.
    pub assignee: AttrValue,
    /// Another one was chosen; empty: nobody.
    pub on_assign: Callback<String>,
}

const LIST: &str = "assign-list";

/// A select-only combobox (WAI-ARIA Authoring Practices): keys look at the people in the list; Enter, Space or a press
/// chooses one. A `<select>` would assign at each arrow key.
#[component]
pub fn Assign(props: &AssignProps) -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    // The id of the person looked at; `None` while the list is closed. By id: people may come and go meanwhile.
    let open = use_state_eq(|| None::<String>);
    let list = use_node_ref();
    let assignee = props.assignee.as_str();

    let mut people = vec![(String::new(), AttrValue::Static("Nobody"))];
    people.extend(names.by_name());
    if !people.iter().any(|(id, _)| id == assignee) {
        people.insert(1, (assignee.to_owned(), props.assignee.clone()));
    }
    let position = |wanted: &str| people.iter().position(|(id, _)| id == wanted).unwrap_or(0);
    let active = open.as_deref().map(position);
    use_effect_with((list.clone(), active), |(list, active)| {
        let option = active.and_then(|at| gloo::utils::document().get_element_by_id(&option_id(at)));
        let option = option.and_then(|option| option.dyn_into::<HtmlElement>().ok());
        if let (Some(list), Some(option)) = (list.cast::<HtmlElement>(), option) {
            list.set_scroll_top(option.offset_top() - list.client_height() / 2);
        }
    });

    let choose = {
        let (set, on_assign, assignee) = (open.setter(), props.on_assign.clone(), props.assignee.clone());
        Callback::from(move |id: String| {
            set.set(None);
            if id != *assignee {
                on_assign.emit(id);
            }
        })
    };
    let toggle = {
        let (set, next) = (open.setter(), active.is_none().then(|| assignee.to_owned()));
        move |_| set.set(next.clone())
    };
    let close = {
        let set = open.setter();
        move |_| set.set(None)
    };
    let onkeydown = {
        let (set, choose, people) = (open.setter(), choose.clone(), people.clone());
        let start = position(assignee);
        move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() {
                return;
            }
            let key = event.key();
            let last = people.len() - 1;
            let next = match (&*key, active) {
                ("Escape", Some(_)) => {
                    // The list is closed by it, not the incident.
                    event.stop_propagation();
                    return set.set(None);
                }
                ("Enter" | " ", Some(at)) => {
                    event.prevent_default();
                    return choose.emit(people[at].0.clone());
                }
                ("Enter" | " " | "ArrowDown" | "ArrowUp" | "Home" | "End", None) => start,
                ("ArrowDown", Some(at)) => last.min(at + 1),
                ("ArrowUp", Some(at)) => at.saturating_sub(1),
                ("Home", _) => 0,
                ("End", _) => last,
                (letter, _) => match next_with(&people, letter, active.unwrap_or(start)) {
                    Some(at) => at,
                    None => return,
                },
            };
            event.prevent_default();
            set.set(Some(people[next].0.clone()));
        }
    };
    html! {
        <div class="assign">
            <span id="assign-label">{ "Assigned to" }</span>
            <button type="button" class="select assign__button" role="combobox" aria-haspopup="listbox" aria-expanded={active.is_some().to_string()}
                aria-labelledby="assign-label assign-value" aria-controls={active.map(|_| LIST)} aria-activedescendant={active.map(option_id)}
                onclick={toggle} onblur={close} {onkeydown} data-testid="action-assign">
                <span id="assign-value" class="assign__name">{ &people[position(assignee)].1 }</span>
                { icon_mark(Icon::Down, 14) }
            </button>
            if active.is_some() {
                // A press keeps the focus on the button: the list would be gone before the click.
                <ul ref={list} id={LIST} class="assign__list" role="listbox" aria-labelledby="assign-label" onmousedown={|event: MouseEvent| event.prevent_default()}>
                    { for people.iter().enumerate().map(|(at, (id, name))| {
                        let onclick = choose.reform({ let id = id.clone(); move |_: MouseEvent| id.clone() });
                        html! {
                            <li key={id.clone()} id={option_id(at)} class={classes!("assign__option", (active == Some(at)).then_some("assign__option--active"))}
                                role="option" aria-selected={(id == assignee).to_string()} {onclick} data-testid="assign-option">
                                { name }
                            </li>
                        }
                    }) }
                </ul>
            }
        </div>
    }
}

fn option_id(at: usize) -> String {
    format!("assign-option-{at}")
}

/// The next person after `from` whose name begins with this letter.
fn next_with(people: &[(String, AttrValue)], letter: &str, from: usize) -> Option<usize> {
    if letter.chars().count() != 1 {
        return None;
    }
    let count = people.len();
    let begins = |at: &usize| {
        people[*at].1.get(..letter.len()).is_some_and(|first| first.eq_ignore_ascii_case(letter))
    };
    (1..=count).map(|step| (from + step) % count).find(begins)
}

#[cfg(test)]
mod tests {
    use super::next_with;

    #[test]
    fn a_letter_goes_round() {
        let people = ["Nobody", "Ann", "Äda", "Bob", "ben"].map(|name| (name.to_owned(), name.into()));
        assert_eq!(next_with(&people, "b", 0), Some(3));
        assert_eq!(next_with(&people, "b", 3), Some(4));
        assert_eq!(next_with(&people, "B", 4), Some(3));
        assert_eq!(next_with(&people, "a", 1), Some(1));
        assert_eq!(next_with(&people, "x", 0), None);
        assert_eq!(next_with(&people, "F1", 0), None);
    }
}
