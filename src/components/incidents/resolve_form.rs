//! Resolves an incident by its id.

use crate::components::send_line::{SendLine, use_sends};
use sentinelops_realtime::use_incidents;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// See [`ResolveForm`].
#[derive(Properties, PartialEq)]
pub struct ResolveFormProps {
    /// Filled in from outside (a row was chosen).
    #[prop_or_default]
    pub chosen: Option<AttrValue>,
}

/// An id, a button, and what became of the last ones. Works without a connection: it then leaves when there is one.
#[component]
pub fn ResolveForm(props: &ResolveFormProps) -> Html {
    let feed = use_incidents();
    let id = use_state_eq(String::new);
    let tried = use_state_eq(|| false);
    let (sends, push) = use_sends(4);

    let set_id = id.setter();
    use_effect_with(props.chosen.clone(), {
        let set_id = set_id.clone();
        move |chosen| {
            if let Some(chosen) = chosen {
                set_id.set(chosen.to_string());
            }
        }
    });
    let oninput = {
        let set_tried = tried.setter();
        move |event: InputEvent| {
            set_tried.set(false);
            set_id.set(event.target_unchecked_into::<HtmlInputElement>().value());
        }
    };
    let wanted = id.trim().to_owned();
    let known = feed.get(&wanted).map(|row| row.incident.clone());
    let empty = *tried && wanted.is_empty();
    let onsubmit = {
        let (feed, wanted, set_tried, set_id) = (feed.clone(), wanted.clone(), tried.setter(), id.setter());
        move |event: SubmitEvent| {
            event.prevent_default();
            if wanted.is_empty() {
                set_tried.set(true);
                return;
            }
            push.emit((feed.resolve(&wanted).id(), format!("Resolve {wanted}").into()));
            set_tried.set(false);
            set_id.set(String::new());
        }
    };
    let hint = match &known {
        Some(incident) => incident.title.clone().unwrap_or_else(|| "Untitled incident".to_owned()),
        None if wanted.is_empty() => "Choose a row, or type an id.".to_owned(),
        None => "This page knows no such incident; the server may.".to_owned(),
    };
    html! {
        <form class="form" {onsubmit} novalidate=true data-testid="resolve-form">
            <div class="form__line">
                <div class="field">
                    <label class="field__label" for="resolve-id">{ "Incident id" }</label>
                    <input id="resolve-id" class="input mono" type="text" value={(*id).clone()} {oninput} autocomplete="off"
                        spellcheck="false" aria-describedby="resolve-hint" aria-invalid={empty.to_string()} />
                </div>
                <button type="submit" class="button button--primary">{ "Resolve" }</button>
            </div>
            <p id="resolve-hint" class={if empty { "field__problem" } else { "field__label" }} role="status">
                { if empty { "Type the id of an incident first.".to_owned() } else { hint } }
            </p>
            <div class="sends">
                if sends.is_empty() {
                    <p class="hint">{ "Each change shows its progress here: saved, sent, delivered." }</p>
                }
                { for sends.iter().map(|(id, what)| html! { <SendLine key={id.as_str().to_owned()} id={id.clone()} what={what.clone()} /> }) }
            </div>
        </form>
    }
}
