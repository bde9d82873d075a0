//! Where alerts come from, and when each source sent something last.

use crate::components::icon::{Icon, icon_mark};
use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::domain::SourceAge;
use sentinelops_protocol::sort::sort_by_key;
use sentinelops_realtime::UseSourcesHandle;
use sentinelops_realtime::time_text::time_of_day;
use yew::prelude::*;

/// So many are shown at once, the others on demand.
const SHOWN: usize = 4;

/// Silent ones first, then by name. Nothing where there are none, or where this person may not know.
pub(super) fn sources(of_stats: &UseSourcesHandle, silent: &[String]) -> Html {
    let mut sources: Vec<_> =
        of_stats.sources.iter().map(|source| (source, silent.contains(&source.name))).collect();
    if sources.is_empty() {
        return Html::default();
    }
    sort_by_key(&mut sources, |(_, is_silent)| !is_silent);
    let of =
        if of_stats.is_connected { String::new() } else { format!(", as of {}", time_of_day(of_stats.at)) };
    let rest = sources.split_off(sources.len().min(SHOWN));
    html! {
        <div class="panel__foot sources" data-testid="sources">
            <h3 id="sources" class="hint">{ format!("Last signal of each source{of}") }</h3>
            <ul class="sources__list" aria-labelledby="sources">{ for sources.into_iter().map(line) }</ul>
            if !rest.is_empty() {
                <details class="timeline">
                    <summary>{ format!("{} more", rest.len()) }</summary>
                    <ul class="sources__list" aria-labelledby="sources">{ for rest.into_iter().map(line) }</ul>
                </details>
            }
        </div>
    }
}

fn line((source, is_silent): (&SourceAge, bool)) -> Html {
    html! {
        <li class="source" data-testid="source" data-source={source.name.clone()}>
            <span class="list__name" title={source.name.clone()}>{ &source.name }</span>
            if is_silent {
                <span class="state state--warn">{ icon_mark(Icon::Warning, 13) }{ "Silent" }</span>
            }
            <span class="list__meta">
                if let Some(at) = source.heard_at { <RelativeTime {at} words=true /> } else { { "nothing since the server started" } }
            </span>
        </li>
    }
}
