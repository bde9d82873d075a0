//! A line across the page.

use crate::components::icon::{Icon, icon_mark};
use yew::prelude::*;

/// How much it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BannerKind {
    /// Good to know.
    #[default]
    Note,
    /// Something does not work as it should; it may heal by itself.
    Warning,
    /// Something does not work until somebody acts.
    Failure,
}

/// See [`Banner`].
#[derive(Properties, PartialEq)]
pub struct BannerProps {
    /// How much it matters.
    #[prop_or_default]
    pub kind: BannerKind,
    /// Which banner, for tests.
    pub name: AttrValue,
    /// In a few words.
    pub title: AttrValue,
    /// What it means and what to do.
    #[prop_or_default]
    pub detail: Html,
    /// It comes and goes with the connection: in a wide [`TopBar`](crate::pages::TopBar) it stands in the bar itself, so
    /// that nothing moves.
    #[prop_or_default]
    pub passing: bool,
    /// Another part of the page reads it out.
    #[prop_or_default]
    pub silent: bool,
    /// Buttons.
    #[prop_or_default]
    pub children: Html,
}

/// Screen readers get failures at once. What stands in a live region of the page is read out by that.
#[component]
pub fn Banner(props: &BannerProps) -> Html {
    let (class, icon) = match props.kind {
        BannerKind::Note => (None, Icon::Note),
        BannerKind::Warning => (Some("banner--warn"), Icon::Warning),
        BannerKind::Failure => (Some("banner--error"), Icon::Failure),
    };
    let role = (props.kind == BannerKind::Failure && !props.silent).then_some("alert");
    html! {
        <div class={classes!("banner", class, props.passing.then_some("banner--passing"))} {role} data-testid="banner" data-banner={props.name.clone()}>
            { icon_mark(icon, 16) }
            <p class="banner__text">
                <span class="banner__title">{ &props.title }</span>
                <span class="banner__detail">{ props.detail.clone() }</span>
            </p>
            <div class="banner__actions">{ props.children.clone() }</div>
        </div>
    }
}
