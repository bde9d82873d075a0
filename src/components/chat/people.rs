//! Which people the word before the caret may name. Pure.

use crate::components::people::Names;
use crate::letters::lower;
use sentinelops_protocol::mention;
use yew::AttrValue;

/// More would not be looked through.
const MOST: usize = 6;

/// Who may be meant by the `@` that is being written, and where it begins (bytes).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub at: usize,
    /// Id and name.
    pub people: Vec<(String, AttrValue)>,
}

/// `before`: the text before the caret. `None`: nobody is being named, or nobody fits.
pub(super) fn choice(before: &str, names: &Names) -> Option<Choice> {
    let at = before.rfind('@')?;
    let typed = &before[at + 1..];
    // Behind it there is nothing but the beginning of an id, or of a name.
    let is_word = typed.is_empty() || mention(&before[..at], &before[at..]) == Some(typed);
    if !is_word || mention(&before[..at], "@a").is_none() {
        return None;
    }
    let typed = lower(typed);
    let begins = |text: &str| lower(text).split(' ').any(|word| word.starts_with(&typed));
    // An id with a space in it cannot be written.
    let can_be_named = |id: &str| mention("", &format!("@{id}")) == Some(id);
    let fits = |(id, name): &(String, AttrValue)| can_be_named(id) && (begins(id) || begins(name));
    let people: Vec<_> = names.by_name().into_iter().filter(fits).take(MOST).collect();
    (!people.is_empty()).then_some(Choice { at, people })
}

/// The text with the person named, and where the caret stands then (bytes).
pub(super) fn named(before: &str, after: &str, at: usize, id: &str) -> (String, usize) {
    let head = format!("{}@{id} ", &before[..at]);
    let end = head.len();
    (head + after.strip_prefix(' ').unwrap_or(after), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        [("ann", "Ann Li"), ("bob", "Bob"), ("agent-3", "Mateo Alvarez"), ("a b", "Nobody")]
            .into_iter()
            .collect()
    }

    fn ids(before: &str) -> Vec<String> {
        choice(before, &names())
            .map_or_else(Vec::new, |found| found.people.into_iter().map(|(id, _)| id).collect())
    }

    #[test]
    fn people_are_found_by_id_and_by_each_word_of_their_name() {
        assert_eq!(ids("ask @"), ["ann", "bob", "agent-3"]);
        assert_eq!(ids("ask @A"), ["ann", "agent-3"]);
        assert_eq!(ids("@al"), ["agent-3"]);
        for nobody in ["ask", "ann@", "ann@example", "@ann ", "@zed", "@ann, "] {
            assert!(ids(nobody).is_empty(), "{nobody}");
        }
    }

    #[test]
    fn what_stands_behind_the_caret_stays() {
        assert_eq!(named("ask @an", "? now", 4, "ann"), ("ask @ann ? now".to_owned(), 9));
        assert_eq!(named("@", " now", 0, "ann"), ("@ann now".to_owned(), 5));
    }
}
