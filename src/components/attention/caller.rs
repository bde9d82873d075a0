//! Feeds the reducer and carries out its cues.

use super::badge::set_badge;
use super::notify::Notifications;
use super::sound;
use super::store::AttentionChoice;
use super::tabs::{Report, Tabs, is_focused};
use crate::attention::{Attention, Badge, Cue, Mention, Now, Seen, Way, own_change};
use crate::components::hooks::use_paced;
use gloo::events::EventListener;
use sentinelops_protocol::Json;
use sentinelops_protocol::domain::Activity;
use sentinelops_realtime::{
    Clock, ClockListener, ClockTimeout, IncidentRow, List, UseFeedOptions, use_activity_with, use_clock,
    use_connection, use_incidents,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use yew::prelude::*;

/// The board is looked at so often at most, ms: in a flood every frame brings another one.
const LOOK_MS: u32 = 250;
/// What the person does counts once in this time, ms.
const ACT_MS: u64 = 1_000;
/// What was announced goes after this time, ms: the same text once more would otherwise be no change to announce.
const ANNOUNCED_MS: u32 = 5_000;
/// What shows that somebody is at the page.
const ACTS: [&str; 4] = ["pointerdown", "pointermove", "keydown", "wheel"];

/// See [`Caller`].
#[derive(Properties, PartialEq)]
pub struct CallerProps {
    /// A notification was pressed: the incident to open, or `None` for the board.
    pub on_open: Callback<Option<String>>,
}

/// What is read out.
#[derive(Clone, Default, PartialEq)]
struct Announced {
    polite: AttrValue,
    urgent: AttrValue,
}

/// The reducer and what its cues need.
struct Shell {
    attention: RefCell<Attention>,
    clock: Rc<Clock>,
    tabs: Tabs,
    notifications: Notifications,
    timer: RefCell<Option<ClockTimeout>>,
    speaks: Cell<bool>,
    has_sound: Cell<bool>,
    acted_at: Cell<u64>,
    /// What this tab makes of incidents, as far as the server has not confirmed it.
    own: RefCell<Vec<String>>,
    announce: UseStateSetter<Announced>,
    announced: RefCell<Option<ClockTimeout>>,
    on_open: RefCell<Callback<Option<String>>>,
}

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Shell {
    fn now(&self) -> Now {
        let ms = self.clock.now();
        let date = js_sys::Date::new(&(ms as f64).into());
        let is_focused = is_focused();
        Now {
            ms,
            minute: (date.get_hours() * 60 + date.get_minutes()) as u16,
            is_here: web_sys::window()
                .and_then(|window| window.document())
                .is_some_and(|page| !page.hidden()),
            is_attended: is_focused || self.tabs.is_attended(ms),
            speaks: self.speaks.get(),
        }
    }

    fn input(self: &Rc<Self>, input: impl FnOnce(&mut Attention, Now) -> Vec<Cue>) {
        let now = self.now();
        let cues = input(&mut self.attention.borrow_mut(), now);
        for cue in cues {
            self.carry_out(cue);
        }
        let due = self.attention.borrow().poll_timeout();
        let timer = due.map(|due| {
            let shell = self.clone();
            let wait = u32::try_from(due.saturating_sub(now.ms)).unwrap_or(u32::MAX);
            self.clock.after(wait, move || shell.input(Attention::handle_timeout))
        });
        self.timer.replace(timer);
    }

    fn carry_out(&self, cue: Cue) {
        match cue {
            Cue::Badge(badge) => set_badge(badge),
            Cue::Withdraw(id) => self.notifications.close(&id),
            Cue::Sound(level) => sound::play(level),
            Cue::Announce { text, is_urgent } => {
                let text = AttrValue::from(text);
                self.announce.set(match is_urgent {
                    true => Announced { urgent: text, ..Announced::default() },
                    false => Announced { polite: text, ..Announced::default() },
                });
                let announce = self.announce.clone();
                let clear = self.clock.after(ANNOUNCED_MS, move || announce.set(Announced::default()));
                self.announced.replace(Some(clear));
            }
            Cue::Notify { tag, title, body, incident } => {
                let on_open = self.on_open.borrow().clone();
                self.notifications.show(tag, &title, &body, move || on_open.emit(incident.clone()));
            }
        }
    }

    /// Listens to the other tabs.
    fn receive(self: &Rc<Self>) -> Option<EventListener> {
        let shell = Rc::downgrade(self);
        self.tabs.listen(move |text| {
            let Some(shell) = shell.upgrade() else { return };
            match shell.tabs.receive(&text, shell.clock.now()) {
                Report::Acted => shell.input(|attention, _| attention.handle_presence()),
                Report::Own(changes) => shell.input(|attention, now| attention.handle_own(now, &changes)),
                Report::Other => {}
            }
        })
    }

    /// Reports to the other tabs from time to time.
    fn tick(self: &Rc<Self>) -> ClockListener {
        let shell = Rc::downgrade(self);
        self.clock.listen(Callback::from(move |now: u64| {
            if let Some(shell) = shell.upgrade() {
                shell.tabs.report(is_focused(), now);
            }
        }))
    }

    /// Takes in, and reports, which own changes begin, and which ones end.
    fn own(self: &Rc<Self>, own: &[String]) {
        let before = self.own.replace(own.to_vec());
        let differ = |some: &[String], others: &[String]| -> Vec<String> {
            some.iter().filter(|change| !others.contains(change)).cloned().collect()
        };
        let changed = [differ(own, &before), differ(&before, own)].concat();
        if !changed.is_empty() {
            self.tabs.report_own(&changed);
            self.input(|attention, now| attention.handle_own(now, &changed));
        }
    }

    /// The person does something on this page.
    fn act(self: &Rc<Self>) {
        let now = self.clock.now();
        if now.saturating_sub(self.acted_at.get()) < ACT_MS {
            return;
        }
        self.acted_at.set(now);
        self.tabs.report_act();
        self.input(|attention, _| attention.handle_presence());
    }
}

/// Shows nothing but what is read out. One on the page, below the provider.
#[component]
pub fn Caller(props: &CallerProps) -> Html {
    let feed = use_incidents();
    let connection = use_connection();
    let clock = use_clock();
    let AttentionChoice { preferences, .. } = use_context::<AttentionChoice>().unwrap_or_default();
    let announced = use_state_eq(Announced::default);
    let shell = use_memo(connection.url.clone(), {
        let announce = announced.setter();
        let preferences = preferences.clone();
        move |url| {
            Rc::new(Shell {
                attention: Attention::new(preferences).into(),
                clock,
                tabs: Tabs::new(url),
                notifications: Notifications::default(),
                timer: RefCell::default(),
                speaks: Cell::new(false),
                has_sound: Cell::new(false),
                acted_at: Cell::new(0),
                own: RefCell::default(),
                announce,
                announced: RefCell::default(),
                on_open: RefCell::default(),
            })
        }
    });
    let shell = (*shell).clone();
    shell.on_open.replace(props.on_open.clone());
    // The tab with the connection speaks for all.
    shell.speaks.set(connection.is_leader == Some(true));

    shell.has_sound.set(preferences.ways.iter().any(|ways| ways[Way::Sound as usize]));
    // Not paced: an edit may be confirmed before the board is looked at.
    let own: Vec<_> = feed.items.iter().filter(|row| row.edit.is_some()).map(|row| own_change(row)).collect();
    use_effect_with((shell.clone(), own), |(shell, own)| shell.own(own));
    let board = use_paced(feed.items.clone(), LOOK_MS);
    let board = feed.is_loaded.then_some(board);
    let me = connection.client().user().map(str::to_owned);
    let mentions = use_activity_with(UseFeedOptions::default().filter({
        let me = me.clone();
        move |activity: &Rc<Activity>| names(activity, me.as_deref())
    }));
    use_effect_with((shell.clone(), mentions.is_loaded.then(|| mentions.items.clone())), {
        let feed = feed.clone();
        move |(shell, mentions)| {
            if let Some(mentions) = mentions {
                let rows: Vec<_> = mentions
                    .iter()
                    .map(|named| named.target.as_deref().and_then(|id| feed.get(id)))
                    .collect();
                let all = mentions.iter().zip(&rows).map(|(named, row)| Mention {
                    key: &named.id,
                    id: named.target.as_deref().unwrap_or_default(),
                    incident: row.as_ref().map(|row| &*row.incident),
                });
                shell.input(|attention, now| attention.handle_mentions(now, all));
            }
        }
    });
    use_effect_with((shell.clone(), board, preferences, me), |(shell, board, preferences, me)| {
        shell.input(|attention, now| {
            let mut cues = attention.set_preferences(preferences.clone());
            if let Some(board) = board {
                cues.extend(attention.handle_board(now, seen(board), me.as_deref()));
            }
            cues
        });
    });
    use_effect_with(shell, |shell| {
        let listening = (listen(shell), shell.receive(), shell.tick());
        let shell = shell.clone();
        move || {
            drop(listening);
            shell.timer.replace(None);
            shell.announced.replace(None);
            // Their titles are not for the next person at this machine.
            shell.notifications.close_all();
            set_badge(Badge::default());
        }
    });
    html! {
        <div class="sr-only">
            <p role="status" data-testid="attention-polite">{ &announced.polite }</p>
            <p role="alert" data-testid="attention-urgent">{ &announced.urgent }</p>
        </div>
    }
}

/// Whether an activity is about a message of somebody else that names this person.
fn names(activity: &Activity, me: Option<&str>) -> bool {
    let (Some(me), Some(extra)) = (me.filter(|me| *me != activity.actor), &activity.extra) else {
        return false;
    };
    let ids = extra.fields().find(|(name, _)| name == "mentions").and_then(|(_, ids)| Json::parse(ids).ok());
    ids.is_some_and(|ids| ids.items().any(|id| serde_json::from_str::<String>(id).is_ok_and(|id| id == me)))
}

fn seen(board: &List<IncidentRow>) -> impl Iterator<Item = Seen<'_>> {
    board.iter().map(|row| Seen { incident: &row.incident, is_own_edit: row.edit.is_some() })
}

/// What the person does, and when they come and go.
fn listen(shell: &Rc<Shell>) -> Vec<EventListener> {
    let Some(window) = web_sys::window() else { return Vec::new() };
    let mut listeners: Vec<_> = ACTS
        .iter()
        .map(|name| {
            let shell = shell.clone();
            // Browsers take a press for a permission to sound, and no movement.
            let is_press = matches!(*name, "pointerdown" | "keydown");
            EventListener::new(&window, *name, move |_| {
                if is_press && shell.has_sound.get() && sound::is_locked() {
                    sound::unlock();
                }
                shell.act();
            })
        })
        .collect();
    listeners.extend(["focus", "blur", "pagehide"].map(|name| {
        let shell = shell.clone();
        EventListener::new(&window, name, move |event| {
            shell.tabs.report(event.type_() != "pagehide" && is_focused(), shell.clock.now());
        })
    }));
    listeners
}
