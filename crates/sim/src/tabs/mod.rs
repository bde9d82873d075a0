//! The world of several tabs: each has a page and a worker with an engine's `tabs::Node`; they share
//! one store, one lock and one channel, and the one server.
//!
//! | file | concern |
//! |---|---|
//! | [`script`], [`generate`] | what is done to the world |
//! | [`world`], `tab`, `shell`, `shared` | tabs and their shells |
//! | `pages`, `messages`, `send_log` | people and pages, and what each page knows of its messages |
//! | [`disk`], [`locks`] | IndexedDB and Web Locks, as tabs share them |
//! | `faults`, `settle` | what breaks, and how it must end |
//! | `sign_out` | people who sign out and in again |
//! | `silence` | a store that a frozen tab holds |
//! | [`check`], `leading`, `ends` | what must hold |

pub mod check;
pub mod disk;
mod ends;
mod faults;
pub mod generate;
mod leading;
pub mod locks;
mod messages;
mod pages;
pub mod script;
mod send_log;
mod settle;
mod shared;
mod shell;
mod sign_out;
mod silence;
mod tab;
pub mod world;

use crate::check::Violation;
use crate::run::{Kind, Outcome, TAME};
use crate::script::Script;
use crate::story::Story;

/// Schedules of several tabs.
#[derive(Clone, Copy, Debug)]
pub struct Tabs;

impl Kind for Tabs {
    const FLAG: &'static str = " --tabs";

    fn generate(seed: u64) -> Script {
        generate::generate(seed)
    }

    fn too_tame(script: &Script) -> Option<Violation> {
        let (sends, faults, leaders) = script::counts(script);
        (sends < 20 || faults < 5 || leaders < 2).then(|| Violation {
            invariant: TAME,
            detail: format!("{sends} sends, {faults} faults, {leaders} of them on leaders"),
            at: 0,
        })
    }

    fn run(script: &Script, tell: bool) -> Outcome {
        let story = if tell { Story::kept() } else { Story::default() };
        let mut world = world::TabWorld::new(script.clone(), story);
        let violation = crate::run::caught(&mut world, |world| world.run(), |world| world.check.now());
        let steps = world.steps;
        Outcome { violation, story: std::mem::take(&mut world.story).into_lines(), steps }
    }
}
