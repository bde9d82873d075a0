//! A new incident: a button, and a small dialog behind it.

use crate::board::SEVERITIES;
use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::dialog::Dialog;
use sentinelops_protocol::domain::Severity;
use sentinelops_realtime::{NewIncident, use_incidents};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Under which name the title is kept while it is written.
const DRAFT: &str = "new incident";

/// See [`CreateIncident`].
#[derive(Properties, PartialEq)]
pub struct CreateIncidentProps {
    /// It was sent, under this id.
    pub on_created: Callback<AttrValue>,
}

/// Works without a connection: the incident is there at once and leaves when there is one. What is typed is kept on
/// this device until it is sent.
#[component]
pub fn CreateIncident(props: &CreateIncidentProps) -> Html {
    let open = use_state_eq(|| false);
    let set = |open_now: bool| {
        let set = open.setter();
        move |_: MouseEvent| set.set(open_now)
    };
    use_commands(&[Command::NewIncident], {
        let set = open.setter();
        Callback::from(move |_| set.set(true))
    });
    let on_close = Callback::from({
        let set = open.setter();
        move |()| set.set(false)
    });
    let on_created = {
        let (on_created, set) = (props.on_created.clone(), open.setter());
        Callback::from(move |id: AttrValue| {
            set.set(false);
            on_created.emit(id);
        })
    };
    html! {
        <>
            <button type="button" class="button" onclick={set(true)} aria-label="New incident" data-testid="incident-new">{ "New" }</button>
            if *open {
                <Dialog title="New incident" name="new-incident" on_close={on_close.clone()}>
                    <Form {on_created} {on_close} />
                </Dialog>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    on_created: Callback<AttrValue>,
    on_close: Callback<()>,
}

#[component]
fn Form(props: &FormProps) -> Html {
    let feed = use_incidents();
    let client = feed.client().clone();
    let title = use_state_eq(|| client.draft(DRAFT));
    let severity = use_state_eq(|| Severity::Medium);
    let tried = use_state_eq(|| false);
    let empty = *tried && title.trim().is_empty();
    let oninput = {
        let (client, set) = (client.clone(), title.setter());
        move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            client.set_draft(DRAFT, &text);
            set.set(text);
        }
    };
    let onchange = {
        let set = severity.setter();
        move |event: Event| {
            set.set(Severity::parse(&event.target_unchecked_into::<HtmlSelectElement>().value()));
        }
    };
    let onsubmit = {
        let (title, severity, set_tried) = (title.trim().to_owned(), (*severity).clone(), tried.setter());
        let on_created = props.on_created.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            if title.is_empty() {
                set_tried.set(true);
                return;
            }
            let (id, _) = feed.create(NewIncident::new(&*title).severity(severity.clone()));
            client.set_draft(DRAFT, "");
            on_created.emit(id.into());
        }
    };
    // It closes the dialog only, not what is open behind it.
    let onkeydown = |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
        }
    };
    html! {
        <form class="form form--bare" {onsubmit} {onkeydown} novalidate=true>
            <div class="field">
                <label class="field__label" for="new-title">{ "Title" }</label>
                <input id="new-title" class="input" type="text" value={(*title).clone()} {oninput} maxlength="200" autocomplete="off" autofocus=true
                    aria-invalid={empty.to_string()} aria-describedby="new-problem" data-testid="new-incident-title" />
                <p id="new-problem" class="field__problem" role="status">{ if empty { "Say in a few words what is wrong." } else { "" } }</p>
            </div>
            <div class="field">
                <label class="field__label" for="new-severity">{ "Severity" }</label>
                <select id="new-severity" class="select" {onchange} data-testid="new-incident-severity">
                    { for SEVERITIES.iter().map(|one| html! {
                        <option key={one.to_string()} value={one.to_string()} selected={*one == *severity}>{ one.as_str() }</option>
                    }) }
                </select>
            </div>
            <div class="dialog__end">
                <button type="button" class="button button--plain" onclick={props.on_close.reform(|_: MouseEvent| ())}>{ "Cancel" }</button>
                <button type="submit" class="button button--primary" data-testid="new-incident-create">{ "Create" }</button>
            </div>
        </form>
    }
}
