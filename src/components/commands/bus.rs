//! Who carries out which command.

use crate::commands::Command;
use std::cell::RefCell;
use yew::prelude::*;

/// A command, and the incident that it names; `None`: the one that has the focus, else the selected one.
pub(super) type Call = (Command, Option<AttrValue>);

struct Handler {
    id: u64,
    commands: &'static [Command],
    run: Callback<Call>,
}

thread_local! {
    /// Those of the components that are mounted on this page, the latest last.
    static HANDLERS: RefCell<Vec<Handler>> = const { RefCell::new(Vec::new()) };
}

fn handler(command: Command) -> Option<Callback<Call>> {
    HANDLERS.with_borrow(|handlers| {
        handlers
            .iter()
            .rev()
            .find(|handler| handler.commands.contains(&command))
            .map(|found| found.run.clone())
    })
}

/// Whether somebody carries it out on this page.
pub(super) fn can_run(command: Command) -> bool {
    handler(command).is_some()
}

/// Has it carried out by the component that was mounted last. `false`: there is none.
pub(super) fn run((command, target): Call) -> bool {
    // Called without the borrow: a handler may mount or unmount others.
    let Some(handler) = handler(command) else { return false };
    handler.emit((command, target));
    true
}

/// Takes its handlers out when it is dropped.
struct Registration(u64);

impl Drop for Registration {
    fn drop(&mut self) {
        HANDLERS.with_borrow_mut(|handlers| handlers.retain(|handler| handler.id != self.0));
    }
}

/// Carries out these commands for as long as the component is mounted; `run` is that of the latest render.
#[hook]
pub fn use_commands(commands: &'static [Command], run: Callback<Command>) {
    use_handler(commands, run.reform(|(command, _)| command), false);
}

/// The same, for commands about an incident.
#[hook]
pub(super) fn use_incident_handler(commands: &'static [Command], run: Callback<Call>) {
    use_handler(commands, run, false);
}

/// The same, where no other component carries them out.
#[hook]
pub(super) fn use_fallback(commands: &'static [Command], run: Callback<Command>) {
    use_handler(commands, run.reform(|(command, _)| command), true);
}

#[hook]
fn use_handler(commands: &'static [Command], run: Callback<Call>, is_fallback: bool) {
    let latest = use_mut_ref(Callback::<Call>::noop);
    latest.replace(run);
    use_effect_with((), move |()| {
        let run = Callback::from(move |call| {
            let run = latest.borrow().clone();
            run.emit(call);
        });
        let registration = HANDLERS.with_borrow_mut(|handlers| {
            let id = handlers.iter().map(|handler| handler.id + 1).max().unwrap_or(0);
            let at = if is_fallback { 0 } else { handlers.len() };
            handlers.insert(at, Handler { id, commands, run });
            Registration(id)
        });
        move || drop(registration)
    });
}
