//! The way to everything about the connection, on every page.

use crate::components::diagnostics::DiagnosticsPanel;
use crate::components::dialog::Dialog;
use crate::components::outbox::OutboxPanel;
use sentinelops_realtime::ConnectionStatus;
use yew::prelude::*;

/// The connection in a word; pressed, the whole status, the outbox, and what happened on this page.
#[component]
pub fn ConnectionButton() -> Html {
    let open = use_state_eq(|| false);
    let onclick = {
        let set = open.setter();
        move |_| set.set(true)
    };
    let on_close = use_callback(open.setter(), |(), set| set.set(false));
    let close = on_close.reform(|_: MouseEvent| ());
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
