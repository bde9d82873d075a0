//! The way to the preferences; it shows that they are muted, and for how long.

use super::settings::MUTE_MS;
use super::{AttentionChoice, AttentionSettings};
use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::dialog::Dialog;
use crate::components::icon::{Icon, icon_mark};
use crate::words::settings as texts;
use sentinelops_realtime::time_text::use_time_text;
use sentinelops_realtime::use_clock;
use yew::prelude::*;

/// In the top bar.
#[component]
pub fn AttentionButton() -> Html {
    let clock = use_clock();
    let AttentionChoice { preferences, set } = use_context::<AttentionChoice>().unwrap_or_default();
    let open = use_state_eq(|| false);
    let show = {
        let set = open.setter();
        Callback::from(move |()| set.set(true))
    };
    let onclick = show.reform(|_: MouseEvent| ());
    let on_close = use_callback(open.setter(), |(), set| set.set(false));
    let close = on_close.reform(|_: MouseEvent| ());
    let left = use_time_text(preferences.muted_until_ms.unwrap_or(0), texts::muted_left);
    let is_muted = !left.is_empty();
    use_commands(&[Command::Notifications, Command::Mute], {
        let preferences = preferences.clone();
        Callback::from(move |command| {
            if command == Command::Notifications {
                return show.emit(());
            }
            let mut preferences = preferences.clone();
            preferences.muted_until_ms = (!is_muted).then(|| clock.now() + MUTE_MS);
            set.emit(preferences);
        })
    });
    let label = if is_muted {
        format!("{}: {}", texts::TITLE, texts::muted_for(&left))
    } else {
        texts::TITLE.to_owned()
    };
    html! {
        <>
            <button type="button" class={classes!("button", "button--plain", "bell", is_muted.then_some("bell--muted"))} {onclick} aria-haspopup="dialog"
                aria-label={label.clone()} title={label} data-testid="attention-open">
                { icon_mark(if is_muted { Icon::BellOff } else { Icon::Bell }, 16) }
                if is_muted { <span class="num" data-testid="attention-muted">{ left }</span> }
            </button>
            if *open {
                <Dialog name="attention" title={texts::TITLE} {on_close}>
                    <AttentionSettings />
                    <div class="dialog__end">
                        <button type="button" class="button" onclick={close} data-testid="attention-close">{ texts::CLOSE }</button>
                    </div>
                </Dialog>
            }
        </>
    }
}
