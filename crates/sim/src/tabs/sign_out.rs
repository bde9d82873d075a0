//! People who sign out and in again: what a page does until its worker has carried it out, and what tabs do that
//! another one signed out.
//!
//! | how | what the page does |
//! |---|---|
//! | `SendFirst` | still takes messages; over when the leader has sent everything it knows of |
//! | `Keep` | disconnects, waits 20 s at most for what is being saved; what is saved leaves in the next session |
//! | `Wipe` | forgets at once what it sent; the data of the user is deleted |

use super::disk::Ask;
use super::script::QUIET;
use super::send_log::SendLog;
use super::tab::Session;
use super::world::{Happening, TabWorld};
use crate::check::{message_id, message_number};
use crate::script::Who;
use sentinelops_engine::tabs::{PageCommand, SignOut, TabId};
use sentinelops_engine::{DeliveryState, SendRequest};

/// How long (ms) a session that keeps its messages waits for those being saved before it closes.
const SAVE_MS: u64 = 20_000;
/// A running page receives a sign-out of another tab through the browser after this time (ms), if its worker does not
/// report it.
const FORGOTTEN_MS: u64 = 1_000;

impl TabWorld {
    /// A person signs out.
    pub(super) fn sign_out(&mut self, who: Who, how: SignOut) {
        let Some(place) = self.acting(who).filter(|place| self.tabs[*place].session == Session::Open) else {
            return;
        };
        self.sessions.to_end.push((self.tabs[place].of_session, how));
        let save_by = self.now + SAVE_MS;
        self.tabs[place].session = Session::Closing { how, reported: false, save_by };
        if how == SignOut::Wipe {
            self.end_messages(place, false);
        }
        self.spawn(place);
        if how == SignOut::Keep {
            self.post(place, PageCommand::Disconnect);
        }
        self.send_sign_out(place);
    }

    /// Whether what the page sends is still taken.
    pub(super) fn takes_messages(&self, place: usize) -> bool {
        matches!(self.tabs[place].session, Session::Open | Session::Closing { how: SignOut::SendFirst, .. })
    }

    /// A new worker started: it knows of no sign-out.
    pub(super) fn sign_out_anew(&mut self, place: usize) {
        let now = self.now;
        if let Session::Closing { reported, save_by, .. } = &mut self.tabs[place].session {
            (*reported, *save_by) = (false, now + SAVE_MS);
        }
    }

    /// Tells the worker, once: at once, or when everything is saved that is to be kept.
    pub(super) fn send_sign_out(&mut self, place: usize) {
        let (now, life) = (self.now, self.tabs[place].life);
        let saving = !self.tabs[place].page.unsaved.is_empty() && self.script.setup.rare.persist;
        let gone = self.tabs[place].worker.is_none();
        let Session::Closing { how, reported, save_by } = &mut self.tabs[place].session else { return };
        if *reported || gone {
            return;
        }
        let how = *how;
        if how == SignOut::Keep && saving && now < *save_by {
            return self.queue.push(now + 500, Happening::TellSignOut(place, life));
        }
        *reported = true;
        self.post(place, PageCommand::SignOut(how));
    }

    /// Its worker says that the session is over.
    pub(super) fn worker_signs_out(&mut self, place: usize, wipe: bool) {
        let Some(worker) = &self.tabs[place].worker else { return };
        let number = worker.number;
        self.log(|| format!("{number} ends the session, wipe: {wipe}"));
        self.end_session(place);
        // It waits for those who have it open; what a thread that does not run holds stays there.
        let held = |worker: &super::tab::Worker| worker.blocked_until > 0 && self.disk.is_open(worker.number);
        if wipe && !self.tabs.iter().filter_map(|tab| tab.worker.as_ref()).any(held) {
            for message in self.check.inner.messages.all.iter_mut() {
                message.forgotten = true;
            }
            self.check.wipes.push((self.check.inner.messages.all.len(), self.sessions.number));
            for tab in &mut self.tabs {
                tab.send_log.forget();
            }
            self.let_go_of_the_store();
            self.ask(number, Ask::Wipe);
        }
        // The browser tells the pages of all tabs.
        self.sessions.number += 1;
        // A tab that slept may end an earlier session while another one is being ended.
        let ended = self.tabs[place].of_session;
        self.sessions.to_end.retain(|(session, _)| *session > ended);
        for place in 0..self.tabs.len() {
            let life = self.tabs[place].life;
            self.queue.push(self.now + FORGOTTEN_MS, Happening::SessionOver(place, life));
        }
    }

    /// The other tabs close the database that is to be deleted.
    fn let_go_of_the_store(&mut self) {
        let workers: Vec<u32> =
            self.tabs.iter().filter_map(|tab| tab.worker.as_ref()).map(|worker| worker.number).collect();
        for number in workers.into_iter().filter(|number| self.disk.is_open(*number)).collect::<Vec<_>>() {
            self.lose_store(number);
        }
    }

