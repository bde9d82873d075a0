//! What a log is to a gateway that has read it before.

/// The message of a log that was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The epoch of it.
    pub epoch: String,
    /// Its number.
    pub seq: u64,
    /// Fingerprint of its payload.
    pub print: u64,
}

/// What a log is to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The gateway has read nothing yet.
    Unknown,
    /// The message it read last is where it was.
    Continues,
    /// It missed something and reads everything again.
    Behind,
    /// The message it read last is not there any more.
    Lost,
}

impl Place {
    /// Of a log that holds the messages from `first` to `last`. `epoch` is that of its mark, if the mark is of this very
    /// log. `None`: the message at the position decides, see [`Place::with`].
    pub fn of(position: Option<&Position>, epoch: Option<&str>, first: u64, last: u64) -> Option<Self> {
        let Some(position) = position else { return Some(Self::Unknown) };
        let is_same_epoch = epoch == Some(&*position.epoch);
        if epoch.is_some() && !is_same_epoch {
            // Another gateway has settled it.
            return Some(Self::Behind);
        }
        if !is_same_epoch || last < position.seq {
            return Some(Self::Lost);
        }
        (position.seq < first).then_some(Self::Behind)
    }

    /// When the message at the position has this fingerprint now.
    pub fn with(position: &Position, print: u64) -> Self {
        if print == position.print { Self::Continues } else { Self::Lost }
    }
}
