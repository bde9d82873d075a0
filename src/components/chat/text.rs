//! The text of a message.

use crate::components::people::Names;
use crate::markup::{Block, Span, blocks};
use yew::prelude::*;

/// Code, lists, people and links to incidents; everything else as it was written. Text becomes text nodes, and nothing an
/// address. `me`: the person at this page. `on_incident`: an incident that the text names was chosen; without it there are
/// no links.
pub(super) fn message_text(
    text: &str,
    names: &Names,
    me: Option<&str>,
    on_incident: Option<&Callback<AttrValue>>,
) -> Html {
    let span = |span: &Span<'_>| match (*span, on_incident) {
        (Span::Code(code), _) => html! { <code>{ code }</code> },
        (Span::Incident(id), Some(on_incident)) => {
            let chosen = AttrValue::from(id.to_owned());
            let onclick = on_incident.reform(move |_: MouseEvent| chosen.clone());
            html! { <button type="button" class="link" {onclick}>{ id }</button> }
        }
        (Span::Mention(at), _) => match names.get(&at[1..]) {
            Some(name) => {
                let own = (me == Some(&at[1..])).then_some("mention--own");
                html! { <span class={classes!("mention", own)} title={at.to_owned()}>{ "@" }{ name }</span> }
            }
            None => html! { { at } },
        },
        (Span::Text(text) | Span::Incident(text), _) => html! { { text } },
    };
    let block = |block: &Block<'_>| match block {
        Block::Text(spans) => html! { <p>{ for spans.iter().map(span) }</p> },
        Block::List(entries) => html! {
            <ul>{ for entries.iter().map(|entry| html! { <li>{ for entry.iter().map(span) }</li> }) }</ul>
        },
        // It scrolls by itself: so it can be focused.
        Block::Code(code) => html! { <pre tabindex="0"><code>{ *code }</code></pre> },
    };
    html! { <div class="bubble__text" data-testid="chat-text">{ for blocks(text).iter().map(block) }</div> }
}
