//! The pages and how to get to them.

mod address;
mod caller;
mod console;
#[cfg(feature = "faults")]
mod lab;
mod not_found;
mod opener;
mod print_header;
mod realtime_demo;
mod top_bar;

use caller::PagesCaller;
pub use console::ConsolePage;
pub use not_found::NotFoundPage;
use print_header::PrintHeader;
pub use realtime_demo::RealtimeDemoPage;
pub use top_bar::TopBar;

use crate::components::attention::{AttentionProvider, set_page_title};
use crate::components::sign_out::SessionGate;
use crate::components::undo::ActionsProvider;
use std::rc::Rc;
use yew::prelude::*;
use yew_router::prelude::*;

/// The addresses, below the base path.
#[derive(Clone, Debug, PartialEq, Routable)]
pub enum Route {
    /// The console.
    #[at("/")]
    Console,
    /// All realtime features side by side.
    #[at("/realtime-demo")]
    RealtimeDemo,
    /// What end-to-end tests press and read.
    #[cfg(feature = "faults")]
    #[at("/lab")]
    Lab,
    /// Anything else.
    #[not_found]
    #[at("/404")]
    NotFound,
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
                        <ActionsProvider><PagesCaller /><Switch<Route> render={page} /></ActionsProvider>
                    </AttentionProvider>
                </SessionGate>
            </BrowserRouter>
        </ContextProvider<ConfigProblems>>
    }
}

fn page(route: Route) -> Html {
    match route {
        Route::Console => html! { <ConsolePage /> },
        Route::RealtimeDemo => html! { <RealtimeDemoPage /> },
        #[cfg(feature = "faults")]
        Route::Lab => html! { <lab::LabPage /> },
        Route::NotFound => html! { <NotFoundPage /> },
    }
}

/// Sets the title of the page; the tab may show how many incidents call before it.
#[hook]
fn use_title(title: impl Into<AttrValue>) {
    use_effect_with(title.into(), |title| set_page_title(title));
}
