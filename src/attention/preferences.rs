//! What a person wants to be called for, and by what.

use sentinelops_protocol::domain::Severity;

/// A way to call a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A count in the title of the tab, on its icon and on the icon of the app.
    Badge,
    /// A notification of the system, while no page of the console is in front.
    Notification,
    /// A short tone; a phone vibrates.
    Sound,
}

impl Way {
    /// Every way, in the order offered.
    pub const ALL: [Self; 3] = [Self::Badge, Self::Notification, Self::Sound];

    fn letter(self) -> char {
        match self {
            Self::Badge => 'b',
            Self::Notification => 'n',
            Self::Sound => 's',
        }
    }
}

/// The severities that have ways of their own, most urgent first. Any other one counts as the last.
pub const LEVELS: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// The place of a severity in [`LEVELS`]. One that this version does not know counts as high: it may be urgent.
pub fn level(severity: Option<&Severity>) -> usize {
    match severity {
        Some(Severity::Critical) => 0,
        Some(Severity::High | Severity::Other(_)) => 1,
        Some(Severity::Medium) => 2,
        Some(Severity::Low) | None => 3,
    }
}

/// Part of the day, by the clock of this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// Minute of the day at which it begins.
    pub from_min: u16,
    /// Minute of the day at which it ends. May be before `from_min`: then it ends on the next day.
    pub to_min: u16,
}

impl QuietHours {
    /// Whether a minute of the day is in it. Equal ends: never.
    pub fn contains(self, minute: u16) -> bool {
        if self.from_min <= self.to_min {
            (self.from_min..self.to_min).contains(&minute)
        } else {
            minute >= self.from_min || minute < self.to_min
        }
    }
}

/// See the fields. Kept on this device as a line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Which way calls, by level, then by way. See [`Preferences::calls`].
    pub ways: [[bool; 3]; 4],
    /// Only incidents assigned to the person at this page, or to nobody. Default `false`.
    pub mine_only: bool,
    /// When there is no notification and no sound. Default: none.
    pub quiet: Option<QuietHours>,
    /// Critical incidents call in quiet hours, too. Default `true`.
    pub critical_in_quiet: bool,
    /// Until then (ms since the epoch) only badges. Default: none.
    pub muted_until_ms: Option<u64>,
}

impl Default for Preferences {
    fn default() -> Self {
        // Badges disturb nobody. Notifications need a permission, which only a button asks for.
        let ways = [[true, true, false], [true, true, false], [true, false, false], [false; 3]];
        Self { ways, mine_only: false, quiet: None, critical_in_quiet: true, muted_until_ms: None }
    }
}

impl Preferences {
    /// Whether incidents of this severity call in this way.
    pub fn calls(&self, severity: Option<&Severity>, way: Way) -> bool {
        self.ways[level(severity)][way as usize]
    }

    /// Switches a way on or off.
    pub fn set(&mut self, severity: &Severity, way: Way, on: bool) {
        self.ways[level(Some(severity))][way as usize] = on;
    }

    /// Whether they are muted at this time.
    pub fn is_muted(&self, now_ms: u64) -> bool {
        self.muted_until_ms.is_some_and(|until| now_ms < until)
    }

    /// Whether notification and sound are allowed now for this severity.
    pub fn may_disturb(&self, severity: Option<&Severity>, now_ms: u64, minute: u16) -> bool {
        let quiet = self.quiet.is_some_and(|quiet| quiet.contains(minute))
            && !(self.critical_in_quiet && level(severity) == 0);
        !quiet && !self.is_muted(now_ms)
    }

    /// As text, for [`Preferences::parse`].
    ///
    /// ```
    /// use sentinelops::attention::Preferences;
    ///
    /// let text = Preferences::default().print();
    /// assert_eq!(text, "critical=bn high=bn medium=b low= quiet-critical");
    /// assert_eq!(Preferences::parse(&text), Preferences::default());
    /// ```
    pub fn print(&self) -> String {
        let mut words: Vec<String> = LEVELS
            .iter()
            .map(|severity| {
                let on = Way::ALL.into_iter().filter(|way| self.calls(Some(severity), *way));
                format!("{severity}={}", on.map(Way::letter).collect::<String>())
            })
            .collect();
        if self.mine_only {
            words.push("mine".to_owned());
        }
        if let Some(quiet) = self.quiet {
            words.push(format!("quiet={}-{}", quiet.from_min, quiet.to_min));
        }
        if self.critical_in_quiet {
            words.push("quiet-critical".to_owned());
        }
        if let Some(until) = self.muted_until_ms {
            words.push(format!("muted={until}"));
        }
        words.join(" ")
    }

    /// Reads what [`Preferences::print`] wrote. What it does not understand stays at its default.
    pub fn parse(text: &str) -> Self {
        let mut read = Self { critical_in_quiet: text.trim().is_empty(), ..Self::default() };
        for word in text.split_whitespace() {
            match word.split_once('=') {
                None if word == "mine" => read.mine_only = true,
                None if word == "quiet-critical" => read.critical_in_quiet = true,
                Some(("quiet", hours)) => read.quiet = parse_hours(hours).or(read.quiet),
                Some(("muted", until)) => read.muted_until_ms = until.parse().ok(),
                Some((name, letters)) => {
                    if let Some(at) = LEVELS.iter().position(|severity| severity.as_str() == name) {
                        read.ways[at] = Way::ALL.map(|way| letters.contains(way.letter()));
                    }
                }
                None => {}
            }
        }
        read
    }
}

fn parse_hours(text: &str) -> Option<QuietHours> {
    let (from, to) = text.split_once('-')?;
    let minute = |text: &str| text.parse().ok().filter(|minute| *minute < 1_440_u16);
    Some(QuietHours { from_min: minute(from)?, to_min: minute(to)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let mut written = Preferences { mine_only: true, critical_in_quiet: false, ..Preferences::default() };
        written.quiet = Some(QuietHours { from_min: 1_320, to_min: 420 });
        written.muted_until_ms = Some(1_700_000_000_000);
        written.set(&Severity::Low, Way::Sound, true);
        written.set(&Severity::Critical, Way::Badge, false);
        assert_eq!(Preferences::parse(&written.print()), written);
    }

    #[test]
    fn damaged_text_leaves_defaults() {
        for text in [
            "",
            "quiet=9999-3 quiet-critical",
            "urgent=bns quiet-critical",
            "muted=soon quiet-critical",
            "= - quiet-critical",
        ] {
            assert_eq!(Preferences::parse(text), Preferences::default(), "{text}");
        }
    }

    #[test]
    fn quiet_hours_go_over_midnight() {
        let night = QuietHours { from_min: 22 * 60, to_min: 7 * 60 };
        assert!([22 * 60, 0, 7 * 60 - 1].into_iter().all(|minute| night.contains(minute)));
        assert!([7 * 60, 12 * 60, 22 * 60 - 1].into_iter().all(|minute| !night.contains(minute)));
        assert!(!QuietHours { from_min: 60, to_min: 60 }.contains(60));
    }
}
