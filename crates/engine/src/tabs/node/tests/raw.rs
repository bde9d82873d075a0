//! Frames of one's own, between tabs.

use super::*;
use crate::{Generation, RawFrame, SocketEvent};

fn hello() -> RawFrame {
    RawFrame::Text("hello".to_owned())
}

#[test]
fn raw_frames_of_the_leaders_connection_reach_a_tab_that_watches() {
    let mut leader = leader(5);
    let interest = Interest { raw: true, ..Interest::default() };
    leader.handle_link(at(12), LinkMessage::Attach { tab: "f".to_owned(), attachment: 1, interest });
    leader.handle_socket(at(13), Generation(1), SocketEvent::Opened);
    leader.handle_socket(at(14), Generation(1), SocketEvent::Frame { bytes: b"hello", binary: false });
    let mut received = Vec::new();
    for _ in 0..5 {
        for message in messages_of(&drain(&mut leader)) {
            let LinkMessage::Batch { attachment, batch, .. } = message else { continue };
            let credit = LinkMessage::Credit { tab: "f".to_owned(), attachment, number: batch.number };
            leader.handle_link(at(15), credit);
            received.extend(batch.items);
        }
    }
    let raw = received.iter().filter(|item| matches!(item, Delivery::Raw(frame) if **frame == hello()));
    assert_eq!(raw.count(), 1, "{received:?}");
    // And what that tab sends leaves through it.
    leader.handle_link(at(16), LinkMessage::Raw { frame: hello() });
    let sent = Output::TransmitRaw { generation: Generation(1), frame: hello() };
    assert!(drain(&mut leader).contains(&NodeOutput::Engine(sent)));
}

#[test]
fn follower_says_that_it_watches_and_passes_its_frames_on() {
    let (mut node, _) = following(3);
    node.handle_page(at(6), PageCommand::WatchRaw(true));
    let watches =
        |message: &LinkMessage| matches!(message, LinkMessage::Attach { interest, .. } if interest.raw);
    assert!(messages_of(&drain(&mut node)).iter().any(watches));
    node.handle_page(at(7), PageCommand::SendRaw(hello()));
    assert!(messages_of(&drain(&mut node)).contains(&LinkMessage::Raw { frame: hello() }));
}
