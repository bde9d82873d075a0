//! Sources of alerts that send nothing.

use super::About;
use crate::components::shell::{Banner, BannerKind};
use sentinelops_protocol::domain::{Alert, AlertChange};
use sentinelops_protocol::sort::sort_by;
use sentinelops_realtime::use_alerts;
use std::rc::Rc;
use yew::prelude::*;

/// Names of the sources that the server calls silent, in order.
pub(super) fn silent_sources(alerts: &[Rc<Alert>]) -> Vec<String> {
    let open = alerts.iter().filter(|alert| alert.change != AlertChange::Cleared);
    let mut names: Vec<_> = open.filter_map(|alert| About::silent_source(alert)).collect();
    sort_by(&mut names, Ord::cmp);
    names
}

/// A banner while a source sends nothing for longer than the server expects: no alert does not mean that all is well.
#[component]
pub fn SilentSources() -> Html {
    let names = silent_sources(&use_alerts().items);
    let verb = if names.len() == 1 { "is" } else { "are" };
    html! {
        if !names.is_empty() {
            <Banner kind={BannerKind::Warning} name="silent" title={format!("{} {verb} silent.", names.join(", "))}
                detail="No sign of life for longer than the server expects: alerts may be missing." />
        }
    }
}
