//! A newer build is ready: the service worker says so.

use sentinelops_realtime::register_service_worker;
use yew::prelude::*;

/// Where the build says its service worker is; empty: it has none.
const SERVICE_WORKER: &str = "meta[name=\"sentinelops-service-worker\"]";

/// A newer build than that of this page is ready: a reload loads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewBuild(pub bool);

/// See [`NewBuildProvider`].
#[derive(Properties, PartialEq)]
pub struct NewBuildProviderProps {
    /// The path the app is deployed under.
    pub base: AttrValue,
    /// What shows it.
    pub children: Html,
}

/// Registers the service worker; gives [`NewBuild`] to everything below.
#[component]
pub fn NewBuildProvider(props: &NewBuildProviderProps) -> Html {
    let newer = use_state_eq(NewBuild::default);
    use_effect_with(props.base.clone(), {
        let set = newer.setter();
        move |base| {
            if let Some(url) = address() {
                register_service_worker(&url, base, move || set.set(NewBuild(true)));
            }
        }
    });
    html! { <ContextProvider<NewBuild> context={*newer}>{ props.children.clone() }</ContextProvider<NewBuild>> }
}

fn address() -> Option<String> {
    let meta = gloo::utils::document().query_selector(SERVICE_WORKER).ok()??;
    meta.get_attribute("content").filter(|url| !url.is_empty())
}
