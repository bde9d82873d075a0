//! A component on a page of its own, gone at the end of the test.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Mounted in a fresh element of the document.
pub struct Mounted<C: BaseComponent> {
    handle: Option<yew::AppHandle<C>>,
    /// The element.
    pub root: Element,
}

/// Renders a component with these props and waits for the render.
pub async fn mount<C>(props: C::Properties) -> Mounted<C>
where
    C: BaseComponent,
{
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();
    let handle = yew::Renderer::<C>::with_root_and_props(root.clone(), props).render();
    yew::scheduler::flush().await;
    Mounted { handle: Some(handle), root }
}

impl<C: BaseComponent> Mounted<C> {
    /// Renders with other props.
    pub async fn update(&mut self, props: C::Properties) {
        self.handle.as_mut().unwrap().update(props);
        yew::scheduler::flush().await;
    }

    /// The text of the first element with this test id; `None`: there is none.
    pub fn text(&self, testid: &str) -> Option<String> {
        self.all(testid).first().and_then(|element| element.text_content())
    }

    /// Every element with this test id.
    pub fn all(&self, testid: &str) -> Vec<HtmlElement> {
        self.select(&format!("[data-testid='{testid}']"))
    }

    /// Every element a selector finds.
    pub fn select(&self, selector: &str) -> Vec<HtmlElement> {
        let found = self.root.query_selector_all(selector).unwrap();
        (0..found.length()).map(|at| found.get(at).unwrap().unchecked_into()).collect()
    }
}

impl<C: BaseComponent> Drop for Mounted<C> {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.destroy();
        }
        self.root.remove();
    }
}
