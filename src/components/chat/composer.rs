//! Where one writes.

use super::people::{Choice, choice, named};
use crate::components::commands::is_composing;
use crate::components::icon::{Icon, icon_mark};
use crate::components::people::Names;
use crate::words::chat as texts;
use sentinelops_realtime::use_client;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Longer texts belong into the incident, and the server takes 64 KiB at most.
const LONGEST: &str = "4000";
/// The field grows to so many lines; longer texts scroll in it.
const LINES_MAX: usize = 8;
const LIST: &str = "mention-list";

/// See [`Composer`].
#[derive(Properties, PartialEq)]
pub struct ComposerProps {
    /// What is written for.
    pub conversation: AttrValue,
    /// What the field is called.
    pub label: AttrValue,
    /// A message was written.
    pub on_send: Callback<String>,
    /// Somebody is writing.
    pub on_typing: Callback<()>,
}

/// A field and a button. Enter sends, Shift Enter begins a new line. The draft lives here, so that a key stroke renders
/// nothing but the field; it is kept on this device until it is sent. Another conversation wants another key.
///
/// `@` offers people in a list (listbox of the WAI-ARIA Authoring Practices): arrow keys look at them, Enter or Tab names one,
/// Escape closes it.
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let client = use_client();
    let names = use_context::<Names>().unwrap_or_default();
    let field = use_node_ref();
    // Who may be meant, and the place of the one looked at.
    let offer = use_state_eq(|| None::<(Choice, usize)>);
    let draft = use_state_eq(|| client.draft(&props.conversation));
    let set = {
        let (set, conversation) = (draft.setter(), props.conversation.clone());
        move |text: String| {
            client.set_draft(&conversation, &text);
            set.set(text);
        }
    };
    let oninput = {
        let (set, on_typing) = (set.clone(), props.on_typing.clone());
        let (offer, names) = (offer.setter(), names.clone());
        move |event: InputEvent| {
            let field = event.target_unchecked_into::<HtmlTextAreaElement>();
            let text = field.value();
            offer.set(choice(&parts(&field).0, &names).map(|choice| (choice, 0)));
            if !text.trim().is_empty() {
                on_typing.emit(());
            }
            set(text);
        }
    };
    let rows = draft.split('\n').count().min(LINES_MAX);
    let send = Callback::from({
        let (text, on_send, set) = (draft.trim().to_owned(), props.on_send.clone(), set.clone());
        move |event: Event| {
            event.prevent_default();
            if !text.is_empty() {
                on_send.emit(text.clone());
                set(String::new());
            }
        }
    });
    let name = Callback::from({
        let (field, set, set_offer) = (field.clone(), set.clone(), offer.setter());
        move |(at, id): (usize, String)| {
            let Some(field) = field.cast::<HtmlTextAreaElement>() else { return };
            let (before, after) = parts(&field);
            let (text, caret) = named(&before, &after, at, &id);
            field.set_value(&text);
            let caret = text[..caret].encode_utf16().count() as u32;
            // A field that is gone keeps no caret.
            let _ = field.set_selection_range(caret, caret);
            set(text);
            set_offer.set(None);
        }
    });
    let onkeydown = {
        let (send, name, offer) = (send.clone(), name.clone(), offer.clone());
        move |event: KeyboardEvent| {
            // Enter ends a composition, the arrows move in its candidates.
            if is_composing(&event) {
                return;
            }
            let key = event.key();
            if let Some((choice, looked_at)) = &*offer {
                let count = choice.people.len();
                let next = match &*key {
                    "ArrowDown" => Some((looked_at + 1) % count),
                    "ArrowUp" => Some((looked_at + count - 1) % count),
                    _ => None,
                };
                if let Some(next) = next {
                    event.prevent_default();
                    return offer.set(Some((choice.clone(), next)));
                }
                match &*key {
                    "Enter" | "Tab" if !event.shift_key() => {
                        event.prevent_default();
                        return name.emit((choice.at, choice.people[*looked_at].0.clone()));
                    }
                    "Escape" => {
                        // The list is closed by it, not the incident.
                        event.stop_propagation();
                        return offer.set(None);
                    }
                    // The caret leaves the word.
                    "ArrowLeft" | "ArrowRight" | "Home" | "End" => offer.set(None),
                    _ => {}
                }
            }
            if key == "Enter" && !event.shift_key() {
                send.emit(event.into());
            }
        }
    };
    let onblur = {
        let set = offer.setter();
        move |_: FocusEvent| set.set(None)
    };
    let looked_at = offer.as_ref().map(|(_, at)| option_id(*at));
    let list = offer.as_ref().map(|(choice, looked_at)| {
        let option = |(place, (id, shown)): (usize, &(String, AttrValue))| {
            let chosen = (choice.at, id.clone());
            let onclick = name.reform(move |_: MouseEvent| chosen.clone());
            let is_active = place == *looked_at;
            html! {
                <li key={id.clone()} id={option_id(place)} role="option" aria-selected={is_active.to_string()}
                    class={classes!("assign__option", is_active.then_some("assign__option--active"))} {onclick} data-testid="mention-option">
                    { shown }{ " " }<span class="quiet">{ "@" }{ id }</span>
                </li>
            }
        };
        html! {
            // A press keeps the focus in the field.
            <ul id={LIST} class="assign__list mention__list" role="listbox" aria-label={texts::PEOPLE} onmousedown={|event: MouseEvent| event.prevent_default()}
                data-testid="mention-list">
                { for choice.people.iter().enumerate().map(option) }
            </ul>
        }
    });
    let offered = offer.as_ref().map_or_else(String::new, |(choice, _)| texts::people(choice.people.len()));
    let onsubmit = send.reform(|event: SubmitEvent| event.into());
    html! {
        <form class="composer" {onsubmit}>
            <p class="sr-only" role="status">{ offered }</p>
            { list }
            <textarea ref={field} class="input" aria-autocomplete="list" aria-controls={looked_at.is_some().then_some(LIST)} aria-activedescendant={looked_at} {onblur}
                rows={rows.to_string()} aria-label={props.label.clone()} placeholder="Write a message" value={(*draft).clone()}
                {oninput} {onkeydown} maxlength={LONGEST} autocomplete="off" data-testid="chat-input" />
            <button type="submit" class="button button--icon" aria-label="Send" title="Send" data-testid="chat-send">
                { icon_mark(Icon::Sent, 16) }
            </button>
        </form>
    }
}

fn option_id(at: usize) -> String {
    format!("mention-option-{at}")
}

/// What stands before the caret, and behind it. The browser counts in UTF-16.
fn parts(field: &HtmlTextAreaElement) -> (String, String) {
    let text: Vec<u16> = field.value().encode_utf16().collect();
    let caret = field.selection_start().ok().flatten().map_or(text.len(), |at| text.len().min(at as usize));
    (String::from_utf16_lossy(&text[..caret]), String::from_utf16_lossy(&text[caret..]))
}
