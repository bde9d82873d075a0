//! An address nothing lives at.

use super::{PageLink, Route, TopBar, use_title};
use yew::prelude::*;

/// Says so, and leads back.
#[component]
pub fn NotFoundPage() -> Html {
    use_title("Not found · SentinelOps");
    html! {
        <div class="app app--page">
            <a class="skip-link" href="#main">{ "Skip to the content" }</a>
            <TopBar />
            <main id="main" class="screen" tabindex="-1" data-testid="not-found">
                <h1>{ "Page not found" }</h1>
                <p>{ "The address may be mistyped, or what it led to is gone. Incidents are on the console." }</p>
                <PageLink to={Route::Console} classes="button button--primary">{ "Open the console" }</PageLink>
            </main>
        </div>
    }
}
