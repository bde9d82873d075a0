//! From a seed to a schedule.

use super::{
    Action, Entry, FAULTS_END, Fault, NetFault, OneAction, OneFault, Rare, Script, SendSpec, ServerKind,
    Setup, TabSetup, What, Who,
};
use crate::lies::Lie;
use crate::net::Link;
use fastrand::Rng;
use sentinelops_engine::{Bounds, Hint, ModeOption};
use sentinelops_protocol::{Channel, Priority, close};
use std::ops::Range;

/// The channels that schedules use.
pub const CHANNELS: [Channel; 5] =
    [Channel::Incidents, Channel::Agents, Channel::Chat, Channel::Alerts, Channel::Activity];

const RESTART_DOWNS_MS: [u64; 6] = [0, 50, 500, 2_000, 8_000, 20_000];
const RESTART_WINDOWS_MS: [u64; 4] = [0, 1_000, 5_000, 15_000];

/// The schedule of a seed: at least 30 queued sends, 5 faults and one restart in three minutes and more.
pub fn generate(seed: u64) -> Script {
    // Neighbouring seeds must not make neighbouring worlds.
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5e17_1e10);
    let rng = &mut rng;
    let setup = setup(seed, rng);
    // Until the mode is known a v1 server that stays silent is taken for a basic one, by design.
    let first_fault = if setup.mode == ModeOption::Auto { 4_000 } else { 200 };
    let mut entries = Vec::new();
    sends(rng, &setup, &mut entries);
    for _ in 0..rng.usize(7..=14) {
        let at = rng.u64(first_fault..FAULTS_END);
        entries.push(Entry { at, action: Action::Fault(fault(rng, &setup)) });
    }
    let at = rng.u64(first_fault..FAULTS_END);
    let restart = Fault::Net(restart(rng, &RESTART_DOWNS_MS, &RESTART_WINDOWS_MS));
    entries.push(Entry { at, action: Action::Fault(restart) });
    if rng.u8(0..4) == 0 {
        // Trouble comes in company.
        let at = rng.u64(first_fault..FAULTS_END - 5_000);
        for _ in 0..rng.usize(2..=5) {
            let at = at + rng.u64(0..4_000);
            entries.push(Entry { at, action: Action::Fault(fault(rng, &setup)) });
        }
    }
    for _ in 0..rng.usize(10..=60) {
        let at = rng.u64(500..FAULTS_END);
        entries.push(Entry { at, action: Action::Publish(*pick(rng, &CHANNELS), rng.u16(1..=4)) });
    }
    if rng.u8(0..6) == 0 {
        let at = rng.u64(5_000..FAULTS_END);
        entries.push(Entry { at, action: Action::Publish(*pick(rng, &CHANNELS), rng.u16(50..=400)) });
    }
    if rng.u8(0..6) == 0 {
        // A server asks for time, and who was asked dies.
        let at = rng.u64(first_fault..FAULTS_END - 20_000);
        let asks = match rng.u8(0..3) {
            0 => NetFault::Drain { window: 20_000, down: 500 },
            1 => NetFault::Close(close::TRY_LATER),
            _ => NetFault::Close(close::RATE_LIMITED),
        };
        entries.push(Entry { at, action: Action::Fault(Fault::Net(asks)) });
        let dies = Fault::WorkerCrash(Who::Leader, rng.u64(10..2_000));
        entries.push(Entry { at: at + rng.u64(200..12_000), action: Action::Fault(dies) });
    }
    if rng.u8(0..100) == 0 {
        // More than any list of recent events holds.
        let (at, channel) = (rng.u64(5_000..FAULTS_END), *pick(rng, &[Channel::Activity, Channel::Chat]));
        for part in 0..4 {
            entries.push(Entry { at: at + part * 50, action: Action::Publish(channel, 280) });
        }
    }
    for _ in 0..rng.usize(2..=10) {
        entries.push(Entry { at: rng.u64(1_000..FAULTS_END), action: people(rng, &setup) });
    }
    if rng.u8(0..4) == 0 {
        // Long enough for a verdict to fall due, too short to be noticed as sleep.
        let at = rng.u64(first_fault..FAULTS_END);
        entries.push(Entry { at, action: doze(rng) });
    }
    finish(&mut Rng::with_seed(seed ^ 0xf1_215e), &setup, &mut entries);
    dozes(&mut Rng::with_seed(seed ^ 0xd0_2e5), first_fault, &mut entries);
    if setup.server == ServerKind::V1 {
        let mut push = |at: u64, action: Action| entries.push(Entry { at, action });
        let at = first_fault..FAULTS_END - 40_000;
        lies(&mut Rng::with_seed(seed ^ 0x11e5), at, 2_000..30_000, &mut push);
    }
    entries.sort_by_key(|entry| entry.at);
    Script { setup, entries: entries.into_iter().enumerate().collect() }
}

