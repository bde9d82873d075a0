//! Pages and components use the doors everybody has: of the rooms of the library only those that are documented for
//! users, and of the realtime layer nothing that is kept for the crate.

use super::greps;
use crate::root;
use anyhow::{Result, bail};

/// The rooms pages and components may look into; pages into their own as well.
const OPEN: [&str; 3] = ["realtime", "components", "config"];
const CLIENT: &str = "src/realtime/client";

pub fn check() -> Result<()> {
    let private = private_items(&root::read_or_empty(root::at("src/realtime/mod.rs")));
    let mut methods = Vec::new();
    for file in greps::sources(&root::at(CLIENT))? {
        methods.extend(private_methods(&std::fs::read_to_string(file)?));
    }
    if private.is_empty() || methods.is_empty() {
        bail!(
            "nothing private was found in src/realtime/mod.rs or {CLIENT}: this check looks at the wrong place"
        );
    }
    let (mut files, mut found) = (0, 0);
    for room in ["components", "pages"] {
        let folder = root::at("src").join(room);
        for file in greps::sources(&folder)? {
            files += 1;
            let text = std::fs::read_to_string(&file)?;
            // Modules between the crate and what stands in this file.
            let inside = file.strip_prefix(root::at("src")).unwrap_or(&file).with_extension("");
            let depth = inside.iter().filter(|part| *part != "mod").count();
            for (line, what) in offences(&text, room, depth, &private, &methods) {
                found += 1;
                println!("{}:{line}: {what}", file.strip_prefix(root::root()).unwrap_or(&file).display());
            }
        }
    }
    println!("doors: {files} files, {found} found");
    if found > 0 {
        bail!(
            "{found} use(s) of what users of the library do not have: pages and components are made of the hooks of \
             `crate::realtime`"
        );
    }
    Ok(())
}

/// What `mod.rs` of the realtime layer gives to the crate alone.
fn private_items(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("pub(crate) "));
    lines.filter_map(|line| line.trim_end_matches(';').rsplit([' ', ':']).next()).map(str::to_owned).collect()
}

/// The methods that only the crate may call.
fn private_methods(text: &str) -> Vec<String> {
    let code = text.lines().filter_map(|line| line.trim_start().strip_prefix("pub(crate) fn "));
    code.filter_map(|line| line.split(['(', '<']).next()).map(str::to_owned).collect()
}

/// Lines, from 1, with what is wrong there.
fn offences(
    text: &str,
    room: &str,
    depth: usize,
    private: &[String],
    methods: &[String],
) -> Vec<(usize, String)> {
    let code: Vec<(usize, &str)> = greps::code(text).collect();
    let mut out = Vec::new();
    // A path may go on in the next line.
    let joined = |from: usize| code[from..].iter().map(|(_, line)| *line).collect::<Vec<_>>().join(" ");
    for (at, (line, text)) in code.iter().enumerate() {
        for (column, _) in text.match_indices("crate::") {
            let rest = joined(at);
            let names = names(&rest[column + "crate::".len()..]);
            let Some((first, more)) = names.split_first() else {
                out.push((*line, "one path for each room: `use crate::{…}` hides where it leads".to_owned()));
                continue;
            };
            let open = OPEN.contains(&first.as_str()) || (first == "pages" && room == "pages");
            if !open {
                out.push((*line, format!("`crate::{first}` is not for {room}")));
            } else if first == "realtime"
                && let Some(name) = more.iter().find(|name| private.contains(name))
            {
                out.push((*line, format!("`crate::realtime::{name}` is private to the crate")));
            }
        }
        if text.matches("super::").count() >= depth && text.contains(&"super::".repeat(depth)) {
            out.push((*line, "leads out of its room".to_owned()));
        }
        for method in methods {
            if text.contains(&format!("client.{method}(")) || text.contains(&format!("client().{method}(")) {
                out.push((*line, format!("`Client::{method}` is private to the crate")));
            }
        }
    }
    out
}

/// The names of a path: the first, then the next one or those of its group. Empty for a group at once.
fn names(path: &str) -> Vec<String> {
    let end = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (first, rest) = path.split_at(end(path));
    if first.is_empty() {
        return Vec::new();
    }
    let mut names = vec![first.to_owned()];
    match rest.strip_prefix("::") {
        Some(group) if group.starts_with('{') => {
            let group = group[1..].split(['}', ';']).next().unwrap_or_default();
            let parts = group.split(|c: char| !c.is_alphanumeric() && c != '_');
            names.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
        }
        Some(next) => names.push(next[..end(next)].to_owned()),
        None => {}
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, room: &str) -> Vec<usize> {
        let private = ["platform".to_owned(), "url_problem".to_owned()];
        offences(text, room, 2, &private, &["worker_health".to_owned()])
            .into_iter()
            .map(|(line, _)| line)
            .collect()
    }

    #[test]
    fn other_rooms_and_what_is_private_are_seen() {
        let fine = "use crate::realtime::{\n    Client, use_incidents,\n};\nuse crate::components::icon::Icon;\nuse super::x;\n// crate::bridge\n";
        assert_eq!(lines(fine, "components"), [0; 0]);
        for bad in [
            "use crate::bridge::SignOut;",
            "use crate::{bridge, realtime};",
            "use crate::realtime::{\n    Client,\n    platform::Platform,\n};",
            "let problem = crate::realtime::url_problem(url);",
            "use super::super::bridge;",
            "let health = client.worker_health();",
            "use crate::pages::Route;",
        ] {
            assert_eq!(lines(bad, "components"), [1], "{bad}");
        }
        assert_eq!(lines("use crate::pages::Route;", "pages"), [0; 0]);
    }

    #[test]
    fn what_is_private_is_read_from_the_source() {
        let module = "pub(crate) mod platform;\npub use client::Client;\npub(crate) use url::problem as url_problem;\n";
        assert_eq!(private_items(module), ["platform", "url_problem"]);
        let client = "impl Client {\n    pub(crate) fn open(\n    pub(crate) fn with<T>(&self)\n    pub fn connect(&self)\n";
        assert_eq!(private_methods(client), ["open", "with"]);
    }
}
