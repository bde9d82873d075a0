//! What can be broken, and how it is brought about.

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Connection,
    Messages,
    Device,
}

impl Group {
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Connection, "Connection"), (Self::Messages, "Messages"), (Self::Device, "This device")];
}

/// What is sent for it. Names of faults are those of `sentinelops_realtime`'s worker, requests those of docs/protocol.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// In the worker, until it is switched off.
    Lasts(&'static str),
    /// In the worker, once.
    Once(&'static str),
    /// In the worker of the tab that leads, once: pressed in another one.
    OtherTab(&'static str),
    /// In the gateway, once: type and payload.
    Server(&'static str, &'static str),
    /// In the gateway, until it is switched off: type, payload, payload that ends it.
    ServerLasts(&'static str, &'static str, &'static str),
}

impl How {
    pub fn lasts(self) -> bool {
        matches!(self, Self::Lasts(_) | Self::ServerLasts(..))
    }

    pub fn is_of_another_tab(self) -> bool {
        matches!(self, Self::OtherTab(_))
    }

    pub fn is_of_server(self) -> bool {
        matches!(self, Self::Server(..) | Self::ServerLasts(..))
    }
}

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub name: &'static str,
    /// What it stands for.
    pub help: &'static str,
    pub group: Group,
    pub how: How,
}

const fn fault(name: &'static str, help: &'static str, group: Group, how: How) -> Fault {
    Fault { name, help, group, how }
}

/// All, in the order shown.
pub const FAULTS: [Fault; 17] = [
    fault("Drop", "The connection breaks, once.", Group::Connection, How::Once("close-socket")),
    fault(
        "Planned restart",
        "The server says goodbye to everybody and names a window for the return.",
        Group::Connection,
        How::Server("lab.drain", r#"{"windowMs":2000}"#),
    ),
    fault(
        "Zombie",
        "The connection is open, and nothing passes until the end.",
        Group::Connection,
        How::Lasts("zombie"),
    ),
    fault("Slow", "Everything takes longer: see the sliders.", Group::Connection, How::Lasts("slow")),
    fault("Blocked upgrade", "A proxy lets no WebSocket through.", Group::Connection, How::Lasts("blocked")),
    fault("Offline", "The browser says that there is no network.", Group::Connection, How::Lasts("offline")),
    fault(
        "Expired token",
        "The server closes with 4401; the page connects again at the end.",
        Group::Connection,
        How::Server("lab.close", r#"{"code":4401}"#),
    ),
    fault(
        "Lost acks",
        "No confirmation arrives; at the end the connection breaks.",
        Group::Messages,
        How::Lasts("lose-acks"),
    ),
    fault(
        "Duplicates",
        "Events, confirmations and messages arrive twice.",
        Group::Messages,
        How::Lasts("duplicate"),
    ),
    fault("Reordered", "Events arrive in the wrong order.", Group::Messages, How::Lasts("reorder")),
    fault(
        "Refusal",
        "The server refuses every second message for now.",
        Group::Messages,
        How::ServerLasts("lab.nack", r#"{"every":2}"#, r#"{"every":0}"#),
    ),
    fault("Full disk", "Nothing can be saved on this device.", Group::Device, How::Lasts("full-disk")),
    fault("Dead store", "The browser closes the database, once.", Group::Device, How::Once("dead-store")),
    fault("Clock jump", "The worker's clock is an hour ahead.", Group::Device, How::Lasts("clock")),
    fault("Kill the worker", "The worker of this tab crashes.", Group::Device, How::Once("panic")),
    fault("Hang the worker", "The worker of this tab is busy for ever.", Group::Device, How::Once("hang")),
    fault(
        "Kill the leading tab",
        "The tab with the connection ends as if it had been killed. Press it in another tab.",
        Group::Device,
        How::OtherTab("end-leader"),
    ),
];
