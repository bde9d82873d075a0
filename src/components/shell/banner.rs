//! A line across the page.

use crate::components::icon::{Icon, IconMark};
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
    /// Buttons.
    #[prop_or_default]
    pub children: Html,
}

/// Says it once to screen readers: failures at once, the rest when they have a pause.
#[component]
pub fn Banner(props: &BannerProps) -> Html {
    let (class, icon, role) = match props.kind {
        BannerKind::Note => (None, Icon::Note, "status"),
        BannerKind::Warning => (Some("banner--warn"), Icon::Warning, "status"),
        BannerKind::Failure => (Some("banner--error"), Icon::Failure, "alert"),
    };
    html! {
        <div class={classes!("banner", class)} {role} data-testid="banner" data-banner={props.name.clone()}>
            <IconMark {icon} />
            <p class="banner__text">
                <span class="banner__title">{ &props.title }</span>
                <span class="banner__detail">{ props.detail.clone() }</span>
            </p>
            <div class="banner__actions">{ props.children.clone() }</div>
        </div>
    }
}
