//! A new incident: a button, and a small dialog behind it.

use super::form::IncidentForm;
use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::dialog::Dialog;
use crate::words::edit as texts;
use sentinelops_protocol::domain::Severity;
use sentinelops_realtime::{NewIncident, use_incidents};
use yew::prelude::*;

/// Under which name the title is kept while it is written.
const DRAFT: &str = "new incident";

/// See [`CreateIncident`].
#[derive(Properties, PartialEq)]
pub struct CreateIncidentProps {
    /// It was sent, under this id.
    pub on_created: Callback<AttrValue>,
}

/// Works without a connection: the incident is there at once and leaves when there is one. What is typed is kept on
/// this device until it is sent.
#[component]
pub fn CreateIncident(props: &CreateIncidentProps) -> Html {
    let open = use_state_eq(|| false);
    let set = |open_now: bool| {
        let set = open.setter();
        move |_: MouseEvent| set.set(open_now)
    };
    use_commands(&[Command::NewIncident], {
        let set = open.setter();
        Callback::from(move |_| set.set(true))
    });
    let on_close = Callback::from({
        let set = open.setter();
        move |()| set.set(false)
    });
    let on_created = {
        let (on_created, set) = (props.on_created.clone(), open.setter());
        Callback::from(move |id: AttrValue| {
            set.set(false);
            on_created.emit(id);
        })
    };
    html! {
        <>
            <button type="button" class="button" onclick={set(true)} aria-label="New incident" data-testid="incident-new">{ "New" }</button>
            if *open {
                <Dialog title="New incident" name="new-incident" on_close={on_close.clone()}>
                    <Form {on_created} {on_close} />
                </Dialog>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    on_created: Callback<AttrValue>,
    on_close: Callback<()>,
}

/// There only while the dialog is: it follows the incidents.
#[component]
fn Form(props: &FormProps) -> Html {
    let feed = use_incidents();
    let on_done = {
        let on_created = props.on_created.clone();
        Callback::from(move |(title, severity): (String, Severity)| {
            let (id, _) = feed.create(NewIncident::new(title).severity(severity));
            on_created.emit(id.into());
        })
    };
    html! { <IncidentForm name="new-incident" action={texts::CREATE} severity={Severity::Medium} draft={DRAFT} {on_done} on_close={props.on_close.clone()} /> }
}
