//! Sources of alerts that say nothing.

use super::About;
use crate::components::shell::{Banner, BannerKind};
use sentinelops_protocol::domain::AlertChange;
use sentinelops_realtime::use_alerts;
use yew::prelude::*;

/// A banner while a source sends nothing for longer than the server expects: no alert does not mean that all is well.
#[component]
pub fn SilentSources() -> Html {
    let open = use_alerts().alerts;
    let open = open.iter().filter(|alert| alert.change != AlertChange::Cleared);
    let mut names: Vec<_> = open.filter_map(|alert| About::of(alert).silent).collect();
    names.sort_unstable();
    let verb = if names.len() == 1 { "is" } else { "are" };
    html! {
        if !names.is_empty() {
            <Banner kind={BannerKind::Warning} name="silent" title={format!("{} {verb} silent.", names.join(", "))}
                detail="No sign of life for longer than the server expects: alerts may be missing." />
        }
    }
}
