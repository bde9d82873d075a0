//! What the page has to say about itself, most urgent first.

use super::{Banner, BannerKind, NewBuild};
use crate::components::away::is_away;
use crate::components::hooks::{lost_entries, use_gaps};
use crate::components::outbox::{UnreadableActions, unreadable_words};
use crate::components::sign_in::{SignIn, SignInButton, use_sign_in};
use crate::components::zone::{Zone, use_zone};
use crate::words::new_build as texts;
use sentinelops_engine::{Cause, ConnectionState, Status, StorageState, StoreError};
use sentinelops_realtime::UnloadGuard;
use sentinelops_realtime::connection_status::{cause_advice, cause_label, storage_label};
use sentinelops_realtime::{ClientError, ClockTimeout, SetupError, WorkerHealth, use_clock, use_connection};
use std::rc::Rc;
use yew::prelude::*;

/// A connection that comes back sooner is worth no banner: the status in the top bar says it, and nothing jumps.
const GRACE_MS: u64 = 1_500;

/// A gap that is not longer, and took nothing off the screen, need not be dismissed by hand.
const SHORT_GAP_MS: u64 = 5_000;
const SHORT_GAP_SHOWN_MS: u32 = 8_000;

/// See [`Banners`].
#[derive(Properties, PartialEq)]
pub struct BannersProps {
    /// What is wrong with the configuration: key, value, what is allowed.
    #[prop_or_default]
    pub problems: Rc<Vec<AttrValue>>,
    /// Banners of the page itself.
    #[prop_or_default]
    pub children: Html,
}

/// Configuration, worker, sign-in, updates, connection, storage, gaps.
#[component]
pub fn Banners(props: &BannersProps) -> Html {
    let connection = use_connection();
    let status = &connection.status;
    let NewBuild(newer) = use_context().unwrap_or_default();
    let setup = match &connection.error {
        Some(ClientError::Setup(error)) => Some(setup_banner(error)),
        _ => None,
    };
    let worker = match &connection.worker {
        WorkerHealth::Failing(error) => Some(html! {
            <Banner key="worker" kind={BannerKind::Failure} name="worker" title="The connection's worker is in trouble."
                detail={error.to_string()}>{ reload() }</Banner>
        }),
        _ => None,
    };
    let memory_only = matches!(status.storage, StorageState::MemoryOnly(_) | StorageState::Off);
    let waiting: u32 = status.queued.iter().sum();
    let reconnect = {
        let connection = connection.clone();
        Callback::from(move |_: MouseEvent| {
            // A connection that nobody asked for, or that was given up, is asked for first.
            connection.connect();
            connection.reconnect();
        })
    };
    let sign_in = use_sign_in(&connection);
    let away = use_lasting(is_away(&connection));
    // A break that heals within the grace time changes nothing of it.
    let announced = use_mut_ref(String::new);
    if away {
        *announced.borrow_mut() = Away::of(status, &sign_in).announcement();
    } else if connection.is_connected {
        *announced.borrow_mut() = "Connected.".to_owned();
    }
    let announcement = announced.borrow().clone();
    html! {
        <div class="banners">
            // Always there, and without numbers that change: else screen readers miss it, or read it again and again.
            <p class="sr-only" role="status" data-testid="connection-announcement">{ announcement }</p>
            { for props.problems.iter().enumerate().map(|(at, problem)| html! {
                <Banner key={format!("config-{at}")} kind={BannerKind::Failure} name="config" title="Configuration:" detail={problem.to_string()} />
            }) }
            { setup.unwrap_or_default() }
            { worker.unwrap_or_default() }
            if away {
                { away_banner(status, &sign_in, waiting, reconnect) }
            } else if sign_in.ended {
                <Banner key="sign-in" kind={BannerKind::Failure} name="auth" passing=true title="Your sign-in has ended."
                    detail="Sign in again: the connection ends with its token. What you send is kept until then."><SignInButton /></Banner>
            }
            <div aria-live="polite" aria-relevant="additions">
            if status.cause == Cause::Outdated {
                <Banner key="update" kind={BannerKind::Warning} name="update" title="A newer version runs in another tab."
                    detail="Reload this page to update it; until then nothing is sent from here.">{ reload() }</Banner>
            } else if newer {
                <Banner key="new-build" kind={BannerKind::Note} name="update" title={texts::TITLE} detail={texts::DETAIL}>{ reload() }</Banner>
            } else if status.storage == StorageState::MemoryOnly(StoreError::NewerSchema) {
                <Banner key="newer" kind={BannerKind::Note} name="newer" title="Not saved on this device:"
                    detail={newer_wrote(waiting)}>{ reload() }</Banner>
            } else if memory_only && waiting > 0 {
                <Banner key="storage" kind={BannerKind::Warning} name="storage" title={storage_label(&status.storage)}
                    detail="What waits to be sent is lost if this page is closed before it has left." />
            }
            if status.unreadable > 0 {
                <Banner key="unreadable" kind={BannerKind::Note} name="unreadable" title={format!("{}.", unreadable_words(status.unreadable))}
                    detail="They are set aside. An export helps to find out why; it may hold contents of messages.">
                    <UnreadableActions />
                </Banner>
            }
            <Gaps />
            { props.children.clone() }
            </div>
            <UnloadGuard />
        </div>
    }
}

