//! What the faults that are on make of a frame. No sockets, no clock.

use super::active::Active;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame on its way, after so many ms.
pub(super) type Late = (u32, Vec<u8>);

/// A frame from the server. `held` waits to be overtaken; `chance` is from 0 to 1.
pub(super) fn arriving(
    active: &Active,
    held: &mut Option<Vec<u8>>,
    frame: Vec<u8>,
    chance: f64,
) -> Vec<Late> {
    let frame = if active.lose_acks { without_acks(frame) } else { frame };
    if frame.is_empty() {
        return Vec::new();
    }
    let may = may_repeat(&frame);
    let frames = match held.take() {
        Some(first) if active.reorder && may => vec![frame, first],
        Some(first) => vec![first, frame],
        None if active.reorder && may => {
            *held = Some(frame);
            Vec::new()
        }
        None if active.duplicate && may => vec![frame.clone(), frame],
        None => vec![frame],
    };
    late(active, frames, chance)
}

/// A frame to the server.
pub(super) fn leaving(active: &Active, frame: Vec<u8>, chance: f64) -> Vec<Late> {
    let frames =
        if active.duplicate && is_command(&frame) { vec![frame.clone(), frame] } else { vec![frame] };
    late(active, frames, chance)
}

/// A frame to the server that does something there.
pub(super) fn is_command(frame: &[u8]) -> bool {
    !contains(frame, b"\"channel\":\"system\"")
}

fn late(active: &Active, frames: Vec<Vec<u8>>, chance: f64) -> Vec<Late> {
    let delay = active.slow.map_or(0, |(ms, jitter)| ms + (f64::from(jitter) * chance) as u32);
    frames.into_iter().map(|frame| (delay, frame)).collect()
}

fn contains(frame: &[u8], part: &[u8]) -> bool {
    frame.windows(part.len()).any(|found| found == part)
}

/// Events and confirmations only: the answers that open a connection or a subscription come once, in order.
pub(super) fn may_repeat(frame: &[u8]) -> bool {
    let is_one_of = |parts: &[&[u8]]| parts.iter().any(|part| contains(frame, part));
    is_one_of(&[b"\"prev\":", b"\"type\":\"ack\""])
        && !is_one_of(&[
            b"\"type\":\"subscribed\"",
            b"\"type\":\"snapshot\"",
            b"\"type\":\"welcome\"",
            b"\"type\":\"goodbye\"",
        ])
}

/// Empty when nothing is left. Frames without an `ack` stay as they are.
fn without_acks(frame: Vec<u8>) -> Vec<u8> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: std::borrow::Cow<'a, str>,
    }
    if !contains(&frame, b"\"type\":\"ack\"") {
        return frame;
    }
    let is_ack = |raw: &RawValue| {
        serde_json::from_str::<Kind<'_>>(raw.get()).is_ok_and(|message| message.kind == "ack")
    };
    if let Ok(all) = serde_json::from_slice::<Vec<&RawValue>>(&frame) {
        let rest: Vec<_> = all.into_iter().filter(|raw| !is_ack(raw)).collect();
        return if rest.is_empty() { Vec::new() } else { serde_json::to_vec(&rest).unwrap_or_default() };
    }
    match serde_json::from_slice::<&RawValue>(&frame) {
        Ok(one) if is_ack(one) => Vec::new(),
        _ => frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACK: &str = r#"{"type":"ack","channel":"system","payload":{"ids":["m1"]}}"#;
    const WELCOME: &str = r#"{"type":"welcome","channel":"system","payload":{}}"#;

    fn event(seq: u64) -> String {
        format!(
            r#"{{"type":"agent.status","channel":"agents","seq":{seq},"prev":{},"payload":{{}}}}"#,
            seq - 1
        )
    }

    fn arrive(active: &Active, frames: &[&str]) -> Vec<(u32, String)> {
        let mut held = None;
        let all = frames.iter().flat_map(|frame| arriving(active, &mut held, frame.as_bytes().to_vec(), 0.5));
        all.map(|(ms, bytes)| (ms, String::from_utf8(bytes).expect("text"))).collect()
    }

    fn at_once(frames: &[&str]) -> Vec<(u32, String)> {
        frames.iter().map(|frame| (0, (*frame).to_owned())).collect()
    }

    #[test]
    fn without_a_fault_frames_pass() {
        assert_eq!(arrive(&Active::default(), &[ACK, WELCOME]), at_once(&[ACK, WELCOME]));
        assert_eq!(leaving(&Active::default(), vec![1], 0.0), [(0, vec![1])]);
    }

    #[test]
    fn slow_frames_take_latency_and_jitter() {
        let slow = Active { slow: Some((800, 200)), ..Active::default() };
        assert_eq!(arrive(&slow, &[ACK]), [(900, ACK.to_owned())]);
        assert_eq!(leaving(&slow, vec![1], 1.0), [(1_000, vec![1])]);
    }

    #[test]
    fn acks_are_lost_and_what_is_beside_them_is_not() {
        let lose = Active { lose_acks: true, ..Active::default() };
        let first = event(1);
        let both = format!("[{ACK},{first}]");
        assert_eq!(arrive(&lose, &[ACK, &both, &first]), at_once(&[&format!("[{first}]"), &first]));
    }

    #[test]
    fn events_acks_and_commands_pass_twice_and_openings_once() {
        let twice = Active { duplicate: true, ..Active::default() };
        assert_eq!(arrive(&twice, &[ACK, WELCOME]), at_once(&[ACK, ACK, WELCOME]));
        assert_eq!(leaving(&twice, br#"{"id":"m1","channel":"chat"}"#.to_vec(), 0.0).len(), 2);
        assert_eq!(leaving(&twice, br#"{"type":"ping","channel":"system"}"#.to_vec(), 0.0).len(), 1);
    }

    #[test]
    fn events_change_places_in_pairs() {
        let reorder = Active { reorder: true, ..Active::default() };
        let events = [event(1), event(2), event(3)];
        let [first, second, third] = events.each_ref().map(String::as_str);
        assert_eq!(arrive(&reorder, &[first, second, third]), at_once(&[second, first]), "the third waits");
        assert_eq!(arrive(&reorder, &[first, WELCOME]), at_once(&[first, WELCOME]), "others do not overtake");
        let mut held = Some(first.as_bytes().to_vec());
        let after = arriving(&Active::default(), &mut held, second.as_bytes().to_vec(), 0.0);
        assert_eq!(
            after.iter().map(|(_, bytes)| &bytes[..]).collect::<Vec<_>>(),
            [first.as_bytes(), second.as_bytes()]
        );
    }
}
