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
use crate::components::inspector::InspectorPanel;
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

/// What there is to break, and where.
#[cfg(feature = "lab")]
const MORE: &str = "New here? Take a guided tour: half a minute each, nothing to read before.";
#[cfg(not(feature = "lab"))]
const MORE: &str = "Guided tours, faults to press and load come with the laboratory: run “cargo xtask dev”, or “cargo xtask build --lab” \
    with a gateway started with --scenario and --test-admin.";

/// The columns of the plots: what the panels before them leave.
const PLOTS: &str = if cfg!(feature = "lab") { "span-12" } else { "span-8" };

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
    let (tours, breaks, has_fault) = use_laboratory(*score);
    #[cfg(not(feature = "lab"))]
    let (tours, breaks, has_fault) = (Html::default(), Html::default(), false);
    html! {
        <People>
            <div class="app app--page">
                <a class="skip-link" href="#main">{ "Skip to the demo" }</a>
                <TopBar connection={CONNECTION}><Banners problems={problems.0.clone()} /></TopBar>
                <main id="main" class="demo" tabindex="-1">
                    <header class="demo__intro">
                        <h1>{ "Realtime demo" }</h1>
                        <p>{ "Every feature of the realtime layer on one page. Stop the server, close the laptop, open a second tab: watch what each part does, what the plots show, and that the scoreboard stays green." }</p>
                        <p data-testid="demo-more">{ MORE }</p>
                    </header>
                    <div class="demo__grid">
                        { tours }
                        <IncidentBoard class="span-8" selected={(*chosen).clone()} {on_select} scope={Scope::All} address={Some(address)} />
                        <Panel title="Connection" class="span-4" id={CONNECTION} testid="connection-panel">
                            <div class="panel__body" tabindex="0"><ConnectionStatus show_details=true live=false /></div>
                        </Panel>
                        { breaks }
                        <ScoreboardPanel class="span-4" {on_score} />
                        <PlotsPanel class={PLOTS} {has_fault} />
                        <InspectorPanel class="span-12" conversation={CONVERSATION} />
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

/// The guided tours, the other panels, and whether a fault is on.
#[cfg(feature = "lab")]
#[hook]
fn use_laboratory(score: Score) -> (Html, Html, bool) {
    use crate::components::{breaks, load, tours};
    let faults = breaks::use_faults(score);
    let has_fault = faults.control().has_fault();
    let tours = html! { <tours::Tours class="span-12" breaker={faults.breaker.clone()} conversation={CONVERSATION} /> };
    let panels = html! {
        <>
            <breaks::BreakPanel class="span-4" {faults} />
            <load::LoadPanel class="span-4" />
        </>
    };
    (tours, panels, has_fault)
}
