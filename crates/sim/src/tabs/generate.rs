//! From a seed to a schedule of several tabs.

use super::script::FAULTS_END;
use crate::net::Link;
use crate::script::{
    Action, CHANNELS, Entry, Fault, NetFault, Rare, Script, SendSpec, ServerKind, Setup, TabAction, TabFault,
    TabSetup, What, Who, lies, pick, restart, send_of,
};
use fastrand::Rng;
use sentinelops_engine::tabs::SignOut;
use sentinelops_engine::{Hint, ModeOption};
use sentinelops_protocol::{Channel, close};

/// The schedule of a seed: at least 20 sends, 5 faults, and the leader hit twice.
pub fn generate(seed: u64) -> Script {
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x7ab5_0f5e);
    let rng = &mut rng;
    let mut setup = setup(seed, rng);
    setup.tabs.new_build_from = (rng.u8(0..5) == 0).then(|| rng.u64(5_000..FAULTS_END - 10_000));
    setup.tabs.freeze_blocks = rng.u8(0..3) == 0;
    let mut entries = Vec::new();
    let mut push = |at: u64, action: Action| entries.push(Entry { at, action });
    for _ in 0..rng.usize(20..=45) {
        push(rng.u64(100..FAULTS_END), Action::Send(send(rng, &setup)));
    }
    for _ in 0..rng.usize(1..=2) {
        let mut at = rng.u64(500..FAULTS_END - 2_000);
        let gap = *pick(rng, &[0, 1, 20]);
        for _ in 0..rng.usize(4..=20) {
            at += gap;
            push(at, Action::Send(send(rng, &setup)));
        }
    }
    for _ in 0..2 {
        push(rng.u64(1_000..FAULTS_END), leader_trouble(rng));
    }
    for _ in 0..rng.usize(5..=11) {
        push(rng.u64(200..FAULTS_END), Action::Fault(fault(rng)));
    }
    if rng.u8(0..3) == 0 {
        // Trouble comes in company.
        let at = rng.u64(1_000..FAULTS_END - 5_000);
        for _ in 0..rng.usize(2..=4) {
            push(at + rng.u64(0..3_000), Action::Fault(fault(rng)));
        }
        if rng.bool() {
            push(at + rng.u64(0..3_000), leader_trouble(rng));
        }
    }
    if setup.tabs.freeze_blocks && rng.bool() {
        // Long enough that everybody has to do without the store.
        let who = if rng.bool() { Who::Leader } else { who(rng) };
        let at = rng.u64(1_000..FAULTS_END - 30_000);
        push(at, Action::Fault(Fault::Tabs(TabFault::Freeze(who, rng.u64(25_000..45_000), rng.bool()))));
    }
    for _ in 0..rng.usize(8..=30) {
        push(rng.u64(500..FAULTS_END), Action::Publish(*pick(rng, &CHANNELS), rng.u16(1..=4)));
    }
    for _ in 0..rng.usize(4..=14) {
        push(rng.u64(500..FAULTS_END), people(rng, &setup));
    }
    reload_while_saving(&mut Rng::with_seed(seed ^ 0x5e10_ad00), &setup, &mut push);
    queued_and_unqueued(&mut Rng::with_seed(seed ^ 0x0bde_2ed0), &setup, &mut push);
    let at = 2_000..FAULTS_END - 20_000;
    lies(&mut Rng::with_seed(seed ^ 0x11e5), at, 2_000..15_000, &mut push);
    sign_outs(&mut Rng::with_seed(seed ^ 0x0f_f5e5), &setup, &mut push);
    setup.tabs.leases = rng.u8(0..4) == 0;
    if rng.u8(0..10) == 0 {
        // Nothing is opened there, so nothing tells a build that another one is newer.
        (setup.rare.persist, setup.tabs.new_build_from) = (false, None);
    }
    entries.sort_by_key(|entry| entry.at);
    Script { setup, entries: entries.into_iter().enumerate().collect() }
}

fn setup(seed: u64, rng: &mut Rng) -> Setup {
    let latency = *pick(rng, &[1, 5, 20, 40, 80, 150, 400]);
    let window = *pick(rng, &[64, 64, 64, 16, 9]);
    let tabs = rng.usize(2..=5);
    Setup {
        seed,
        server: ServerKind::V1,
        mode: ModeOption::Full,
        pages: tabs,
        tokens: false,
        steady_clock: true,
        tabs: TabSetup { open: rng.usize(1..=tabs), ..TabSetup::default() },
        link: Link { latency, jitter: latency / *pick(rng, &[2, 4, 10]), rate: 0 },
        kernel: *pick(rng, &[0, 16_384, 131_072]),
        window,
        reserve: 8.min(window - 1),
        capacity: *pick(rng, &[1_000, 1_000, 1_000, 20, 10]),
        max_age: *pick(rng, &[86_400_000, 86_400_000, 86_400_000, 30_000]),
        history: *pick(rng, &[10_000, 10_000, 20, 3]),
        in_flight: *pick(rng, &[64, 64, 32, 16]),
        window_ms: if rng.u8(0..6) == 0 { 3_000 } else { 0 },
        rare: Rare::default(),
    }
}

