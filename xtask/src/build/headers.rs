//! The headers file that Netlify, Cloudflare Pages and their like read, and the one place the policy is written:
//! `assets/csp.txt` (the server of the end-to-end tests reads it too).

use super::preload::{Preload, Preloads};
use super::{PROGRAMS, graph, service_worker};
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
pub fn file(public_url: &str, preloads: &Preloads) -> Result<String> {
    let policy = policy()?;
    // Hosts join the values of a header that two matching rules set: no rule repeats another's header.
    let mut out = format!(
        "{public_url}*\n  Content-Security-Policy: {policy}\n  Cross-Origin-Opener-Policy: same-origin\n  \
         X-Content-Type-Options: nosniff\n  Referrer-Policy: no-referrer\n\n{public_url}{}*\n  Cache-Control: \
         public, max-age=31536000, immutable\n",
        graph::FOLDER
    );
    // The addresses a page is shown at by itself; what is no file has the default of the host, which asks each time.
    for file in ["index.html", "404.html", service_worker::NAME] {
        out.push_str(&format!("\n{public_url}{file}\n  Cache-Control: no-cache\n"));
    }
    for (program, address) in PROGRAMS {
        let files: Vec<String> = preloads[program].iter().map(Preload::header).collect();
        let files = files.join(", ");
        out.push_str(&format!("\n{public_url}{address}\n  Cache-Control: no-cache\n  Link: {files}\n"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the file sets for a path: every rule whose pattern fits, a `*` standing for anything.
    fn of<'a>(file: &'a str, path: &str) -> Vec<(&'a str, &'a str)> {
        let mut fits = false;
        let mut set = Vec::new();
        for line in file.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("  ") {
                Some(header) if fits => set.extend(header.split_once(": ")),
                Some(_) => {}
                None => {
                    fits = match line.split_once('*') {
                        Some((before, after)) => path.starts_with(before) && path.ends_with(after),
                        None => path == line,
                    }
                }
            }
        }
        set
    }

    fn preloads() -> Preloads {
        let of = |(program, _): (&'static str, &str)| {
            (program, vec![Preload::script(format!("/{program}.js"), b"")])
        };
        PROGRAMS.into_iter().map(of).collect()
    }

    #[test]
    fn address_of_a_program_names_the_files_of_that_program_and_of_no_other() {
        let file = file("/ops/", &preloads()).unwrap();
        for (path, starts) in
            [("/ops/", "</app.js>; rel=modulepreload; "), ("/ops/realtime-demo", "</demo.js>; ")]
        {
            let links: Vec<_> = of(&file, path).into_iter().filter(|(name, _)| *name == "Link").collect();
            assert!(matches!(links[..], [(_, link)] if link.starts_with(starts)), "{path}: {links:?}");
        }
        assert!(of(&file, "/ops/elsewhere").iter().all(|(name, _)| *name != "Link"));
    }

    const IMMUTABLE: &str = "public, max-age=31536000, immutable";

    #[test]
    fn the_policy_is_the_promised_one_word_for_word() {
        let promised = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
                        img-src 'self' data:; font-src 'self'; manifest-src 'self'; connect-src 'self' wss: ws:; worker-src 'self'; \
                        base-uri 'none'; require-trusted-types-for 'script'; trusted-types sentinelops";
        assert_eq!(policy().unwrap(), promised);
    }

    #[test]
    fn every_file_has_the_policy_and_each_its_cache_rule() {
        let policy = policy().unwrap();
        for base in ["/", "/console/"] {
            let file = file(base, &preloads()).unwrap();
            for (path, cache) in [
                ("", Some("no-cache")),
                ("index.html", Some("no-cache")),
                ("404.html", Some("no-cache")),
                ("realtime-demo", Some("no-cache")),
                ("wall", Some("no-cache")),
                ("sw.js", Some("no-cache")),
                ("assets/worker_loader-0123456789abcdef.js", Some(IMMUTABLE)),
                ("assets/worker_bg-0123456789abcdef.wasm", Some(IMMUTABLE)),
                ("an/unknown/address", None),
            ] {
                let set = of(&file, &format!("{base}{path}"));
                let values = |wanted: &str| -> Vec<_> {
                    set.iter().filter(|(name, _)| *name == wanted).map(|(_, value)| *value).collect()
                };
                assert_eq!(values("Content-Security-Policy"), [policy.as_str()], "{base}{path}");
                assert_eq!(values("Cache-Control"), Vec::from_iter(cache), "{base}{path}");
                for (name, value) in [
                    ("Cross-Origin-Opener-Policy", "same-origin"),
                    ("X-Content-Type-Options", "nosniff"),
                    ("Referrer-Policy", "no-referrer"),
                ] {
                    assert_eq!(values(name), [value], "{base}{path}");
                }
            }
        }
    }

    #[test]
    fn an_app_under_a_path_says_nothing_about_its_neighbours() {
        assert_eq!(of(&file("/console/", &preloads()).unwrap(), "/assets/of-another-app.js"), []);
    }
}
