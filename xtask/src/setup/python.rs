//! The Python client that the gateway's conformance tests speak with.

use super::{Found, Need, apt};
use crate::run::cmd;
use crate::{run, versions};
use anyhow::Result;

const PACKAGES: [&str; 2] = ["python3", "python3-websockets"];
const MAJOR: u64 = 10;

pub const WEBSOCKETS: Need = Need {
    name: "Python websockets",
    why: "for the group native: the gateway's conformance tests",
    look,
    get,
    by_hand: || {
        format!(
            "install websockets {MAJOR} or newer for the python3 on PATH or in /usr/bin, or name another Python by \
             PYTHON; on Debian: {}",
            apt::line(&PACKAGES)
        )
    },
};

/// What PYTHON names, else the first of PATH's and the system's that has the package: PATH's may be another one than
/// Debian's, which alone sees Debian's packages. crates/gateway/tests/gateway/conformance/foreign.rs chooses the same way.
fn candidates() -> Vec<String> {
    match std::env::var("PYTHON") {
        Ok(named) => vec![named],
        Err(_) => vec!["python3".to_owned(), "/usr/bin/python3".to_owned()],
    }
}

fn look() -> Found {
    let mut seen = "no Python with the package websockets".to_owned();
    for python in candidates() {
        let print = "import websockets.version; print(websockets.version.version)";
        let Some(version) = run::output(cmd!("{python} -c {print}")) else { continue };
        if versions::numbers(&version).first().is_some_and(|major| *major >= MAJOR) {
            return Found::Yes(format!("{version}, {python}"));
        }
        seen = format!("websockets {version} of {python} is older than {MAJOR}");
    }
    Found::No(seen)
}

fn get() -> Result<()> {
    apt::install(&PACKAGES)
}
