//! The file of revoked tokens and users.

use std::collections::BTreeSet;
use std::path::Path;

/// What is revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct Revoked {
    /// By `sub`.
    pub users: BTreeSet<String>,
    /// By `jti`.
    pub tokens: BTreeSet<String>,
}

impl Revoked {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {name} (--revoked): {error}"))?;
        Self::parse(&text).map_err(|error| format!("{name}: {error}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut revoked = Self::default();
        for (at, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let set = match line.split_once(char::is_whitespace) {
                Some(("jti", id)) => (&mut revoked.tokens, id),
                Some(("sub", user)) => (&mut revoked.users, user),
                _ => {
                    let allowed = "`jti ID`, `sub USER`, an empty line or a # comment is allowed";
                    return Err(format!("line {}: {allowed}", at + 1));
                }
            };
            set.0.insert(set.1.trim().to_owned());
        }
        Ok(revoked)
    }

    /// Whether the user, or the token of this `jti`, is revoked.
    pub(in crate::server) fn names(&self, user: &str, jti: Option<&str>) -> bool {
        self.users.contains(user) || jti.is_some_and(|jti| self.tokens.contains(jti))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_users_are_listed_one_a_line() {
        let revoked = Revoked::parse("# left in May\nsub ann\n\n  jti 7f3 \n").expect("readable");
        assert!(revoked.names("ann", None));
        assert!(revoked.names("bob", Some("7f3")));
        assert!(!revoked.names("bob", Some("ann")));
        assert!(!revoked.names("7f3", None));
    }

    #[test]
    fn another_line_is_refused_with_its_number() {
        let error = Revoked::parse("sub ann\nuser bob").expect_err("refused");
        assert!(error.starts_with("line 2: `jti ID`"), "{error}");
    }
}
