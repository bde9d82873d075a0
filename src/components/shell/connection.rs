//! The way to everything about the connection, on every page.

use crate::components::diagnostics::DiagnosticsPanel;
use crate::components::dialog::Dialog;
use crate::components::outbox::OutboxPanel;
use sentinelops_realtime::ConnectionStatus;
use yew::prelude::*;

/// See [`ConnectionButton`].
#[derive(Properties, PartialEq)]
pub struct ConnectionButtonProps {
    /// The id of what shows all of it on this page already.
    #[prop_or_default]
    pub panel: Option<AttrValue>,
}

/// The connection in a word; pressed, the whole status, the outbox, and what happened on this page.
#[component]
pub fn ConnectionButton(props: &ConnectionButtonProps) -> Html {
    let open = use_state_eq(|| false);
    let onclick = {
        let set = open.setter();
        move |_| set.set(true)
    };
    let on_close = use_callback(open.setter(), |(), set| set.set(false));
    let close = on_close.reform(|_: MouseEvent| ());
    if let Some(panel) = &props.panel {
        return html! {
            <a class="pill" href={format!("#{panel}")} data-testid="connection-open">
                <ConnectionStatus compact=true live=false />
                <span class="sr-only">{ ": connection, outbox and diagnostics on this page" }</span>
            </a>
        };
    }
    html! {
        <>
            <button type="button" class="pill" aria-haspopup="dialog" {onclick} data-testid="connection-open">
                <ConnectionStatus compact=true live=false />
                <span class="sr-only">{ ": connection, outbox and diagnostics" }</span>
            </button>
            if *open {
                <Dialog name="connection" title="Connection" {on_close}>
                    <ConnectionStatus show_details=true live=false />
                    <OutboxPanel />
                    <DiagnosticsPanel />
                    <div class="dialog__end">
                        <button type="button" class="button" onclick={close} data-testid="connection-close">{ "Close" }</button>
                    </div>
                </Dialog>
            }
        </>
    }
}
