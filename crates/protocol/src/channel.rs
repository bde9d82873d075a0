//! Channels, priorities, and what a subscription names.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The channels of the wire.
///
/// ```
/// use sentinelops_protocol::Channel;
///
/// assert_eq!(Channel::parse("incidents"), Some(Channel::Incidents));
/// assert_eq!(Channel::Chat.to_string(), "chat");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
// Closed: engine and gateway decide for every channel what is held and who may read it; a new one is a new version.
pub enum Channel {
    /// Incident-related updates.
    Incidents,
    /// Agent status changes.
    Agents,
    /// Chat messages, receipts, typing.
    Chat,
    /// System alerts.
    Alerts,
    /// The activity feed.
    Activity,
    /// Ping, subscribe and the rest of the protocol's own talk.
    System,
    /// What happened to one incident: only its topics can be subscribed.
    Timeline,
    /// Figures over all incidents ([`crate::domain::Stats`]): it has no topics.
    Stats,
}

impl Channel {
    /// Every channel, in the documented order.
    pub const ALL: [Channel; 8] = [
        Self::Incidents,
        Self::Agents,
        Self::Chat,
        Self::Alerts,
        Self::Activity,
        Self::System,
        Self::Timeline,
        Self::Stats,
    ];

    /// The name on the wire.
    ///
    /// ```
    /// use sentinelops_protocol::Channel;
    ///
    /// let names: Vec<_> = Channel::ALL.into_iter().map(Channel::as_str).collect();
    /// assert_eq!(names, ["incidents", "agents", "chat", "alerts", "activity", "system", "timeline", "stats"]);
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incidents => "incidents",
            Self::Agents => "agents",
            Self::Chat => "chat",
            Self::Alerts => "alerts",
            Self::Activity => "activity",
            Self::System => "system",
            Self::Timeline => "timeline",
            Self::Stats => "stats",
        }
    }

    /// The channel of a wire name; `None` for a name this version does not know.
    ///
    /// ```
    /// use sentinelops_protocol::Channel;
    ///
    /// assert_eq!(Channel::parse("alerts"), Some(Channel::Alerts));
    /// assert_eq!(Channel::parse("weather"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == name)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How urgent a message is. `Critical` sorts first.
///
/// ```
/// use sentinelops_protocol::Priority;
///
/// assert!(Priority::Critical < Priority::Low, "critical sorts first");
/// assert_eq!(Priority::default(), Priority::Normal);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Always preserved; may use the reserved part of the window.
    Critical,
    /// Before normal.
    High,
    /// The default.
    #[default]
    Normal,
    /// Dropped first when the queue is full.
    Low,
}

impl Priority {
    /// Every priority, most urgent first.
    pub const ALL: [Priority; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// The name on the wire.
    ///
    /// ```
    /// use sentinelops_protocol::Priority;
    ///
    /// assert_eq!(Priority::Critical.as_str(), "critical");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// The priority of a wire name.
    ///
    /// ```
    /// use sentinelops_protocol::Priority;
    ///
    /// assert_eq!(Priority::parse("low"), Some(Priority::Low));
    /// assert_eq!(Priority::parse("urgent"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }

    /// 0 for critical to 3 for low.
    ///
    /// ```
    /// use sentinelops_protocol::Priority;
    ///
    /// let mut waiting = [0_u32; 4];
    /// waiting[usize::from(Priority::High.rank())] += 1;
    /// assert_eq!(waiting, [0, 1, 0, 0]);
    /// ```
    pub fn rank(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a subscription names: a channel, or one topic of it (a chat conversation).
///
/// ```
/// use sentinelops_protocol::{Channel, Subject};
///
/// assert_eq!(Subject::channel(Channel::Incidents).to_string(), "incidents");
/// assert_eq!(Subject::topic(Channel::Chat, "conv-1").to_string(), "chat/conv-1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The channel.
    pub channel: Channel,
    /// The topic within it; `None` is the whole channel.
    pub topic: Option<String>,
}

impl Subject {
    /// The whole channel.
    ///
    /// ```
    /// use sentinelops_protocol::{Channel, Subject};
    ///
    /// assert_eq!(Subject::channel(Channel::Alerts).topic, None);
    /// ```
    pub fn channel(channel: Channel) -> Self {
        Self { channel, topic: None }
    }

    /// One topic of a channel.
    ///
    /// ```
    /// use sentinelops_protocol::{Channel, Subject};
    ///
    /// let subject = Subject::topic(Channel::Chat, "conv-1");
    /// assert_eq!(subject.topic.as_deref(), Some("conv-1"));
    /// ```
    pub fn topic(channel: Channel, topic: impl Into<String>) -> Self {
        Self { channel, topic: Some(topic.into()) }
    }

    /// Whether everything of `other` is also part of `self`.
    ///
    /// ```
    /// use sentinelops_protocol::{Channel, Subject};
    ///
    /// let (all, one) = (Subject::channel(Channel::Chat), Subject::topic(Channel::Chat, "conv-1"));
    /// assert!(all.covers(&one) && !one.covers(&all));
    /// ```
    pub fn covers(&self, other: &Subject) -> bool {
        self.channel == other.channel && (self.topic.is_none() || self.topic == other.topic)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.topic {
            None => write!(f, "{}", self.channel),
            Some(topic) => write!(f, "{}/{topic}", self.channel),
        }
    }
}
