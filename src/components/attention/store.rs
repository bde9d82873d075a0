//! The preferences on this device, the same in all its tabs.

use crate::attention::Preferences;
use crate::components::hooks::use_stored;
use yew::prelude::*;

const KEY: &str = "sentinelops.attention";

/// The preferences, and how to change them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttentionChoice {
    /// As they are now.
    pub preferences: Preferences,
    /// Keeps others.
    pub set: Callback<Preferences>,
}

/// See [`AttentionProvider`].
#[derive(Properties, PartialEq)]
pub struct AttentionProviderProps {
    /// What wants to know them.
    pub children: Html,
}

/// Gives [`AttentionChoice`] to everything below.
#[component]
pub fn AttentionProvider(props: &AttentionProviderProps) -> Html {
    let stored = use_stored(AttrValue::Static(KEY));
    let preferences =
        use_memo(stored.text, |text| text.as_deref().map(Preferences::parse).unwrap_or_default());
    let set = use_callback(stored.set, |preferences: Preferences, set| set.emit(preferences.print()));
    let choice = AttentionChoice { preferences: (*preferences).clone(), set };
    html! { <ContextProvider<AttentionChoice> context={choice}>{ props.children.clone() }</ContextProvider<AttentionChoice>> }
}
