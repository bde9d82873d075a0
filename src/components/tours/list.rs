//! The tours, step by step.

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A message of this page.
    Say(&'static str),
    /// A fault by its name, for so many seconds.
    Break(&'static str, u32),
    /// So many events a second; `None`: as many as before the tour.
    Rate(Option<u32>),
    /// Two more tabs are there. Each is opened at a press, before the tour begins: browsers allow it then only.
    Tabs,
}

/// From this second on.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    pub at: u32,
    pub text: &'static str,
    /// Test id of the panel to look at.
    pub look: &'static str,
    pub acts: &'static [Act],
}

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Tour {
    /// In the address.
    pub code: &'static str,
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    pub steps: &'static [Step],
    /// The seconds that the verdict is about.
    pub from: u32,
    pub to: u32,
    /// When the last step is over.
    pub end: u32,
}

impl Tour {
    /// It changes what the gateway makes up.
    pub fn needs_story(&self) -> bool {
        self.acts().any(|act| matches!(act, Act::Rate(_)))
    }

    pub fn opens_tabs(&self) -> bool {
        self.acts().any(|act| act == Act::Tabs)
    }

    fn acts(&self) -> impl Iterator<Item = Act> {
        self.steps.iter().flat_map(|step| step.acts.iter().copied())
    }
}

const fn step(at: u32, look: &'static str, acts: &'static [Act], text: &'static str) -> Step {
    Step { at, text, look, acts }
}

