//! The card of the chosen tour: what happens now, and at the end the verdict.

use super::list::{TOURS, Tour};
use crate::components::breaks::Verdict;
use crate::components::icon::{Icon, icon_mark};
use crate::words::tours as texts;
use web_sys::HtmlElement;
use yew::prelude::*;

/// How far the tour is.
#[derive(Clone, PartialEq)]
pub(super) enum Stage {
    /// It has not begun: why it cannot, and whether one of its two windows is open.
    Ready(Option<&'static str>, bool),
    /// The text of the step, and the seconds left.
    Runs(&'static str, u64),
    /// It is over; and how smooth the page was.
    Over(Verdict, Option<String>),
}

#[derive(Properties, PartialEq)]
pub(super) struct CardProps {
    pub tour: &'static Tour,
    pub stage: Stage,
    pub on_start: Callback<&'static Tour>,
    /// Chooses a tour, or none.
    pub on_choose: Callback<Option<&'static Tour>>,
}

/// Takes the focus when it comes.
#[component]
pub(super) fn Card(props: &CardProps) -> Html {
    let CardProps { tour, stage, on_start, on_choose } = props;
    let tour = *tour;
    let card = use_node_ref();
    use_effect_with((card.clone(), tour.code), |(card, _)| {
        if let Some(card) = card.cast::<HtmlElement>() {
            // Without it a person starts from where they were.
            let _ = card.focus();
        }
    });
    let start = |words: &'static str| {
        let on_start = on_start.clone();
        html! { <button type="button" class="button button--primary" onclick={move |_| on_start.emit(tour)} data-testid="tour-start">{ words }</button> }
    };
    let choose = |words: String, testid: &'static str, next: Option<&'static Tour>| {
        let on_choose = on_choose.clone();
        html! { <button type="button" class="button" onclick={move |_| on_choose.emit(next)} data-testid={testid}>{ words }</button> }
    };
    let place = TOURS.iter().position(|other| other == tour).unwrap_or_default();
    let next = &TOURS[(place + 1) % TOURS.len()];
    let (text, buttons) = match stage {
        Stage::Ready(why_not, has_one) => {
            let (about, words) =
                if *has_one { (texts::ONE_OPEN, texts::SECOND) } else { (tour.about, texts::START) };
            let start = if why_not.is_none() { start(words) } else { Html::default() };
            let text = html! { <p>{ why_not.unwrap_or(about) }</p> };
            (text, html! { <>{ start }{ choose(texts::CLOSE.to_owned(), "tour-close", None) }</> })
        }
        Stage::Runs(text, left) => {
            let done = u64::from(tour.end).saturating_sub(*left);
            let text = html! {
                <>
                    <p>{ *text }</p>
                    <progress max={tour.end.to_string()} value={done.to_string()} aria-label={texts::left(*left)}></progress>
                </>
            };
            (
                text,
                html! { <>{ choose(texts::STOP.to_owned(), "tour-stop", None) }<span class="num">{ texts::left(*left) }</span></> },
            )
        }
        Stage::Over(verdict, frames) => {
            let (state, icon) =
                if verdict.is_kept { ("kept", Icon::Tick) } else { ("broken", Icon::Failure) };
            let text = html! {
                <p class="tour__verdict" data-state={state} data-testid="tour-verdict">
                    { icon_mark(icon, 16) }
                    <span>{ &verdict.text }{ frames.as_ref().map(|frames| format!("; {frames}")).unwrap_or_default() }</span>
                </p>
            };
            let buttons = html! {
                <>
                    { choose(texts::next(next.name), "tour-next", Some(next)) }
                    { start(texts::AGAIN) }
                    { choose(texts::CLOSE.to_owned(), "tour-close", None) }
                </>
            };
            (text, buttons)
        }
    };
    html! {
        <section class="tour" ref={card} tabindex="-1" aria-label={tour.name} data-testid="tour" data-tour={tour.code}>
            <h2>{ tour.name }</h2>
            <div aria-live="polite" data-testid="tour-text">{ text }</div>
            <div class="tour__buttons">
                { buttons }
                <a href={format!("?tour={}", tour.code)} data-testid="tour-link">{ texts::LINK }</a>
            </div>
        </section>
    }
}
