//! Prometheus and Alertmanager: the tests of the gateway's ingest start the real programs.

use super::{Found, Need, apt};
use crate::run::cmd;
use crate::{root, run};
use anyhow::{Context, Result};
use std::path::Path;

const PACKAGES: [&str; 2] = ["prometheus", "prometheus-alertmanager"];
/// Alertmanager does not start without it.
const TEMPLATE: &str = "/usr/share/prometheus/alertmanager/default.tmpl";

pub const PROMETHEUS: Need = Need {
    name: "Prometheus and Alertmanager",
    why: "for the group native: alerts of the real programs",
    look,
    get,
    by_hand: || {
        format!(
            "install prometheus and prometheus-alertmanager on PATH; on Debian: {}; their services need not run: \
             sudo systemctl disable --now {}",
            apt::line(&PACKAGES),
            PACKAGES.join(" ")
        )
    },
};

fn look() -> Found {
    for program in PACKAGES {
        if root::on_path(program).is_none() {
            return Found::No(format!("no {program} on PATH"));
        }
    }
    if !Path::new(TEMPLATE).is_file() {
        return Found::No(format!("{TEMPLATE} is not there: the package prometheus-alertmanager brings it"));
    }
    let version = |program: &str| {
        let text = run::output(cmd!("{program} --version")).unwrap_or_default();
        text.lines().next().and_then(|line| line.split_whitespace().nth(2)).unwrap_or("?").to_owned()
    };
    Found::Yes(format!("{} and {}", version(PACKAGES[0]), version(PACKAGES[1])))
}

/// Installs the packages without letting their services run: the tests start the programs by themselves.
fn get() -> Result<()> {
    if apt::is_here() && Path::new("/run/systemd/system").is_dir() {
        let systemctl = run::as_root("systemctl").context("not root, and `sudo -n` is not allowed")?;
        run::quiet("systemctl mask", systemctl.arg("mask").args(PACKAGES))?;
    }
    apt::install(&PACKAGES)
}
