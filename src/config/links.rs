//! Links of alerts and incidents: their addresses are an operator's, never those of what comes from the network.

/// A link that each alert with the right labels, and each incident with the right fields, gets. The operator writes the
/// address; they only fill in values, percent-encoded, behind the host.
///
/// ```
/// use sentinelops::config::LinkTemplate;
///
/// let runbook = LinkTemplate::new("Runbook", "https://runbooks.example/{alertname}")?;
/// let labels = [("alertname".to_owned(), "Disk full".to_owned())];
/// assert_eq!(runbook.fill(&labels).as_deref(), Some("https://runbooks.example/Disk%20full"));
/// assert_eq!(runbook.fill(&[]), None);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTemplate {
    label: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The value of the label of this name.
    Value(String),
}

impl LinkTemplate {
    /// A link's text, 1 to 40 characters, and its address: http or https, with names of labels in braces behind the
    /// host.
    ///
    /// # Errors
    /// What is allowed.
    ///
    /// ```
    /// use sentinelops::config::LinkTemplate;
    ///
    /// assert!(LinkTemplate::new("Host", "https://{instance}/").is_err(), "an alert chooses no host");
    /// assert!(LinkTemplate::new("Script", "javascript:{alertname}").is_err());
    /// ```
    pub fn new(label: &str, url: &str) -> Result<Self, String> {
        let label = label.trim();
        if !(1..=40).contains(&label.chars().count()) {
            return Err("a label of 1 to 40 characters is allowed".to_owned());
        }
        let behind = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = behind.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        let is_plain = |c: char| !(c.is_control() || c.is_whitespace() || c == '\\');
        if host.is_empty() || host.contains(['{', '}', '@']) || !url.chars().all(is_plain) {
            return Err(
                "an address such as https://runbooks.example/{alertname} is allowed: http or https, \
                        a host without placeholders, no spaces"
                    .to_owned(),
            );
        }
        let mut parts = Vec::new();
        let mut rest = url;
        while let Some((text, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}').filter(|(name, _)| !name.is_empty()) else {
                return Err(BRACES.to_owned());
            };
            parts.push(Part::Text(text.to_owned()));
            parts.push(Part::Value(name.to_owned()));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let is_whole = |part: &Part| match part {
            Part::Text(text) => !text.contains('}'),
            Part::Value(name) => !name.contains('{'),
        };
        if !parts.iter().all(is_whole) {
            return Err(BRACES.to_owned());
        }
        Ok(Self { label: label.to_owned(), parts })
    }

    /// The link's text.
    ///
    /// ```
    /// use sentinelops::config::LinkTemplate;
    ///
    /// let link = LinkTemplate::new(" Logs ", "https://logs.example/?q={instance}")?;
    /// assert_eq!(link.label(), "Logs");
    /// # Ok::<(), String>(())
    /// ```
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The address for an alert with these labels, name and value each. `None`: it lacks one, or a value would lead
    /// out of the path (`..`).
    ///
    /// ```
    /// use sentinelops::config::LinkTemplate;
    ///
    /// let logs = LinkTemplate::new("Logs", "https://logs.example/{job}?q={instance}")?;
    /// let labels = [("job", "a/b"), ("instance", "x&y=1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    /// assert_eq!(logs.fill(&labels).as_deref(), Some("https://logs.example/a%2Fb?q=x%26y%3D1"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn fill(&self, labels: &[(String, String)]) -> Option<String> {
        let mut url = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => url.push_str(text),
                Part::Value(name) => {
                    let (_, value) =
                        labels.iter().find(|(label, value)| label == name && !value.is_empty())?;
                    encode(value, &mut url);
                }
            }
        }
        let leads_out = url.split(['/', '?', '#']).any(|step| step == "." || step == "..");
        (!leads_out).then_some(url)
    }
}

const BRACES: &str = "names of labels between { and } are allowed, for example {alertname}";

/// All but the unreserved characters of RFC 3986.
fn encode(value: &str, url: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(byte.into());
        } else {
            url.push('%');
            url.push(HEX[usize::from(byte >> 4)].into());
            url.push(HEX[usize::from(byte & 15)].into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LinkTemplate;

    fn fill(url: &str, value: &str) -> Option<String> {
        let labels = [("a".to_owned(), value.to_owned())];
        LinkTemplate::new("Link", url).expect("a template").fill(&labels)
    }

    #[test]
    fn a_value_stays_where_the_operator_put_it() {
        for value in ["//evil.example", "javascript:x", "?q#f", "\" onclick=", "a\nb", "ä", "%2e%2e", "@evil"]
        {
            let url = fill("https://h.example/x/{a}", value).expect("a link");
            let last = url.strip_prefix("https://h.example/x/").expect("the operator's beginning");
            assert!(last.chars().all(|c| c.is_ascii_alphanumeric() || "-._~%".contains(c)), "{url}");
        }
        assert_eq!(fill("https://h.example/{a}", "ä").as_deref(), Some("https://h.example/%C3%A4"));
        for value in ["", ".", ".."] {
            assert_eq!(fill("https://h.example/x/{a}/y", value), None, "{value:?}");
        }
        assert_eq!(fill("https://h.example/{b}", "1"), None);
        assert_eq!(fill("http://h.example", "1").as_deref(), Some("http://h.example"));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for url in [
            "",
            "/x",
            "//h",
            "ftp://h/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https:///x",
            "https://{a}/",
            "https://h{a}/",
            "https://u:p@h/",
            "https://h/ x",
            "https://h\\{a}",
            "https://h/{",
            "https://h/{}",
            "https://h/a}",
            "https://h/{a{b}}",
            "https://h?{a}}",
        ] {
            assert!(LinkTemplate::new("Link", url).is_err(), "{url}");
        }
        for label in ["", "  ", &"x".repeat(41)] {
            assert!(LinkTemplate::new(label, "https://h/").is_err(), "{label}");
        }
    }
}
