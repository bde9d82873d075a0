//! The list, the counts, the export.

use super::{OutboxItem, UnreadableActions, unreadable_words};
use crate::components::download::save_json;
use crate::components::icon::{Icon, icon_mark};
use crate::components::panel::{Panel, empty};
use sentinelops_engine::{MessageCounts, MessageInfo, StorageState};
use sentinelops_realtime::connection_status::storage_label;
use sentinelops_realtime::{List, MessageId, UseOutboxHandle, use_outbox};
use std::rc::Rc;
use yew::prelude::*;

/// More would not be read one by one; the counts and the export hold all.
const SHOWN: usize = 100;

/// See [`OutboxPanel`].
#[derive(Properties, PartialEq)]
pub struct OutboxPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
}

/// The outbox of this device.
#[component]
pub fn OutboxPanel(props: &OutboxPanelProps) -> Html {
    let outbox = use_outbox();
    let (on_retry, on_discard) = use_outbox_actions(&outbox);
    let on_export = use_callback(outbox.clone(), |(), outbox| {
        save_json("sentinelops-outbox.json", &outbox.export());
    });
    html! {
        <OutboxView class={props.class.clone()} messages={outbox.messages.clone()} counts={outbox.counts}
            storage={outbox.storage.clone()} unreadable={outbox.unreadable} {on_retry} {on_discard} {on_export} />
    }
}

/// For [`OutboxItem`](super::OutboxItem): try it again, drop it.
#[hook]
pub fn use_outbox_actions(outbox: &UseOutboxHandle) -> (Callback<(MessageId, bool)>, Callback<MessageId>) {
    let on_retry = use_callback(outbox.clone(), |(id, confirmed): (MessageId, bool), outbox| {
        if confirmed {
            outbox.retry_confirmed(&id);
        } else {
            outbox.retry(&id);
        }
    });
    let on_discard = use_callback(outbox.clone(), |id: MessageId, outbox| outbox.discard(&id));
    (on_retry, on_discard)
}

/// See [`OutboxView`].
#[derive(Properties, PartialEq)]
pub struct OutboxViewProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// What waits and what failed.
    pub messages: List<Rc<MessageInfo>>,
    /// How many of what.
    pub counts: MessageCounts,
    /// Whether they survive a reload.
    pub storage: StorageState,
    /// Saved records that could not be read. The buttons for them want a provider.
    #[prop_or_default]
    pub unreadable: u32,
    /// Try one again.
    pub on_retry: Callback<(MessageId, bool)>,
    /// Drop one.
    pub on_discard: Callback<MessageId>,
    /// Save all as a file.
    pub on_export: Callback<()>,
}

/// The looks of [`OutboxPanel`].
#[component]
pub fn OutboxView(props: &OutboxViewProps) -> Html {
    let OutboxViewProps { messages, counts, storage, .. } = props;
    let waiting: u32 = counts.queued.iter().sum();
    // What failed needs somebody, and stays where it is; what waits comes and goes below it.
    let (ended, open): (Vec<_>, Vec<_>) =
        messages.iter().partition(|message| message.update.delivery.is_final());
    let export = {
        let on_export = props.on_export.clone();
        move |_| on_export.emit(())
    };
    let end = html! {
        <button type="button" class="button button--small" onclick={export} disabled={messages.is_empty()} data-testid="outbox-export">
            { icon_mark(Icon::Download, 14) }{ "Export" }
        </button>
    };
    let count = html! { <span data-testid="outbox-count">{ waiting }</span> };
    html! {
        <Panel title="Outbox" class={props.class.clone()} {end} testid="outbox-panel">
            <div class="counts">
                <span><b>{ count }</b>{ " waiting" }</span>
                { for ["critical", "high", "normal", "low"].iter().zip(counts.queued).map(|(name, count)| html! {
                    <span key={*name}><b data-testid={format!("outbox-{name}")}>{ count }</b>{ format!(" {name}") }</span>
                }) }
                <span><b>{ counts.in_flight }</b>{ " in flight" }</span>
                <span><b data-testid="outbox-failed">{ counts.failed }</b>{ " failed" }</span>
            </div>
            if props.unreadable > 0 {
                <div class="notice" role="status" data-testid="outbox-unreadable">
                    { icon_mark(Icon::Warning, 16) }
                    <span class="notice__text">{ unreadable_words(props.unreadable) }</span>
                    <UnreadableActions />
                </div>
            }
            <div class="panel__body" tabindex="0">
                if messages.is_empty() {
                    { empty(Icon::Tick, "Everything has arrived", "What you send without a connection waits here.") }
                } else {
                    <ul>
                        { for ended.into_iter().chain(open).take(SHOWN).map(|message| html! {
                            <OutboxItem key={message.update.id.clone()} message={message.clone()} on_retry={props.on_retry.clone()}
                                on_discard={props.on_discard.clone()} />
                        }) }
                    </ul>
                    if messages.len() > SHOWN {
                        <p class="empty empty__detail">{ format!("and {} more", messages.len() - SHOWN) }</p>
                    }
                }
            </div>
            <p class="panel__foot list__meta" data-testid="outbox-storage">{ storage_label(storage) }</p>
        </Panel>
    }
}
