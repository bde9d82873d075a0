//! The headers file that Netlify, Cloudflare Pages and their like read, and the one place the policy is written:
//! `assets/csp.txt` (the server of the end-to-end tests reads it too).

use super::graph;
use crate::root;
use anyhow::{Context, Result, bail};

/// The content security policy.
pub fn policy() -> Result<String> {
    let file = root::at("assets/csp.txt");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = text.trim().to_owned();
    if text.is_empty() || text.lines().count() != 1 {
        bail!("{} must hold the policy on one line", file.display());
    }
    Ok(text)
}

/// The file `_headers` for an app under this path.
pub fn file(public_url: &str) -> Result<String> {
    let policy = policy()?;
    // Hosts join the values of a header that two matching rules set: no rule repeats another's header.
    let mut out = format!(
        "{public_url}*\n  Content-Security-Policy: {policy}\n  Cross-Origin-Opener-Policy: same-origin\n  \
         X-Content-Type-Options: nosniff\n  Referrer-Policy: no-referrer\n\n{public_url}{}*\n  Cache-Control: \
         public, max-age=31536000, immutable\n",
        graph::FOLDER
    );
    for page in ["", "index.html", "404.html"] {
        out.push_str(&format!("\n{public_url}{page}\n  Cache-Control: no-cache\n"));
    }
    Ok(out)
}
