//! Every realtime feature side by side.

use super::address::use_board_address;
use super::{ConfigProblems, Route, TopBar, use_title};
use crate::board::Scope;
use crate::components::activity::ActivityPanel;
use crate::components::agents::AgentsPanel;
use crate::components::alerts::AlertsPanel;
use crate::components::chat::ChatPane;
use crate::components::diagnostics::DiagnosticsPanel;
use crate::components::incidents::{IncidentBoard, ResolveForm};
use crate::components::outbox::OutboxPanel;
use crate::components::panel::Panel;
use crate::components::people::People;
use crate::components::plots::PlotsPanel;
use crate::components::scoreboard::{Score, ScoreboardPanel};
use crate::components::shell::Banners;
use crate::components::undo::UndoToast;
use sentinelops_realtime::ConnectionStatus;
use yew::prelude::*;

/// The id of the panel with the whole state of the connection.
const CONNECTION: &str = "connection";

/// The conversation that belongs to no incident.
const CONVERSATION: &str = "general";

/// The page at `/realtime-demo`.
#[component]
pub fn RealtimeDemoPage() -> Html {
    use_title("Realtime demo · SentinelOps");
    let problems = use_context::<ConfigProblems>().unwrap_or_default();
    let address = use_board_address(Route::RealtimeDemo);
    let chosen = use_state_eq(|| None::<AttrValue>);
    let on_select = use_callback((), {
        let set = chosen.setter();
        move |id: AttrValue, ()| set.set(Some(id))
    });
    let score = use_state_eq(Score::default);
    let on_score = use_callback((), {
        let set = score.setter();
        move |score, ()| set.set(score)
    });
    #[cfg(feature = "lab")]
    let (breaks, has_fault) = use_breaks(*score);
    #[cfg(not(feature = "lab"))]
    let (breaks, has_fault) = (Html::default(), false);
    html! {
        <People>
            <div class="app app--page">
                <a class="skip-link" href="#main">{ "Skip to the demo" }</a>
                <TopBar connection={CONNECTION}><Banners problems={problems.0.clone()} /></TopBar>
                <main id="main" class="demo" tabindex="-1">
                    <header class="demo__intro">
                        <h1>{ "Realtime demo" }</h1>
                        <p>{ "Every feature of the realtime layer on one page. Stop the server, close the laptop, open a second tab: watch what each part does, what the plots show, and that the scoreboard stays green." }</p>
                    </header>
                    <div class="demo__grid">
                        <IncidentBoard class="span-8" selected={(*chosen).clone()} {on_select} scope={Scope::All} address={Some(address)} />
                        <Panel title="Connection" class="span-4" id={CONNECTION} testid="connection-panel">
                            <div class="panel__body" tabindex="0"><ConnectionStatus show_details=true live=false /></div>
                        </Panel>
                        { breaks }
                        <PlotsPanel class="span-8" {has_fault} />
                        <ScoreboardPanel class="span-4" {on_score} />
                        <Panel title="Resolve an incident" class="span-4" testid="resolve-panel">
                            <div class="panel__body"><ResolveForm chosen={(*chosen).clone()} /></div>
                        </Panel>
                        <Panel title="Chat" class="span-4" count="general" testid="chat-panel">
                            <ChatPane conversation={CONVERSATION} />
                        </Panel>
                        <ActivityPanel class="span-4" />
                        <AgentsPanel class="span-4" />
                        <AlertsPanel class="span-4" />
                        <OutboxPanel class="span-4" />
                        <DiagnosticsPanel class="span-12" />
                    </div>
                </main>
                <UndoToast />
            </div>
        </People>
    }
}

/// The faults, and whether one is on.
#[cfg(feature = "lab")]
#[hook]
fn use_breaks(score: Score) -> (Html, bool) {
    let has_fault = use_state_eq(|| false);
    let on_fault = use_callback((), {
        let set = has_fault.setter();
        move |has_fault, ()| set.set(has_fault)
    });
    (html! { <crate::components::breaks::BreakPanel class="span-4" {score} {on_fault} /> }, *has_fault)
}
