//! How well a text fits what was typed.

use crate::letters::lower;

/// `None`: a letter of `typed` is missing, in this order. Else the higher the better: letters at the beginning of words and
/// letters in a row count more, long texts less.
///
/// ```
/// use sentinelops::commands::score;
///
/// assert!(score("ack", "Acknowledge") > score("ack", "Back to the task"));
/// assert_eq!(score("xyz", "Acknowledge"), None);
/// ```
pub fn score(typed: &str, text: &str) -> Option<i32> {
    let typed = lower(typed);
    let mut wanted = typed.chars().filter(|sign| !sign.is_whitespace()).peekable();
    let (mut found, mut before, mut in_row) = (0, ' ', false);
    for sign in lower(text).chars() {
        if wanted.peek() == Some(&sign) {
            wanted.next();
            let is_start = !before.is_alphanumeric();
            found += 1 + 8 * i32::from(is_start) + 5 * i32::from(in_row);
            in_row = true;
        } else {
            in_row = false;
        }
        before = sign;
    }
    wanted.peek().is_none().then(|| found * 16 - i32::try_from(text.len()).unwrap_or(i32::MAX).min(200))
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn words_and_rows_of_letters_come_first() {
        let mut found = ["Go to the alerts", "Resolve inc-1007", "inc-1007 checkout: errors", "Escalate"]
            .into_iter()
            .filter_map(|text| Some((score("inc 1007", text)?, text)))
            .collect::<Vec<_>>();
        found.sort_by_key(|(score, _)| -score);
        assert_eq!(
            found.iter().map(|(_, text)| *text).collect::<Vec<_>>(),
            ["Resolve inc-1007", "inc-1007 checkout: errors"]
        );
        assert!(score("ga", "Go to the alerts") > score("ga", "Organise tags"));
        assert_eq!(score("ää", "Ä"), None);
        assert!(score("", "anything").is_some());
    }
}
