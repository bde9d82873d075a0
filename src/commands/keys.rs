//! Which command a key asks for.

use super::{COMMANDS, Command};

/// The keys of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keys {
    /// None: it is in the palette.
    None,
    /// A single letter or sign. Can be switched off.
    Letter(char),
    /// A letter with Shift. Can be switched off.
    Shift(char),
    /// Two letters, one after the other. Can be switched off.
    After(char, char),
    /// With Ctrl, or Cmd on a Mac: also in a field.
    Mod(char),
    /// Handled where it is pressed; it stands here for the sheet.
    Named(&'static str),
}

impl Keys {
    /// Each key to press, as it stands on the keyboard.
    pub fn labels(self, is_mac: bool) -> Vec<String> {
        let upper = |key: char| key.to_ascii_uppercase().to_string();
        match self {
            Self::None => Vec::new(),
            Self::Letter(key) => vec![upper(key)],
            Self::Shift(key) => vec!["Shift".to_owned(), upper(key)],
            Self::After(first, second) => vec![upper(first), upper(second)],
            Self::Mod(key) => vec![if is_mac { "⌘" } else { "Ctrl" }.to_owned(), upper(key)],
            Self::Named(name) => vec![name.to_owned()],
        }
    }
}

/// A key that went down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Press<'a> {
    /// As the browser names it.
    pub key: &'a str,
    /// With Shift.
    pub shift: bool,
    /// With Ctrl or Cmd.
    pub modifier: bool,
    /// With Alt.
    pub alt: bool,
    /// In something that takes text or letters itself.
    pub in_field: bool,
    /// While a dialog is open.
    pub in_dialog: bool,
}

/// The second key of two must follow within this time, ms.
const FOLLOWS_MS: u64 = 1_500;

/// Finds commands, and remembers a first key of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matcher {
    /// Nothing was pressed before.
    #[default]
    Start,
    /// This key was, and the second one is awaited until then.
    After(char, u64),
}

impl Matcher {
    /// The command of a key. `letters`: single letters are switched on.
    pub fn press(&mut self, press: Press<'_>, now_ms: u64, letters: bool) -> Option<Command> {
        let before = std::mem::take(self);
        let mut signs = press.key.chars();
        let (Some(sign), None) = (signs.next(), signs.next()) else { return None };
        if press.in_dialog || press.alt {
            return None;
        }
        let sign = sign.to_ascii_lowercase();
        if press.modifier {
            return find(Keys::Mod(sign)).filter(|_| !press.shift);
        }
        if press.in_field || !letters {
            return None;
        }
        if let Self::After(first, until) = before
            && now_ms < until
            && !press.shift
        {
            return find(Keys::After(first, sign));
        }
        let is_first = |keys: Keys| matches!(keys, Keys::After(first, _) if first == sign);
        if !press.shift && COMMANDS.iter().any(|entry| is_first(entry.keys)) {
            *self = Self::After(sign, now_ms + FOLLOWS_MS);
            return None;
        }
        // Signs need Shift on some keyboards.
        if press.shift && sign.is_ascii_alphabetic() {
            find(Keys::Shift(sign))
        } else {
            find(Keys::Letter(sign))
        }
    }
}

fn find(keys: Keys) -> Option<Command> {
    COMMANDS.iter().find(|entry| entry.keys == keys).map(|entry| entry.command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(press: Press<'_>) -> Option<Command> {
        Matcher::default().press(press, 0, true)
    }

    #[test]
    fn every_key_of_the_table_finds_its_command() {
        for entry in COMMANDS {
            let mut matcher = Matcher::default();
            let text = |key: char| key.to_string();
            let found = match entry.keys {
                Keys::None | Keys::Named(_) => continue,
                Keys::Letter(key) => one(Press { key: &text(key), ..Press::default() }),
                Keys::Shift(key) => {
                    one(Press { key: &text(key.to_ascii_uppercase()), shift: true, ..Press::default() })
                }
                Keys::Mod(key) => {
                    one(Press { key: &text(key), modifier: true, in_field: true, ..Press::default() })
                }
                Keys::After(first, second) => {
                    assert_eq!(matcher.press(Press { key: &text(first), ..Press::default() }, 0, true), None);
                    matcher.press(Press { key: &text(second), ..Press::default() }, 1_000, true)
                }
            };
            assert_eq!(found, Some(entry.command));
        }
    }

    #[test]
    fn no_letter_counts_in_a_field_in_a_dialog_or_when_switched_off() {
        let press = Press { key: "a", ..Press::default() };
        assert_eq!(one(press), Some(Command::Acknowledge));
        assert_eq!(one(Press { in_field: true, ..press }), None);
        assert_eq!(one(Press { in_dialog: true, ..press }), None);
        assert_eq!(one(Press { alt: true, ..press }), None);
        assert_eq!(one(Press { modifier: true, ..press }), None, "the browser's own");
        assert_eq!(Matcher::default().press(press, 0, false), None);
        let palette = Press { key: "k", modifier: true, ..press };
        assert_eq!(Matcher::default().press(palette, 0, false), Some(Command::Palette));
    }

    #[test]
    fn first_key_of_two_is_forgotten() {
        let press = |key| Press { key, ..Press::default() };
        let mut matcher = Matcher::default();
        matcher.press(press("g"), 0, true);
        assert_eq!(matcher.press(press("a"), FOLLOWS_MS, true), Some(Command::Acknowledge), "too late");
        matcher.press(press("g"), 0, true);
        assert_eq!(matcher.press(press("x"), 1, true), None);
        assert_eq!(matcher.press(press("i"), 2, true), Some(Command::Investigate));
        // Caps Lock is not Shift.
        assert_eq!(one(press("A")), Some(Command::Acknowledge));
        assert_eq!(one(Press { shift: true, ..press("?") }), Some(Command::Sheet));
        assert_eq!(one(press("r")), None);
    }
}
