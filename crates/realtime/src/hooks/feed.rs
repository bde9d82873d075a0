//! What the hooks of a channel have in common: the state of a subject, and a call for each of its
//! events.

use super::selected::{use_news, use_selected};
use super::use_client;
use crate::client::Interest;
use crate::{Client, ClientError};
use sentinelops_engine::ConnectionState;
use sentinelops_protocol::{Event, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What every handle of a channel says beside its items.
pub(super) struct Feed {
    pub is_loaded: bool,
    pub is_connected: bool,
    pub continuity: Option<Continuity>,
    pub error: Option<ClientError>,
    pub problem: Option<Rc<Problem>>,
}

/// Follows a subject and shows what `handle` makes of it.
#[hook]
pub(super) fn use_feed<H, F>(subject: Subject, handle: F) -> H
where
    H: PartialEq + Clone + 'static,
    F: Fn(&Client, Feed) -> H + 'static,
{
    let client = use_client();
    let interests = vec![Interest::Status, Interest::Subject(subject.clone())];
    use_selected(&client, interests, move |client| {
        let continuity = client.continuity(&subject);
        let feed = Feed {
            is_loaded: continuity.is_some(),
            is_connected: client.status().state == ConnectionState::Connected,
            continuity,
            error: client.error(Some(&subject)),
            problem: client.problem(&subject),
        };
        handle(client, feed)
    })
}

/// Calls for each event of a subject, once and in order, from the moment of mounting on.
#[hook]
pub(super) fn use_feed_events<F>(subject: Subject, on_event: F)
where
    F: Fn(&Client, &Event) + 'static,
{
    let client = use_client();
    use_news(&client, vec![Interest::Subject(subject.clone())], {
        let client = client.clone();
        move |news| news.events(&subject).for_each(|event| on_event(&client, event))
    });
}
