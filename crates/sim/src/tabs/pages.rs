//! People and pages: tabs that open and close, what is sent, and what pages do with what they get.

use super::script::QUIET;
use super::tab::{Inbox, Session, Since, Tab, Worker};
use super::world::{Happening, TabWorld};
use crate::check::message_id;
use crate::page::{Page, View};
use crate::script::{Action, CHANNELS, TabAction, Who};
use crate::story::clip;
use crate::thread::Thread;
use crate::world::subject;
use sentinelops_engine::tabs::{Inquiry, LinkTarget, Node, PageCommand, Role};
use sentinelops_engine::{EngineOptions, Hint, ModeOption, Options, OutboxOptions, SendRequest};
use sentinelops_protocol::Subject;

impl TabWorld {
    /// A line of the script.
    pub(super) fn act(&mut self, index: usize) {
        let (number, entry) = self.script.entries[index].clone();
        self.log(|| clip(&format!("[{number}] {:?}", entry.action), 160));
        match entry.action {
            Action::Send(spec) => self.send(spec),
            Action::Publish(channel, count) => self.internet.publish(channel, count),
            Action::Fault(fault) => self.fault(fault),
            Action::Tabs(TabAction::Open(place)) => self.open(place),
            Action::Hint(who, hint) => self.by(who, PageCommand::Hint(hint)),
            Action::Reconnect(who) => self.by(who, PageCommand::Reconnect),
            Action::Away(who, ms) => {
                if let Some(place) = self.acting(who) {
                    let life = self.tabs[place].life;
                    self.tabs[place].away_since = self.now;
                    self.tabs[place].away_until = (self.now + ms).min(QUIET);
                    self.queue.push(self.tabs[place].away_until, Happening::Back(place, life));
                    self.post(place, PageCommand::Disconnect);
                }
            }
            Action::Subscribe(place, channel, topic) => {
                if self.acting(Who::Place(place)).is_some() {
                    let subject = subject(channel, topic);
                    let page = &mut self.tabs[place].page;
                    if !page.views.contains_key(&subject) {
                        let resubscribed = page.left.remove(&subject);
                        page.views.insert(subject.clone(), View { resubscribed, ..View::default() });
                        self.post(place, PageCommand::Subscribe(subject));
                    }
                }
            }
            Action::Unsubscribe(place, channel, topic) => {
                if self.acting(Who::Place(place)).is_some() {
                    let subject = subject(channel, topic);
                    if self.tabs[place].page.views.remove(&subject).is_some() {
                        self.tabs[place].page.left.insert(subject.clone());
                        self.post(place, PageCommand::Unsubscribe(subject));
                    }
                }
            }
            Action::Tabs(TabAction::WatchOutbox(place, on)) => {
                if self.acting(Who::Place(place)).is_some() {
                    self.tabs[place].watches_outbox = on;
                    if on || !self.tabs[place].send_log.resumes_outbox {
                        self.post(place, PageCommand::WatchOutbox(on));
                    }
                }
            }
            Action::Retry(nth) => self.retry(nth),
            Action::Discard(nth) => self.discard(nth),
            Action::Tabs(TabAction::SignOut(who, how)) => self.sign_out(who, how),
            Action::Tabs(TabAction::Close(who)) => self.close(who, false),
            Action::Tabs(TabAction::Reload(who)) => self.close(who, true),
            Action::One(_) => {}
        }
    }

    /// The place of somebody who is there, whatever its thread does.
    pub(super) fn find(&self, who: Who) -> Option<usize> {
        let role = |tab: &Tab| tab.worker.as_ref().map(|worker| worker.role);
        let of = |wanted: Role| {
            let places = self.tabs.iter().enumerate();
            places.filter(move |(_, tab)| role(tab) == Some(wanted)).map(|(place, _)| place)
        };
        let place = match who {
            Who::Place(place) => Some(place % self.tabs.len()),
            Who::Leader => of(Role::Leader).next(),
            Who::Follower(nth) => {
                let all: Vec<usize> = of(Role::Follower).collect();
                all.get(nth % all.len().max(1)).copied()
            }
        };
        place.filter(|place| self.tabs[*place].open)
    }

    /// Only a page that runs and is looked at does anything.
    pub(super) fn acting(&self, who: Who) -> Option<usize> {
        self.find(who).filter(|place| self.runs(*place))
    }

