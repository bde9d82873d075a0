//! Dark, light, or as the system wishes, which rules until the person chooses. The choice is kept on this device, the same in
//! all its tabs, and `boot.js` applies it before the page starts.

use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::hooks::{use_media, use_stored};
use crate::components::icon::{Icon, icon_mark};
use yew::prelude::*;

const KEY: &str = "sentinelops.theme";
const ATTRIBUTE: &str = "data-theme";
const LIGHT: &str = "light";
const DARK: &str = "dark";

/// The other theme, at a press; at the third one that of the system again.
#[component]
pub fn ThemeToggle() -> Html {
    let system = if use_media("(prefers-color-scheme: dark)") { DARK } else { LIGHT };
    let stored = use_stored(AttrValue::Static(KEY));
    let chosen = [LIGHT, DARK].into_iter().find(|theme| stored.text.as_deref() == Some(theme));
    // What another tab chose comes here, too.
    use_effect_with(chosen, |chosen| apply(*chosen));
    let next = next(system, chosen);
    let toggle = stored.set.reform(move |()| next.unwrap_or_default().to_owned());
    use_commands(&[Command::Theme], toggle.reform(|_| ()));
    let onclick = toggle.reform(|_: MouseEvent| ());
    let label = match next {
        Some(theme) => format!("Switch to the {theme} theme"),
        None => "Use the theme of the system".to_owned(),
    };
    html! {
        <button type="button" class="button button--plain button--icon" {onclick} aria-label={label.clone()} title={label} data-testid="theme-toggle">
            { icon_mark(Icon::Theme, 16) }
        </button>
    }
}

/// What the next press chooses: the other one, the system's by choice, then none. Each press but the last changes something
/// that is seen.
fn next(system: &'static str, chosen: Option<&'static str>) -> Option<&'static str> {
    let other = if system == DARK { LIGHT } else { DARK };
    match chosen {
        None => Some(other),
        Some(chosen) if chosen == other => Some(system),
        Some(_) => None,
    }
}

fn apply(theme: Option<&'static str>) {
    let root =
        web_sys::window().and_then(|window| window.document()).and_then(|page| page.document_element());
    if let Some(root) = root {
        // Cannot fail: the name is a legal one.
        let _ = match theme {
            Some(theme) => root.set_attribute(ATTRIBUTE, theme),
            None => root.remove_attribute(ATTRIBUTE),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{DARK, LIGHT, next};

    #[test]
    fn three_presses_lead_through_both_themes_back_to_the_system() {
        for (system, other) in [(LIGHT, DARK), (DARK, LIGHT)] {
            let mut chosen = None;
            let seen = [0; 3].map(|_| {
                chosen = next(system, chosen);
                chosen
            });
            assert_eq!(seen, [Some(other), Some(system), None]);
        }
    }
}
