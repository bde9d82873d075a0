//! Which tabs there are, as the browser's list of locks shows.

use super::Client;
use js_sys::{Array, Promise, Reflect};
use sentinelops_engine::tabs::LINK_VERSION;
use std::future::Future;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A tab of this client's scope: same app, server and user, same browser.
///
/// ```
/// use sentinelops_realtime::ScopeTab;
///
/// fn line(tab: &ScopeTab) -> String {
///     format!("{}{}", if tab.is_leader { "leads" } else { "follows" }, if tab.is_this { " (this tab)" } else { "" })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeTab {
    /// Names it as long as its page lives.
    pub id: String,
    /// It leads: it holds the socket and writes the store.
    pub is_leader: bool,
    /// It is the tab of this client.
    pub is_this: bool,
}

/// A lock that is held: its name, and what holds it.
type Held = (String, String);

impl Client {
    /// The tabs of this scope whose workers are there, in the order in which they were opened. `None`: the browser does not
    /// say, as on plain http.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// async fn count(client: &Client) -> Option<usize> {
    ///     client.scope_tabs().await.map(|tabs| tabs.len())
    /// }
    /// ```
    pub fn scope_tabs(&self) -> impl Future<Output = Option<Vec<ScopeTab>>> + use<> {
        let scope = self.0.settings.scope(&self.platform().base_path());
        let page = self.0.page.clone();
        async move { Some(tabs(&format!("sentinelops {LINK_VERSION} {scope}"), &page, &held().await?)) }
    }
}

/// Of the locks of one scope.
fn tabs(scope: &str, page: &str, held: &[Held]) -> Vec<ScopeTab> {
    let leader = held.iter().find(|(name, _)| name.strip_prefix(scope) == Some(" leader"));
    let tab = |(name, holder): &Held| {
        let id = name.strip_prefix(scope)?.strip_prefix(" tab ")?.to_owned();
        // A worker holds both of its locks.
        let is_leader = leader.is_some_and(|(_, leads)| leads == holder);
        Some(ScopeTab { is_this: id == page, is_leader, id })
    };
    let mut tabs: Vec<_> = held.iter().filter_map(tab).collect();
    // Ids begin with the time.
    tabs.sort_by(|a, b| a.id.cmp(&b.id));
    tabs
}

async fn held() -> Option<Vec<Held>> {
    let property = |of: &JsValue, name: &str| Reflect::get(of, &JsValue::from_str(name)).ok();
    let locks = property(&property(&js_sys::global(), "navigator")?, "locks").filter(JsValue::is_object)?;
    let query: js_sys::Function = property(&locks, "query")?.dyn_into().ok()?;
    let asked: Promise = query.call0(&locks).ok()?.dyn_into().ok()?;
    let list: Array = property(&JsFuture::from(asked).await.ok()?, "held")?.dyn_into().ok()?;
    let text = |lock: &JsValue, name: &str| property(lock, name)?.as_string();
    Some(list.iter().filter_map(|lock| Some((text(&lock, "name")?, text(&lock, "clientId")?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_are_those_of_the_scope_and_one_of_them_leads() {
        let held = [
            ("sentinelops 2 /|x|0|ann tab B", "worker 2"),
            ("sentinelops 2 /|x|0|ann tab A", "worker 1"),
            ("sentinelops 2 /|x|0|ann leader", "worker 2"),
            ("sentinelops 2 /|x|0|ben tab C", "worker 3"),
            ("another app's", "worker 1"),
        ];
        let held: Vec<Held> = held.map(|(name, holder)| (name.to_owned(), holder.to_owned())).into();
        let tab = |id: &str, is_leader, is_this| ScopeTab { id: id.to_owned(), is_leader, is_this };
        assert_eq!(
            tabs("sentinelops 2 /|x|0|ann", "A", &held),
            [tab("A", false, true), tab("B", true, false)]
        );
        assert_eq!(tabs("sentinelops 2 /|x|0|eve", "A", &held), []);
    }
}
