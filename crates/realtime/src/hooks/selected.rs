//! What every hook is built on: show a value of the client, render when it changed.

use crate::client::{Client, Interest, News};
use std::{cell::RefCell, rc::Rc};
use yew::prelude::*;

/// The value as it is now; the component is rendered again when it differs after a frame.
///
/// It is read afresh at every render instead of being kept in a `use_state`: so it is never behind
/// the client, a changed interest shows at once, and no handle holds on to old values.
#[hook]
pub(crate) fn use_selected<T, F>(client: &Client, interests: Vec<Interest>, select: F) -> T
where
    T: PartialEq + Clone + 'static,
    F: Fn(&Client) -> T + 'static,
{
    let value = select(client);
    let shown = value.clone();
    use_changes(client, interests, Rc::new(move |client| select(client) != shown));
    value
}

/// Renders the component when `is_changed`, that of the latest render: it may have captured newer arguments.
///
/// Without type parameters: what every hook needs is in the program once.
#[hook]
fn use_changes(client: &Client, interests: Vec<Interest>, is_changed: Rc<dyn Fn(&Client) -> bool>) {
    let update = use_force_update();
    let latest = use_latest(is_changed);
    use_effect_with((client.clone(), interests), move |(client, interests)| {
        let check = {
            let client = client.clone();
            move || {
                let is_changed = latest.borrow().clone();
                if is_changed(&client) {
                    update.force_update();
                }
            }
        };
        // Watched before looked: nothing falls between.
        let watch = client.watch(interests.clone(), {
            let check = check.clone();
            Rc::new(move |_: &News| check())
        });
        check();
        move || drop(watch)
    });
}

/// Calls the latest `listener` with what is new, for as long as the component lives.
#[hook]
pub(crate) fn use_news<F>(client: &Client, interests: Vec<Interest>, listener: F)
where
    F: Fn(&News) + 'static,
{
    use_listener(client, interests, Rc::new(listener));
}

#[hook]
fn use_listener(client: &Client, interests: Vec<Interest>, listener: Rc<dyn Fn(&News)>) {
    let latest = use_latest(listener);
    use_effect_with((client.clone(), interests), move |(client, interests)| {
        let watch = client.watch(
            interests.clone(),
            Rc::new(move |news: &News| {
                // Not borrowed during the call: it may render or unmount whom it likes.
                let listener = latest.borrow().clone();
                listener(news);
            }),
        );
        move || drop(watch)
    });
}

/// What the latest render was given.
#[hook]
fn use_latest<T: Clone + 'static>(value: T) -> Rc<RefCell<T>> {
    let latest = use_mut_ref(|| value.clone());
    *latest.borrow_mut() = value;
    latest
}
