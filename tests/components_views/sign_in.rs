//! Tokens from an address, answered by a fake `fetch`, and what the page makes of the answers.

use crate::dom::{all, one, texts};
use crate::mount::{Mounted, mount};
use sentinelops::components::shell::Banners;
use sentinelops::components::sign_in::{Access, SignInGate, SignInGateProps};
use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::{Cause, ConnectionState, TokenReason};
use sentinelops_realtime::testing::FakeConnection;
use sentinelops_realtime::{TokenResponse, TokenUrl, WebSocketProvider};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

/// `fetch` of the page, until it is dropped.
struct Fetch(JsValue);

impl Fetch {
    /// `body` is that of a function of `url` and `init` that gives a `Response`.
    fn answering(body: &str) -> Self {
        let window = web_sys::window().unwrap();
        let real = js_sys::Reflect::get(&window, &"fetch".into()).unwrap();
        let fetch = Self(real);
        fetch.answer(body);
        fetch
    }

    fn answer(&self, body: &str) {
        let note = "(window.asked ??= []).push([url, init.credentials, init.redirect, init.cache, init.headers.get('accept')].join(' '));";
        let fake = js_sys::Function::new_with_args(
            "url, init",
            &format!("{note} return (async () => {{ {body} }})();"),
        );
        js_sys::Reflect::set(&web_sys::window().unwrap(), &"fetch".into(), &fake).unwrap();
    }

    /// What was asked since the last look.
    fn asked(&self) -> Vec<String> {
        let window = web_sys::window().unwrap();
        let asked = js_sys::Reflect::get(&window, &"asked".into()).unwrap();
        js_sys::Reflect::set(&window, &"asked".into(), &JsValue::UNDEFINED).unwrap();
        if asked.is_undefined() {
            return Vec::new();
        }
        js_sys::Array::from(&asked).iter().filter_map(|line| line.as_string()).collect()
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        js_sys::Reflect::set(&web_sys::window().unwrap(), &"fetch".into(), &self.0).unwrap();
        self.asked();
    }
}