    pub(super) fn runs(&self, place: usize) -> bool {
        let tab = &self.tabs[place];
        tab.open && !tab.hidden && tab.frozen_until <= self.now
    }

    fn by(&mut self, who: Who, command: PageCommand) {
        if let Some(place) = self.acting(who) {
            self.post(place, command);
        }
    }

    /// The page says something to its worker.
    pub(super) fn post(&mut self, place: usize, command: PageCommand) {
        if let Some(number) = self.tabs[place].worker.as_ref().map(|worker| worker.number) {
            self.queue.push(self.now, Happening::Worker(number, Inbox::Page(command)));
        }
    }

    pub(super) fn back(&mut self, place: usize, life: u32) {
        if self.tabs[place].life == life && self.tabs[place].away_until <= self.now {
            self.post(place, PageCommand::Connect);
        }
    }

    // Tabs.

    /// A new tab with a fresh page, if the place is free.
    pub(super) fn open(&mut self, place: usize) {
        if self.tabs[place].open {
            return;
        }
        let newer = self.script.setup.tabs.new_build_from.is_some_and(|from| self.now >= from);
        let pace = *self.rng.choice(&[1, 16, 16, 1_000]).unwrap_or(&16);
        let life = self.tabs[place].life + 1;
        let mut page = Page::new(place as u64, pace);
        let some = self.rng.u8(0..3) == 0;
        for channel in CHANNELS {
            if !some || self.rng.bool() {
                page.views.insert(Subject::channel(channel), Default::default());
            }
        }
        let kept = std::mem::take(&mut self.tabs[place].kept);
        self.tabs[place] = Tab {
            name: format!("tab-{place}-{life}"),
            life,
            open: true,
            page,
            build: if newer { 2 } else { 1 },
            of_session: self.sessions.number,
            ..Tab::none()
        };
        for (n, request) in kept {
            self.log(|| format!("the page takes {} back", request.id));
            self.check.senders[n] = (place, life);
            let tab = &mut self.tabs[place];
            tab.send_log.add(n);
            tab.page.unsaved.push_back((n, SendRequest { again: true, ..request }));
        }
        self.spawn(place);
    }

    /// The page starts a worker.
    pub(super) fn spawn(&mut self, place: usize) {
        let tab = &self.tabs[place];
        if tab.worker.is_some() || !tab.open || tab.session == Session::Over {
            return;
        }
        self.workers += 1;
        let number = self.workers;
        let mut thread = Thread::default();
        thread.clock.restart(self.now);
        let name = self.tabs[place].name.clone();
        self.log(|| format!("worker {number} of {name} starts"));
        let options = self.options(&name);
        let seed = self.script.setup.seed ^ (u64::from(number) << 40);
        self.tabs[place].worker = Some(Worker {
            node: Node::new(options, seed, thread.clock.now(self.now)),
            number,
            thread,
            turn: None,
            blocked_until: 0,
            backlog: Vec::new(),
            blocked_since: 0,
            refused_at: None,
            opening: None,
            has_left: false,
            role: Role::Idle,
            since: Since::start(self.now),
            outdated: false,
            without_store: false,
            leave_notice: None,
            leave_notice_at: None,
        });
        self.input(place, |_, _| ());
        self.post(place, PageCommand::Hint(Hint::Visible));
        self.sign_out_anew(place);
        let ending = !self.takes_messages(place);
        if self.tabs[place].away_until <= self.now && self.tabs[place].session == Session::Open {
            self.post(place, PageCommand::Connect);
        }
        if !ending {
            self.ask_worker(place);
        }
        self.hand_in_again(place);
        self.send_sign_out(place);
    }

    /// What the page looks at, and how ended what it knows to be saved?
    fn ask_worker(&mut self, place: usize) {
        let subjects: Vec<Subject> = self.tabs[place].page.views.keys().cloned().collect();
        for subject in subjects {
            // What it had stays on the screen until the new worker's snapshot comes.
            if let Some(view) = self.tabs[place].page.views.get_mut(&subject) {
                view.based = false;
            }
            self.post(place, PageCommand::Subscribe(subject));
        }
        self.tabs[place].send_log.resumes_outbox = true;
        self.post(place, PageCommand::WatchOutbox(true));
        let about = self.saved_by(place);
        if !about.is_empty() {
            self.post(place, PageCommand::Inquire(about));
        }
    }