/// A connection that is away, in words.
struct Away {
    kind: BannerKind,
    name: &'static str,
    title: &'static str,
    /// Why, and what to do.
    why: String,
}

impl Away {
    fn of(status: &Status, sign_in: &SignIn) -> Self {
        let ended = sign_in.ended;
        // It is asked for again by itself, and nothing says that nobody is signed in.
        let lacks = !ended && (status.state == ConnectionState::Reconnecting || sign_in.ask.is_some());
        let (kind, name, title) = match (&status.state, &status.cause) {
            (_, Cause::SignedOut) => (BannerKind::Note, "auth", "Signed out."),
            _ if ended => (BannerKind::Failure, "auth", "Sign in to continue."),
            (_, Cause::NeedsAuth) if lacks => (BannerKind::Warning, "auth", "No valid token."),
            (_, Cause::NeedsAuth) => (BannerKind::Failure, "auth", "Sign in to continue."),
            (_, Cause::WrongUser { .. }) => (BannerKind::Failure, "auth", "Another user is signed in."),
            (ConnectionState::Error, _) => (BannerKind::Failure, "connection", "Not connected."),
            (_, Cause::Offline) => (BannerKind::Warning, "offline", "Offline."),
            (ConnectionState::Disconnected, _) => (BannerKind::Note, "connection", "Not connected."),
            _ => (BannerKind::Warning, "connection", "Reconnecting."),
        };
        let what = cause_label(&status.cause).unwrap_or_default();
        let why = match (&status.cause, &status.last_error) {
            (Cause::SignedOut, Some(error)) => format!("{error} {what} {}", advice(&status.cause)),
            (cause, _) if ended && *cause != Cause::SignedOut => String::new(),
            (Cause::NeedsAuth, Some(error)) if lacks => {
                format!("The connection needs one: {error}. It is tried again by itself.")
            }
            // The title says it all.
            (Cause::NeedsAuth, _) => String::new(),
            _ => format!("{what} {}", advice(&status.cause)),
        };
        Self { kind, name, title, why }
    }

    fn announcement(&self) -> String {
        format!("{} {}", self.title, self.why).trim_end().to_owned()
    }
}

fn advice(cause: &Cause) -> &'static str {
    cause_advice(cause).unwrap_or("What you see may be out of date.")
}

