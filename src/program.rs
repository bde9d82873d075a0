//! What every program of a page has: configuration, sign-in, provider.

use crate::components::alerts::LinkTemplates;
use crate::components::shell::NewBuildProvider;
use crate::components::sign_in::{Access, SignIn, SignInGate};
use crate::components::sign_out::SessionGate;
use crate::config::AppConfig;
use crate::pages::{ConfigProblems, Pages, Route, WallPage};
use sentinelops_realtime::{WebSocketProvider, WebSocketProviderProps, install_reload_screen};
use std::rc::Rc;
use yew::prelude::*;

/// Where the build says the app is deployed. There is no `<base>`: the content security policy forbids it.
const BASE: &str = "meta[name=\"sentinelops-base\"]";

/// What a program shows below its provider, and what it may do.
#[derive(Properties, PartialEq)]
struct AppProps {
    pages: Callback<ConfigProblems, Html>,
    /// See [`WebSocketProviderProps::read_only`].
    #[prop_or_default]
    read_only: bool,
}

#[component]
fn App(props: &AppProps) -> Html {
    let loaded = use_memo((), |()| AppConfig::load());
    let (config, errors) = &*loaded;
    let problems = use_memo((), |()| {
        ConfigProblems(Rc::new(errors.iter().map(|error| error.to_string().into()).collect()))
    });
    let problems = (*problems).clone();
    let shown = problems.0.clone();
    let links = use_memo((), |()| LinkTemplates(Rc::new(config.link_templates.clone())));
    let pages = props.pages.clone();
    // What is wrong with the URL or the options stands in the banners.
    let app = move |props: WebSocketProviderProps| {
        html! {
            <WebSocketProvider show_setup_error={false} ..props>
                { pages.emit(problems.clone()) }
            </WebSocketProvider>
        }
    };
    let props = WebSocketProviderProps { read_only: props.read_only, ..config.provider_props() };
    let sign_in_url = config.sign_in_url.clone().map(AttrValue::from);
    let page = match config.token_url.clone().filter(|_| config.enable_websocket) {
        None => html! {
            <ContextProvider<SignIn> context={SignIn { url: sign_in_url, ..SignIn::default() }}>{ app(props) }</ContextProvider<SignIn>>
        },
        Some(token_url) => {
            let render =
                move |Access { user, token }| app(WebSocketProviderProps { user, token, ..props.clone() });
            html! { <SignInGate {token_url} {sign_in_url} user={config.user.clone()} problems={shown} {render} /> }
        }
    };
    html! { <ContextProvider<LinkTemplates> context={(*links).clone()}>{ page }</ContextProvider<LinkTemplates>> }
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

fn base() -> AttrValue {
    let meta = document().and_then(|document| document.query_selector(BASE).ok().flatten());
    meta.and_then(|meta| meta.get_attribute("content")).map_or(AttrValue::Static("/"), AttrValue::from)
}

/// Starts a program that shows these pages. Links to a page of another program load that program.
pub fn run(page: fn(Route) -> Html) {
    let page = Callback::from(page);
    let pages =
        Callback::from(move |problems| html! { <Pages base={base()} {problems} page={page.clone()} /> });
    start(AppProps { pages, read_only: false });
}

/// Starts the display on a wall: without palette, notifications and undo, on a client that sends nothing.
pub fn run_wall() {
    let pages = Callback::from(|problems: ConfigProblems| {
        html! {
            <ContextProvider<ConfigProblems> context={problems}>
                <SessionGate><NewBuildProvider base={base()}><WallPage base={base()} /></NewBuildProvider></SessionGate>
            </ContextProvider<ConfigProblems>>
        }
    });
    start(AppProps { pages, read_only: true });
}

fn start(props: AppProps) {
    install_reload_screen();
    match document().and_then(|document| document.get_element_by_id("app")) {
        Some(root) => yew::Renderer::<App>::with_root_and_props(root, props).render(),
        None => yew::Renderer::<App>::with_props(props).render(),
    };
}
