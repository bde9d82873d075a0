//! Who is signed in is known before anything of a user is shown.

use super::session::{News, Session};
use super::{SignIn, SignInButton};
use crate::components::hooks::use_focus;
use crate::components::icon::{Icon, icon_mark};
use gloo::events::EventListener;
use gloo::timers::callback::{Interval, Timeout};
use sentinelops_engine::TokenReason;
use sentinelops_realtime::{TokenError, TokenResponse, TokenSource, TokenUrl};
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use yew::platform::spawn_local;
use yew::prelude::*;

/// A token that the page asked for is given to a connection that dials within this time, ms.
const FRESH_MS: f64 = 30_000.0;

/// For the provider below the gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Whose messages these are.
    pub user: Option<AttrValue>,
    /// Gives the tokens of this user and of no other.
    pub token: TokenSource,
}

/// See [`SignInGate`].
#[derive(Clone, PartialEq, Properties)]
pub struct SignInGateProps {
    /// The address for tokens.
    pub token_url: TokenUrl,
    /// The sign-in page.
    #[prop_or_default]
    pub sign_in_url: Option<AttrValue>,
    /// The user, where the configuration names one. Default: the one of the tokens.
    #[prop_or_default]
    pub user: Option<AttrValue>,
    /// What is wrong with the configuration.
    #[prop_or_default]
    pub problems: Rc<Vec<AttrValue>>,
    /// The provider with the app. Mounted again when another user signs in.
    pub render: Callback<Access, Html>,
}

/// A token that nobody took yet, and when it came (wall clock, ms).
#[derive(Clone, Default)]
struct Fresh(Rc<RefCell<Option<(String, f64)>>>);

impl Fresh {
    fn keep(&self, answer: &Result<TokenResponse, TokenError>) {
        if let Ok(TokenResponse::Token { token, .. }) = answer {
            *self.0.borrow_mut() = Some((token.clone(), js_sys::Date::now()));
        }
    }

    fn take(&self) -> Option<String> {
        let (token, at) = self.0.borrow_mut().take()?;
        (0.0..FRESH_MS).contains(&(js_sys::Date::now() - at)).then_some(token)
    }
}

/// The app, once a first token says whose it is. Until then the way to the sign-in page, or why there is no token.
#[component]
pub fn SignInGate(props: &SignInGateProps) -> Html {
    let session = use_reducer_eq(Session::default);
    let fresh = (*use_memo((), |()| Fresh::default())).clone();
    let dispatcher = session.dispatcher();
    let ask = use_callback(props.token_url.clone(), {
        let (fresh, dispatcher) = (fresh.clone(), dispatcher.clone());
        move |(), url| {
            let (url, fresh, dispatcher) = (url.clone(), fresh.clone(), dispatcher.clone());
            spawn_local(async move {
                let answer = url.fetch().await;
                fresh.keep(&answer);
                dispatcher.dispatch(News::of(&answer, true));
            });
        }
    });
    use_effect_with((*session).clone(), {
        let ask = ask.clone();
        move |session| {
            let asking = session.asks_in().map(|wait| {
                let again = ask.clone();
                let focus = web_sys::window()
                    .map(|window| EventListener::new(&window, "focus", move |_| again.emit(())));
                // Nothing changes while nobody signs in.
                let timer: Box<dyn Any> = match session {
                    Session::Absent => Box::new(Interval::new(wait, move || ask.emit(()))),
                    _ => Box::new(Timeout::new(wait, move || ask.emit(()))),
                };
                (focus, timer)
            });
            move || drop(asking)
        }
    });
    let user = match &*session {
        Session::Open { user, .. } => props.user.clone().or_else(|| user.clone()),
        _ => None,
    };
    let named = props.user.is_some();
    let token = use_memo((props.token_url.clone(), user.clone()), {
        move |(url, user)| source(url.clone(), user.clone().filter(|_| !named), named, fresh, dispatcher)
    });
    let (ended, given) = match &*session {
        Session::Open { ended, given, .. } => (*ended, *given),
        _ => (false, 0),
    };
    let context = SignIn { url: props.sign_in_url.clone(), ended, given, ask: Some(ask) };
    html! {
        <ContextProvider<SignIn> {context}>
            if matches!(*session, Session::Open { .. }) {
                <OfUser key={format!("of {}", user.as_deref().unwrap_or_default())}>
                    { props.render.emit(Access { user: user.clone(), token: (*token).clone() }) }
                </OfUser>
            } else {
                <Closed session={(*session).clone()} problems={props.problems.clone()} />
            }
        </ContextProvider<SignIn>>
    }
}

