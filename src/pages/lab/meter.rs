//! Components under a flood: what each received, and how often it was rendered in one frame.

use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::Interval;
use sentinelops_protocol::domain::Patch;
use sentinelops_realtime::{use_activity_feed, use_agent_status, use_alert_updates, use_incident_updates};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::prelude::*;

/// How often the figures are written where a test reads them, ms.
const REFRESH_MS: u32 = 100;
/// What the numbers of a flood stand behind.
const MARK: &str = "flood ";
/// More would only make the answer longer.
const WRONG_SHOWN: usize = 20;

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    renders: u32,
    frames: u32,
    since_frame: u32,
    most_in_a_frame: u32,
    /// The last number of each channel; the numbers begin at 1 and leave none out.
    last: BTreeMap<&'static str, u64>,
    /// Numbers that were not the next one.
    wrong: Vec<String>,
}

impl Figures {
    fn rendered(&mut self) {
        self.renders += 1;
        self.since_frame += 1;
        self.most_in_a_frame = self.most_in_a_frame.max(self.since_frame);
    }

    fn received(&mut self, channel: &'static str, text: &str) {
        let Some(number) = text.strip_prefix(MARK).and_then(|digits| digits.parse().ok()) else { return };
        let last = self.last.entry(channel).or_default();
        if number != *last + 1 && self.wrong.len() < WRONG_SHOWN {
            self.wrong.push(format!("{channel}: {number} after {last}"));
        }
        *last = number;
    }
}

type Shared = Rc<RefCell<Figures>>;

/// Follows four channels as a console does, shows a little of each, and counts.
#[component]
pub fn Meter() -> Html {
    let figures: Shared = use_mut_ref(Figures::default);
    let output = use_node_ref();
    figures.borrow_mut().rendered();

    let note = |channel: &'static str| {
        let figures = figures.clone();
        move |text: &str| figures.borrow_mut().received(channel, text)
    };
    let incidents = use_incident_updates({
        let note = note("incidents");
        move |news| {
            if let Patch::Set(title) = &news.patch.title {
                note(title);
            }
        }
    });
    let agents = use_agent_status({
        let note = note("agents");
        move |agent| note(agent.name.as_deref().unwrap_or_default())
    });
    let alerts = use_alert_updates({
        let note = note("alerts");
        move |alert| note(&alert.title)
    });
    let activity = use_activity_feed({
        let note = note("activity");
        move |activity| note(&activity.action)
    });

    {
        let (figures, output) = (figures.clone(), output.clone());
        use_effect_with((), move |()| {
            let frames = Frames::watch(figures.clone());
            let write = Interval::new(REFRESH_MS, move || {
                // Past Yew: what is counted must not be brought about by the counting.
                if let Some(node) = output.get() {
                    node.set_text_content(serde_json::to_string(&*figures.borrow()).ok().as_deref());
                }
            });
            move || drop((frames, write))
        });
    }

    html! {
        <section>
            <output data-testid="lab-meter" ref={output} />
            <p>
                { format!(
                    "{} incidents, {} agents, {} alerts, {}",
                    incidents.items.len(),
                    agents.items.len(),
                    alerts.items.len(),
                    activity.items.last().map(|item| item.action.clone()).unwrap_or_default(),
                ) }
            </p>
        </section>
    }
}

/// Begins a new count with each frame, until it is dropped. It asks for the next frame within this one, so it is
/// called before whatever was asked for since.
struct Frames {
    next: Rc<RefCell<Option<AnimationFrame>>>,
}

impl Frames {
    fn watch(figures: Shared) -> Self {
        let next = Rc::default();
        Self::ask(&next, figures);
        Self { next }
    }

    fn ask(next: &Rc<RefCell<Option<AnimationFrame>>>, figures: Shared) {
        let weak = Rc::downgrade(next);
        let frame = request_animation_frame(move |_| {
            {
                let mut figures = figures.borrow_mut();
                figures.frames += 1;
                figures.since_frame = 0;
            }
            if let Some(next) = weak.upgrade() {
                Self::ask(&next, figures);
            }
        });
        let old = next.borrow_mut().replace(frame);
        drop(old);
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.next.borrow_mut().take();
    }
}
