//! Components under test on a page of their own.

use super::FakeConnection;
use crate::WebSocketProvider;
use web_sys::Element;
use yew::prelude::*;

/// Props of [`FakeProvider`].
///
/// ```
/// use sentinelops_realtime::testing::{FakeConnection, FakeProvider};
/// use yew::prelude::*;
///
/// // In a test of one's own that renders by itself:
/// let connection = FakeConnection::new();
/// let page = html! { <FakeProvider {connection}>{ "under test" }</FakeProvider> };
/// # let _ = page;
/// ```
#[derive(Clone, PartialEq, Properties)]
pub struct FakeProviderProps {
    /// What stands where worker and server would be.
    pub connection: FakeConnection,
    /// The components under test.
    #[prop_or_default]
    pub children: Html,
}

/// A [`WebSocketProvider`] on a fake connection: the wrapper for component tests.
///
/// ```
/// use sentinelops_realtime::testing::{FakeConnection, FakeProvider};
/// use yew::prelude::*;
///
/// let connection = FakeConnection::new();
/// let wrapped = html! {
///     <FakeProvider connection={connection.clone()}>
///         <p>{ "under test" }</p>
///     </FakeProvider>
/// };
/// # let _ = wrapped;
/// ```
#[component]
pub fn FakeProvider(props: &FakeProviderProps) -> Html {
    html! {
        <WebSocketProvider url="ws://fake.invalid" port={props.connection.port()}>
            { props.children.clone() }
        </WebSocketProvider>
    }
}

/// Something on the page, until it is dropped. Made by [`FakeConnection::mount`].
///
/// ```
/// use sentinelops_realtime::ConnectionStatus;
/// use sentinelops_realtime::testing::{FakeConnection, Mounted};
/// use yew::prelude::*;
///
/// /// For several tests: a page that is connected.
/// async fn connected_page(connection: &FakeConnection) -> Mounted {
///     let page = connection.mount(html! { <ConnectionStatus compact=true /> });
///     connection.connect();
///     connection.settle().await;
///     page
/// }
/// ```
#[must_use = "dropping it takes it off the page"]
pub struct Mounted {
    connection: FakeConnection,
    root: Element,
    app: Option<yew::AppHandle<Host>>,
}

#[derive(Clone, PartialEq, Properties)]
struct HostProps {
    connection: FakeConnection,
    content: Html,
}

#[component]
fn Host(props: &HostProps) -> Html {
    html! { <FakeProvider connection={props.connection.clone()}>{ props.content.clone() }</FakeProvider> }
}

impl Mounted {
    pub(super) fn new(connection: FakeConnection, content: Html) -> Self {
        let document = gloo::utils::document();
        let root = match document.create_element("div") {
            Ok(root) => root,
            Err(why) => panic!("no test page: {why:?}"),
        };
        if let Err(why) = gloo::utils::body().append_child(&root) {
            panic!("no test page: {why:?}");
        }
        let props = HostProps { connection: connection.clone(), content };
        let app = yew::Renderer::<Host>::with_root_and_props(root.clone(), props).render();
        Self { connection, root, app: Some(app) }
    }

    /// Shows something else under the same provider.
    ///
    /// ```
    /// use sentinelops_realtime::testing::FakeConnection;
    /// use yew::prelude::*;
    ///
    /// // #[wasm_bindgen_test]
    /// async fn leaving_unsubscribes() {
    ///     let connection = FakeConnection::new();
    ///     let mut page = connection.mount(html! { "a component with hooks" });
    ///     connection.settle().await;
    ///     page.show(Html::default());
    ///     connection.settle().await;
    ///     assert!(connection.subscriptions().is_empty());
    /// }
    /// ```
    pub fn show(&mut self, content: Html) {
        if let Some(app) = &mut self.app {
            app.update(HostProps { connection: self.connection.clone(), content });
        }
    }

    /// The text people see.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn is_told(connection: &FakeConnection, page: &Mounted) {
    ///     connection.drop_connection();
    ///     connection.settle().await;
    ///     assert!(page.text().contains("Reconnecting"), "{}", page.text());
    /// }
    /// ```
    pub fn text(&self) -> String {
        self.root.text_content().unwrap_or_default()
    }

    /// The first element for a CSS selector.
    ///
    /// ```
    /// use sentinelops_realtime::testing::Mounted;
    ///
    /// fn is_disabled(page: &Mounted) -> bool {
    ///     page.find("button").is_some_and(|button| button.has_attribute("disabled"))
    /// }
    /// ```
    pub fn find(&self, selector: &str) -> Option<Element> {
        self.root.query_selector(selector).ok().flatten()
    }

    /// Clicks the first element for a CSS selector. `false`: there is none.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
    ///
    /// async fn sends(connection: &FakeConnection, page: &Mounted) {
    ///     assert!(page.click("[data-testid=send]"));
    ///     connection.settle().await;
    ///     assert_eq!(connection.sent().len(), 1);
    /// }
    /// ```
    pub fn click(&self, selector: &str) -> bool {
        use wasm_bindgen::JsCast;
        let found = self.find(selector).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
        found.inspect(web_sys::HtmlElement::click).is_some()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}
