//! The state diagram of `docs/architecture.md` against what the engine does.

use crate::common::*;
use fastrand::Rng;
use sentinelops_engine::*;
use sentinelops_protocol::Channel;
use serde_json::json;
use std::collections::BTreeSet;

const STATES: [&str; 5] = ["Disconnected", "Connecting", "Connected", "Reconnecting", "Error"];

type Arrows = BTreeSet<(String, String)>;

fn drawn() -> Arrows {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/architecture.md");
    let text = std::fs::read_to_string(path).expect("docs/architecture.md");
    let diagram = text.split("```").find(|part| part.starts_with("mermaid\nstateDiagram-v2"));
    let mut arrows = Arrows::new();
    for line in diagram.expect("the state diagram").lines() {
        let Some((from, rest)) = line.trim().split_once(" --> ") else { continue };
        let to = rest.split(':').next().unwrap_or_default().trim();
        if STATES.contains(&from) && STATES.contains(&to) {
            assert!(arrows.insert((from.to_owned(), to.to_owned())), "{from} --> {to} is drawn twice");
        }
    }
    arrows
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(0..of.len())]
}

/// What may happen to a connection, most of it out of place.
fn step(d: &mut Driver, rng: &mut Rng) {
    match rng.u8(0..26) {
        0..=2 => d.connect(),
        3 => d.disconnect(),
        4 | 5 => {
            d.engine.reconnect(d.now);
            d.pump();
        }
        6..=9 => d.open(),
        10..=12 => d.welcome(json!({"reconnectWindowMs": pick(rng, &[0, 5_000])})),
        13 => d.welcome(json!({"user": "somebody else"})),
        14..=17 => {
            let reason = pick(rng, &["", "window 3000 ms", "retry after 2 s"]);
            d.close(pick(rng, &[1000, 1006, 1009, 1012, 1013, 4400, 4401, 4401, 4403, 4408, 4410]), reason);
        }
        18 => d.system("goodbye", json!({"reason": "", "reconnectWindowMs": pick(rng, &[0, 20_000])})),
        19 | 20 => {
            let name = format!("token-{}", rng.u8(0..4));
            d.token(
                pick(rng, &[Ok(Some(name.as_str())), Ok(None), Err("no")])
                    .map(|token| token.map(Into::into))
                    .map_err(Into::into),
            );
        }
        21 => d.hint(pick(rng, &[Hint::Online, Hint::Offline, Hint::Focus, Hint::Resume, Hint::LateTick])),
        22 => d.advance(pick(rng, &[100, 3_000, 40_000, 90_000])),
        23 => d.pong_after = pick(rng, &[None, Some(20)]),
        24 => {
            d.subscribe(Channel::Chat);
            d.send(&format!("m{}", rng.u32(..)));
        }
        _ if rng.u8(0..8) == 0 => d.socket(SocketEvent::Refused { reason: "no".to_owned() }),
        _ if rng.u8(0..40) == 0 => {
            d.engine.handle_store(d.now, StoreEvent::Closed(StoreError::NewerSchema));
            d.pump();
        }
        _ => d.advance(10),
    }
}

fn walked() -> Arrows {
    let mut arrows = Arrows::new();
    for seed in 0..600 {
        let mut rng = Rng::with_seed(seed);
        let mut o = EngineOptions { has_token_provider: rng.bool(), ..options() };
        o.connection.reconnect = rng.u8(0..3) > 0;
        o.connection.max_reconnect_attempts = pick(&mut rng, &[None, None, Some(1)]);
        o.connection.mode = pick(&mut rng, &[ModeOption::Auto, ModeOption::Full, ModeOption::Basic]);
        let mut d = Driver::new(o);
        let mut before = ConnectionState::Disconnected;
        for _ in 0..80 {
            step(&mut d, &mut rng);
            for trace in std::mem::take(&mut d.traces) {
                if let Trace::State { from, to, .. } = trace {
                    assert_eq!(from, before, "seed {seed}: each change is reported");
                    before = to;
                    arrows.insert((from.to_string(), to.to_string()));
                }
            }
            assert_eq!(d.state(), before, "seed {seed}");
        }
    }
    arrows
}

#[test]
fn the_diagram_shows_every_change_of_state_and_no_other() {
    let (drawn, walked) = (drawn(), walked());
    let missing: Vec<_> = walked.difference(&drawn).collect();
    let never: Vec<_> = drawn.difference(&walked).collect();
    assert!(missing.is_empty(), "happens and is not drawn: {missing:?}");
    assert!(never.is_empty(), "drawn and never happens: {never:?}");
}

#[test]
fn reconnect_leaves_error() {
    let mut d = Driver::v1(options());
    d.close(1006, "");
    d.advance(3_000);
    d.close(4403, "");
    d.engine.reconnect(d.now);
    d.pump();
    assert_eq!(d.state(), ConnectionState::Connecting);
}
