//! What pages send and what they get.

use super::world::{Happening, TabWorld};
use crate::check::{message_id, message_number, messages::Message, pick_nth};
use crate::script::{SendSpec, What, Who};
use crate::world::request;
use sentinelops_engine::tabs::{Inquiry, PageCommand};
use sentinelops_engine::{Batch, Delivery, Durability};
use sentinelops_protocol::ordering_key;

impl TabWorld {
    // Messages.

    pub(super) fn send(&mut self, spec: SendSpec) {
        let place = spec.page;
        if self.acting(Who::Place(place)).is_none() || !self.takes_messages(place) {
            return;
        }
        let messages = &mut self.check.inner.messages;
        let n = messages.all.len();
        let mut request = request(n, &spec);
        if spec.coalesce.is_some() && !matches!(spec.what, What::Receipt(..)) {
            request.coalesce = request.coalesce.map(|name| format!("{name}-{place}"));
        }
        let key = ordering_key(request.channel, &request.payload)
            .map(|name| messages.key(format!("{place}/{}/{name}", self.tabs[place].life)));
        let promised = spec.queue && !request.ephemeral;
        let submitted = messages.next_number();
        let of = Message::of(&request, spec.what);
        messages.all.push(Message {
            page: place,
            key,
            promised,
            submitted,
            original: submitted,
            unordered: request.ephemeral || of.unordered,
            at: self.now,
            ..of
        });
        let tab = &mut self.tabs[place];
        self.check.senders.push((place, tab.life));
        self.check.workers.push(tab.worker.as_ref().map(|worker| worker.number));
        if !request.ephemeral {
            let again = tab.worker.is_some();
            tab.page.unsaved.push_back((n, sentinelops_engine::SendRequest { again, ..request.clone() }));
            tab.send_log.add(n);
        }
        self.post(place, PageCommand::Send(vec![request]));
    }

    pub(super) fn retry(&mut self, nth: usize) {
        let failed = self.check.inner.messages.retriable().filter(|n| self.sender(*n).is_some());
        let Some(n) = pick_nth(failed, nth) else { return };
        let Some(place) = self.sender(n) else { return };
        self.check.inner.messages.retry(n);
        let message = &mut self.check.inner.messages.all[n];
        message.unordered = !message.promised || message.mark.is_some();
        let id = message_id(n);
        self.log(|| format!("somebody retries {id}"));
        self.tabs[place].send_log.retry(n);
        self.post(place, PageCommand::Retry { id, confirm: false });
        if let Some(request) = self.tabs[place].page.retry(n) {
            self.post(place, PageCommand::Send(vec![request]));
        }
    }

    pub(super) fn discard(&mut self, nth: usize) {
        let open = self.check.inner.messages.open();
        let open = open.filter(|(n, message)| message.promised && self.sender(*n).is_some());
        let Some(n) = pick_nth(open.map(|(n, _)| n), nth) else { return };
        let Some(place) = self.sender(n) else { return };
        let id = message_id(n);
        self.log(|| format!("somebody discards {id}"));
        self.check.discarded.insert(n);
        // Its row may be gone when a crash makes everybody forget that it was to go.
        self.check.inner.messages.all[n].unordered = true;
        self.post(place, PageCommand::Discard { id });
    }

    /// The place of the page that sent a message, if it is still there and runs.
    pub(super) fn sender(&self, n: usize) -> Option<usize> {
        let (place, life) = self.check.senders[n];
        (self.tabs[place].life == life && self.runs(place)).then_some(place)
    }

    // What pages get.

    pub(super) fn page_takes(&mut self, number: u32, batch: Batch) {
        let Some(place) = self.place_of(number) else { return };
        let tab = &mut self.tabs[place];
        if tab.frozen_until > self.now {
            let at = tab.frozen_until + 1;
            return self.queue.push(at, Happening::Page(number, batch));
        }
        if tab.unloads {
            return;
        }
        tab.note_status(&batch.items);
        let batch_number = batch.number;
        self.resume_outbox(place, &batch.items);
        let tab = &mut self.tabs[place];
        let taken = tab.page.take(batch);
        let name = tab.name.clone();
        if let Some((invariant, detail)) = taken.wrong {
            self.check.inner.fail(invariant, || format!("{name}: {detail}"));
        }
        for update in taken.updates {
            if let Some(n) = message_number(&update.id) {
                self.tabs[place].send_log.update(n, &update);
                if !self.tabs[place].send_log.is_own(n) {
                    let nobody_knows = self.is_dropped_and_forgotten(n) || self.is_wiped_for(place, n);
                    self.check.reported_to_another(&name, n, &update, nobody_knows);
                    continue;
                }
            }
            if self.check.is_stale(&update) {
                continue;
            }
            let store = &self.disk.store;
            // What was saved may have been replaced since: the news is as old as its batch.
            let on_disk = store.was_there(&update.id) || store.failed(&update.id).is_some();
            self.log(|| format!("{name} gets: {} {:?} {:?}", update.id, update.durability, update.delivery));
            let wiped = message_number(&update.id).is_some_and(|n| self.is_wiped_for(place, n));
            self.check.reported(&update, on_disk, wiped);
            let Some(n) = message_number(&update.id) else { continue };
            if let Some(request) = self.tabs[place].page.note(n, &update) {
                self.post(place, PageCommand::Send(vec![request]));
            }
        }
        if batch_number > 0 {
            let page = &self.tabs[place].page;
            let at = (self.now + page.pace).max(page.hung_until);
            self.queue.push(at, Happening::Credit(number, batch_number));
        }
    }

    /// The first list of a worker shows what waits, whichever tab sent it: the page shows what it does not know yet,
    /// and asks how it ends.
    fn resume_outbox(&mut self, place: usize, items: &[Delivery]) {
        let lists = items.iter().filter_map(|item| match item {
            Delivery::Outbox(list, _) => Some(list),
            _ => None,
        });
        for list in lists {
            let tab = &mut self.tabs[place];
            if !std::mem::take(&mut tab.send_log.resumes_outbox) {
                return;
            }
            let mut about = Vec::new();
            for info in list {
                let lasts = info.update.durability == Durability::Durable && !info.update.delivery.is_final();
                let Some(n) = message_number(&info.update.id) else { continue };
                if lasts && !tab.send_log.knows(n) {
                    tab.send_log.adopt(n, info);
                    let (id, coalesced) = (info.update.id.clone(), info.coalesced);
                    about.push(Inquiry { id, coalesced, discarded: false });
                }
            }
            let watches = tab.watches_outbox;
            if !about.is_empty() {
                self.post(place, PageCommand::Inquire(about));
            }
            if !watches {
                self.post(place, PageCommand::WatchOutbox(false));
            }
        }
    }

    pub(super) fn credit(&mut self, number: u32, batch: u64) {
        let Some(place) = self.place_of(number) else { return };
        let tab = &self.tabs[place];
        let at = tab.page.hung_until.max(tab.frozen_until);
        if at > self.now {
            return self.queue.push(at, Happening::Credit(number, batch));
        }
        self.post(place, PageCommand::Credit(batch));
    }
}
