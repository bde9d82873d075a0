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
    // The closure of the latest render: it may have captured newer arguments.
    let latest = use_mut_ref(|| None::<(Rc<F>, T)>);
    *latest.borrow_mut() = Some((Rc::new(select), value.clone()));
    let update = use_force_update();
    use_effect_with((client.clone(), interests), move |(client, interests)| {
        let check = {
            let client = client.clone();
            move || {
                let latest = latest.borrow().clone();
                if let Some((select, shown)) = latest
                    && select(&client) != shown
                {
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
    value
}

/// Calls the latest `listener` with what is new, for as long as the component lives.
#[hook]
pub(crate) fn use_news<F>(client: &Client, interests: Vec<Interest>, listener: F)
where
    F: Fn(&News) + 'static,
{
    let latest: Rc<RefCell<Option<Rc<F>>>> = use_mut_ref(|| None);
    *latest.borrow_mut() = Some(Rc::new(listener));
    use_effect_with((client.clone(), interests), move |(client, interests)| {
        let watch = client.watch(
            interests.clone(),
            Rc::new(move |news: &News| {
                // Not borrowed during the call: it may render or unmount whom it likes.
                let latest = latest.borrow().clone();
                if let Some(listener) = latest {
                    listener(news);
                }
            }),
        );
        move || drop(watch)
    });
}