fn away_banner(status: &Status, sign_in: &SignIn, waiting: u32, reconnect: Callback<MouseEvent>) -> Html {
    let Away { kind, name, title, why } = Away::of(status, sign_in);
    let saved = matches!(status.storage, StorageState::Durable | StorageState::Opening);
    let changes = if waiting == 1 { "change" } else { "changes" };
    let queue = match (&status.cause, waiting, saved) {
        (Cause::SignedOut, ..) => String::new(),
        (_, 0, true) => {
            "Your changes are saved on this device and will be sent once you are connected.".to_owned()
        }
        (_, 0, false) => {
            "Your changes are not saved on this device: keep this tab open until they are sent.".to_owned()
        }
        (Cause::NeedsAuth, n, true) => format!("{n} unsent {changes} saved on this device."),
        (Cause::NeedsAuth, n, false) => format!("{n} unsent {changes} not saved on this device."),
        (_, n, true) => format!("{n} waiting to be sent, saved on this device."),
        (_, n, false) => format!("{n} waiting to be sent, not saved on this device."),
    };
    let label = match status.cause {
        Cause::NotAsked | Cause::SignedOut => "Connect",
        _ => "Try now",
    };
    html! {
        <Banner key="connection" {kind} {name} {title} passing=true silent=true detail={html! { <>{ why }{ " " }<span data-testid="banner-queue">{ queue }</span></> }}>
            if name == "auth" && status.cause != Cause::SignedOut { <SignInButton /> }
            <button type="button" class="button" onclick={reconnect}>{ label }</button>
        </Banner>
    }
}

/// Everything works, but nothing is saved.
fn newer_wrote(waiting: u32) -> String {
    let lost = if waiting > 0 {
        " What waits to be sent is lost if this page is closed before it has left."
    } else {
        ""
    };
    format!("a newer version of this app wrote here. Reload to update.{lost}")
}

fn setup_banner(error: &SetupError) -> Html {
    let detail = match error {
        SetupError::Disabled => "live updates are switched off by configuration (enableWebsocket, or \
                                 SENTINELOPS_ENABLE_WEBSOCKET of the build, is false); nothing is sent or received"
            .to_owned(),
        other => other.to_string(),
    };
    html! { <Banner key="setup" kind={BannerKind::Failure} name="config" title="Configuration:" {detail} /> }
}

/// A browser that refuses a reload leaves the person with its own button.
fn reload_page() {
    let _ = gloo::utils::window().location().reload();
}

fn reload() -> Html {
    html! { <button type="button" class="button" onclick={|_| reload_page()}>{ "Reload" }</button> }
}

/// Whether something has been so for the grace time.
#[hook]
fn use_lasting(now: bool) -> bool {
    let clock = use_clock();
    let lasting = use_state_eq(|| false);
    let set = lasting.setter();
    use_effect_with((now, clock), move |(now, clock)| {
        set.set(false);
        let since = clock.now();
        let ticking = now.then(|| {
            clock.listen(Callback::from(move |time: u64| {
                if time.saturating_sub(since) >= GRACE_MS {
                    set.set(true);
                }
            }))
        });
        move || drop(ticking)
    });
    *lasting && now
}

/// Continuity is lost: shown until dismissed, because afterwards nothing on the page shows it. A short gap after which
/// everything that was on the screen is still there is shown for a moment.
#[component]
fn Gaps() -> Html {
    let clock = use_clock();
    let zone = use_zone();
    let missed = use_state_eq(|| None::<(Option<u64>, u64)>);
    let moment = use_mut_ref(|| None::<ClockTimeout>);
    let set = missed.setter();
    use_gaps(Callback::from({
        let set = set.clone();
        move |(from, to): (Option<u64>, u64)| {
            set.set(Some((from, to)));
            let is_short = from.is_some_and(|from| to.saturating_sub(from) <= SHORT_GAP_MS);
            let (set, lost) = (set.clone(), lost_entries());
            *moment.borrow_mut() = is_short.then(|| {
                clock.after(SHORT_GAP_SHOWN_MS, move || {
                    if lost_entries() == lost {
                        set.set(None);
                    }
                })
            });
        }
    }));
    let dismiss = move |_| set.set(None);
    match &*missed {
        None => Html::default(),
        Some((from, to)) => html! {
            <Banner kind={BannerKind::Note} name="gap" passing=true title="Some events were missed" detail={between(*from, *to, &zone)}>
                <button type="button" class="button" onclick={dismiss}>{ "Dismiss" }</button>
            </Banner>
        },
    }
}

fn between(from: Option<u64>, to: u64, zone: &Zone) -> String {
    let clock = |at| zone.exact(at);
    match from {
        Some(from) => format!(
            "between {} and {}. The board is current; chat and activity may lack entries.",
            clock(from),
            clock(to)
        ),
        None => {
            format!("before {}. The board is current; chat and activity may lack entries.", clock(to))
        }
    }
}
