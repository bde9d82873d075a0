//! Chromium and its driver: for wasm tests and for the end-to-end tests. Firefox: for wasm tests.

use super::{Found, Need, apt};
use crate::run::cmd;
use crate::{root, run};
use anyhow::Result;
use std::path::PathBuf;

const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

pub const CHROME: Need = Need {
    name: "Chromium and chromedriver",
    why: "for the groups wasm and e2e",
    look,
    get,
    by_hand: || {
        format!(
            "install Chromium or Chrome with the chromedriver of its version, on PATH or named by CHROME and \
             CHROMEDRIVER; on Debian: {}",
            apt::line(&PACKAGES)
        )
    },
};

const FIREFOX_PACKAGES: [&str; 1] = ["firefox-esr"];

/// Its driver is a tool from the cargo registry.
pub const FIREFOX: Need = Need {
    name: "Firefox",
    why: "for the group wasm",
    look: || match firefox() {
        Some(path) => Found::Yes(path.display().to_string()),
        None => Found::No("no firefox and no firefox-esr on PATH".into()),
    },
    get: || apt::install(&FIREFOX_PACKAGES),
    by_hand: || format!("install Firefox, on PATH; on Debian: {}", apt::line(&FIREFOX_PACKAGES)),
};

fn firefox() -> Option<PathBuf> {
    ["firefox", "firefox-esr"].iter().find_map(|name| root::on_path(name))
}

/// The driver of Firefox: what GECKODRIVER names, else what PATH has. `None` also where there is no Firefox.
pub fn geckodriver() -> Option<PathBuf> {
    firefox().and_then(|_| named("GECKODRIVER", &["geckodriver"]))
}

/// The browser: what CHROME names, else what PATH has.
pub fn chrome() -> Option<PathBuf> {
    named("CHROME", &["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"])
}

/// Its driver: what CHROMEDRIVER names, else what PATH has.
pub fn chromedriver() -> Option<PathBuf> {
    named("CHROMEDRIVER", &["chromedriver"])
}

fn named(variable: &str, names: &[&str]) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(path) => Some(PathBuf::from(path)).filter(|path| root::is_executable(path)),
        None => names.iter().find_map(|name| root::on_path(name)),
    }
}

fn look() -> Found {
    match (chrome(), chromedriver()) {
        (Some(chrome), Some(driver)) => {
            // The driver's version stands for both: asking Chromium itself takes most of a second.
            let version = run::output(cmd!("{driver} --version")).unwrap_or_default();
            let version: String = version.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            Found::Yes(format!("{version}, {}, {}", chrome.display(), driver.display()))
        }
        (None, _) if std::env::var_os("CHROME").is_some() => {
            Found::No("CHROME names no executable file".into())
        }
        (_, None) if std::env::var_os("CHROMEDRIVER").is_some() => {
            Found::No("CHROMEDRIVER names no executable file".into())
        }
        (None, _) => Found::No("no browser".into()),
        (_, None) => Found::No("no chromedriver".into()),
    }
}

fn get() -> Result<()> {
    apt::install(&PACKAGES)
}
