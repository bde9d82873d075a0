//! What the dependencies are allowed to be: `deny.toml`, by cargo-deny.

use crate::run;
use anyhow::Result;
use std::process::Command;

pub fn check() -> Result<()> {
    run::visible(deny().args(["check", "licenses", "bans", "sources"]))?;
    // A repository on GitHub, which not every machine reaches.
    let mut advisories = deny();
    advisories.args(["check", "--disable-fetch", "advisories"]);
    match run::quiet("advisory database", deny().args(["fetch", "db"])) {
        Ok(()) => run::visible(&mut advisories),
        Err(error) => {
            println!("{error:#}");
            println!(
                "advisories: SKIPPED: the database cannot be fetched from GitHub; the lines above say why"
            );
            Ok(())
        }
    }
}

fn deny() -> Command {
    let mut deny = run::cargo();
    deny.args(["deny", "--workspace"]);
    deny
}
