//! Who is signed in.

use crate::components::people::Names;
use crate::letters::upper;
use crate::words::commands as texts;
use sentinelops_realtime::use_client;
use yew::prelude::*;

/// Initials and name; nothing where neither configuration nor token names anybody.
#[component]
pub fn Me() -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    let client = use_client();
    let Some(user) = client.user() else { return Html::default() };
    let name = names.of(user);
    let initials = initials(&name);
    html! {
        <span class="me" title={texts::signed_in_as(&name)} data-testid="me">
            <span class="me__initials" aria-hidden="true">{ initials }</span>
            <span class="me__name">{ name }</span>
        </span>
    }
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next();
    let letters = [first, words.next_back()].into_iter().flatten().filter_map(|word| word.chars().next());
    upper(&letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_of_names_and_ids() {
        let found = ["Ann Li", "ann", "Ann van der Berg", "agent-5", "ßeta", ""].map(initials);
        assert_eq!(found, ["AL", "A", "AB", "A5", "SS", ""]);
    }
}
