//! How high rows are: three densities, kept on this device, the same in all its tabs.

use super::{Stored, use_stored};
use yew::prelude::*;

const KEY: &str = "sentinelops.density";

/// The usual one first. How high their rows are says the style sheet.
const DENSITIES: [&str; 3] = ["normal", "compact", "roomy"];

/// See [`use_density`].
#[derive(Clone, PartialEq)]
pub struct Density {
    /// Of [`Density::names`].
    pub name: &'static str,
    /// Chooses another one by its name.
    pub set: Callback<String>,
}

impl Density {
    /// All there are, the usual one first.
    pub fn names() -> [&'static str; DENSITIES.len()] {
        DENSITIES
    }
}

/// The chosen density.
#[hook]
pub fn use_density() -> Density {
    let Stored { text, set } = use_stored(AttrValue::Static(KEY));
    let found = DENSITIES.into_iter().find(|name| text.as_deref() == Some(*name));
    Density { name: found.unwrap_or(DENSITIES[0]), set }
}
