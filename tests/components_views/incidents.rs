//! The list: rows, keys, renders, windowing.

use crate::mount::mount;
use sentinelops::board::Line;
use sentinelops::components::incidents::{IncidentList, IncidentListProps, Lines};
use sentinelops_realtime::protocol::domain::{Incident, IncidentStatus, Severity};
use sentinelops_realtime::{IncidentRow, SendState};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, MutationObserver, MutationObserverInit, MutationRecord};
use yew::prelude::*;

fn row(number: usize, title: &str) -> IncidentRow {
    let mut incident = Incident::new(format!("inc-{number}"));
    incident.title = Some(title.to_owned());
    incident.severity = Some(Severity::High);
    incident.status = Some(IncidentStatus::New);
    IncidentRow { incident: Rc::new(incident), edit: None }
}

fn props(rows: Vec<IncidentRow>) -> IncidentListProps {
    IncidentListProps {
        actor: None,
        picks: Rc::default(),
        picking: false,
        on_pick: Callback::noop(),
        lines: Lines(Rc::new(rows.into_iter().map(Line::One).collect())),
        selected: None,
        fresh: Rc::default(),
        on_select: Callback::noop(),
        on_toggle: Callback::noop(),
    }
}

#[wasm_bindgen_test]
async fn a_row_says_everything_in_words() {
    let mut one = row(7, "Payments time out");
    one.edit = Some(SendState::default());
    let shown = mount::<IncidentList>(props(vec![one, row(8, "Search is slow")])).await;
    let rows = shown.all("incident-row");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].get_attribute("data-incident-id").as_deref(), Some("inc-7"));
    assert_eq!(shown.text("incident-title").as_deref(), Some("Payments time out"));
    assert_eq!(shown.text("severity").as_deref(), Some("High"));
    assert_eq!(shown.text("incident-status").as_deref(), Some("New"));
    assert_eq!(shown.text("message-state").as_deref(), Some("saving"));
}

#[wasm_bindgen_test]
async fn choosing_a_row_says_which() {
    let chosen = Rc::new(RefCell::new(Vec::new()));
    let on_select = {
        let chosen = chosen.clone();
        Callback::from(move |id: AttrValue| chosen.borrow_mut().push(id.to_string()))
    };
    let shown =
        mount::<IncidentList>(IncidentListProps { on_select, ..props(vec![row(1, "a"), row(2, "b")]) }).await;
    let button = shown.all("incident-row")[1].first_element_child().unwrap();
    button.unchecked_into::<web_sys::HtmlElement>().click();
    assert_eq!(*chosen.borrow(), ["inc-2"]);
}

/// Notes the rows in which a node of the document changes.
struct Touched {
    rows: Rc<RefCell<BTreeSet<String>>>,
    observer: MutationObserver,
    _call: Closure<dyn FnMut(js_sys::Array)>,
}

impl Touched {
    fn watch(root: &Element) -> Self {
        let rows = Rc::new(RefCell::new(BTreeSet::new()));
        let call = Closure::new({
            let rows = rows.clone();
            move |records: js_sys::Array| {
                let found =
                    records.iter().filter_map(|record| row_of(&record.unchecked_into::<MutationRecord>()));
                rows.borrow_mut().extend(found);
            }
        });
        let observer = MutationObserver::new(call.as_ref().unchecked_ref()).unwrap();
        let options = MutationObserverInit::new();
        options.set_subtree(true);
        options.set_child_list(true);
        options.set_attributes(true);
        options.set_character_data(true);
        observer.observe_with_options(root, &options).unwrap();
        Self { rows, observer, _call: call }
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

fn row_of(record: &MutationRecord) -> Option<String> {
    let node = record.target()?;
    let element = node.clone().dyn_into::<Element>().ok().or_else(|| node.parent_element())?;
    element.closest("[data-incident-id]").ok()??.get_attribute("data-incident-id")
}

#[wasm_bindgen_test]
async fn a_changed_row_is_the_only_one_touched_and_keeps_its_element() {
    let rows: Vec<_> = (0..50).map(|number| row(number, "as it was")).collect();
    let mut shown = mount::<IncidentList>(props(rows.clone())).await;
    let before = shown.all("incident-row");
    let touched = Touched::watch(&shown.root);
    let mut after = rows;
    after[3] = row(3, "has changed");
    shown.update(props(after)).await;
    // Observers are called in a microtask.
    gloo::timers::future::TimeoutFuture::new(0).await;
    assert_eq!(touched.rows.borrow().iter().collect::<Vec<_>>(), ["inc-3"]);
    assert!(shown.all("incident-row").iter().zip(&before).all(|(a, b)| a.is_same_node(Some(b))));
    assert_eq!(shown.all("incident-title")[3].text_content().as_deref(), Some("has changed"));
    assert_eq!(shown.select(".row--touched").len(), 1, "marked");
    for (mark, count) in [(".row--fading", 1), (".row--touched, .row--fading", 0)] {
        while shown.select(mark).len() != count {
            gloo::timers::future::TimeoutFuture::new(20).await;
        }
    }
}

#[wasm_bindgen_test]
async fn a_new_first_row_moves_no_other() {
    let rows: Vec<_> = (0..20).map(|number| row(number, "same")).collect();
    let mut shown = mount::<IncidentList>(props(rows.clone())).await;
    let first = shown.all("incident-row")[0].clone();
    let mut after = vec![row(99, "new")];
    after.extend(rows);
    shown.update(props(after)).await;
    let now = shown.all("incident-row");
    assert_eq!(now.len(), 21);
    assert!(now[1].is_same_node(Some(&first)));
}

#[wasm_bindgen_test]
async fn a_list_of_150_rows_is_not_whole_in_the_document() {
    let rows: Vec<_> = (0..150).map(|number| row(number, "one of many")).collect();
    let shown = mount::<IncidentList>(props(rows)).await;
    let rendered = shown.all("incident-row").len();
    assert!((10..150).contains(&rendered), "{rendered} rows of 150");
}

#[wasm_bindgen_test]
async fn a_long_list_renders_a_window_of_its_rows() {
    let rows: Vec<_> = (0..5_000).map(|number| row(number, "one of many")).collect();
    let shown = mount::<IncidentList>(props(rows)).await;
    let rendered = shown.all("incident-row").len();
    assert!((10..200).contains(&rendered), "{rendered} rows of 5000");
    let list = &shown.all("incident-list")[0];
    let height: u32 =
        list.style().get_property_value("height").unwrap().trim_end_matches("px").parse().unwrap();
    let row = u32::try_from(shown.all("incident-row")[0].client_height()).unwrap();
    assert!(row > 0);
    assert_eq!(height, 5_000 * row, "the scroll bar tells the whole list");
}
