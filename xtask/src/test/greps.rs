//! House rules a compiler does not check: short texts that must not stand in certain files, each with its reason.
//!
//! Lines after `#[cfg(test)]` at the start of a line, comments, and lines ending in `// allow: REASON` are left out.

use crate::root;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

struct Rule {
    folders: &'static [&'static str],
    text: &'static str,
    why: &'static str,
}

const APP: &[&str] = &["src", "crates/realtime/src"];
const CORE: &[&str] = &["crates/engine/src", "crates/protocol/src"];

const RULES: [Rule; 10] = [
    Rule {
        folders: APP,
        text: "style=",
        why: "the policy blocks style attributes: use a class, an SVG attribute or set_property",
    },
    Rule { folders: APP, text: "inner_html", why: "the policy demands Trusted Types: build nodes instead" },
    Rule {
        folders: APP,
        text: "from_html_unchecked",
        why: "the policy demands Trusted Types: build nodes instead",
    },
    Rule {
        folders: APP,
        text: ".forget()",
        why: "a forgotten closure leaks: keep it in the value whose drop ends it",
    },
    Rule { folders: APP, text: "Closure::once_into_js", why: "it leaks until called: keep the closure" },
    Rule {
        folders: APP,
        text: ".unwrap()",
        why: "data from outside must not panic: handle it, or use expect on an invariant and say it",
    },
    Rule {
        folders: CORE,
        text: ".unwrap()",
        why: "data from outside must not panic: handle it, or use expect on an invariant and say it",
    },
    Rule { folders: CORE, text: "Instant::now", why: "the core has no clock: time is an argument" },
    Rule { folders: CORE, text: "SystemTime", why: "the core has no clock: time is an argument" },
    Rule { folders: CORE, text: "web_sys", why: "the core knows no browser" },
];

pub fn check() -> Result<()> {
    let mut found = 0;
    let mut files = 0;
    for folder in ["src", "crates/realtime/src", "crates/engine/src", "crates/protocol/src"] {
        let rules: Vec<_> = RULES.iter().filter(|rule| rule.folders.contains(&folder)).collect();
        for file in sources(&root::at(folder))? {
            files += 1;
            let text =
                std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            for (line, rule) in offences(&text, &rules) {
                found += 1;
                let shown = file.strip_prefix(root::root()).unwrap_or(&file);
                println!("{}:{line}: `{}`: {}", shown.display(), rule.text, rule.why);
            }
        }
    }
    println!("house rules: {files} files, {found} found");
    if found > 0 {
        bail!("{found} line(s) against the house rules");
    }
    Ok(())
}

/// Line numbers, from 1, with the rule they break.
fn offences<'a>(text: &str, rules: &[&'a Rule]) -> Vec<(usize, &'a Rule)> {
    code(text)
        .flat_map(|(number, line)| {
            rules.iter().filter(move |rule| line.contains(rule.text)).map(move |rule| (number, *rule))
        })
        .collect()
}

/// The lines the rules are for, with their numbers from 1.
pub fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let shipped = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let numbered = shipped.enumerate().map(|(index, line)| (index + 1, line.trim_start()));
    numbered.filter(|(_, line)| !line.starts_with("//") && !line.contains("// allow: "))
}

/// The Rust files below a folder; a module of tests may do anything.
pub fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "tests") {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_comments_and_named_exceptions_are_left_out() {
        let rules: Vec<_> = RULES.iter().filter(|rule| rule.text == ".unwrap()").take(1).collect();
        let lines = |text| offences(text, &rules).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(lines("a\nb.unwrap();\n// c.unwrap()\nd.unwrap() // allow: literal"), [2]);
        assert_eq!(lines("#[cfg(test)]\nmod tests { a.unwrap() }"), [0; 0]);
    }
}
