//! The sheet of keys, from the table of commands.

use super::bus::can_run;
use super::target::is_mac;
use crate::commands::{COMMANDS, Command, Entry, Keys, Section};
use crate::components::dialog::Dialog;
use crate::words::{commands as texts, settings};
use yew::prelude::*;

/// See [`Sheet`].
#[derive(Properties, PartialEq)]
pub struct SheetProps {
    /// Single letters are switched on.
    pub letters: bool,
    /// Switch them.
    pub on_letters: Callback<bool>,
    /// Close it.
    pub on_close: Callback<()>,
}

/// What can be done on this page, and by which keys.
#[component]
pub fn Sheet(props: &SheetProps) -> Html {
    let here = |entry: &&Entry| {
        // What a list or a field does itself is there where they are.
        let done_by = match entry.command {
            Command::Close | Command::PickRange => Command::Next,
            Command::Send | Command::NewLine => Command::Comment,
            command => command,
        };
        entry.keys != Keys::None && can_run(done_by)
    };
    let section = |section: Section| {
        let entries: Vec<_> = COMMANDS.iter().filter(|entry| entry.section == section).filter(here).collect();
        if entries.is_empty() {
            return Html::default();
        }
        html! {
            <section key={texts::section(section)} class="keys">
                <h3 class="keys__title">{ texts::section(section) }</h3>
                <dl>
                    { for entries.into_iter().map(|entry| html! {
                        <div key={entry.title} class="keys__row"><dt>{ entry.title }</dt><dd>{ key_hint(entry.keys) }</dd></div>
                    }) }
                </dl>
            </section>
        }
    };
    let onchange = {
        let (on_letters, on) = (props.on_letters.clone(), props.letters);
        move |_| on_letters.emit(!on)
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <Dialog name="keys" title={texts::SHEET} on_close={props.on_close.clone()}>
            { for Section::ALL.into_iter().map(section) }
            <div class="settings__line">
                <label class="check"><input type="checkbox" checked={props.letters} {onchange} data-testid="keys-letters" /><span>{ texts::LETTERS }</span></label>
                <button type="button" class="button" onclick={close} data-testid="keys-close">{ settings::CLOSE }</button>
            </div>
        </Dialog>
    }
}

/// The keys of a command.
pub(super) fn key_hint(keys: Keys) -> Html {
    let between = if matches!(keys, Keys::After(..)) { format!(" {} ", texts::THEN) } else { " ".to_owned() };
    let keys = keys.labels(is_mac());
    html! {
        <span class="keys__hint">
            { for keys.into_iter().enumerate().map(|(at, key)| html! { <>if at > 0 { { &between } }<kbd>{ key }</kbd></> }) }
        </span>
    }
}