fn send(rng: &mut Rng, setup: &Setup) -> SendSpec {
    let what = match rng.u8(0..100) {
        0..45 => What::Incident(rng.u8(0..3)),
        45..70 => What::Chat(rng.u8(0..3)),
        70..90 => What::Agent,
        90..94 => What::Receipt(rng.u8(0..2), rng.bool(), rng.u8(0..20)),
        94..97 => What::Typing(rng.u8(0..3)),
        97 => What::Unknown,
        _ => What::Agent,
    };
    send_of(rng, what, setup.pages, 20)
}

/// In every third schedule somebody signs out, in some way; half of the time while pages send and the store is slow or
/// full.
fn sign_outs(rng: &mut Rng, setup: &Setup, push: &mut impl FnMut(u64, Action)) {
    if rng.u8(0..3) > 0 {
        return;
    }
    for _ in 0..rng.usize(1..=2) {
        let at = rng.u64(3_000..FAULTS_END - 10_000);
        let how = *pick(rng, &[SignOut::SendFirst, SignOut::SendFirst, SignOut::Keep, SignOut::Wipe]);
        push(at, Action::Tabs(TabAction::SignOut(who(rng), how)));
        if rng.bool() {
            if rng.bool() {
                push(at - 1_000, Action::Fault(Fault::Quota(rng.u64(1_000..6_000))));
            }
            push(at - 900, Action::Fault(Fault::StoreSlow(rng.u64(20..800), rng.u64(1_000..6_000))));
            for _ in 0..rng.usize(4..=16) {
                push(at - 500 + rng.u64(0..1_000), Action::Send(send(rng, setup)));
            }
        }
    }
}

/// In every third schedule a page is reloaded while the store is slow and what it sent is not saved yet: its rows are
/// stored under the name of the page before the reload, and the next page hands them in again.
fn reload_while_saving(rng: &mut Rng, setup: &Setup, push: &mut impl FnMut(u64, Action)) {
    if rng.u8(0..3) > 0 {
        return;
    }
    let mut at = rng.u64(2_000..FAULTS_END - 20_000);
    let page = rng.usize(0..setup.pages);
    push(at - 1_000, Action::Tabs(TabAction::Open(page)));
    push(at, Action::Fault(Fault::StoreSlow(rng.u64(100..2_500), rng.u64(3_000..12_000))));
    for _ in 0..rng.usize(2..=8) {
        at += rng.u64(1..300);
        push(at, Action::Send(SendSpec { page, ..send(rng, setup) }));
    }
    let who = if rng.bool() { Who::Place(page) } else { Who::Leader };
    push(at + rng.u64(1..500), Action::Tabs(TabAction::Reload(who)));
}

/// In every third schedule a page sends messages of one key in one go, some to be queued and some not.
fn queued_and_unqueued(rng: &mut Rng, setup: &Setup, push: &mut impl FnMut(u64, Action)) {
    if rng.u8(0..3) > 0 {
        return;
    }
    let mut at = rng.u64(2_000..FAULTS_END - 5_000);
    let (page, gap) = (rng.usize(0..setup.pages), *pick(rng, &[0, 1, 10, 100]));
    for _ in 0..rng.usize(4..=12) {
        at += gap;
        let queue = rng.bool();
        let what = What::Incident(0);
        push(at, Action::Send(SendSpec { page, what, queue, coalesce: None, ..send(rng, setup) }));
    }
}

fn who(rng: &mut Rng) -> Who {
    match rng.u8(0..5) {
        0..2 => Who::Leader,
        2..4 => Who::Follower(rng.usize(0..5)),
        _ => Who::Place(rng.usize(0..5)),
    }
}

/// Long enough for a follower to lose its patience, or not.
fn pause(rng: &mut Rng) -> u64 {
    match rng.u8(0..4) {
        0 => rng.u64(100..2_500),
        1 => rng.u64(2_500..7_000),
        _ => rng.u64(5_000..25_000),
    }
}

