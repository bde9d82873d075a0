//! What to do about saved records that cannot be read.

use crate::components::download::save_json;
use crate::components::icon::{Icon, icon_mark};
use sentinelops_realtime::use_client;
use yew::prelude::*;

/// "2 saved records could not be read".
pub fn unreadable_words(count: u32) -> String {
    format!("{count} saved {} could not be read", if count == 1 { "record" } else { "records" })
}

/// See [`UnreadableView`].
#[derive(Properties, PartialEq)]
pub struct UnreadableViewProps {
    /// Save them as a file.
    pub on_export: Callback<()>,
    /// Delete them.
    pub on_discard: Callback<()>,
    /// Why the last of these did not work.
    #[prop_or_default]
    pub problem: Option<AttrValue>,
}

/// Export and delete; deleting is asked twice.
#[component]
pub fn UnreadableView(props: &UnreadableViewProps) -> Html {
    let asking = use_state_eq(|| false);
    let ask = |asks: bool| {
        let set = asking.setter();
        move |_: MouseEvent| set.set(asks)
    };
    let export = {
        let on_export = props.on_export.clone();
        move |_| on_export.emit(())
    };
    let discard = {
        let (on_discard, set) = (props.on_discard.clone(), asking.setter());
        move |_| {
            set.set(false);
            on_discard.emit(());
        }
    };
    html! {
        <span class="actions">
            if let Some(problem) = &props.problem {
                <span class="list__meta" role="alert" data-testid="unreadable-problem">{ problem }</span>
            }
            <button type="button" class="button button--small" onclick={export} data-testid="unreadable-export"
                title="A file to find out why with. It may hold contents of messages.">
                { icon_mark(Icon::Download, 14) }{ "Export" }
            </button>
            if *asking {
                <button type="button" class="button button--small button--danger" onclick={discard} data-testid="unreadable-confirm">{ "Delete for good" }</button>
                <button type="button" class="button button--plain button--small" onclick={ask(false)}>{ "Back" }</button>
            } else {
                <button type="button" class="button button--plain button--small" onclick={ask(true)} data-testid="unreadable-discard">{ "Delete" }</button>
            }
        </span>
    }
}

/// The same, and it does what it says.
#[component]
pub fn UnreadableActions() -> Html {
    let client = use_client();
    let problem = use_state_eq(|| None::<AttrValue>);
    let on_export = use_callback((client.clone(), problem.setter()), |(), (client, problem)| {
        let (exported, problem) = (client.export_unreadable(), problem.clone());
        yew::platform::spawn_local(async move {
            let failed = match exported.await {
                Ok(json) if save_json("sentinelops-unreadable.json", &json) => None,
                Ok(_) => Some("The browser refused to save the file.".into()),
                Err(error) => Some(AttrValue::from(error.to_string())),
            };
            problem.set(failed);
        });
    });
    let on_discard = use_callback((client, problem.setter()), |(), (client, problem)| {
        let (discarded, problem) = (client.discard_unreadable(), problem.clone());
        yew::platform::spawn_local(async move {
            problem.set(discarded.await.err().map(|error| AttrValue::from(error.to_string())));
        });
    });
    html! { <UnreadableView {on_export} {on_discard} problem={(*problem).clone()} /> }
}
