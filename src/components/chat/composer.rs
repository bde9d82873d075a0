//! Where one writes.

use crate::components::commands::is_composing;
use crate::components::icon::{Icon, icon_mark};
use sentinelops_realtime::use_client;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Longer texts belong into the incident, and the server takes 64 KiB at most.
const LONGEST: &str = "4000";
/// The field grows to so many lines; longer texts scroll in it.
const LINES_MAX: usize = 8;

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
#[component]
pub fn Composer(props: &ComposerProps) -> Html {
    let client = use_client();
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
        move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            if !text.trim().is_empty() {
                on_typing.emit(());
            }
            set(text);
        }
    };
    let rows = draft.split('\n').count().min(LINES_MAX);
    let send = Callback::from({
        let (text, on_send) = (draft.trim().to_owned(), props.on_send.clone());
        move |event: Event| {
            event.prevent_default();
            if !text.is_empty() {
                on_send.emit(text.clone());
                set(String::new());
            }
        }
    });
    let onkeydown = {
        let send = send.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Enter" && !event.shift_key() && !is_composing(&event) {
                send.emit(event.into());
            }
        }
    };
    let onsubmit = send.reform(|event: SubmitEvent| event.into());
    html! {
        <form class="composer" {onsubmit}>
            <textarea class="input" rows={rows.to_string()} aria-label={props.label.clone()} placeholder="Write a message" value={(*draft).clone()}
                {oninput} {onkeydown} maxlength={LONGEST} autocomplete="off" data-testid="chat-input" />
            <button type="submit" class="button button--icon" aria-label="Send" title="Send" data-testid="chat-send">
                { icon_mark(Icon::Sent, 16) }
            </button>
        </form>
    }
}
