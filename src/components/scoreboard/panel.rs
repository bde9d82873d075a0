//! The figures, and whether every promise is kept.

use super::follow::Follow;
use super::ledger::{Ledger, Score};
use super::{Check, Shared};
use crate::components::icon::{Icon, icon_mark};
use crate::components::panel::Panel;
use crate::words::scoreboard as texts;
use sentinelops_realtime::use_clock;
use yew::prelude::*;

/// See [`ScoreboardPanel`].
#[derive(Properties, PartialEq)]
pub struct ScoreboardPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// After each change of the figures.
    #[prop_or_default]
    pub on_score: Callback<Score>,
}

/// What became of everything this page sent, once a second. In a laboratory build it is compared with what the gateway
/// counted.
#[component]
pub fn ScoreboardPanel(props: &ScoreboardPanelProps) -> Html {
    let ledger: Shared = use_mut_ref(Ledger::default);
    let clock = use_clock();
    let shown = use_state_eq(|| (Score::default(), false));
    use_effect_with(clock, {
        let (ledger, set) = (ledger.clone(), shown.setter());
        move |clock| {
            let ticking = clock.listen(Callback::from(move |_| {
                let ledger = ledger.borrow();
                set.set((ledger.score(), ledger.misses()));
            }));
            move || drop(ticking)
        }
    });
    #[cfg(feature = "lab")]
    let check = super::count::use_count(ledger.clone());
    #[cfg(not(feature = "lab"))]
    let check = Check::default();
    let (score, misses) = *shown;
    use_effect_with((score, props.on_score.clone()), |(score, on_score)| on_score.emit(*score));
    html! {
        <Panel title={texts::TITLE} class={props.class.clone()} testid="scoreboard-panel">
            <Follow {ledger} />
            <ScoreboardView {score} {check} {misses} />
        </Panel>
    }
}

#[derive(Properties, PartialEq)]
struct ScoreboardViewProps {
    score: Score,
    check: Check,
    misses: bool,
}

#[component]
fn ScoreboardView(props: &ScoreboardViewProps) -> Html {
    let ScoreboardViewProps { score, check, misses } = props;
    let is_kept = score.is_kept();
    let (state, icon) = if is_kept { ("kept", Icon::Tick) } else { ("broken", Icon::Failure) };
    let is_counted = *check == Check::Counted;
    html! {
        <div class="panel__body scoreboard" tabindex="0">
            <p class="scoreboard__verdict" data-state={state} role="status" data-testid="scoreboard-verdict">
                { icon_mark(icon, 16) }<span>{ texts::verdict(score.sent, &broken(score)) }</span>
            </p>
            <dl>
                { figure("sent", texts::SENT, score.sent, None) }
                { figure("delivered", texts::DELIVERED, score.delivered, None) }
                { figure("open", texts::OPEN, score.open, None) }
                { figure("ended", texts::ENDED, score.ended, None) }
                if *check != Check::None {
                    { figure("once", texts::ONCE, score.once, None) }
                    { figure("lost", texts::LOST, score.lost, Some(score.lost == 0)) }
                    { figure("doubled", texts::DOUBLED, score.doubled, Some(score.doubled == 0)) }
                    { figure("disordered", texts::DISORDERED, score.disordered, Some(score.disordered == 0)) }
                    if score.unchecked > 0 {
                        { figure("unchecked", texts::UNCHECKED, score.unchecked, None) }
                    }
                    { figure("gaps", texts::GAPS, format!("{} of {}", score.gaps_told, score.gaps), Some(score.gaps_silent == 0)) }
                } else {
                    { figure("gaps", texts::GAPS, score.gaps_told, None) }
                }
            </dl>
            <p class="list__meta" data-testid="scoreboard-check" data-check={if is_counted { "counted" } else { "not-counted" }}>
                { match check {
                    Check::None => texts::CHECK_NONE,
                    Check::Awaited => texts::CHECK_AWAITED,
                    Check::Counted => texts::CHECK_COUNTED,
                    Check::Refused => texts::CHECK_REFUSED,
                } }
            </p>
            if *misses {
                <p class="list__meta">{ texts::MISSES }</p>
            }
        </div>
    }
}

/// What is broken, in words.
fn broken(score: &Score) -> Vec<String> {
    let all = [
        (score.lost, texts::LOST),
        (score.doubled, texts::DOUBLED),
        (score.disordered, texts::DISORDERED),
        (score.gaps_silent, texts::GAPS_SILENT),
    ];
    all.into_iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect()
}

/// `is_good`: whether it is a promise that is kept.
fn figure(name: &str, label: &'static str, value: impl ToString, is_good: Option<bool>) -> Html {
    let state = is_good.map(|is_good| if is_good { "kept" } else { "broken" });
    html! {
        <div key={label} data-state={state}>
            <dt>{ label }</dt>
            <dd class="num" data-testid={format!("score-{name}")}>{ value.to_string() }</dd>
        </div>
    }
}
