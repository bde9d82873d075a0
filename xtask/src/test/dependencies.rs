//! What the dependencies are allowed to be: `deny.toml`, by cargo-deny.

use crate::run::{self, cmd};
use anyhow::Result;

pub fn check() -> Result<()> {
    run::visible(cmd!("cargo deny --workspace check licenses bans sources"))?;
    // A repository on GitHub, which not every machine reaches.
    match run::quiet("advisory database", cmd!("cargo deny --workspace fetch db")) {
        Ok(()) => run::visible(cmd!("cargo deny --workspace check --disable-fetch advisories")),
        Err(error) => {
            println!("{error:#}");
            println!(
                "advisories: SKIPPED: the database cannot be fetched from GitHub; the lines above say why"
            );
            Ok(())
        }
    }
}