/// All, in the order shown.
pub const TOURS: [Tour; 5] = [
    Tour {
        code: "kill-server",
        name: "Kill the server while you type",
        about: "The server is gone for 12 s. What is written meanwhile waits on this device.",
        steps: &[
            step(
                0,
                "chat-panel",
                &[Act::Say("This one is written while all is well.")],
                "Here is the chat. Write something in it, too, now and later: nothing of it will be lost.",
            ),
            step(
                4,
                "connection-panel",
                &[Act::Break("Blocked upgrade", 12)],
                "The server is gone. The connection panel says so at once, and tries again and again.",
            ),
            step(
                7,
                "outbox-panel",
                &[
                    Act::Say("Nobody can hear this yet."),
                    Act::Say("Nor this."),
                    Act::Say("It waits in the outbox."),
                ],
                "Three messages more. They are saved on this device and wait in the outbox, in order.",
            ),
            step(
                16,
                "connection-panel",
                &[],
                "The server is back. The page finds out by itself at its next attempt.",
            ),
            step(
                20,
                "scoreboard-panel",
                &[],
                "The scoreboard compares what this page sent with what the server counted: each message once.",
            ),
        ],
        from: 4,
        to: 16,
        end: 25,
    },
    Tour {
        code: "ten-thousand",
        name: "Ten thousand events",
        about: "The server sends 10,000 events a second for 14 s, and the page stays smooth.",
        steps: &[
            step(
                0,
                "plots-panel",
                &[],
                "The plots show each second of this page: messages, frames, round trip. Look at “Messages a second”.",
            ),
            step(
                4,
                "plots-panel",
                &[Act::Rate(Some(10_000))],
                "Now 10,000 events a second arrive. Lists are rendered once a frame, however much arrives.",
            ),
            step(
                10,
                "chat-panel",
                &[Act::Say("A message in the middle of the flood.")],
                "A message of this page goes through the same connection. Its marks show how far it has got.",
            ),
            step(
                14,
                "plots-panel",
                &[],
                "“Frames of this page” is the time from one picture to the next: below 50 ms a page feels smooth.",
            ),
            step(
                18,
                "plots-panel",
                &[Act::Rate(None)],
                "The flood is over. What was too much for a list was dropped from its old end, and counted.",
            ),
        ],
        from: 4,
        to: 18,
        end: 24,
    },
    Tour {
        code: "three-tabs",
        name: "Three tabs, one socket",
        about: "Two more windows share this connection. When the tab that has it hangs, another takes over.",
        steps: &[
            step(
                0,
                "inspector-panel",
                &[Act::Tabs],
                "Two small windows are open beside this one. The map of tabs, in the inspector, shows all three.",
            ),
            step(
                7,
                "inspector-panel",
                &[Act::Say("From one of three tabs.")],
                "One tab leads: it alone has a socket. The others send and receive through it.",
            ),
            step(
                12,
                "inspector-panel",
                &[Act::Break("Hang the worker", 0), Act::Say("Sent while the worker hangs.")],
                "The worker of this tab hangs, as after a bug. If it led, another tab takes the lock within 6 s.",
            ),
            step(
                22,
                "scoreboard-panel",
                &[],
                "The message that was sent meanwhile was kept by the page, and is delivered once.",
            ),
        ],
        from: 12,
        to: 22,
        end: 26,
    },
    Tour {
        code: "disk-full",
        name: "Disk full",
        about: "Nothing can be saved for 14 s. The page says so, and sends all the same.",
        steps: &[
            step(
                0,
                "outbox-panel",
                &[Act::Say("Saved before it is sent.")],
                "Every message is saved on this device before it is sent. The outbox says where.",
            ),
            step(
                4,
                "connection-panel",
                &[Act::Break("Full disk", 14)],
                "The disk is full. The connection says that messages are not saved on this device any more.",
            ),
            step(
                8,
                "chat-panel",
                &[Act::Say("Not saved, and sent."), Act::Say("As is this one.")],
                "Messages are sent without being saved: they last as long as this page does.",
            ),
            step(
                18,
                "connection-panel",
                &[],
                "There is room again. What is still in memory is saved, and the warning goes.",
            ),
        ],
        from: 4,
        to: 18,
        end: 24,
    },
    Tour {
        code: "asleep",
        name: "Laptop asleep",
        about: "The connection looks open, and nothing passes: as after the lid was closed.",
        steps: &[
            step(
                0,
                "connection-panel",
                &[Act::Say("Good night.")],
                "A laptop that slept finds its connection open, though the server has long given it up.",
            ),
            step(
                4,
                "connection-panel",
                &[Act::Break("Zombie", 12), Act::Break("Clock jump", 12)],
                "The lid is closed: nothing passes from now on, and the clock is an hour ahead.",
            ),
            step(
                6,
                "outbox-panel",
                &[Act::Say("Written at the wrong hour.")],
                "A message is written into the dead connection. Nobody confirms it.",
            ),
            step(
                11,
                "connection-panel",
                &[],
                "No answer to a ping: the page gives the connection up by itself, and dials again.",
            ),
            step(
                16,
                "scoreboard-panel",
                &[],
                "Awake, with the right time. The message goes out once more, under the same id, and takes effect once.",
            ),
        ],
        from: 4,
        to: 16,
        end: 25,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::breaks::FAULTS;

    #[test]
    fn tours_are_half_a_minute_and_their_steps_are_in_order() {
        for tour in &TOURS {
            assert!(tour.end <= 30 && tour.from < tour.to && tour.to < tour.end, "{}", tour.code);
            assert!(tour.steps.is_sorted_by_key(|step| step.at) && tour.steps[0].at == 0, "{}", tour.code);
            assert!(tour.steps.iter().all(|step| step.at <= tour.end - 2), "{}: time to read", tour.code);
        }
    }

    #[test]
    fn every_fault_of_a_tour_is_one_and_is_over_when_the_verdict_is_given() {
        for tour in &TOURS {
            for step in tour.steps {
                for act in step.acts {
                    if let Act::Break(name, seconds) = act {
                        assert!(FAULTS.iter().any(|fault| fault.name == *name), "{}: {name}", tour.code);
                        assert!(
                            step.at >= tour.from && step.at + seconds <= tour.to,
                            "{}: {name}",
                            tour.code
                        );
                    }
                }
            }
        }
    }
}
