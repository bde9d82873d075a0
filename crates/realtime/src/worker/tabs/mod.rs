//! The tabs of one scope, as the browser lets them meet: locks (or leases) and channels. Which tab leads and what is
//! sent is decided in [`sentinelops_engine::tabs`].
//!
//! Every name carries the version ([`sentinelops_engine::tabs::LINK_VERSION`]) and the scope: builds that would not understand each other
//! never meet.

mod channel;
mod locks;

use crate::bridge::LeaveNotice;
use channel::Channel;
use locks::Lock;
use sentinelops_engine::tabs::{LinkMessage, LinkTarget, LockEvent, LockRequest, TabId};
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// What comes from other tabs and from the browser.
#[derive(Debug, PartialEq)]
pub enum TabEvent {
    /// The lock of the leader.
    Lock(LockEvent),
    /// A message.
    Link(LinkMessage),
    /// Who is alive.
    Alive(Vec<TabId>),
}

/// Called with lock events, messages and lists of tabs; never from inside a call to [`Tabs`].
pub type TabListener = Rc<dyn Fn(TabEvent)>;

/// This tab's part in the scope. Dropping it leaves: locks are given back, channels closed.
pub struct Tabs {
    name: String,
    tab: TabId,
    listener: TabListener,
    leader: Lock,
    /// `None` while the page is put away: whatever is held would keep it out of the bfcache.
    presence: Option<Presence>,
}

/// What others notice this tab by.
struct Presence {
    _alive: Lock,
    common: Option<Channel>,
    _own: Option<Channel>,
    /// Channels of tabs that were written to.
    others: HashMap<TabId, Channel>,
}

impl Tabs {
    /// `version`: that of what tabs share.
    pub fn new(version: u32, scope: &str, tab: &str, listener: TabListener) -> Self {
        let name = format!("sentinelops {version} {scope}");
        let tell = listener.clone();
        let leader = Lock::new(&format!("{name} leader"), Rc::new(move |event| tell(TabEvent::Lock(event))));
        let mut tabs = Self { name, tab: tab.to_owned(), listener, leader, presence: None };
        tabs.join();
        tabs
    }

    /// Holds the lock that says this tab is alive, and listens. Nothing if it does already.
    pub fn join(&mut self) {
        if self.presence.is_some() {
            return;
        }
        let listener: Rc<dyn Fn(LinkMessage)> = {
            let tell = self.listener.clone();
            Rc::new(move |message| tell(TabEvent::Link(message)))
        };
        let alive = Lock::new(&format!("{}{}", self.alive_prefix(), self.tab), Rc::new(|_| {}));
        alive.carry_out(LockRequest::Request);
        self.presence = Some(Presence {
            _alive: alive,
            common: Channel::open(&self.name, Some(listener.clone())),
            _own: Channel::open(&self.channel_of(&self.tab), Some(listener)),
            others: HashMap::new(),
        });
    }

    /// Holds nothing and receives nothing until it joins again.
    pub fn leave(&mut self) {
        self.presence = None;
    }

    /// Queues for the lock of the leader, takes it or gives it back. Answers [`TabEvent::Lock`].
    pub fn lock(&self, request: LockRequest) {
        self.leader.carry_out(request);
    }

    /// Tells other tabs something; one that is put away says nothing.
    pub fn send(&mut self, target: LinkTarget, message: &LinkMessage) {
        let Ok(bytes) = postcard::to_allocvec(message) else { return };
        let name = match &target {
            LinkTarget::All => None,
            LinkTarget::Tab(tab) => Some(self.channel_of(tab)),
        };
        let Some(presence) = &mut self.presence else { return };
        match (target, name) {
            (LinkTarget::Tab(tab), Some(name)) => {
                if !presence.others.contains_key(&tab)
                    && let Some(channel) = Channel::open(&name, None)
                {
                    presence.others.insert(tab.clone(), channel);
                }
                if let Some(channel) = presence.others.get(&tab) {
                    channel.post(&bytes);
                }
            }
            _ => {
                if let Some(common) = &presence.common {
                    common.post(&bytes);
                }
            }
        }
    }

    /// The same, for the page to say. `None`: it cannot be written down.
    pub fn leave_notice(&self, message: &LinkMessage) -> Option<LeaveNotice> {
        let bytes = postcard::to_allocvec(message).ok()?;
        Some(LeaveNotice { channel: self.name.clone(), bytes })
    }

    /// Asks who is alive. Answers [`TabEvent::Alive`].
    pub fn query(&self) {
        let (prefix, tell) = (self.alive_prefix(), self.listener.clone());
        spawn_local(async move {
            if let Some(names) = locks::names_held(&prefix).await {
                let alive = names.iter().filter_map(|name| name.strip_prefix(&prefix));
                tell(TabEvent::Alive(alive.map(str::to_owned).collect()));
            }
        });
    }

    /// Forgets the channels of tabs that are gone.
    pub fn retain(&mut self, alive: &[TabId]) {
        if let Some(presence) = &mut self.presence {
            presence.others.retain(|tab, _| alive.contains(tab));
        }
    }

    fn alive_prefix(&self) -> String {
        format!("{} tab ", self.name)
    }

    fn channel_of(&self, tab: &str) -> String {
        format!("{} tab {tab}", self.name)
    }
}
