//! The display on a wall: a program of its own, read from 3 m, that sends nothing.

mod age;
mod board;
mod use_now;
mod use_wake_lock;

use super::{ConfigProblems, Route};
use crate::board::{BoardQuery, Pairs, Scope};
use crate::components::hooks::use_paced;
use crate::components::people::People;
use crate::components::shell::NewBuild;
use crate::wall::{overview, presences, shift};
use crate::words::wall as texts;
use age::{Age, WallClock};
use board::Board;
use sentinelops_protocol::domain::AgentStatus;
use sentinelops_realtime::{
    ClientError, List, use_agents, use_client, use_clock, use_connection, use_incidents, use_sources,
};
use use_now::use_now;
use use_wake_lock::use_wake_lock;
use web_sys::UrlSearchParams;
use yew::prelude::*;
use yew_router::prelude::Routable;

/// The board is read again at most this often, ms: nobody reads faster from there.
const PACE_MS: u32 = 1_000;
/// Ms in a minute.
const MINUTE: u64 = 60_000;

/// See [`WallPage`].
#[derive(Properties, PartialEq)]
pub struct WallPageProps {
    /// The path the app is deployed under.
    pub base: AttrValue,
}

/// The page at `/wall`. Nothing on it sends; its program gives the provider `read_only` as well.
#[component]
pub fn WallPage(props: &WallPageProps) -> Html {
    let connection = use_connection();
    let (incidents, agents, sources) = (use_incidents(), use_agents(), use_sources());
    let pairs = use_memo((), |()| filter());
    let me = use_client().user().map(str::to_owned);
    let clock = use_clock();
    let began = *use_memo((), |()| clock.now());
    let denied = incidents.error.clone().filter(|error| matches!(error, ClientError::Denied { .. }));
    let is_fed = connection.is_connected && incidents.is_loaded && denied.is_none();
    let heard = use_mut_ref(|| None::<u64>);
    // Whatever of these has changed came from the server.
    let news = (incidents.items.clone(), agents.items.clone(), sources.at, connection.latency_at, is_fed);
    use_memo(news, {
        let heard = heard.clone();
        move |(.., is_fed)| {
            if *is_fed {
                *heard.borrow_mut() = Some(clock.now());
            }
        }
    });
    let heard = heard.borrow().or(incidents.as_of);
    let items = use_paced(incidents.items.clone(), PACE_MS);
    let shown = use_memo((items, pairs.clone(), me), |(items, pairs, me)| {
        overview(items, &BoardQuery::parse(pairs, Scope::Open), me.as_deref())
    });
    let cause = denied.map_or_else(|| connection.status.cause.to_string(), |denied| denied.to_string());
    let problems = use_context::<ConfigProblems>().unwrap_or_default();
    let is_kept_on = use_wake_lock();
    use_effect_with((), |()| gloo::utils::document().set_title(texts::TITLE));
    // A newer build: nobody is there to press a button.
    let newer = use_context::<NewBuild>().is_some_and(|newer| newer.0);
    use_effect_with(newer, |newer| {
        if *newer {
            // A browser that refuses goes on with this build.
            let _ = gloo::utils::window().location().reload();
        }
    });
    let console = format!("{}{}", props.base.trim_end_matches('/'), Route::Console.to_path());
    html! {
        <People>
            <Frame>
                <h1 class="sr-only">{ texts::HEADING }</h1>
                <Age {began} {heard} is_connected={is_fed} {cause}><WallClock /></Age>
                <Board overview={shown} is_known={incidents.is_loaded || incidents.as_of.is_some()} />
                <Team agents={agents.items.clone()} />
                <footer class="wall__foot">
                    { for problems.0.iter().map(|problem| html! { <p role="alert">{ problem }</p> }) }
                    if !pairs.is_empty() { <p data-testid="wall-filter">{ texts::filter(&pairs) }</p> }
                    if is_kept_on == Some(false) { <p data-testid="wall-may-sleep">{ texts::MAY_SLEEP }</p> }
                    <a href={console} data-testid="wall-console">{ texts::CONSOLE }</a>
                </footer>
            </Frame>
        </People>
    }
}

/// The parameters of the board in the address.
fn filter() -> Pairs {
    let search = gloo::utils::window().location().search().unwrap_or_default();
    let Ok(given) = UrlSearchParams::new_with_str(&search) else { return Pairs::new() };
    let names = ["status", "sev", "who", "service", "q"];
    names.into_iter().filter_map(|name| Some((name.to_owned(), given.get(name)?))).collect()
}

#[derive(Properties, PartialEq)]
struct FrameProps {
    children: Html,
}

/// Moves a little each minute, so that no line burns itself into the screen.
#[component]
fn Frame(props: &FrameProps) -> Html {
    let at = shift(use_now(MINUTE));
    html! { <main id="main" class="wall" data-shift={at.to_string()} data-testid="wall">{ props.children.clone() }</main> }
}

#[derive(Properties, PartialEq)]
struct TeamProps {
    agents: List<std::rc::Rc<AgentStatus>>,
}

/// How many of the team can take work.
#[component]
fn Team(props: &TeamProps) -> Html {
    html! {
        <section class="wall__team" data-testid="wall-team">
            <h2>{ texts::TEAM }</h2>
            { for presences(&props.agents).iter().map(|(presence, count)| html! {
                <span class={classes!("tag", format!("tag--{}", presence.as_str()))}>{ texts::presence(presence, *count) }</span>
            }) }
        </section>
    }
}
