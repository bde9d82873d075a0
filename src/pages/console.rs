//! The console: incidents in the middle, what is going on around them.

use super::address::{go, use_board_address, use_pairs, use_selected, with_incident};
use super::opener::use_opener;
use super::{ConfigProblems, Route, TopBar, use_title};
use crate::commands::Command;
use crate::components::activity::ActivityPanel;
use crate::components::agents::AgentsPanel;
use crate::components::alerts::{AlertsPanel, SilentSources};
use crate::components::commands::use_commands;
use crate::components::hooks::{PHONE, use_media};
use crate::components::icon::{Icon, icon_mark};
use crate::components::incidents::{IncidentBoard, IncidentDetail};
use crate::components::people::People;
use crate::components::shell::Banners;
use crate::components::undo::UndoToast;
use gloo::timers::callback::Timeout;
use sentinelops_protocol::Channel;
use sentinelops_realtime::{SubscribeOptions, use_websocket};
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;
use yew_router::prelude::*;

/// Which panel a narrow screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum View {
    #[default]
    Incidents,
    Alerts,
    Activity,
    Team,
}

impl View {
    const ALL: [(Self, &'static str, Icon); 4] = [
        (Self::Incidents, "Incidents", Icon::Incidents),
        (Self::Alerts, "Alerts", Icon::Bell),
        (Self::Activity, "Activity", Icon::Activity),
        (Self::Team, "Team", Icon::Team),
    ];

    fn code(self) -> &'static str {
        match self {
            Self::Incidents => "incidents",
            Self::Alerts => "alerts",
            Self::Activity => "activity",
            Self::Team => "agents",
        }
    }
}

/// The page at `/`.
#[component]
pub fn ConsolePage() -> Html {
    let problems = use_context::<ConfigProblems>().unwrap_or_default();
    let view = use_state_eq(View::default);
    let phone = use_media(PHONE);
    let soon = use_mut_ref(|| None::<Timeout>);
    let (selected, select) = use_selection();
    let address = use_board_address(Route::Console);
    use_title(
        selected.as_ref().map_or(AttrValue::Static("SentinelOps"), |id| format!("{id} · SentinelOps").into()),
    );

    let opener = use_opener(selected.clone());
    let on_select = use_callback((select.clone(), opener), |id: AttrValue, (select, opener)| {
        opener.note();
        select.emit(Some(id));
    });
    let on_close = use_callback(select, |(), select| select.emit(None));
    let close = on_close.clone();
    let onkeydown = {
        let close = on_close.clone();
        move |event: KeyboardEvent| {
            // In a field with a draft it would throw the draft away.
            let draft =
                event.target_dyn_into::<HtmlInputElement>().is_some_and(|field| !field.value().is_empty())
                    || event
                        .target_dyn_into::<HtmlTextAreaElement>()
                        .is_some_and(|field| !field.value().is_empty());
            if event.key() == "Escape" && !draft {
                close.emit(());
            }
        }
    };
    use_commands(&[Command::GoIncidents, Command::GoAlerts, Command::GoActivity, Command::GoTeam], {
        let (set, close, soon) = (view.setter(), on_close.clone(), soon.clone());
        Callback::from(move |command| {
            let to = match command {
                Command::GoAlerts => View::Alerts,
                Command::GoActivity => View::Activity,
                Command::GoTeam => View::Team,
                _ => View::Incidents,
            };
            // Where a detail covers the panel, or stands in its place.
            if to == View::Activity || phone {
                close.emit(());
            }
            set.set(to);
            soon.replace(Some(focus_panel(to)));
        })
    });
    let tab = |(which, label, icon): (View, &'static str, Icon)| {
        let (set, close) = (view.setter(), close.clone());
        let onclick = move |_| {
            close.emit(());
            set.set(which);
        };
        html! {
            <button key={label} type="button" class="tab" aria-pressed={(*view == which).to_string()} {onclick} data-testid={format!("tab-{}", which.code())}>
                { icon_mark(icon, 20) }{ label }
            </button>
        }
    };
    html! {
        <People>
            <div class="app">
                <a class="skip-link" href="#main">{ "Skip to the incidents" }</a>
                <TopBar><Banners problems={problems.0.clone()}><SilentSources /></Banners></TopBar>
                <main id="main" class="console" tabindex="-1" {onkeydown} data-view={view.code()} data-detail={selected.is_some().to_string()}>
                    <h1 class="sr-only">{ "Console" }</h1>
                    <IncidentBoard class="console__incidents" selected={selected.clone()} on_select={on_select.clone()} address={Some(address)} trend=true />
                    <KeepActivity />
                    if let Some(id) = &selected {
                        <IncidentDetail class="console__side" id={id.clone()} {on_close} on_incident={on_select.clone()} />
                    } else {
                        <ActivityPanel class="console__side" on_incident={on_select.clone()} />
                    }
                    <AlertsPanel class="console__alerts" on_incident={on_select} />
                    <AgentsPanel class="console__agents" />
                </main>
                <UndoToast />
                <nav class="tabs" aria-label="Panels">{ for View::ALL.into_iter().map(tab) }</nav>
            </div>
        </People>
    }
}

/// The feed goes on while a detail stands in its place: afterwards it is there at once.
#[component]
fn KeepActivity() -> Html {
    use_websocket(SubscribeOptions::channel(Channel::Activity));
    Html::default()
}

/// The chosen incident lives in the address, so that back, forward, reload and a shared link do what people expect.
#[hook]
fn use_selection() -> (Option<AttrValue>, Callback<Option<AttrValue>>) {
    let navigator = use_navigator();
    let (pairs, selected) = (use_pairs(), use_selected());
    let select = use_callback(
        (navigator, pairs, selected.clone()),
        |id: Option<AttrValue>, (navigator, pairs, selected)| {
            if let Some(navigator) = navigator.as_ref().filter(|_| id != *selected) {
                // One step in the history for the detail, however many incidents are looked at in it.
                let push = id.is_none() || selected.is_none();
                go(navigator, &Route::Console, &with_incident(pairs, id.as_deref()), push);
            }
        },
    );
    (selected, select)
}

/// The focus goes to the panel once it is shown.
fn focus_panel(view: View) -> Timeout {
    let selector = match view {
        View::Incidents => "[data-line] > button[tabindex='0']",
        View::Alerts => "[data-testid=alerts-panel] .panel__body",
        View::Activity => "[data-testid=activity-log]",
        View::Team => "[data-testid=agents-panel] .panel__body",
    };
    Timeout::new(0, move || {
        let panel = gloo::utils::document().query_selector(selector).ok().flatten();
        if let Some(panel) =
            panel.and_then(|panel| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(panel).ok())
        {
            // What is empty cannot be focused.
            let _ = panel.focus();
        }
    })
}
