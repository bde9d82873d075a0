//! The end of a session, and the beginning of the next one.
//!
//! A sign-out is remembered on the page until it is carried out: the worker may be down when it is
//! asked for, or die over it.

use super::Client;
use super::changes::Dependency;
use super::receipts::LateReceipts;
use crate::bridge::{SignOut, ToWorker};
use crate::fold::Folded;
use sentinelops_engine::{Cause, Status};
use std::rc::Rc;

/// How long (ms) a session that keeps its messages waits for those being saved before it closes: longer than a takeover
/// from a silent tab and the wait for its store take together (docs/tabs.md).
const SAVE_MS: u64 = 20_000;

/// What a person can do where another tab keeps the store from being deleted.
const NOT_DELETED: &str = "What this browser keeps of you could not be deleted: another tab holds it. Close the other \
    tabs, sign in and delete again.";

/// How long (ms) a running worker may take to report a sign-out in another tab.
const FORGOTTEN_MS: u32 = 1_000;

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Session {
    #[default]
    Open,
    /// A sign-out was asked for.
    Closing {
        how: SignOut,
        /// The running worker knows.
        reported: bool,
        /// Monotonic ms: what is not saved by then is not waited for.
        save_by: u64,
    },
    /// It is over, and so is its worker.
    Ended,
}

