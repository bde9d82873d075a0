//! Title and severity of an incident are changed: a button, and a small dialog behind it.

use super::form::IncidentForm;
use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::dialog::Dialog;
use crate::words::{commands, edit as texts};
use sentinelops_protocol::domain::{Incident, Severity};
use sentinelops_realtime::{IncidentEdit, use_client};
use std::rc::Rc;
use yew::prelude::*;

/// See [`EditIncident`].
#[derive(Properties, PartialEq)]
pub(super) struct EditIncidentProps {
    pub incident: Rc<Incident>,
}

/// Only what was changed is sent, so that a change of a colleague to the other one stays.
#[component]
pub(super) fn EditIncident(props: &EditIncidentProps) -> Html {
    // As it was when the dialog was opened.
    let editing = use_state_eq(|| None::<Rc<Incident>>);
    let client = use_client();
    let open = {
        let (set, incident) = (editing.setter(), props.incident.clone());
        Callback::from(move |()| set.set(Some(incident.clone())))
    };
    use_commands(&[Command::Edit], open.reform(|_| ()));
    let on_close = use_callback(editing.setter(), |(), set| set.set(None));
    let onclick = open.reform(|_: MouseEvent| ());
    html! {
        <>
            <button type="button" class="button button--plain button--small" {onclick} title={commands::EDIT} data-testid="incident-edit">{ texts::EDIT }</button>
            if let Some(before) = &*editing {
                <Dialog title={texts::heading(&before.id)} name="edit-incident" on_close={on_close.clone()}>
                    <p class="hint" role="status" data-testid="edit-incident-meanwhile">{ meanwhile(before, &props.incident) }</p>
                    <IncidentForm name="edit-incident" action={texts::SAVE} title={before.title.clone().unwrap_or_default()}
                        severity={before.severity.clone().unwrap_or(Severity::Medium)} on_close={on_close.clone()}
                        on_done={
                            let before = before.clone();
                            Callback::from(move |(title, severity)| {
                                if let Some(edit) = changed(&before, title, severity) {
                                    client.send(edit);
                                }
                                on_close.emit(());
                            })
                        } />
                </Dialog>
            }
        </>
    }
}

/// What somebody changed while the dialog was open; it stays unless it is changed here, too.
fn meanwhile(before: &Incident, now: &Incident) -> String {
    let title = now.title.as_deref().filter(|_| now.title != before.title);
    let severity = now.severity.as_ref().filter(|_| now.severity != before.severity);
    let changes = [title, severity.map(Severity::as_str)];
    let changes: Vec<_> = changes.into_iter().flatten().collect();
    if changes.is_empty() { String::new() } else { texts::meanwhile(&changes.join(", ")) }
}

/// What is sent; `None`: nothing was changed.
fn changed(before: &Incident, title: String, severity: Severity) -> Option<IncidentEdit> {
    let mut edit = IncidentEdit::new(&*before.id);
    let other_title = before.title.as_deref() != Some(&*title);
    let other_severity = before.severity.as_ref() != Some(&severity);
    if other_title {
        edit = edit.title(title);
    }
    if other_severity {
        edit = edit.severity(severity);
    }
    (other_title || other_severity).then_some(edit)
}

#[cfg(test)]
mod tests {
    use super::{changed, meanwhile};
    use sentinelops_protocol::domain::{Incident, Patch, Severity};

    #[test]
    fn what_somebody_else_changed_meanwhile_is_named() {
        let mut before = Incident::new("inc-1");
        (before.title, before.severity) = (Some("Disk".to_owned()), Some(Severity::Low));
        assert_eq!(meanwhile(&before, &before), "");
        let now = Incident { severity: Some(Severity::High), ..before.clone() };
        assert_eq!(meanwhile(&before, &now), "Changed meanwhile: high");
        let now = Incident { title: Some("Disk full".to_owned()), ..now };
        assert_eq!(meanwhile(&before, &now), "Changed meanwhile: Disk full, high");
    }

    #[test]
    fn only_what_was_changed_is_sent() {
        let mut before = Incident::new("inc-1");
        (before.title, before.severity) = (Some("Disk".to_owned()), Some(Severity::Low));
        let edit = |title: &str, severity| changed(&before, title.to_owned(), severity);
        assert_eq!(edit("Disk", Severity::Low), None);
        let changes = edit("Disk", Severity::High).expect("a change").changes().clone();
        assert_eq!((changes.title, changes.severity), (Patch::Keep, Patch::Set(Severity::High)));
        let changes = edit("Disk full", Severity::Low).expect("a change").changes().clone();
        assert_eq!((changes.title, changes.severity), (Patch::Set("Disk full".to_owned()), Patch::Keep));
    }
}