/// In every sixth schedule the machine dozes over several answers, and a while later the connection goes silent: what
/// it slept through must not count as slow answers.
fn dozes(rng: &mut Rng, first_fault: u64, entries: &mut Vec<Entry>) {
    if rng.u8(0..6) > 0 {
        return;
    }
    let mut at = rng.u64(first_fault..FAULTS_END - 60_000);
    for _ in 0..3 {
        entries.push(Entry { at, action: doze(rng) });
        at += rng.u64(5_000..8_000);
    }
    entries.push(Entry { at: at + 4_000, action: Action::Fault(Fault::Net(NetFault::Zombie(true, true))) });
}

fn doze(rng: &mut Rng) -> Action {
    Action::Fault(Fault::One(OneFault::Doze(rng.u64(2_400..3_800))))
}

/// In few schedules more is finished than a v1 server keeps.
fn finish(rng: &mut Rng, setup: &Setup, entries: &mut Vec<Entry>) {
    if setup.server != ServerKind::V1 || rng.u8(0..25) > 0 {
        return;
    }
    let mut at = rng.u64(5_000..FAULTS_END - 10_000);
    for _ in 0..4 {
        entries.push(Entry { at, action: Action::One(OneAction::Finish(60)) });
        at += rng.u64(300..2_000);
    }
}

/// In every third schedule a v1 server errs in its welcomes for a while; then it says what is right.
pub fn lies(rng: &mut Rng, at: Range<u64>, ms: Range<u64>, push: &mut impl FnMut(u64, Action)) {
    if rng.u8(0..3) > 0 {
        return;
    }
    let (at, ms) = (rng.u64(at), rng.u64(ms));
    push(at, Action::Fault(Fault::Net(NetFault::Lies(lie(rng), ms))));
    push(at + ms + 1, Action::Fault(Fault::Net(NetFault::Close(close::RESTART))));
}

/// What servers get wrong.
fn lie(rng: &mut Rng) -> Lie {
    const HOUR_MS: i64 = 3_600_000;
    match rng.u8(0..10) {
        0 => Lie::Now(0),
        1 => Lie::NowInSeconds,
        2..6 => Lie::NowOff(HOUR_MS * *pick(rng, &[25, -25, 20, -20])),
        6 => Lie::MaxMessageBytes(0),
        7 => Lie::MaxMessageBytes(64),
        8 => Lie::ExpiresInMs(0),
        _ => Lie::ExpiresInMs(*pick(rng, &[15, 60])),
    }
}

/// One of these.
pub fn pick<'a, T>(rng: &mut Rng, of: &'a [T]) -> &'a T {
    &of[rng.usize(0..of.len())]
}

fn setup(seed: u64, rng: &mut Rng) -> Setup {
    let server = match rng.u8(0..100) {
        0..85 => ServerKind::V1,
        85..95 => ServerKind::Basic,
        _ => ServerKind::Mute,
    };
    let mode = match (server, rng.u8(0..3)) {
        (ServerKind::V1, 0) => ModeOption::Full,
        (ServerKind::Basic | ServerKind::Mute, 0) => ModeOption::Basic,
        _ => ModeOption::Auto,
    };
    let latency = *pick(rng, &[1, 5, 20, 40, 80, 150, 400]);
    let rate = if rng.u8(0..10) == 0 { 125 } else { 0 };
    let window = *pick(rng, &[64, 64, 64, 16, 9]);
    let mut setup = Setup {
        seed,
        server,
        mode,
        link: Link { latency, jitter: latency / *pick(rng, &[2, 4, 10]), rate },
        kernel: *pick(rng, &[0, 16_384, 131_072]),
        pages: rng.usize(1..=3),
        window,
        reserve: 8.min(window - 1),
        capacity: *pick(rng, &[1_000, 1_000, 50, 20, 10]),
        max_age: *pick(rng, &[86_400_000, 86_400_000, 86_400_000, 60_000, 20_000]),
        tokens: rng.u8(0..4) == 0,
        history: *pick(rng, &[10_000, 10_000, 20, 3]),
        in_flight: *pick(rng, &[64, 64, 32, 16]),
        window_ms: if rng.u8(0..5) == 0 { 5_000 } else { 0 },
        steady_clock: rng.u8(0..3) > 0,
        rare: Rare::default(),
        tabs: TabSetup::default(),
    };
    setup.rare = rare(rng, &setup);
    setup
}

