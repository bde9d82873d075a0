//! What the build writes into index.html. Edits are by text: the page is ours, and every edit that finds nothing
//! to do is an error.

use anyhow::{Context, Result, bail};
use base64::Engine;
use sha2::{Digest, Sha384};

/// Sets the content of `<meta name="…" content="…">`.
pub fn set_meta(html: &str, name: &str, content: &str) -> Result<String> {
    let start = format!("<meta name=\"{name}\" content=\"");
    let (before, rest) = html.split_once(&start).with_context(|| {
        format!("index.html has no `{start}…\">`: the app reads it, put it back (attributes in this order)")
    })?;
    let (_, after) = rest.split_once('"').context("index.html: a meta tag whose content does not end")?;
    Ok(format!("{before}{start}{content}\"{after}"))
}

/// Adds a line to the head.
pub fn add_to_head(html: &str, line: &str) -> Result<String> {
    let (before, after) = html.split_once("</head>").context("index.html has no </head>")?;
    Ok(format!("{before}  {line}\n  {}", format_args!("</head>{after}")))
}

/// Takes out the `<link>` of this address, and the space before it.
pub fn remove_link(html: &str, address: &str) -> Result<String> {
    let no_link = || format!("index.html has no <link> of {address}");
    let at = html.find(&format!("href=\"{address}\"")).with_context(no_link)?;
    let start = html[..at].rfind("<link ").with_context(no_link)?;
    let end = at + html[at..].find('>').with_context(no_link)? + 1;
    Ok(format!("{}{}", html[..start].trim_end(), &html[end..]))
}

/// Gives the element that loads this address the integrity of its content.
pub fn pin(html: &str, address: &str, content: &[u8]) -> Result<String> {
    let quoted = format!("\"{address}\"");
    if !html.contains(&quoted) {
        bail!("index.html does not load {address}");
    }
    Ok(html.replace(&quoted, &format!("{quoted} {}", integrity(content))))
}

/// The attributes of an element that loads this content.
pub fn integrity(content: &[u8]) -> String {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha384::digest(content));
    format!("integrity=\"sha384-{hash}\" crossorigin=\"anonymous\"")
}

/// The policy forbids inline scripts, handlers and styles; better to hear of one here than from a blank page.
pub fn check_strict(html: &str) -> Result<()> {
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let inline_script =
            tag.starts_with("script") && !tag.contains("src=") && !tag.contains("type=\"application/json\"");
        if inline_script || tag.starts_with("style") || tag.contains(" style=") || tag.contains(" on") {
            bail!("index.html has `<{tag}>`, which the content security policy blocks: move it into a file");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_content_is_replaced_and_a_missing_meta_is_an_error() {
        let html = "<meta name=\"a\" content=\"old\"><meta name=\"b\" content=\"\">";
        assert_eq!(
            set_meta(html, "a", "/x/").expect("there"),
            "<meta name=\"a\" content=\"/x/\"><meta name=\"b\" content=\"\">"
        );
        assert!(set_meta(html, "c", "").is_err());
    }

    #[test]
    fn inline_script_and_style_are_refused() {
        assert!(check_strict("<script type=\"module\" src=\"/boot.js\"></script>").is_ok());
        assert!(check_strict("<script type=\"application/json\" id=\"c\">{}</script>").is_ok());
        for bad in ["<script>1</script>", "<p style=\"a\">", "<style>", "<p onclick=\"x\">"] {
            assert!(check_strict(bad).is_err(), "{bad}");
        }
    }
}
