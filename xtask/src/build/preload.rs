//! The files that a program of a page consists of. Without a word about them the browser would learn of each only from the
//! one before it. Said twice: in the headers of the program's address, which arrive first, and for hosts that know no
//! `_headers` in the page, where `boot.js` brings those of its program to life.

use super::graph::{self, Files};
use super::{PROGRAMS, html};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// By program.
pub type Preloads = BTreeMap<&'static str, Vec<Preload>>;

pub struct Preload {
    address: String,
    rel: &'static str,
    /// The rest of the attributes.
    more: String,
}

impl Preload {
    pub fn script(address: String, content: &[u8]) -> Self {
        Self { address, rel: "modulepreload", more: html::integrity(content) }
    }

    /// Without `rel` it is inert: the page is the same for all programs.
    pub fn element(&self, program: &str) -> String {
        let Self { address, rel, more } = self;
        format!("<link data-program=\"{program}\" data-rel=\"{rel}\" href=\"{address}\" {more}>")
    }

    /// As the header `Link` has it.
    pub fn header(&self) -> String {
        format!("<{}>; rel={}; {}", self.address, self.rel, self.more.replace("\" ", "\"; "))
    }
}

pub fn of_programs(public_url: &str, files: &Files, renamed: &BTreeMap<String, String>) -> Result<Preloads> {
    let of = |(program, _): (&'static str, &str)| {
        let file = |old: String| {
            let new = renamed.get(&old).with_context(|| format!("trunk built no {old}"))?;
            Ok::<_, anyhow::Error>((format!("{public_url}{new}"), &files[new]))
        };
        let (address, script) = file(format!("{program}.js"))?;
        let text = String::from_utf8_lossy(script);
        let mut found = vec![Preload::script(address, script)];
        // Not those of the worker, which no page asks for.
        for (old, new) in renamed.iter().filter(|(old, _)| old.starts_with("snippets/")) {
            if new.strip_prefix(graph::FOLDER).is_some_and(|name| text.contains(name)) {
                found.push(Preload::script(format!("{public_url}{new}"), file(old.clone())?.1));
            }
        }
        let (address, _) = file(format!("{program}_bg.wasm"))?;
        let more = "as=\"fetch\" type=\"application/wasm\" crossorigin=\"anonymous\"".to_owned();
        found.push(Preload { address, rel: "preload", more });
        Ok((program, found))
    };
    PROGRAMS.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_names_its_script_what_that_imports_and_its_module() {
        let names = [
            "app.js",
            "app_bg.wasm",
            "demo.js",
            "demo_bg.wasm",
            "snippets/x-1/a.js",
            "snippets/y-1/w.js",
            "wall.js",
            "wall_bg.wasm",
        ];
        let renamed: BTreeMap<String, String> =
            names.map(|name| (name.to_owned(), format!("assets/1-{}", name.replace('/', "-")))).into();
        let import = "import './1-snippets-x-1-a.js'";
        let files: Files = renamed.values().map(|new| (new.clone(), import.into())).collect();
        let preloads = of_programs("/ops/", &files, &renamed).unwrap();
        let addresses = |program: &str| -> Vec<_> {
            preloads[program].iter().map(|preload| preload.address.as_str()).collect()
        };
        assert_eq!(
            addresses("demo"),
            ["/ops/assets/1-demo.js", "/ops/assets/1-snippets-x-1-a.js", "/ops/assets/1-demo_bg.wasm"]
        );
        let module = &preloads["app"][2];
        assert_eq!(
            module.header(),
            "</ops/assets/1-app_bg.wasm>; rel=preload; as=\"fetch\"; type=\"application/wasm\"; crossorigin=\"anonymous\""
        );
        assert_eq!(
            module.element("app"),
            "<link data-program=\"app\" data-rel=\"preload\" href=\"/ops/assets/1-app_bg.wasm\" as=\"fetch\" \
             type=\"application/wasm\" crossorigin=\"anonymous\">"
        );
        assert!(preloads["app"][0].header().contains("; rel=modulepreload; integrity=\"sha384-"));
    }
}
