//! The pages and how to get to them.

mod address;
mod caller;
mod console;
#[cfg(feature = "lab")]
mod lab;
mod link;
mod not_found;
mod opener;
mod print_header;
mod realtime_demo;
mod top_bar;
mod wall;

use caller::PagesCaller;
pub use console::ConsolePage;
use link::PageLink;
pub use not_found::NotFoundPage;
use print_header::PrintHeader;
pub use realtime_demo::RealtimeDemoPage;
pub use top_bar::TopBar;
pub use wall::WallPage;

use crate::components::attention::{AttentionProvider, set_page_title};
use crate::components::shell::NewBuildProvider;
use crate::components::sign_out::SessionGate;
use crate::components::undo::ActionsProvider;
use crate::components::zone::ZoneProvider;
use std::collections::HashMap;
use std::rc::Rc;
use yew::prelude::*;
use yew_router::prelude::*;

/// The addresses, below the base path.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// The console.
    Console,
    /// All realtime features side by side: a program of its own.
    RealtimeDemo,
    /// A display to be read from afar: a program of its own.
    Wall,
    /// What end-to-end tests press and read.
    #[cfg(feature = "lab")]
    Lab,
    /// Anything else.
    NotFound,
}

impl Route {
    const ALL: &[(&'static str, Self)] = &[
        ("/", Self::Console),
        ("/realtime-demo", Self::RealtimeDemo),
        ("/wall", Self::Wall),
        #[cfg(feature = "lab")]
        ("/lab", Self::Lab),
        ("/404", Self::NotFound),
    ];

    /// The program that shows it.
    fn program(&self) -> &'static str {
        match self {
            Self::RealtimeDemo => "demo",
            Self::Wall => "wall",
            _ => "app",
        }
    }
}

// By hand: what the macro makes of it brings a state machine for patterns, 14 KB for a few fixed addresses.
impl Routable for Route {
    fn from_path(path: &str, _: &HashMap<&str, &str>) -> Option<Self> {
        Self::ALL.iter().find(|(at, _)| *at == path).map(|(_, route)| route.clone())
    }

    fn to_path(&self) -> String {
        Self::ALL.iter().find(|(_, route)| route == self).map_or("/404", |(at, _)| *at).to_owned()
    }

    fn routes() -> Vec<&'static str> {
        Self::ALL.iter().map(|(at, _)| *at).collect()
    }

    fn not_found_route() -> Option<Self> {
        Some(Self::NotFound)
    }

    fn recognize(pathname: &str) -> Option<Self> {
        // A slash at the end is nothing of its own.
        let path = pathname.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(pathname);
        Self::from_path(path, &HashMap::new()).or_else(Self::not_found_route)
    }
}

/// What is wrong with the configuration, for the banners of both pages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigProblems(pub Rc<Vec<AttrValue>>);

/// See [`Pages`].
#[derive(Properties, PartialEq)]
pub struct PagesProps {
    /// The path the app is deployed under, `/` at the root.
    pub base: AttrValue,
    /// See [`ConfigProblems`].
    #[prop_or_default]
    pub problems: ConfigProblems,
    /// The page at an address. Those of the console where nothing else is said.
    #[prop_or_else(|| Callback::from(of_console))]
    pub page: Callback<Route, Html>,
}

/// The router. Expects a provider above.
#[component]
pub fn Pages(props: &PagesProps) -> Html {
    let base = props.base.trim_end_matches('/');
    let basename = (!base.is_empty()).then(|| AttrValue::from(base.to_owned()));
    html! {
        <ContextProvider<ConfigProblems> context={props.problems.clone()}>
            <BrowserRouter {basename}>
                <SessionGate>
                    <AttentionProvider>
                        <NewBuildProvider base={props.base.clone()}>
                            <ActionsProvider><ZoneProvider><PagesCaller /><Switch<Route> render={props.page.clone()} /></ZoneProvider></ActionsProvider>
                        </NewBuildProvider>
                    </AttentionProvider>
                </SessionGate>
            </BrowserRouter>
        </ContextProvider<ConfigProblems>>
    }
}

/// The pages of the console's program.
pub fn of_console(route: Route) -> Html {
    match route {
        Route::Console => html! { <ConsolePage /> },
        #[cfg(feature = "lab")]
        Route::Lab => html! { <lab::LabPage /> },
        Route::RealtimeDemo | Route::Wall | Route::NotFound => html! { <NotFoundPage /> },
    }
}

/// Sets the title of the page; the tab may show how many incidents call before it.
#[hook]
fn use_title(title: impl Into<AttrValue>) {
    use_effect_with(title.into(), |title| set_page_title(title));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_leads_to_its_page_and_back() {
        for (at, route) in Route::ALL {
            assert_eq!((Route::recognize(at).as_ref(), route.to_path()), (Some(route), (*at).to_owned()));
        }
        assert_eq!(Route::recognize(""), Some(Route::NotFound));
        assert_eq!(Route::recognize("/realtime-demo/"), Some(Route::RealtimeDemo));
        assert_eq!(Route::recognize("/realtime-demo/x"), Some(Route::NotFound));
    }
}
