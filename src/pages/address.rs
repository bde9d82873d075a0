//! The address of a page: the chosen incident, and what its board shows.

use super::Route;
use crate::board::{Pairs, is_of_board};
use crate::components::incidents::BoardAddress;
use std::rc::Rc;
use yew::prelude::*;
use yew_router::prelude::*;
use yew_router::query::ToQuery;

/// The query key of the chosen incident: an address a colleague can be sent.
const INCIDENT: &str = "incident";

/// The parameters of the address.
#[hook]
pub(super) fn use_pairs() -> Rc<Pairs> {
    let location = use_location();
    let query = location.as_ref().map(|location| location.query_str().to_owned()).unwrap_or_default();
    use_memo(query, |_| location.and_then(|location| location.query::<Pairs>().ok()).unwrap_or_default())
}

/// The incident in the address.
#[hook]
pub(super) fn use_selected() -> Option<AttrValue> {
    let pairs = use_pairs();
    let (_, id) = pairs.iter().find(|(name, id)| name == INCIDENT && !id.is_empty())?;
    Some(AttrValue::from(id.clone()))
}

/// The parameters of the board, for this incident or none.
pub(super) fn with_incident(pairs: &Pairs, id: Option<&str>) -> Pairs {
    let mut all: Pairs = pairs.iter().filter(|(name, _)| is_of_board(name)).cloned().collect();
    all.extend(id.map(|id| (INCIDENT.to_owned(), id.to_owned())));
    all
}

/// Whether a page is of another program than the one that runs.
pub(super) fn leaves(navigator: &Navigator, route: &Route) -> bool {
    let base = navigator.basename().unwrap_or_default();
    let path = web_sys::window().and_then(|window| window.location().pathname().ok()).unwrap_or_default();
    let here = Route::recognize(path.strip_prefix(base).unwrap_or(&path)).unwrap_or(Route::NotFound);
    here.program() != route.program()
}

/// Loads the program of a page.
fn load(navigator: &Navigator, route: &Route, pairs: &Pairs) -> NavigationResult<()> {
    let (base, path) = (navigator.basename().unwrap_or_default(), route.to_path());
    let query = pairs.to_query()?;
    let mark = if query.is_empty() { "" } else { "?" };
    // It fails for addresses that are none, and this one is a path.
    let _ = web_sys::window().map(|window| window.location().assign(&format!("{base}{path}{mark}{query}")));
    Ok(())
}

/// Goes to a page with these parameters; `push`: as a new entry of the history. A page of another program is always one.
pub(super) fn go(navigator: &Navigator, route: &Route, pairs: &Pairs, push: bool) {
    let gone = match (pairs.is_empty(), push) {
        _ if leaves(navigator, route) => load(navigator, route, pairs),
        (true, true) => return navigator.push(route),
        (true, false) => return navigator.replace(route),
        (false, true) => navigator.push_with_query(route, pairs),
        (false, false) => navigator.replace_with_query(route, pairs),
    };
    if let Err(error) = gone {
        log::warn!("an address cannot be written: {error}");
    }
}

/// The address of this page, for its board.
#[hook]
pub(super) fn use_board_address(route: Route) -> BoardAddress {
    let navigator = use_navigator();
    let pairs = use_pairs();
    let write = use_callback(
        (navigator, pairs.clone(), route),
        |(of_board, push): (Pairs, bool), (navigator, pairs, route)| {
            let mut all = of_board;
            all.extend(pairs.iter().filter(|(name, _)| !is_of_board(name)).cloned());
            if let Some(navigator) = navigator {
                go(navigator, route, &all, push);
            }
        },
    );
    BoardAddress { pairs, write }
}
