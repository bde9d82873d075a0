//! A server that errs in what it says of itself: its clock, its limits, the life of a token.

use crate::clock::WALL_START;

/// What is wrong in the welcomes of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// `now` is this number.
    Now(u64),
    /// `now` is in seconds.
    NowInSeconds,
    /// `now` is off by so many ms.
    NowOff(i64),
    /// `maxMessageBytes` is this number.
    MaxMessageBytes(u64),
    /// `expiresInMs` is this number.
    ExpiresInMs(u64),
}

/// A wrong value in the welcome, and until when it is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lies {
    lie: Option<Lie>,
    until: u64,
}

impl Lies {
    /// From now on, until then.
    pub fn begin(&mut self, lie: Lie, until: u64) {
        (self.lie, self.until) = (Some(lie), until);
    }

    /// Makes a welcome wrong, and on a connection that had a wrong one the life of each further token. `told`: what was wrong
    /// in the welcome of this connection.
    pub fn spoil(&self, time: u64, told: &mut Option<Lie>, frame: &mut Vec<u8>) {
        let Ok(text) = std::str::from_utf8(frame) else { return };
        let welcome = text.contains("\"type\":\"welcome\"");
        if welcome {
            *told = self.lie.filter(|_| time < self.until);
        }
        let Some(lie) = told.filter(|_| welcome || text.contains("\"type\":\"authed\"")) else { return };
        let wall = WALL_START + time;
        let spoilt = match lie {
            Lie::Now(now) => with_number(text, "\"now\":", now),
            Lie::NowInSeconds => with_number(text, "\"now\":", wall / 1_000),
            Lie::NowOff(ms) => with_number(text, "\"now\":", wall.saturating_add_signed(ms)),
            Lie::MaxMessageBytes(bytes) => with_number(text, "\"maxMessageBytes\":", bytes),
            Lie::ExpiresInMs(ms) => with_number(text, "\"expiresInMs\":", ms).or_else(|| {
                let at = text.find("\"now\":").filter(|_| welcome)?;
                Some(format!("{}\"expiresInMs\":{ms},{}", &text[..at], &text[at..]))
            }),
        };
        if let Some(text) = spoilt {
            *frame = text.into_bytes();
        }
    }
}

/// The text with another number, instead of a number or `null`, behind the first `mark`.
fn with_number(text: &str, mark: &str, number: u64) -> Option<String> {
    let from = text.find(mark)? + mark.len();
    let length = text[from..].find([',', '}'])?;
    Some(format!("{}{number}{}", &text[..from], &text[from + length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoilt(lie: Lie, frame: &str) -> String {
        let mut lies = Lies::default();
        lies.begin(lie, 10);
        let mut bytes = frame.as_bytes().to_vec();
        lies.spoil(5, &mut None, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_welcome_is_wrong_where_it_is_meant_to_be() {
        let frame = r#"{"type":"welcome","payload":{"now":123,"maxMessageBytes":65536}}"#;
        for (lie, expected) in [
            (Lie::Now(0), r#"{"type":"welcome","payload":{"now":0,"maxMessageBytes":65536}}"#),
            (Lie::MaxMessageBytes(64), r#"{"type":"welcome","payload":{"now":123,"maxMessageBytes":64}}"#),
            (
                Lie::ExpiresInMs(15),
                r#"{"type":"welcome","payload":{"expiresInMs":15,"now":123,"maxMessageBytes":65536}}"#,
            ),
        ] {
            assert_eq!(spoilt(lie, frame), expected);
        }
        let mut lies = Lies::default();
        lies.begin(Lie::ExpiresInMs(15), 10);
        let mut authed = br#"{"type":"authed","payload":{"expiresInMs":null}}"#.to_vec();
        lies.spoil(20, &mut Some(Lie::ExpiresInMs(15)), &mut authed);
        assert_eq!(authed, br#"{"type":"authed","payload":{"expiresInMs":15}}"#);
        let ack = r#"{"type":"ack","payload":{"now":123}}"#;
        assert_eq!(spoilt(Lie::Now(0), ack), ack);
    }
}
