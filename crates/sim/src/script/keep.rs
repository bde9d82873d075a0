//! `--keep 3,5-9`: which lines of a script are run.

/// Reads a list of numbers and ranges.
///
/// # Errors
/// The part that is neither.
pub fn parse_keep(text: &str) -> Result<Vec<usize>, String> {
    let mut keep = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "none") {
        let wrong = |_| format!("{part:?} is neither a number nor a range like 5-9");
        match part.split_once('-') {
            Some((from, to)) => {
                keep.extend(from.parse::<usize>().map_err(wrong)?..=to.parse::<usize>().map_err(wrong)?);
            }
            None => keep.push(part.parse::<usize>().map_err(wrong)?),
        }
    }
    Ok(keep)
}

/// Writes one.
pub fn format_keep(keep: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for &n in keep {
        match parts.last_mut() {
            Some((_, to)) if *to + 1 == n => *to = n,
            _ => parts.push((n, n)),
        }
    }
    if parts.is_empty() {
        return "none".to_owned();
    }
    let text: Vec<String> = parts
        .into_iter()
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") })
        .collect();
    text.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for keep in [vec![], vec![3], vec![1, 2, 3, 7, 9, 10]] {
            assert_eq!(parse_keep(&format_keep(&keep)).unwrap(), keep);
        }
        assert!(parse_keep("1,x").is_err());
    }
}
