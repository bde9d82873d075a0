//! The ordering key: what must stay in order among itself.

use crate::fields::Fields;
use crate::{Channel, Json};

/// The ordering key of an outbound message: its incident or conversation, or its alert. An incident and the
/// conversation of the same id share a key: messages about a new incident follow its creation.
///
/// Messages of one key take effect in the order they were sent; messages without a key only
/// follow their priority. Both ends compute it with this function.
///
/// ```
/// use sentinelops_protocol::{Channel, Json, ordering_key};
///
/// let payload = Json::parse(r#"{"conversationId": "c1", "content": "hi"}"#)?;
/// assert_eq!(ordering_key(Channel::Chat, &payload).as_deref(), Some("incidents/c1"));
/// assert_eq!(ordering_key(Channel::Activity, &payload), None);
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
pub fn ordering_key(channel: Channel, payload: &Json) -> Option<String> {
    let mut fields = Fields::of("", payload).ok()?;
    let (group, names): (_, &[&str]) = match channel {
        Channel::Incidents => (channel, &["incidentId", "id"]),
        Channel::Chat => (Channel::Incidents, &["conversationId"]),
        Channel::Alerts => (channel, &["id"]),
        Channel::Agents | Channel::Activity | Channel::System | Channel::Timeline | Channel::Stats => {
            return None;
        }
    };
    let id = names.iter().find_map(|name| fields.optional_text(name).transpose())?.ok()?;
    Some(format!("{group}/{id}"))
}
