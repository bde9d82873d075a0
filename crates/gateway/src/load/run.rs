//! A run from the first connection to the report.

use super::ledger::{Received, Sent};
use super::member::{Ended, Member};
use super::plan::Plan;
use super::process::Process;
use super::report::{Percentiles, Report, Server, Times};
use super::shared::{Phase, Role, Shared};
use super::{NotMeasured, files};
use futures::{StreamExt, stream};
use sentinelops_protocol::system::Welcome;
use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Connections that are being opened at the same time.
const OPENING: usize = 64;
/// From the start to the first message: every task has to be started.
const HEAD_START: Duration = Duration::from_millis(50);
/// How often is looked whether everything has arrived.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Nothing may come for this long before a complete run ends: what is doubled comes last.
const QUIET: Duration = Duration::from_millis(250);
/// Missing messages get this long after the last one that came; after Ctrl-C less.
const MISSING_WAIT: Duration = Duration::from_secs(5);
const INTERRUPTED_WAIT: Duration = Duration::from_secs(1);

/// What is due and could not be sent, because the server does not read, gets this long after the last was due.
const UNSENT_WAIT: Duration = Duration::from_secs(10);

/// Ctrl-C.
type Interrupt = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) async fn run(plan: Plan) -> Result<Report, NotMeasured> {
    files::make_room(plan.connections())?;
    let server = plan.pid.map(Process::find).transpose()?;
    let rss_before = server.and_then(Process::rss_kib);
    let mut interrupt: Interrupt = Box::pin(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    let run = RandomState::new().build_hasher().finish();
    #[allow(clippy::cast_possible_truncation, reason = "half of something random")]
    let shared = Arc::new(Shared::new(plan, run as u32));
    let (phase, phases) = watch::channel(Phase::Opening);
    let (publishing, mut all_sent) = mpsc::channel(1);

    let began = Instant::now();
    let mut crew = Crew::default();
    let mut interrupted = crew.open(&shared, &phases, &publishing, &mut interrupt).await?;
    drop(publishing);
    let opened = crew.tasks.len();
    let opening = crew.last_welcome.map_or(Duration::ZERO, |last| last - began);
    let rss = server.and_then(Process::rss_kib);

    let (cpu, own_cpu) = (server.and_then(Process::cpu_s), Process::own().cpu_s());
    let (start, events) = (Instant::now(), shared.counters.events());
    if !interrupted {
        // Set once, here.
        let _ = shared.start.set(start + HEAD_START);
        phase.send_replace(Phase::Publishing);
        tokio::select! {
            none = all_sent.recv() => debug_assert!(none.is_none(), "nobody sends on it"),
            () = &mut interrupt => interrupted = true,
            () = sleep(HEAD_START + Duration::from_secs_f64(shared.plan.duration_s) + UNSENT_WAIT) => {}
        }
        phase.send_replace(Phase::Settling);
        settle(&shared, interrupted, &mut interrupt).await;
    }
    let took = start.elapsed().as_secs_f64();
    let cores = |process: Process, before: Option<f64>| Some((process.cpu_s()? - before?) / took);
    let generator_cores = cores(Process::own(), own_cpu);
    let events = shared.counters.events() - events;
    let server = server.and_then(|process| {
        let cores = cores(process, cpu)?;
        Some(Server {
            rss_kib_per_connection: (rss? - rss_before?) / opened.max(1) as f64,
            cpu_us_per_delivered: (events > 0).then(|| cores * took * 1e6 / events as f64),
            cores,
        })
    });
    if server.is_none() && shared.plan.pid.is_some() {
        eprintln!("the process of --pid has ended: nothing is known of its memory and time");
    }
    phase.send_replace(Phase::Over);
    let ended = crew.tasks.join_all().await;

    let mut report = Report {
        interrupted,
        connections: opened,
        subscribers: shared.plan.subscribers,
        publishers: shared.plan.publishers,
        connects_per_second: if opened == 0 { 0.0 } else { opened as f64 / opening.as_secs_f64() },
        times: Times {
            connect: shared.connect.with(Percentiles::of),
            publish_to_ack: shared.to_ack.with(Percentiles::of),
            publish_to_event: shared.to_event.with(Percentiles::of),
            sent_late: shared.late.with(Percentiles::of),
        },
        server,
        generator_cores,
        ..Report::default()
    };
    fill(&mut report, ended);
    if !interrupted {
        report.messages.unsent = shared.plan.schedule.total().saturating_sub(report.messages.sent);
    }
    Ok(report)
}

fn fill(report: &mut Report, ended: Vec<Ended>) {
    let (mut sent, mut received): (Vec<(u64, Sent)>, Vec<Received>) = Default::default();
    for member in ended {
        report.deliveries.unreadable += member.received.unreadable;
        if let Some(closed) = member.closed {
            *report.closed.entry(closed).or_default() += 1;
        }
        match member.role {
            Role::Publisher(number) => sent.push((number, member.sent)),
            Role::Subscriber => received.push(member.received),
            Role::Idle => {}
        }
    }
    sent.sort_by_key(|(number, _)| *number);
    let sent: Vec<Sent> = sent.into_iter().map(|(_, sent)| sent).collect();
    report.count(&sent, &received);
}

/// The connections that are open.
#[derive(Default)]
struct Crew {
    tasks: JoinSet<Ended>,
    last_welcome: Option<Instant>,
}

impl Crew {
    /// Opens all. Whether it was interrupted.
    async fn open(
        &mut self,
        shared: &Arc<Shared>,
        phases: &watch::Receiver<Phase>,
        publishing: &mpsc::Sender<()>,
        interrupt: &mut Interrupt,
    ) -> Result<bool, NotMeasured> {
        let plan = &shared.plan;
        // Subscribers first: publishers are started last.
        let roles = (0..plan.subscribers)
            .map(|_| Role::Subscriber)
            .chain((0..plan.idle).map(|_| Role::Idle))
            .chain((0..plan.publishers as u64).map(Role::Publisher));
        let opening = roles.enumerate().map(|(place, role)| Member::open(shared.clone(), role, place));
        let mut opening = stream::iter(opening).buffer_unordered(OPENING);
        loop {
            let member = tokio::select! {
                member = opening.next() => member,
                () = &mut *interrupt => return Ok(true),
            };
            let Some(member) = member else { return Ok(false) };
            let member = member?;
            if let Some((at, welcome)) = member.welcome() {
                if self.tasks.is_empty() {
                    check(plan, welcome)?;
                }
                self.last_welcome = self.last_welcome.max(Some(*at));
            }
            self.tasks.spawn(member.run(phases.clone(), publishing.clone()));
        }
    }
}

/// What the first welcome says of the limits.
fn check(plan: &Plan, welcome: &Welcome) -> Result<(), NotMeasured> {
    let wanted_ms = plan.duration_s * 1e3;
    if let Some(left_ms) = welcome.expires_in_ms.filter(|left_ms| (*left_ms as f64) < wanted_ms) {
        return Err(NotMeasured(format!(
            "the token ends in {} s, and --duration asks for {} s: take a token that lives longer (`token --minutes N`)",
            left_ms / 1_000,
            plan.duration_s
        )));
    }
    if let Some(rate) = welcome.rate.filter(|rate| plan.publishers > 0 && *rate < plan.rate_each) {
        eprintln!(
            "the gateway takes {rate} messages a second of one connection, and each publisher sends {}: some will be \
             refused; take more --publishers, or raise the gateway's --message-rate",
            plan.rate_each
        );
    }
    Ok(())
}

/// Until everything has arrived, or what is missing had its time.
async fn settle(shared: &Shared, interrupted: bool, interrupt: &mut Interrupt) {
    let missing_wait = if interrupted { INTERRUPTED_WAIT } else { MISSING_WAIT };
    let (mut progress, mut last) = (shared.counters.progress(), Instant::now());
    loop {
        if interrupted {
            sleep(LOOK_EVERY).await;
        } else {
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = &mut *interrupt => return,
            }
        }
        let now = shared.counters.progress();
        if now != progress {
            (progress, last) = (now, Instant::now());
        }
        let wait = if shared.counters.is_complete() { QUIET } else { missing_wait };
        if last.elapsed() >= wait {
            return;
        }
    }
}