fn rare(rng: &mut Rng, setup: &Setup) -> Rare {
    let one_in = |rng: &mut Rng, n: u8| rng.u8(0..n) == 0;
    let usual = Bounds::default();
    let token_ms = (setup.tokens && one_in(rng, 2)).then(|| *pick(rng, &[15_000, 60_000]));
    let is_v1 = setup.server == ServerKind::V1;
    Rare {
        narrow_rights: is_v1 && token_ms.is_none() && one_in(rng, 6),
        slow_reads: is_v1 && one_in(rng, 3),
        slow_disk: is_v1 && one_in(rng, 3),
        max_attempts: one_in(rng, 10).then(|| rng.u32(2..=8)),
        reconnect: !one_in(rng, 40),
        persist: !one_in(rng, 25),
        enabled: !one_in(rng, 50),
        rate: one_in(rng, 10).then(|| *pick(rng, &[2.0, 5.0, 20.0])),
        token_ms,
        max_bytes: if one_in(rng, 15) { *pick(rng, &[3_000, 20_000]) } else { Rare::default().max_bytes },
        bounds: Bounds {
            consumer_events: if one_in(rng, 4) { *pick(rng, &[3, 10, 40]) } else { usual.consumer_events },
            consumer_bytes: if one_in(rng, 12) { 4_000 } else { usual.consumer_bytes },
            failed: if one_in(rng, 8) { 2 } else { usual.failed },
        },
    }
}

fn sends(rng: &mut Rng, setup: &Setup, entries: &mut Vec<Entry>) {
    let (mut queued, mut most) = (0, rng.usize(24..=70));
    while queued < 30 || most > 0 {
        most = most.saturating_sub(1);
        let at = rng.u64(100..FAULTS_END);
        let spec = send(rng, setup);
        queued += usize::from(spec.is_queued());
        entries.push(Entry { at, action: Action::Send(spec) });
    }
    for _ in 0..rng.usize(1..=3) {
        let mut at = rng.u64(500..FAULTS_END - 2_000);
        let (count, gap) = (rng.usize(6..=40), *pick(rng, &[0, 1, 20]));
        for _ in 0..count {
            at += gap;
            let spec = send(rng, setup);
            entries.push(Entry { at, action: Action::Send(spec) });
        }
    }
}

fn send(rng: &mut Rng, setup: &Setup) -> SendSpec {
    let what = match rng.u8(0..100) {
        0..45 => What::Incident(rng.u8(0..3)),
        45..70 => What::Chat(rng.u8(0..3)),
        70..88 => What::Agent,
        88..93 => What::Receipt(rng.u8(0..2), rng.bool(), rng.u8(0..20)),
        93..97 => What::Typing(rng.u8(0..3)),
        97 => What::Unknown,
        _ if setup.server == ServerKind::V1 && rng.u8(0..3) == 0 => What::Poison(*pick(
            rng,
            &[close::TOO_BIG, close::BAD_REQUEST, close::INVALID_DATA, close::POLICY],
        )),
        _ => What::Agent,
    };
    let mut spec = send_of(rng, what, setup.pages, 25);
    if matches!(spec.what, What::Typing(_)) && spec.size >= 1_000 {
        // More than any server takes.
        spec.size += 64 * 1024;
    }
    spec
}

/// A message of this kind, by one of so many pages; one in `direct` is not to be queued.
pub fn send_of(rng: &mut Rng, what: What, pages: usize, direct: u8) -> SendSpec {
    SendSpec {
        what,
        priority: priority(rng),
        page: rng.usize(0..pages),
        coalesce: (rng.u8(0..12) == 0).then(|| rng.u8(0..3)),
        queue: rng.u8(0..direct) > 0,
        size: if rng.u8(0..30) == 0 { rng.usize(1_000..12_000) } else { rng.usize(0..60) },
    }
}

/// How urgent a message is.
fn priority(rng: &mut Rng) -> Priority {
    match rng.u8(0..10) {
        0 => Priority::Critical,
        1..3 => Priority::High,
        3..8 => Priority::Normal,
        _ => Priority::Low,
    }
}

