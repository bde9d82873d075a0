//! Signing in, where the configuration names an address for tokens: who is signed in, the page before anybody is, and
//! the way to the sign-in page and back.

mod button;
mod gate;
mod place;
mod session;
mod watch;

pub use button::SignInButton;
pub use gate::{Access, SignInGate, SignInGateProps};
pub use watch::use_sign_in;

use yew::prelude::*;

/// What is known of the sign-in, for what stands below a [`SignInGate`]. Without one nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignIn {
    /// Where people sign in.
    pub url: Option<AttrValue>,
    /// The address for tokens answered that nobody is signed in any more.
    pub ended: bool,
    /// Tokens that came because [`SignIn::ask`] was called.
    pub given: u32,
    /// Asks for a token now. `None`: there is no address to ask.
    pub ask: Option<Callback<()>>,
}
