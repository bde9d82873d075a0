//! Dark and light. The system's wish rules until the person chooses; the choice is kept on this device, and `boot.js`
//! applies it before the page starts.

use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::hooks::use_media;
use crate::components::icon::{Icon, IconMark};
use web_sys::Storage;
use yew::prelude::*;

const KEY: &str = "sentinelops.theme";
const ATTRIBUTE: &str = "data-theme";

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.word() == word)
    }

    fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }
}

/// The other theme, at a press.
#[component]
pub fn ThemeToggle() -> Html {
    let system_dark = use_media("(prefers-color-scheme: dark)");
    let chosen = use_state_eq(stored);
    let current = chosen.unwrap_or(if system_dark { Theme::Dark } else { Theme::Light });
    let next = current.other();
    let set = chosen.setter();
    let toggle = Callback::from(move |()| {
        apply(next);
        if let Some(storage) = storage() {
            // Storage that is full or forbidden: the choice then lasts until the page is closed.
            let _ = storage.set_item(KEY, next.word());
        }
        set.set(Some(next));
    });
    use_commands(&[Command::Theme], toggle.reform(|_| ()));
    let onclick = toggle.reform(|_: MouseEvent| ());
    let label = format!("Switch to the {} theme", next.word());
    html! {
        <button type="button" class="button button--plain button--icon" {onclick} aria-label={label.clone()} title={label} data-testid="theme-toggle">
            <IconMark icon={Icon::Theme} />
        </button>
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn stored() -> Option<Theme> {
    Theme::parse(&storage()?.get_item(KEY).ok()??)
}

fn apply(theme: Theme) {
    let root = web_sys::window().and_then(|w| w.document()).and_then(|d| d.document_element());
    if let Some(root) = root {
        // Cannot fail: the name is a legal one.
        let _ = root.set_attribute(ATTRIBUTE, theme.word());
    }
}
