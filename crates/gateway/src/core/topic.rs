//! Which topic of its channel an event belongs to.

use sentinelops_protocol::Payload;

/// Conversations remembered; the one untouched for longest makes room.
pub(super) const MAX_CONVERSATIONS: usize = 500;

/// The key of the thing the event is about: incident, agent, alert, conversation, or the target of
/// an activity.
pub(super) fn topic_of(payload: &Payload) -> Option<&str> {
    match payload {
        Payload::Chat(message) => Some(&message.conversation_id),
        Payload::Receipt(receipt) => Some(&receipt.conversation_id),
        Payload::Typing(typing) => Some(&typing.conversation_id),
        Payload::Activity(activity) => activity.target.as_deref(),
        other => other.key(),
    }
}
