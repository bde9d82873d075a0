//! Which tabs share the connection, and which one has it.

use crate::components::icon::{Icon, icon_mark};
use crate::words::inspector as texts;
use sentinelops_realtime::{ScopeTab, use_client, use_clock};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// What the browser said.
#[derive(Clone, PartialEq)]
enum Known {
    NotYet,
    Never,
    Tabs(Vec<ScopeTab>),
}

/// All tabs of this app, server and user, once a second.
#[component]
pub(super) fn TabMap() -> Html {
    let (client, clock) = (use_client(), use_clock());
    let known = use_state_eq(|| Known::NotYet);
    use_effect_with((client, clock), {
        let set = known.setter();
        move |(client, clock)| {
            let look = {
                let client = client.clone();
                Callback::from(move |_: u64| {
                    let (tabs, set) = (client.scope_tabs(), set.clone());
                    spawn_local(async move { set.set(tabs.await.map_or(Known::Never, Known::Tabs)) });
                })
            };
            look.emit(0);
            let ticking = clock.listen(look);
            move || drop(ticking)
        }
    });
    let tabs = match &*known {
        Known::NotYet => return html! { <p class="list__meta">{ texts::TABS_NONE }</p> },
        Known::Never => return html! { <p class="list__meta">{ texts::TABS_UNKNOWN }</p> },
        Known::Tabs(tabs) => tabs,
    };
    html! {
        <ol class="tabs-map">
            { for tabs.iter().enumerate().map(|(at, tab)| html! {
                <li key={tab.id.clone()} data-testid="inspector-tab" data-role={if tab.is_leader { "leader" } else { "follower" }}
                    data-this={tab.is_this.to_string()}>
                    { icon_mark(if tab.is_leader { Icon::Activity } else { Icon::Tick }, 14) }
                    <span>
                        <b>{ format!("Tab {}", at + 1) }{ if tab.is_this { format!(" ({})", texts::THIS) } else { String::new() } }</b>
                        { " " }{ if tab.is_leader { texts::LEADS } else { texts::FOLLOWS } }
                    </span>
                </li>
            }) }
        </ol>
    }
}
