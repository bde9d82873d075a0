//! The test ids that `docs/components.md` calls stable, held against the sources: each id and each banner's name that a
//! page can show is listed there, and nothing is listed that no page shows.

use crate::root;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LIST: &str = "docs/components.md";
const ROOMS: [&str; 3] = ["crates/realtime/src/connection_status", "src/components", "src/pages"];
/// In builds for end-to-end tests only.
const NOT_SHIPPED: &str = "src/pages/lab";

pub fn check() -> Result<()> {
    let documented = Documented::read(&root::read_or_empty(root::at(LIST)));
    let mut shown = Shown::default();
    for room in ROOMS {
        for file in sources(&root::at(room))? {
            if !file.starts_with(root::at(NOT_SHIPPED)) {
                let text = std::fs::read_to_string(&file);
                shown.read(&text.with_context(|| format!("cannot read {}", file.display()))?);
            }
        }
    }
    if shown.ids.is_empty() || shown.banners.is_empty() || documented.ids.is_empty() {
        bail!("no test id was found in {} or {LIST}: this check looks at the wrong place", ROOMS.join(", "));
    }
    let problems = problems(&documented, &shown);
    problems.iter().for_each(|line| println!("{line}"));
    println!("test ids: {} documented, {} found", documented.ids.len(), problems.len());
    if !problems.is_empty() {
        bail!("{} test id(s) in which {LIST} and the sources differ", problems.len());
    }
    Ok(())
}

/// What the list under "Test ids" names.
#[derive(Default)]
struct Documented {
    ids: BTreeSet<String>,
    banners: BTreeSet<String>,
}

impl Documented {
    fn read(text: &str) -> Self {
        let mut documented = Self::default();
        let (_, list) = text.split_once("\n## Test ids").unwrap_or_default();
        for row in list.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = row.trim_matches('|').split('|').collect();
            let ids: Vec<_> = code(cells[0]).collect();
            if ids == ["banner"] {
                let names = cells.get(2).into_iter().flat_map(|cell| code(cell));
                documented.banners.extend(names.filter(|name| *name != "data-banner").map(str::to_owned));
            }
            documented.ids.extend(ids.into_iter().filter(|id| *id != "data-testid").map(str::to_owned));
        }
        documented
    }
}

/// Every second piece stands between backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What the sources have.
#[derive(Default)]
struct Shown {
    ids: BTreeSet<String>,
    banners: BTreeSet<String>,
    /// Ids that are put together: what stands before and behind the part that varies.
    made: BTreeSet<(String, String)>,
    /// Every text, for ids that are chosen elsewhere than in their attribute.
    texts: BTreeSet<String>,
}

impl Shown {
    fn read(&mut self, text: &str) {
        for (_, line) in shipped_lines(text) {
            self.texts.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
            // The attribute, and the prop that becomes it.
            self.ids.extend(quoted(line, "testid=\"").map(str::to_owned));
            let made = quoted(line, "testid={format!(\"").filter_map(|id| id.split_once('{'));
            self.made.extend(made.map(|(before, rest)| {
                let behind = rest.split_once('}').map(|(_, behind)| behind).unwrap_or_default();
                (before.to_owned(), behind.to_owned())
            }));
            if line.contains("<Banner ") {
                self.banners.extend(quoted(line, " name=\"").map(str::to_owned));
            }
        }
    }

    fn has(&self, id: &str) -> bool {
        let made = |(before, behind): &(String, String)| id.starts_with(before) && id.ends_with(behind);
        self.texts.contains(id) || self.made.iter().any(made)
    }
}

/// The texts that begin right behind `start` and end at the next quote.
fn quoted<'a>(line: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(start).filter_map(move |(at, _)| line[at + start.len()..].split('"').next())
}

fn problems(documented: &Documented, shown: &Shown) -> Vec<String> {
    let lacks = |what: &str, id: &String| format!("{LIST} lacks the {what} `{id}`");
    let ids = shown.ids.difference(&documented.ids).map(|id| lacks("test id", id));
    let banners = shown.banners.difference(&documented.banners).map(|name| lacks("banner", name));
    let made = shown.made.iter().filter(|(before, behind)| {
        !documented.ids.iter().any(|id| id.starts_with(before) && id.ends_with(behind))
    });
    let made = made.map(|(before, behind)| format!("{LIST} lacks the test ids `{before}…{behind}`"));
    let listed = documented.ids.union(&documented.banners);
    let gone = listed.filter(|id| !shown.has(id)).map(|id| format!("{LIST} lists `{id}`: no page shows it"));
    ids.chain(banners).chain(made).chain(gone).collect()
}

/// The lines of shipped code, with their numbers from 1; no comments.
fn shipped_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let shipped = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let numbered = shipped.enumerate().map(|(index, line)| (index + 1, line.trim_start()));
    numbered.filter(|(_, line)| !line.starts_with("//"))
}

/// The Rust files below a folder; a module of tests may do anything.
fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
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

    const DOC: &str = "# C\n| `not-here` | x | |\n\n## Test ids\n\n| `data-testid` | what | more |\n|---|---|---|\n\
        | `a`, `tab-x` | two | |\n| `banner` | a line | `data-banner`: `gap` |\n";

    fn found(source: &str) -> Vec<String> {
        let mut shown = Shown::default();
        shown.read(source);
        problems(&Documented::read(DOC), &shown)
    }

    #[test]
    fn what_is_listed_and_what_is_shown_are_the_same() {
        let fine = "<p data-testid=\"a\" /> <p data-testid={format!(\"tab-{}\", x)} />\n\
            <Banner key=\"gap\" name=\"gap\" /> <p data-testid=\"banner\" />\n// <p data-testid=\"comment\" />";
        assert_eq!(found(fine), [] as [&str; 0]);
        let more = format!(
            "{fine}\n<Panel testid=\"b\" />\n<Banner name=\"new\" /><p data-testid={{format!(\"{{}}-c\", x)}} />"
        );
        assert_eq!(
            found(&more),
            [
                "docs/components.md lacks the test id `b`",
                "docs/components.md lacks the banner `new`",
                "docs/components.md lacks the test ids `…-c`"
            ]
        );
        assert_eq!(
            found(&fine.replace("testid=\"a\"", "testid=\"banner\"")),
            ["docs/components.md lists `a`: no page shows it"]
        );
    }
}