/// A JSON Web Token of this user, in base64url of UTF-8.
fn token(user: &str) -> String {
    let claims = format!(r#"{{"sub":"{user}","exp":1}}"#);
    let bytes: String = claims.bytes().map(char::from).collect();
    let text = web_sys::window().unwrap().btoa(&bytes).unwrap();
    format!("e30.{}.s1g", text.replace('+', "-").replace('/', "_").trim_end_matches('='))
}

fn json(user: &str) -> String {
    format!("return new Response(JSON.stringify({{ token: '{}' }}));", token(user))
}

fn url() -> TokenUrl {
    TokenUrl::new("/token?for=console").unwrap()
}

#[wasm_bindgen_test]
async fn a_token_is_asked_for_with_cookies_and_without_redirects_or_caches() {
    let fetch = Fetch::answering(&json("änn+?"));
    let expected = TokenResponse::Token { token: token("änn+?"), user: Some("änn+?".to_owned()) };
    assert_eq!(url().fetch().await, Ok(expected));
    assert_eq!(fetch.asked(), ["/token?for=console same-origin manual no-store application/json"]);
}

#[wasm_bindgen_test]
async fn each_answer_is_a_token_a_sign_in_or_a_sentence() {
    let fetch = Fetch::answering("");
    // A redirect that is not followed has the status 0, and so has this.
    for refusal in
        ["new Response('', { status: 401 })", "new Response('', { status: 403 })", "Response.error()"]
    {
        fetch.answer(&format!("return {refusal};"));
        assert_eq!(url().fetch().await, Ok(TokenResponse::SignIn), "{refusal}");
    }
    for (answer, words) in [
        ("return new Response('s3cret', { status: 502 });", "/token answers 502"),
        ("return new Response('<!doctype html>s3cret');", "/token answers with a page"),
        ("return new Response('s3cret');", "{\"token\": \"…\"} is expected"),
        ("throw new TypeError('s3cret');", "/token does not answer"),
    ] {
        fetch.answer(answer);
        let error = url().fetch().await.unwrap_err().to_string();
        assert!(error.starts_with(words) || error.contains(words), "{error}");
        assert!(!error.contains("s3cret") && !error.contains("for=console"), "{error}");
    }
}

/// The gate around a fake connection.
struct Rig {
    connection: FakeConnection,
    fetch: Fetch,
    _page: Mounted<SignInGate>,
}

impl Rig {
    async fn open(answer: &str) -> Self {
        let fetch = Fetch::answering(answer);
        let connection = FakeConnection::new();
        let port = connection.port();
        let render = move |Access { user, token }| {
            html! {
                <WebSocketProvider url="ws://fake.invalid" port={port.clone()} user={user.clone()} {token}>
                    <p data-testid="whose">{ user.unwrap_or_default() }</p>
                    <Banners />
                </WebSocketProvider>
            }
        };
        let page = mount::<SignInGate>(SignInGateProps {
            token_url: url(),
            sign_in_url: Some("/sign-in".into()),
            user: None,
            problems: Rc::default(),
            render: render.into(),
        })
        .await;
        let rig = Self { connection, fetch, _page: page };
        rig.settle().await;
        rig
    }

    /// Until what was asked has been answered and shown.
    async fn settle(&self) {
        for _ in 0..3 {
            gloo::timers::future::TimeoutFuture::new(10).await;
            self.connection.settle().await;
        }
    }

    async fn answer(&self, answer: &str) {
        self.fetch.answer(answer);
        // The person comes back to the window.
        web_sys::window().unwrap().dispatch_event(&Event::new("focus").unwrap()).unwrap();
        self.settle().await;
    }

    /// What the worker was given, for a reason.
    async fn given(&self, reason: TokenReason) -> Vec<Result<Option<String>, String>> {
        self.connection.take_commands();
        self.connection.request_token(reason);
        self.settle().await;
        let shown = self.connection.take_commands().into_iter();
        shown
            .filter_map(|shown| if let ToWorker::Token(token) = shown { Some(token) } else { None })
            .collect()
    }
}

#[wasm_bindgen_test]
async fn nothing_of_a_user_is_shown_before_somebody_is_signed_in() {
    let rig = Rig::open("return new Response('', { status: 401 });").await;
    assert!(one("[data-testid=sign-in-why]").text_content().unwrap().contains("Nobody is signed in"));
    assert_eq!(texts("[data-testid=sign-in]"), ["Sign in"]);
    assert_eq!(all("[data-testid=whose]").len(), 0);
    rig.answer("return new Response('', { status: 502 });").await;
    assert_eq!(texts("[data-testid=sign-in]"), ["Sign in"], "trouble changes nothing of it");
    rig.answer(&json("ann")).await;
    assert_eq!(texts("[data-testid=whose]"), ["ann"]);
    assert_eq!(all("[data-testid=sign-in-gate]").len(), 0);
    // The first dial takes the token that is there; the next one asks.
    rig.fetch.asked();
    assert_eq!(rig.given(TokenReason::Dial).await, [Ok(Some(token("ann")))]);
    assert_eq!(rig.fetch.asked().len(), 0);
    assert_eq!(rig.given(TokenReason::Refresh).await, [Ok(Some(token("ann")))]);
    assert_eq!(rig.fetch.asked().len(), 1);
}

#[wasm_bindgen_test]
async fn a_refused_token_is_never_given_again() {
    let rig = Rig::open(&json("ann")).await;
    rig.fetch.asked();
    assert_eq!(rig.given(TokenReason::Rejected).await, [Ok(Some(token("ann")))]);
    assert_eq!(rig.fetch.asked().len(), 1, "asked for again, though one was there");
}

#[wasm_bindgen_test]
async fn trouble_with_the_first_token_is_said_and_tried_again() {
    let rig = Rig::open("return new Response('', { status: 502 });").await;
    assert!(one("[data-testid=sign-in-why]").text_content().unwrap().starts_with("/token answers 502"));
    rig.answer(&json("ann")).await;
    assert_eq!(texts("[data-testid=whose]"), ["ann"]);
}

#[wasm_bindgen_test]
async fn the_end_of_a_session_is_said_and_healed_without_losing_the_page() {
    let rig = Rig::open(&json("ann")).await;
    rig.connection.connect();
    rig.settle().await;
    assert_eq!(rig.given(TokenReason::Dial).await.len(), 1);
    rig.fetch.answer("return new Response('', { status: 401 });");
    assert_eq!(rig.given(TokenReason::Refresh).await, [Ok(None)]);
    assert!(texts("[data-banner=auth]").join("").contains("Your sign-in has ended."));
    assert_eq!(texts("[data-banner=auth] [data-testid=sign-in]"), ["Sign in"]);
    assert_eq!(texts("[data-testid=whose]"), ["ann"], "the page stays");
    rig.connection.change_status(|status| {
        (status.state, status.cause) = (ConnectionState::Error, Cause::NeedsAuth);
    });
    rig.settle().await;
    rig.connection.take_commands();
    rig.answer(&json("ann")).await;
    let shown = rig.connection.take_commands();
    assert!(shown.contains(&ToWorker::Connect) && shown.contains(&ToWorker::Reconnect), "{shown:?}");
    assert_eq!(rig.given(TokenReason::Dial).await, [Ok(Some(token("ann")))]);
}

#[wasm_bindgen_test]
async fn another_users_token_is_given_to_no_connection_of_the_first() {
    let rig = Rig::open(&json("ann")).await;
    assert_eq!(rig.given(TokenReason::Dial).await, [Ok(Some(token("ann")))]);
    rig.fetch.answer(&json("bob"));
    let given = rig.given(TokenReason::Refresh).await;
    assert!(given.iter().all(Result::is_err), "{given:?}");
    assert_eq!(texts("[data-testid=whose]"), ["bob"]);
    rig.fetch.asked();
    assert_eq!(rig.given(TokenReason::Dial).await, [Ok(Some(token("bob")))]);
}
