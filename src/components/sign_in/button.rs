//! Leads to the sign-in page.

use super::{SignIn, place};
use yew::prelude::*;

/// Nothing where no sign-in page is configured.
#[component]
pub fn SignInButton() -> Html {
    let sign_in = use_context::<SignIn>().unwrap_or_default();
    let Some(url) = sign_in.url else { return Html::default() };
    let onclick = move |_| place::leave(&url);
    html! { <button type="button" class="button button--primary" {onclick} data-testid="sign-in">{ "Sign in" }</button> }
}