    /// A page that runs finds that its session is another one's.
    pub(super) fn come_back(&mut self, place: usize, life: u32) {
        let tab = &self.tabs[place];
        let stale = tab.open && tab.life == life && tab.session != Session::Over;
        if stale && tab.of_session != self.sessions.number && self.runs(place) {
            self.log(|| format!("the page in place {place} finds that somebody signed out"));
            self.end_session(place);
        }
    }

    fn end_session(&mut self, place: usize) {
        let wipe = matches!(self.tabs[place].session, Session::Closing { how: SignOut::Wipe, .. });
        self.tabs[place].session = Session::Over;
        self.end_worker(place);
        self.end_messages(place, !wipe);
        let life = self.tabs[place].life;
        let at = (self.now + self.rng.u64(500..5_000)).min(QUIET.max(self.now + 500));
        self.queue.push(at, Happening::SignIn(place, life));
    }

    /// What has no end yet has one now; `kept`: but for what is saved.
    fn end_messages(&mut self, place: usize, kept: bool) {
        let tab = &mut self.tabs[place];
        let ended = tab.send_log.signed_out(kept);
        tab.page.unsaved.retain(|(n, _)| !ended.contains(n));
        tab.page.failed.retain(|n, _| !ended.contains(n));
        for n in ended.into_iter().filter(|n| self.check.senders[*n] == (place, self.tabs[place].life)) {
            let message = &mut self.check.inner.messages.all[n];
            (message.forgotten, message.unordered) = (true, true);
        }
    }

    /// Somebody signs in again.
    pub(super) fn sign_in(&mut self, place: usize, life: u32) {
        let tab = &mut self.tabs[place];
        if tab.life != life || !tab.open || tab.session != Session::Over {
            return;
        }
        tab.session = Session::Open;
        tab.of_session = self.sessions.number;
        tab.status = None;
        self.log(|| format!("somebody signs in at place {place}"));
        self.spawn(place);
    }

    /// Messages that a worker with an engine is handed: none of them may be forgotten when it signs out.
    pub(super) fn note_handed(&mut self, number: u32, tab: &TabId, requests: &[SendRequest]) {
        let ids = requests.iter().filter(|request| request.queue && !request.ephemeral);
        let numbers = ids.filter_map(|request| message_number(&request.id));
        self.check.handed.entry(number).or_default().extend(numbers.map(|n| (n, tab.clone())));
    }

    /// A tab alone ends its session when what its own page handed it has ended: others have their own connections.
    pub(super) fn note_alone(&mut self, place: usize, number: u32) {
        if let Some(handed) = self.check.handed.get_mut(&number) {
            handed.retain(|(n, _)| self.check.senders[*n].0 == place);
        }
    }

    /// A tab went away, or leads itself. What it handed to a leader that did not know it, that has not: it would have had
    /// to come again.
    pub(super) fn note_detached(&mut self, place: usize, tab: &TabId) {
        let Some(worker) = &self.tabs[place].worker else { return };
        let Some(handed) = self.check.handed.get_mut(&worker.number) else { return };
        let taken = worker.node.engine().map(sentinelops_engine::Engine::messages).unwrap_or_default();
        handed.retain(|(n, by)| by != tab || taken.iter().any(|row| row.update.id == message_id(*n)));
    }

    /// A session ends after everything was sent: what this leader was handed has had its effect, or an end.
    pub(super) fn check_sent_first(&mut self, place: usize, number: u32) {
        let sends_nothing = |how: SignOut| how != SignOut::SendFirst;
        // Its own page may have asked for it after another tab had ended the session.
        let of_page = matches!(self.tabs[place].session, Session::Closing { how, .. } if sends_nothing(how));
        if of_page || self.sessions.to_end.iter().any(|(_, how)| sends_nothing(*how)) {
            return;
        }
        let handed = self.check.handed.get(&number).cloned().unwrap_or_default();
        let missed = handed.into_iter().map(|(n, _)| n).find(|n| {
            let message = &self.check.inner.messages.all[*n];
            let over = message.reported.as_ref().is_some_and(DeliveryState::is_final);
            message.wire.effects == 0
                && !over
                && !message.wire.answered
                && !message.forgotten
                && !self.check.ended.contains(n)
                && !self.check.discarded.contains(n)
                && !self.check.inner.messages.replaced(*n)
        });
        if let Some(n) = missed {
            let id = message_id(n);
            self.check.inner.fail("sent-first", || format!("{number} signs out, and has not sent {id}"));
        }
    }
}

impl SendLog {
    /// Ends what has no end; `kept`: but for what is saved. Answers which.
    fn signed_out(&mut self, kept: bool) -> Vec<usize> {
        self.end_where(|shown| !kept || !shown.durable)
    }

    /// Everything of it is deleted.
    fn forget(&mut self) {
        self.end_where(|_| true);
    }
}