    /// What nobody has saved.
    fn hand_in_again(&mut self, place: usize) {
        let unsaved: Vec<_> = self.tabs[place].page.unsaved.iter().cloned().collect();
        for (n, request) in &unsaved {
            let place = self.check.inner.messages.next_number();
            if !self.disk.store.has(&request.id) {
                self.check.inner.messages.all[*n].submitted = place;
            }
        }
        if !unsaved.is_empty() {
            self.post(place, PageCommand::Send(unsaved.into_iter().map(|(_, request)| request).collect()));
        }
        for (_, request) in &mut self.tabs[place].page.unsaved {
            request.again = true;
        }
    }

    /// Messages of any sender that were reported to the page as saved, or that a person tries again and no page hands in, and
    /// that have not ended.
    fn saved_by(&self, place: usize) -> Vec<Inquiry> {
        let tab = &self.tabs[place];
        let unsaved = |n: usize| tab.page.unsaved.iter().any(|(unsaved, _)| *unsaved == n);
        tab.send_log
            .iter()
            .filter(|(n, shown)| shown.durable || shown.retried && !unsaved(*n))
            .filter(|(_, shown)| !shown.state.is_final())
            .map(|(n, shown)| Inquiry {
                id: message_id(n),
                coalesced: shown.coalesced
                    || shown.own && self.check.inner.messages.all[n].coalesce.is_some(),
                discarded: shown.own && self.check.discarded.contains(&n),
            })
            .collect()
    }

    fn options(&self, tab: &str) -> EngineOptions {
        let setup = &self.script.setup;
        EngineOptions {
            connection: Options { mode: ModeOption::Full, ..Options::default() },
            outbox: OutboxOptions {
                capacity: setup.capacity,
                window: setup.window,
                critical_reserve: setup.reserve,
                max_age_ms: setup.max_age,
                persist: setup.rare.persist,
                ..OutboxOptions::default()
            },
            user: Some(crate::server::USER.to_owned()),
            session: format!("session-{}", self.sessions.number),
            client: "sim/1".to_owned(),
            tab: tab.to_owned(),
            has_token_provider: false,
        }
    }

    /// A person closes or reloads a tab: pagehide, and a moment later it is gone.
    fn close(&mut self, who: Who, again: bool) {
        let Some(place) = self.find(who) else { return };
        if !again && self.tabs.iter().filter(|tab| tab.open).count() == 1 {
            return;
        }
        self.leave(place, again);
    }

    /// The page hides and is gone a moment later, possibly before its worker has done all.
    pub(super) fn leave(&mut self, place: usize, again: bool) {
        if self.tabs[place].unloads {
            return;
        }
        self.goes_away(place);
        self.tabs[place].hidden = true;
        self.tabs[place].unloads = true;
        self.tabs[place].kept = if again { self.keep_unsaved(place) } else { Vec::new() };
        let life = self.tabs[place].life;
        let at = self.now + self.rng.u64(0..30);
        self.queue.push(at, Happening::Gone(place, life, again));
    }

    /// What the next life of a page takes back: what may wait, is not saved and is still wanted.
    fn keep_unsaved(&self, place: usize) -> Vec<(usize, SendRequest)> {
        if !self.script.setup.rare.persist {
            return Vec::new();
        }
        let kept = self.tabs[place].page.unsaved.iter();
        kept.filter(|(n, request)| request.queue && !self.check.discarded.contains(n)).cloned().collect()
    }

    /// The page tells its worker, and for its worker the other tabs.
    pub(super) fn goes_away(&mut self, place: usize) {
        let now = self.now;
        let leave_notice = self.tabs[place].worker.as_mut().and_then(|worker| {
            worker.leave_notice_at = worker.leave_notice.is_some().then_some(now);
            worker.leave_notice.clone()
        });
        if let Some(leave_notice) = leave_notice {
            self.broadcast(place, &LinkTarget::All, &leave_notice);
        }
        self.post(place, PageCommand::PageHide);
    }

    pub(super) fn gone(&mut self, place: usize, life: u32, again: bool) {
        if self.tabs[place].life != life || !self.tabs[place].open {
            return;
        }
        self.unload(place);
        if again {
            self.open(place);
        }
    }
}