impl Client {
    /// Ends this user's session in all tabs; what becomes of unsent messages is up to `how`. A worker
    /// that is down is started for it, and gets it before anything else.
    ///
    /// It is over when the status says [`Cause::SignedOut`]: the worker is gone, what the hooks showed
    /// is forgotten, and what is sent is refused at once
    /// ([`FailReason::SignedOut`](sentinelops_engine::FailReason::SignedOut)). Until then it is the
    /// page's to remember: keep the provider mounted. With [`SignOut::SendFirst`] messages are still
    /// taken until it is over, with the others they are refused from the call on.
    ///
    /// [`Client::connect`] begins a new session, and so does a provider of the same URL and user that
    /// is mounted afterwards. Where the provider could not start there is no session to end, and
    /// nothing on this device is touched.
    ///
    /// ```
    /// use sentinelops_realtime::engine::Cause;
    /// use sentinelops_realtime::{SignOut, use_client, use_connection};
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Leave() -> Html {
    ///     let client = use_client();
    ///     if use_connection().status.cause == Cause::SignedOut {
    ///         return html! { <p>{ "You are signed out." }</p> };
    ///     }
    ///     html! { <button onclick={move |_| client.sign_out(SignOut::SendFirst)}>{ "Sign out" }</button> }
    /// }
    /// ```
    pub fn sign_out(&self, how: SignOut) {
        if self.0.setup_error.is_some() || self.is_signed_out() {
            return;
        }
        self.note("sign-out");
        if how != SignOut::Wipe {
            self.send_waiting_reads();
        }
        let save_by = self.platform().mono() + SAVE_MS;
        self.state_mut().session.phase = Session::Closing { how, reported: false, save_by };
        self.changed(Dependency::Status);
        if how == SignOut::Wipe {
            self.end_messages(false);
        }
        self.restart_worker_now();
        if how == SignOut::Keep {
            // What waits for a connection does not leave while it is being saved.
            self.post(ToWorker::Disconnect);
        }
        self.report_sign_out();
    }

    /// The session is over; see [`Client::sign_out`].
    pub(crate) fn is_signed_out(&self) -> bool {
        self.state().session.phase == Session::Ended
    }

    /// A sign-out is asked for and not over: how.
    pub(crate) fn signing_out(&self) -> Option<SignOut> {
        match self.state().session.phase {
            Session::Closing { how, .. } => Some(how),
            _ => None,
        }
    }

    /// The session is being closed, and nothing more is to leave for it.
    pub(crate) fn is_ending(&self) -> bool {
        matches!(self.state().session.phase, Session::Closing { how: SignOut::Keep | SignOut::Wipe, .. })
    }

    /// A provider took this client, which nobody held any more.
    pub(crate) fn taken_up(&self) {
        if self.signing_out().is_some() {
            self.state_mut().session.reopens = true;
        } else {
            self.begin_again();
        }
    }

    /// After the end a new worker, as at the very beginning. `true`: it was over.
    pub(crate) fn begin_again(&self) -> bool {
        if !self.is_signed_out() {
            return false;
        }
        {
            let mut state = self.state_mut();
            state.session.phase = Session::Open;
            state.view.status = Rc::default();
        }
        self.note("a new session");
        self.start_worker();
        true
    }

    /// A new worker was made: it knows of no sign-out.
    pub(super) fn sign_out_anew(&self) {
        let now = self.platform().mono();
        if let Session::Closing { reported, save_by, .. } = &mut self.state_mut().session.phase {
            (*reported, *save_by) = (false, now + SAVE_MS);
        }
    }

    /// Tells the worker, once: at once, or when everything is saved that is to be kept.
    pub(super) fn report_sign_out(&self) {
        let now = self.platform().mono();
        let (how, wait) = {
            let mut state = self.state_mut();
            let saving = state.sends.log.is_saving();
            let gone = state.worker.port.is_none();
            let Session::Closing { how, reported, save_by } = &mut state.session.phase else { return };
            if *reported || gone {
                return;
            }
            let wait = save_by.saturating_sub(now);
            let waits = *how == SignOut::Keep && saving && wait > 0;
            *reported = !waits;
            (*how, waits.then_some(wait))
        };
        let Some(wait) = wait else { return self.post(ToWorker::SignOut(how)) };
        let client = self.downgrade();
        let call = Box::new(move || client.with(Client::report_sign_out));
        let timer = self.platform().after(u32::try_from(wait).unwrap_or(u32::MAX), call);
        let old = self.state_mut().session.timer.replace(timer);
        drop(old);
    }

    /// What this browser is called in this session, as long as it lasts: see [`Client::come_back`].
    pub(super) fn name_session(&self, scope: &str, name: &str) {
        // Where nothing is stored no other tab could forget it.
        let stored = self.platform().is_session(scope, name);
        self.state_mut().session.name = stored.then(|| (scope.to_owned(), name.to_owned()));
    }

    /// The page was frozen or in the bfcache, or its worker is down: no news of a sign-out reached it.
    /// Who signs out forgets the name of the session. `true`: the session is over.
    pub(super) fn come_back(&self) -> bool {
        let over = self.is_forgotten();
        if over {
            self.end_session(false);
        }
        over
    }

    fn is_forgotten(&self) -> bool {
        let named = self.state().session.name.clone();
        named.is_some_and(|(scope, name)| !self.platform().is_session(&scope, &name))
    }

    /// Another tab changed what tabs share. A worker that runs tells of a sign-out itself, behind the last
    /// news of what was sent.
    pub(crate) fn other_tab_wrote(&self) {
        if !self.is_forgotten() {
            return;
        }
        let client = self.downgrade();
        let call = Box::new(move || {
            client.with(|client| {
                client.come_back();
            });
        });
        let timer = self.platform().after(FORGOTTEN_MS, call);
        let old = self.state_mut().session.timer.replace(timer);
        drop(old);
    }

    /// The worker says that it is over, for this tab or for all. `left`: what was to be deleted is there still.
    pub(super) fn end_session(&self, left: bool) {
        // What came before it still counts: the last message that was sent first has arrived.
        self.flush();
        // Another tab does not say what became of saved messages: they leave at the next sign-in, or are gone.
        let kept = !matches!(self.state().session.phase, Session::Closing { how: SignOut::Wipe, .. });
        let (port, name, timer, reopens) = {
            let mut state = self.state_mut();
            state.session.phase = Session::Ended;
            state.worker.wanted = None;
            state.worker.generation += 1;
            state.worker.supervisor.end();
            state.forget_all();
            let port = state.worker.port.take();
            let name = state.session.name.take();
            (port, name, state.session.timer.take(), std::mem::take(&mut state.session.reopens))
        };
        drop(timer);
        self.drop_kept();
        self.drop_drafts();
        if let Some((scope, name)) = name {
            self.platform().forget_session(&scope, &name);
        }
        if let Some(port) = port {
            port.terminate();
        }
        self.end_messages(kept);
        if left {
            Rc::make_mut(&mut self.state_mut().view.status).last_error = Some(NOT_DELETED.to_owned());
        }
        self.note(if left { NOT_DELETED } else { "signed out" });
        self.schedule_flush();
        if reopens {
            self.begin_again();
        }
    }

    /// What has no end yet has one now; `kept`: but for what is saved on this device.
    fn end_messages(&self, kept: bool) {
        let now = self.platform().mono();
        let ended = self.state().sends.log.signed_out(kept);
        ended.iter().for_each(|update| self.take_update(update, now));
    }
}

impl super::State {
    /// What was shown was this user's.
    fn forget_all(&mut self) {
        self.inbox.clear();
        self.worker.leads = None;
        self.view.latencies = Default::default();
        self.view.latency_at = None;
        self.view.doubted = false;
        self.view.metrics = None;
        self.view.outbox = Default::default();
        self.sends.resumes_outbox = false;
        self.sends.pending_actions.clear();
        self.sends.edits = Default::default();
        self.sends.own_chat.clear();
        self.sends.own_chat_version += 1;
        self.receipts.read_up_to.clear();
        self.receipts.received.clear();
        self.receipts.late = LateReceipts::default();
        self.receipts.typed_at.clear();
        self.receipts.viewed_at.clear();
        self.kept.last_states.clear();
        self.kept.to_keep.clear();
        // Their worker answers no more.
        self.unreadable.clear();
        for (subject, followed) in &mut self.view.subjects {
            followed.folded = Folded::new(subject);
            self.listeners.dirty.insert(Dependency::Subject(subject.clone()));
        }
        let storage = self.view.status.storage.clone();
        self.set_status(Status { cause: Cause::SignedOut, storage, ..Status::default() });
        self.listeners.dirty.extend([Dependency::Outbox, Dependency::Metrics]);
    }
}