/// The server is down for one of these times, after a goodbye with one of these windows or without one.
pub fn restart(rng: &mut Rng, downs: &[u64], windows: &[u64]) -> NetFault {
    let down = *pick(rng, downs);
    if rng.u8(0..3) == 0 {
        NetFault::Drain { window: *pick(rng, windows), down }
    } else {
        NetFault::Restart { down, forget: rng.bool(), polite: rng.bool() }
    }
}

fn fault(rng: &mut Rng, setup: &Setup) -> Fault {
    let short = |rng: &mut Rng| rng.u64(50..6_000);
    let long = |rng: &mut Rng| rng.u64(1_000..30_000);
    Fault::Net(match rng.u8(0..30) {
        0..3 => NetFault::Reset(if rng.bool() { Some(rng.u64(0..3_000)) } else { None }),
        3..6 => {
            let (up, down) = *pick(rng, &[(true, true), (true, false), (false, true)]);
            NetFault::Zombie(up, down)
        }
        6..9 => NetFault::AckLoss(rng.u64(50..4_000)),
        9..11 => NetFault::Stall(short(rng)),
        11..13 => NetFault::Cut(short(rng) * 3, rng.bool()),
        13 => NetFault::Refuse(long(rng)),
        14 => {
            let latency = rng.u64(200..900);
            let rate = *pick(rng, &[0, 125, 20]);
            NetFault::Worse(Link { latency, jitter: latency / 4, rate }, long(rng))
        }
        15 => NetFault::SlowLogin(rng.u64(500..9_000)),
        16..18 => restart(rng, &RESTART_DOWNS_MS, &RESTART_WINDOWS_MS),
        18 => NetFault::Close(*pick(
            rng,
            &[1000, 1001, 1005, 1011, 1012, 1013, 4408, 4429, 4401, 4403, 4404, 4409, 3999, 1009, 4400],
        )),
        19 => NetFault::Flap(long(rng)),
        20..22 => NetFault::Nacks(rng.u32(1..=4), short(rng)),
        22 if rng.u8(0..3) == 0 => NetFault::Twice(long(rng)),
        22 => NetFault::Curse(*pick(rng, &CHANNELS)),
        23 => {
            return match rng.u8(0..3) {
                0 => Fault::Quota(long(rng)),
                1 => Fault::StoreDies(Who::Leader, if rng.bool() { 0 } else { long(rng) }),
                _ => Fault::StoreSlow(rng.u64(20..3_000), long(rng)),
            };
        }
        24..26 => return Fault::WorkerCrash(Who::Leader, rng.u64(10..3_000)),
        26 => return Fault::BrowserCrash(rng.u64(200..8_000)),
        27 => {
            return match (setup.steady_clock, rng.u8(0..3)) {
                (false, 0) => Fault::One(OneFault::WallJump(rng.i64(-7_200_000..7_200_000))),
                (false, 1) => Fault::One(OneFault::WallJump(rng.i64(-3_000..3_000))),
                _ => Fault::LateTicks(Who::Leader, rng.u64(200..3_000), long(rng)),
            };
        }
        28 => return Fault::Sleep(rng.u64(500..60_000), rng.bool()),
        _ if setup.tokens && rng.bool() => return Fault::One(OneFault::Tokens(long(rng))),
        _ => return Fault::HungPage(Who::Place(rng.usize(0..setup.pages)), long(rng)),
    })
}

fn people(rng: &mut Rng, setup: &Setup) -> Action {
    let page = rng.usize(0..setup.pages);
    let topic = |rng: &mut Rng| rng.bool().then(|| rng.u8(0..3));
    match rng.u8(0..14) {
        0..5 => Action::Hint(
            Who::Leader,
            *pick(
                rng,
                &[
                    Hint::Online,
                    Hint::Offline,
                    Hint::Visible,
                    Hint::Hidden,
                    Hint::Focus,
                    Hint::PageShow,
                    Hint::Resume,
                    Hint::LateTick,
                ],
            ),
        ),
        5 => Action::Reconnect(Who::Leader),
        6 => Action::Away(Who::Leader, rng.u64(100..8_000)),
        7..9 => {
            let channel = *pick(rng, &CHANNELS);
            Action::Subscribe(page, channel, topic(rng).filter(|_| channel == Channel::Chat))
        }
        9..11 => {
            let channel = *pick(rng, &CHANNELS);
            Action::Unsubscribe(page, channel, topic(rng).filter(|_| channel == Channel::Chat))
        }
        11 => Action::One(OneAction::NewPage(page)),
        12 => Action::Retry(rng.usize(0..50)),
        _ => Action::Discard(rng.usize(0..50)),
    }
}
