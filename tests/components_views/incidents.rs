//! The list: rows, keys, renders, windowing.

use crate::mount::mount;
use sentinelops::components::incidents::{IncidentList, IncidentListProps};
use sentinelops::protocol::domain::{Incident, IncidentStatus, Severity};
use sentinelops::realtime::{IncidentRow, SendState};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
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
        incidents: Rc::new(rows),
        selected: None,
        fresh: Rc::default(),
        on_select: Callback::noop(),
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
    assert_eq!(shown.text("message-state").as_deref(), Some("Saving"));
}

#[wasm_bindgen_test]
async fn choosing_a_row_says_which() {
    let chosen = Rc::new(RefCell::new(Vec::new()));
    let on_select = {
        let chosen = chosen.clone();
        Callback::from(move |id: AttrValue| chosen.borrow_mut().push(id.to_string()))
    };
    let shown = mount::<IncidentList>(IncidentListProps { on_select, ..props(vec![row(1, "a"), row(2, "b")]) }).await;
    let button = shown.all("incident-row")[1].first_element_child().unwrap();
    button.unchecked_into::<web_sys::HtmlElement>().click();
    assert_eq!(*chosen.borrow(), ["inc-2"]);
}

/// What of the document changed, by the row it belongs to.
fn watch(root: &web_sys::Element) -> (web_sys::MutationObserver, wasm_bindgen::prelude::Closure<dyn FnMut()>) {
    let ignored = wasm_bindgen::prelude::Closure::<dyn FnMut()>::new(|| {});
    let observer = web_sys::MutationObserver::new(ignored.as_ref().unchecked_ref()).unwrap();
    let options = web_sys::MutationObserverInit::new();
    options.set_subtree(true);
    options.set_child_list(true);
    options.set_attributes(true);
    options.set_character_data(true);
    observer.observe_with_options(root, &options).unwrap();
    (observer, ignored)
}

fn touched(observer: &web_sys::MutationObserver) -> Vec<String> {
    let mut rows: Vec<String> = observer
        .take_records()
        .iter()
        .filter_map(|record| {
            let target = record.unchecked_into::<web_sys::MutationRecord>().target()?;
            let element = target.clone().dyn_into::<web_sys::Element>().ok().or_else(|| target.parent_element())?;
            element.closest("[data-incident-id]").ok()??.get_attribute("data-incident-id")
        })
        .collect();
    rows.dedup();
    rows
}

#[wasm_bindgen_test]
async fn a_changed_row_is_the_only_one_touched_and_keeps_its_element() {
    let rows: Vec<_> = (0..50).map(|number| row(number, "as it was")).collect();
    let mut shown = mount::<IncidentList>(props(rows.clone())).await;
    let before = shown.all("incident-row");
    let (observer, _ignored) = watch(&shown.root);
    let mut after = rows;
    after[3] = row(3, "has changed");
    shown.update(props(after)).await;
    assert_eq!(touched(&observer), ["inc-3"]);
    assert!(shown.all("incident-row").iter().zip(&before).all(|(a, b)| a.is_same_node(Some(b))));
    assert_eq!(shown.all("incident-title")[3].text_content().as_deref(), Some("has changed"));
    assert!(shown.select(".row--touched-a").len() == 1, "it lights up once");
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
async fn a_long_list_renders_a_window_of_its_rows() {
    let rows: Vec<_> = (0..5_000).map(|number| row(number, "one of many")).collect();
    let shown = mount::<IncidentList>(props(rows)).await;
    let rendered = shown.all("incident-row").len();
    assert!((10..200).contains(&rendered), "{rendered} rows of 5000");
    let list = &shown.all("incident-list")[0];
    let height: u32 = list.style().get_property_value("height").unwrap().trim_end_matches("px").parse().unwrap();
    assert!(height >= 5_000 * 44, "the scroll bar tells the whole list: {height}");
}
