//! The life of a message, as a waterfall.

use crate::components::diagnostics::clock;
use crate::words::inspector as texts;
use sentinelops_realtime::MessageTrace;
use std::rc::Rc;
use yew::prelude::*;

/// Units of the drawing's width.
const WIDTH: f64 = 100.0;

/// A step, from the one before it.
#[derive(Debug, PartialEq)]
struct Step {
    name: &'static str,
    /// Ms after the creation; `None`: not reached.
    times: Option<(u64, u64)>,
}

/// In the order in which a message that is saved first takes them. A step that came before the one above it began with it.
fn steps(trace: &MessageTrace) -> [Step; 4] {
    let mut begin = 0;
    let all =
        [("saved", trace.saved), ("sent", trace.sent), ("acked", trace.acked), ("shown", trace.rendered)];
    all.map(|(name, at)| {
        let times = at.map(|at| {
            let end = at.saturating_sub(trace.created);
            (begin.min(end), end)
        });
        begin = times.map_or(begin, |(_, end)| begin.max(end));
        Step { name, times }
    })
}

#[derive(Properties, PartialEq)]
pub(super) struct LifeProps {
    pub trace: Rc<MessageTrace>,
}

/// When it was queued, and how long each step took.
#[component]
pub(super) fn Life(props: &LifeProps) -> Html {
    let trace = &props.trace;
    let steps = steps(trace);
    let whole =
        steps.iter().filter_map(|step| step.times).map(|(_, end)| end).max().unwrap_or(0).max(1) as f64;
    html! {
        <div class="life" data-testid="inspector-life" data-message-id={trace.id.clone()}>
            <p class="list__meta">{ format!("{} · queued at {} · {}", trace.kind, clock(trace.created), trace.state) }</p>
            <dl>
                { for steps.iter().map(|Step { name, times }| html! {
                    <div key={*name} data-testid="inspector-step" data-step={*name}>
                        <dt>{ *name }</dt>
                        <dd>
                            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                                if let Some((from, to)) = times {
                                    <path d={bar(*from as f64 / whole, *to as f64 / whole)} vector-effect="non-scaling-stroke" />
                                }
                            </svg>
                            <span class="num">{ times.map_or_else(|| texts::UNKNOWN.to_owned(), |(from, to)| format!("+{} ms, {} ms in all", to - from, to)) }</span>
                        </dd>
                    </div>
                }) }
            </dl>
        </div>
    }
}

/// From and to are parts of the width; a step that took no time is a line.
fn bar(from: f64, to: f64) -> String {
    format!("M{:.1} 1H{:.1}V9H{:.1}Z", from * WIDTH, to * WIDTH, from * WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::Channel;

    fn times(
        saved: Option<u64>,
        sent: Option<u64>,
        acked: Option<u64>,
        rendered: Option<u64>,
    ) -> [Option<(u64, u64)>; 4] {
        let trace = MessageTrace {
            id: "m".to_owned(),
            kind: "chat.message".to_owned(),
            channel: Channel::Chat,
            created: 1_000,
            saved,
            sent,
            acked,
            rendered,
            state: "sent",
            payload: None,
        };
        steps(&trace).map(|step| step.times)
    }

    #[test]
    fn each_step_begins_where_the_one_before_ended() {
        let all = times(Some(1_004), Some(1_005), Some(1_030), Some(1_040));
        assert_eq!(all, [Some((0, 4)), Some((4, 5)), Some((5, 30)), Some((30, 40))]);
        assert_eq!(times(Some(1_004), None, None, None), [Some((0, 4)), None, None, None]);
    }

    #[test]
    fn a_message_that_was_never_saved_or_sent_first_draws_no_bar_backwards() {
        assert_eq!(times(None, Some(1_002), Some(1_009), None), [None, Some((0, 2)), Some((2, 9)), None]);
        let sent_first = times(Some(1_008), Some(1_003), Some(1_020), None);
        assert_eq!(sent_first, [Some((0, 8)), Some((3, 3)), Some((8, 20)), None]);
    }
}
