//! The words that monitoring systems have for severities.

use sentinelops_protocol::domain::Severity;

/// The severity a word means. What is not known, or not there, is medium.
pub(super) fn of(word: Option<&str>) -> Severity {
    match word.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "critical" | "page" | "p1" | "sev1" | "fatal" | "emergency" => Severity::Critical,
        "high" | "error" | "major" | "p2" | "sev2" => Severity::High,
        "info" | "informational" | "low" | "none" | "ok" | "p4" | "p5" | "sev4" => Severity::Low,
        _ => Severity::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_monitoring_systems_are_understood() {
        for (severity, words) in [
            (Severity::Critical, ["critical", "PAGE", "p1", "sev1"]),
            (Severity::High, ["high", "error", "Major", "p2"]),
            (Severity::Medium, ["warning", "warn", "minor", "p3"]),
            (Severity::Low, ["info", "low", " none ", "P4"]),
        ] {
            for word in words {
                assert_eq!(of(Some(word)), severity, "{word}");
            }
        }
        assert_eq!(of(None), Severity::Medium);
    }
}