fn leader_trouble(rng: &mut Rng) -> Action {
    let leader = Who::Leader;
    Action::Fault(match rng.u8(0..12) {
        0..2 => Fault::Tabs(TabFault::Crash(leader)),
        2..4 => Fault::WorkerCrash(leader, rng.u64(10..3_000)),
        4..6 => Fault::Tabs(TabFault::Hang(leader, pause(rng))),
        6..9 => Fault::Tabs(TabFault::Freeze(leader, pause(rng), rng.bool())),
        9..11 => Fault::Tabs(TabFault::Cache(leader, pause(rng), rng.bool())),
        _ => {
            return if rng.bool() {
                Action::Tabs(TabAction::Close(leader))
            } else {
                Action::Tabs(TabAction::Reload(leader))
            };
        }
    })
}

fn fault(rng: &mut Rng) -> Fault {
    let long = |rng: &mut Rng| rng.u64(1_000..20_000);
    match rng.u8(0..40) {
        0..12 => Fault::Net(net(rng)),
        12..15 => Fault::Tabs(TabFault::Crash(who(rng))),
        15..18 => Fault::WorkerCrash(who(rng), rng.u64(10..3_000)),
        18..21 => Fault::Tabs(TabFault::Hang(who(rng), pause(rng))),
        21..25 => Fault::Tabs(TabFault::Freeze(who(rng), pause(rng), rng.bool())),
        25..28 => Fault::Tabs(TabFault::Cache(who(rng), pause(rng), rng.bool())),
        28 => Fault::BrowserCrash(rng.u64(200..4_000)),
        29..31 => Fault::Sleep(rng.u64(500..30_000), rng.bool()),
        31..33 => Fault::LateTicks(who(rng), rng.u64(200..3_000), long(rng)),
        33 => Fault::HungPage(who(rng), long(rng)),
        34..36 => Fault::Quota(long(rng)),
        36 => Fault::StoreDies(who(rng), if rng.bool() { 0 } else { long(rng) }),
        37..39 => Fault::StoreSlow(rng.u64(20..1_500), long(rng)),
        _ => Fault::Tabs(TabFault::LinkSlow(rng.u64(5..900), long(rng))),
    }
}

fn net(rng: &mut Rng) -> NetFault {
    let short = |rng: &mut Rng| rng.u64(50..6_000);
    let long = |rng: &mut Rng| rng.u64(1_000..20_000);
    match rng.u8(0..20) {
        0..3 => NetFault::Reset(if rng.bool() { Some(rng.u64(0..3_000)) } else { None }),
        3..6 => {
            let (up, down) = *pick(rng, &[(true, true), (true, false), (false, true)]);
            NetFault::Zombie(up, down)
        }
        6..9 => NetFault::AckLoss(rng.u64(50..4_000)),
        9 => NetFault::Stall(short(rng)),
        10..12 => NetFault::Cut(short(rng) * 2, rng.bool()),
        12 => NetFault::Refuse(long(rng)),
        13 => NetFault::SlowLogin(rng.u64(500..9_000)),
        14..17 => restart(rng, &[0, 50, 500, 2_000, 8_000], &[0, 1_000, 5_000]),
        17 => NetFault::Close(*pick(
            rng,
            &[1000, 1001, 1011, 1012, 4408, close::SUPERSEDED, close::TRY_LATER, close::RATE_LIMITED],
        )),
        18 => NetFault::Nacks(rng.u32(1..=4), short(rng)),
        _ => NetFault::Curse(*pick(rng, &CHANNELS)),
    }
}

fn people(rng: &mut Rng, setup: &Setup) -> Action {
    let page = rng.usize(0..setup.pages);
    let channel = *pick(rng, &CHANNELS);
    let topic = (channel == Channel::Chat && rng.bool()).then(|| rng.u8(0..3));
    match rng.u8(0..24) {
        0..4 => Action::Hint(
            who(rng),
            *pick(rng, &[Hint::Online, Hint::Offline, Hint::Visible, Hint::Hidden, Hint::Focus]),
        ),
        4 => Action::Reconnect(who(rng)),
        5..7 => Action::Away(who(rng), rng.u64(100..8_000)),
        7..9 => Action::Subscribe(page, channel, topic),
        9..11 => Action::Unsubscribe(page, channel, topic),
        11..13 => Action::Tabs(TabAction::WatchOutbox(page, rng.bool())),
        13 => Action::Retry(rng.usize(0..50)),
        14 => Action::Discard(rng.usize(0..50)),
        15..20 => Action::Tabs(TabAction::Open(page)),
        20..22 => Action::Tabs(TabAction::Close(who(rng))),
        _ => Action::Tabs(TabAction::Reload(who(rng))),
    }
}
