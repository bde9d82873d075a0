//! A connection that lacks a token gets one as soon as somebody is signed in again, in whichever tab.

use super::SignIn;
use gloo::events::EventListener;
use sentinelops_engine::Cause;
use sentinelops_realtime::{UseConnectionHandle, use_client, use_clock};
use std::cell::Cell;
use yew::prelude::*;

/// The connection asks for itself first, ms.
const FIRST_MS: u64 = 2_000;
/// And then again and again, ms.
const AGAIN_MS: u64 = 30_000;

/// What is known of the sign-in. While the connection lacks a token, or nobody is signed in, it is asked for one: every
/// half minute, and whenever the person comes back to the window.
#[hook]
pub fn use_sign_in(connection: &UseConnectionHandle) -> SignIn {
    let sign_in = use_context::<SignIn>().unwrap_or_default();
    let (client, clock) = (use_client(), use_clock());
    let lacks = connection.status.cause == Cause::NeedsAuth;
    let ask = sign_in.ask.clone().filter(|_| lacks || sign_in.ended);
    use_effect_with(ask, move |ask| {
        let asking = ask.clone().map(|ask| {
            let due = Cell::new(clock.now() + FIRST_MS);
            let again = ask.clone();
            let ticking = clock.listen(Callback::from(move |now: u64| {
                if now >= due.get() {
                    due.set(now + AGAIN_MS);
                    again.emit(());
                }
            }));
            let focus =
                web_sys::window().map(|window| EventListener::new(&window, "focus", move |_| ask.emit(())));
            (ticking, focus)
        });
        move || drop(asking)
    });
    // Connected again, perhaps by another tab: then somebody is signed in.
    use_effect_with(connection.is_connected, {
        let ask = sign_in.ask.clone().filter(|_| sign_in.ended);
        move |connected| {
            if let Some(ask) = ask.filter(|_| *connected) {
                ask.emit(());
            }
        }
    });
    // The connection takes it from the page when it dials.
    use_effect_with(sign_in.given, move |given| {
        if *given > 0 && lacks {
            client.connect();
            client.reconnect();
        }
    });
    sign_in
}
