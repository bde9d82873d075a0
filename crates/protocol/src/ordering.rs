//! The ordering key: what must stay in order among itself.

use crate::{Channel, Json};
use serde::Deserialize;

#[derive(Deserialize)]
struct KeyFields {
    id: Option<String>,
    #[serde(rename = "incidentId")]
    incident_id: Option<String>,
    #[serde(rename = "conversationId")]
    conversation_id: Option<String>,
}

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
    let fields: KeyFields = payload.read().ok()?;
    let id = match channel {
        Channel::Incidents => fields.incident_id.or(fields.id)?,
        Channel::Chat => fields.conversation_id?,
        Channel::Alerts => fields.id?,
        Channel::Agents | Channel::Activity | Channel::System => return None,
    };
    Some(format!("{channel}/{id}"))
}
