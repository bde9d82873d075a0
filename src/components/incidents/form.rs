//! Title and severity of an incident: what a new one is asked for, and what can be changed of one.

use crate::board::SEVERITIES;
use crate::words::edit as texts;
use sentinelops_protocol::domain::Severity;
use sentinelops_realtime::use_client;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// See [`IncidentForm`].
#[derive(Properties, PartialEq)]
pub(super) struct IncidentFormProps {
    /// Of the dialog: for tests, and for ids.
    pub name: &'static str,
    /// What the button says.
    pub action: &'static str,
    /// What stands there at first.
    #[prop_or_default]
    pub title: AttrValue,
    /// What stands there at first.
    pub severity: Severity,
    /// Under which name the title is kept on this device while it is written. Default: it is not kept.
    #[prop_or_default]
    pub draft: Option<&'static str>,
    /// Title and severity are as they are to be.
    pub on_done: Callback<(String, Severity)>,
    /// Never mind.
    pub on_close: Callback<()>,
}

/// Two fields in a dialog. It asks for a title.
#[component]
pub(super) fn IncidentForm(props: &IncidentFormProps) -> Html {
    let IncidentFormProps { name, action, draft, .. } = props;
    let client = use_client();
    let title = use_state_eq(|| draft.map_or_else(|| props.title.to_string(), |draft| client.draft(draft)));
    let severity = use_state_eq(|| props.severity.clone());
    let tried = use_state_eq(|| false);
    let empty = *tried && title.trim().is_empty();
    let keep = {
        let draft = *draft;
        move |text: &str| {
            if let Some(draft) = draft {
                client.set_draft(draft, text);
            }
        }
    };
    let oninput = {
        let (keep, set) = (keep.clone(), title.setter());
        move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            keep(&text);
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
        let on_done = props.on_done.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            if title.is_empty() {
                set_tried.set(true);
                return;
            }
            keep("");
            on_done.emit((title.clone(), severity.clone()));
        }
    };
    // It closes the dialog only, not what is open behind it.
    let onkeydown = |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
        }
    };
    let id = |part: &str| format!("{name}-{part}");
    // One that this version does not know stays a choice.
    let known = SEVERITIES.contains(&props.severity);
    let choices = SEVERITIES.iter().chain((!known).then_some(&props.severity));
    html! {
        <form class="form form--bare" {onsubmit} {onkeydown} novalidate=true>
            <div class="field">
                <label class="field__label" for={id("title")}>{ texts::TITLE }</label>
                <input id={id("title")} class="input" type="text" value={(*title).clone()} {oninput} maxlength="200" autocomplete="off" autofocus=true
                    aria-invalid={empty.to_string()} aria-describedby={id("problem")} data-testid={id("title")} />
                <p id={id("problem")} class="field__problem" role="status">{ if empty { texts::MISSING } else { "" } }</p>
            </div>
            <div class="field">
                <label class="field__label" for={id("severity")}>{ texts::SEVERITY }</label>
                <select id={id("severity")} class="select" {onchange} data-testid={id("severity")}>
                    { for choices.map(|one| html! {
                        <option key={one.to_string()} value={one.to_string()} selected={*one == *severity}>{ one.as_str() }</option>
                    }) }
                </select>
            </div>
            <div class="dialog__end">
                <button type="button" class="button button--plain" onclick={props.on_close.reform(|_: MouseEvent| ())}>{ texts::CANCEL }</button>
                <button type="submit" class="button button--primary" data-testid={id(&action.to_ascii_lowercase())}>{ *action }</button>
            </div>
        </form>
    }
}
