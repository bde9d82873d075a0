//! How high rows are: three densities, kept on this device, the same in all its tabs.

use super::{Stored, TWO_LINES, use_media, use_stored};
use yew::prelude::*;

const KEY: &str = "sentinelops.density";

/// Name, height of a row of one line and of one of two, px. The style sheet's `--row` says the same.
const DENSITIES: [(&str, u32, u32); 3] = [("normal", 44, 56), ("compact", 32, 44), ("roomy", 56, 68)];

/// See [`use_density`].
#[derive(Clone, PartialEq)]
pub struct Density {
    /// Of [`Density::names`].
    pub name: &'static str,
    /// Height of a row, px.
    pub row: u32,
    /// Chooses another one by its name.
    pub set: Callback<String>,
}

impl Density {
    /// All there are, the usual one first.
    pub fn names() -> [&'static str; DENSITIES.len()] {
        DENSITIES.map(|(name, ..)| name)
    }
}

/// The chosen density, at the width of the page.
#[hook]
pub fn use_density() -> Density {
    let Stored { text, set } = use_stored(AttrValue::Static(KEY));
    let found = DENSITIES.into_iter().find(|(name, ..)| text.as_deref() == Some(*name));
    let (name, one, two) = found.unwrap_or(DENSITIES[0]);
    let row = if use_media(TWO_LINES) { two } else { one };
    Density { name, row, set }
}
