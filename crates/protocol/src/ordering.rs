//! The ordering key: what must stay in order among itself.

use crate::fields::Fields;
use crate::{Channel, Json};

/// The ordering key of an outbound message: its incident or conversation.
///
/// Messages of one key take effect in the order they were sent; messages without a key only
/// follow their priority. Both ends compute it with this function.
///
/// ```
/// use sentinelops_protocol::{Channel, Json, ordering_key};
///
/// let payload = Json::parse(r#"{"conversationId": "c1", "content": "hi"}"#)?;
/// assert_eq!(ordering_key(Channel::Chat, &payload).as_deref(), Some("chat/c1"));
/// assert_eq!(ordering_key(Channel::Activity, &payload), None);
/// # Ok::<(), String>(())
/// ```
pub fn ordering_key(channel: Channel, payload: &Json) -> Option<String> {
    let mut fields = Fields::of("", payload).ok()?;
    let names: &[&str] = match channel {
        Channel::Incidents => &["incidentId", "id"],
        Channel::Chat => &["conversationId"],
        Channel::Alerts => &["id"],
        Channel::Agents | Channel::Activity | Channel::System => return None,
    };
    let id = names.iter().find_map(|name| fields.optional_text(name).transpose())?.ok()?;
    Some(format!("{channel}/{id}"))
}
