//! The programs that cargo installs: trunk, wasm-bindgen, wasm-pack, cargo-deny, geckodriver, and cargo-semver-checks once
//! there is a tag to compare with.

use super::{Found, Need};
use crate::run::cmd;
use crate::{root, run, versions};
use anyhow::{Context, Result};

/// A program from the cargo registry.
struct Tool {
    package: &'static str,
    program: &'static str,
    features: &'static [&'static str],
    /// Page and tool must speak one format, so only the locked version will do; else any newer one is kept.
    exact: bool,
}

const BINDGEN: Tool =
    Tool { package: "wasm-bindgen-cli", program: "wasm-bindgen", features: &[], exact: true };
/// Without the update check, which would ask the network at every start.
const TRUNK_TOOL: Tool = Tool {
    package: "trunk",
    program: "trunk",
    features: &["--no-default-features", "--features", "rustls"],
    exact: false,
};
const PACK: Tool = Tool { package: "wasm-pack", program: "wasm-pack", features: &[], exact: false };
const DENY: Tool = Tool { package: "cargo-deny", program: "cargo-deny", features: &[], exact: false };
const GECKO: Tool = Tool { package: "geckodriver", program: "geckodriver", features: &[], exact: false };
const SEMVER: Tool =
    Tool { package: "cargo-semver-checks", program: "cargo-semver-checks", features: &[], exact: false };

pub const WASM_BINDGEN: Need = Need {
    name: "wasm-bindgen",
    why: "by trunk and wasm-pack, in exactly the version of Cargo.lock",
    look: || BINDGEN.look(),
    get: || BINDGEN.get(),
    by_hand: || BINDGEN.by_hand(),
};
pub const TRUNK: Need = Need {
    name: "trunk",
    why: "to build and serve the app",
    look: || TRUNK_TOOL.look(),
    get: || TRUNK_TOOL.get(),
    by_hand: || TRUNK_TOOL.by_hand(),
};
pub const WASM_PACK: Need = Need {
    name: "wasm-pack",
    why: "for the group wasm",
    look: || PACK.look(),
    get: || PACK.get(),
    by_hand: || PACK.by_hand(),
};
pub const CARGO_DENY: Need = Need {
    name: "cargo-deny",
    why: "for the group lint: licences, advisories and sources of dependencies",
    look: || DENY.look(),
    get: || DENY.get(),
    by_hand: || DENY.by_hand(),
};
pub const GECKODRIVER: Need = Need {
    name: "geckodriver",
    why: "for the group wasm, which runs in Firefox too",
    look: || GECKO.look(),
    get: || GECKO.get(),
    by_hand: || GECKO.by_hand(),
};
/// Not among [`super::NEEDS`]: it compiles for minutes, and before the first tag there is nothing to compare with.
pub const SEMVER_CHECKS: Need = Need {
    name: "cargo-semver-checks",
    why: "for the group lint: the published crates against the last tag",
    look: || SEMVER.look(),
    get: || SEMVER.get(),
    by_hand: || SEMVER.by_hand(),
};

impl Tool {
    fn wanted(&self) -> Result<String> {
        let pinned = versions::tool(self.package)?;
        if self.exact
            && let Some(locked) = versions::locked(self.program)
            && locked != pinned
        {
            anyhow::bail!(
                "Cargo.toml pins {} {pinned} but Cargo.lock has {} {locked}: make the two equal",
                self.package,
                self.program
            );
        }
        Ok(pinned)
    }

    fn look(&self) -> Found {
        let wanted = match self.wanted() {
            Ok(wanted) => wanted,
            Err(error) => return Found::No(error.to_string()),
        };
        let Some(path) = root::on_path(self.program) else {
            return Found::No(format!("none on PATH, wanted {wanted}"));
        };
        let text = run::output(cmd!("{path} --version")).unwrap_or_default();
        let have = versions::of_output(&text).unwrap_or_else(|| "of unknown version".to_owned());
        let good = match self.exact {
            true => have == wanted,
            false => versions::numbers(&have) >= versions::numbers(&wanted),
        };
        if good {
            Found::Yes(format!("{have}, {}", path.display()))
        } else {
            Found::No(format!("{} is {have}, wanted {wanted}", path.display()))
        }
    }

    fn get(&self) -> Result<()> {
        let version = self.wanted()?;
        // A prebuilt program saves minutes, where this helper is there and can reach one.
        if root::on_path("cargo-binstall").is_some() {
            let package = self.package;
            let binstall =
                cmd!("cargo-binstall --no-confirm --disable-strategies compile {package}@{version}");
            match run::quiet(&format!("binstall {package}"), binstall) {
                Ok(()) => return Ok(()),
                Err(error) => println!("  {error:#}\n  compiling it instead"),
            }
        }
        if let Err(error) = self.install(&version, &["--locked"]) {
            println!("  {error:#}\n  trying again with the newest dependencies the registry shows");
            self.install(&version, &[]).context("the package could not be installed either way")?;
        }
        Ok(())
    }

    /// Low optimisation (a tool that runs for seconds need not be fast) and one target directory for all of
    /// them, whose dependencies largely coincide.
    fn install(&self, version: &str, extra: &[&str]) -> Result<()> {
        let Self { package, features, .. } = *self;
        let cargo = cmd!("cargo install {package} --version {version} --force {features...} {extra...}")
            .env("CARGO_TARGET_DIR", root::target().join("tools"))
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        run::quiet(&format!("cargo install {package}"), cargo)
    }

    fn by_hand(&self) -> String {
        let version = versions::tool(self.package).unwrap_or_default();
        let features = self.features.join(" ");
        format!("`cargo install {} --version {version} {features}`", self.package).replace(" `", "`")
    }
}