#[derive(PartialEq, Properties)]
struct OfUserProps {
    children: Html,
}

/// Holds what is mounted for one user: its key is the user's.
#[component]
fn OfUser(props: &OfUserProps) -> Html {
    props.children.clone()
}

/// Asks for each token again, except for one that just came. `any`: whose it is does not matter here, because the
/// configuration names the user, and the server compares.
fn source(
    url: TokenUrl,
    user: Option<AttrValue>,
    any: bool,
    fresh: Fresh,
    dispatcher: UseReducerDispatcher<Session>,
) -> TokenSource {
    TokenSource::asynchronous(move |reason| {
        let (url, user, fresh, dispatcher) = (url.clone(), user.clone(), fresh.clone(), dispatcher.clone());
        async move {
            if let Some(token) = fresh.take().filter(|_| reason != TokenReason::Rejected) {
                return Ok(Some(token));
            }
            let answer = url.fetch().await;
            match &answer {
                Ok(TokenResponse::Token { user: found, .. })
                    if !any && found.as_deref() != user.as_deref() =>
                {
                    // It is for the connection that takes the place of this one.
                    fresh.keep(&answer);
                    dispatcher.dispatch(News::of(&answer, false));
                    return Err(TokenError::from("another user is signed in now"));
                }
                _ => dispatcher.dispatch(News::of(&answer, false)),
            }
            match answer? {
                TokenResponse::Token { token, .. } => Ok(Some(token)),
                TokenResponse::SignIn => Ok(None),
            }
        }
    })
}

#[derive(PartialEq, Properties)]
struct ClosedProps {
    session: Session,
    problems: Rc<Vec<AttrValue>>,
}

/// In place of the app.
#[component]
fn Closed(props: &ClosedProps) -> Html {
    let heading = use_focus();
    let sign_in = use_context::<SignIn>().unwrap_or_default();
    let (title, text) = match &props.session {
        Session::Opening { trouble: None, .. } => return html! { <p class="screen" role="status">{ "Signing in" }</p> },
        Session::Opening { trouble: Some(why), .. } => {
            ("No token", format!("{why}. The console needs one to connect, and asks again by itself."))
        }
        _ if sign_in.url.is_none() => (
            "Sign in",
            "Nobody is signed in. Sign in where you usually do (the configuration names no signInUrl), then come back."
                .to_owned(),
        ),
        _ => ("Sign in", "Nobody is signed in, or the session has ended. What waits to be sent is kept.".to_owned()),
    };
    let onclick = sign_in.ask.clone().map(|ask| move |_: MouseEvent| ask.emit(()));
    html! {
        <main class="screen screen--whole" data-testid="sign-in-gate">
            { for props.problems.iter().map(|problem| html! { <p role="alert">{ "Configuration: " }{ problem }</p> }) }
            <span class="screen__mark">{ icon_mark(Icon::SignOut, 22) }</span>
            <h1 ref={heading} tabindex="-1">{ title }</h1>
            <p data-testid="sign-in-why">{ text }</p>
            if props.session == Session::Absent && sign_in.url.is_some() {
                <SignInButton />
            } else {
                <button type="button" class="button" {onclick} data-testid="sign-in-ask">{ "Try now" }</button>
            }
        </main>
    }
}
