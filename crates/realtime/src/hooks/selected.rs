//! What every hook is built on: show a value of the client, render when it changed.

use crate::client::{Changes, Client, Dependency};
use std::{cell::RefCell, rc::Rc};
use yew::prelude::*;

/// The value as it is now; the component is rendered again when it differs after a frame.
///
/// It is read afresh at every render instead of being kept in a `use_state`: so it is never behind
/// the client, a changed dependency shows at once, and no handle holds on to old values.
#[hook]
pub(crate) fn use_selected<T, F>(client: &Client, dependencies: Vec<Dependency>, select: F) -> T
where
    T: PartialEq + Clone + 'static,
    F: Fn(&Client) -> T + 'static,
{
    let value = select(client);
    let shown = value.clone();
    use_rerender(client, dependencies, Rc::new(move |client| select(client) != shown));
    value
}

/// Renders the component when `is_changed`, that of the latest render: it may have captured newer arguments.
///
/// Without type parameters: what every hook needs is in the program once.
#[hook]
fn use_rerender(client: &Client, dependencies: Vec<Dependency>, is_changed: Rc<dyn Fn(&Client) -> bool>) {
    let update = use_force_update();
    let latest = use_latest(is_changed);
    use_effect_with((client.clone(), dependencies), move |(client, dependencies)| {
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
        let watch = client.watch(dependencies.clone(), {
            let check = check.clone();
            Rc::new(move |_: &Changes| check())
        });
        check();
        move || drop(watch)
    });
}

/// Calls the latest `listener` with what is new, for as long as the component lives.
#[hook]
pub(crate) fn use_changes<F>(client: &Client, dependencies: Vec<Dependency>, listener: F)
where
    F: Fn(&Changes) + 'static,
{
    use_listener(client, dependencies, Rc::new(listener));
}

#[hook]
fn use_listener(client: &Client, dependencies: Vec<Dependency>, listener: Rc<dyn Fn(&Changes)>) {
    let latest = use_latest(listener);
    use_effect_with((client.clone(), dependencies), move |(client, dependencies)| {
        let watch = client.watch(
            dependencies.clone(),
            Rc::new(move |changes: &Changes| {
                // Not borrowed during the call: it may render or unmount whom it likes.
                let listener = latest.borrow().clone();
                listener(changes);
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
