//! What all groups of settings do with a value.

use std::fmt;
use std::ops::RangeInclusive;

/// A number of the settings. What is out of range is named.
pub(super) fn within<T: PartialOrd + Copy + fmt::Display>(
    key: &str,
    value: T,
    range: &RangeInclusive<T>,
    errors: &mut Vec<String>,
) -> T {
    if !range.contains(&value) {
        errors.push(format!(
            "{key} is {value}: a number from {} to {} is allowed",
            range.start(),
            range.end()
        ));
    }
    value
}

/// A list is taken whole.
pub(super) fn list<T>(above: Vec<T>, below: Vec<T>) -> Vec<T> {
    if above.is_empty() { below } else { above }
}
