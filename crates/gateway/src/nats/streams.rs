//! The three streams: made when they are not there, and looked at when they are.

use super::layout::Layout;
use super::{NatsOptions, Trouble};
use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, RetentionPolicy, Source, StorageType, Stream,
};
use std::time::Duration;

/// Age up to which records stay in the log: that of accepted ids, and an hour.
const LOG_AGE: Duration = Duration::from_hours(49);
/// For how long the server itself refuses a second message of one id.
const DUPLICATES: Duration = Duration::from_mins(2);
/// Records of `SO_TAIL`.
const TAIL_MESSAGES: i64 = 5_000;

pub(super) struct Streams {
    pub log: Stream,
    pub state: Stream,
    pub tail: Stream,
}

fn base(name: String, replicas: usize) -> Config {
    Config {
        name,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: replicas,
        max_messages: -1,
        max_bytes: -1,
        max_consumers: -1,
        allow_direct: true,
        ..Config::default()
    }
}

fn configs(layout: &Layout, replicas: usize) -> [Config; 3] {
    let source = || Some(vec![Source { name: layout.log(), ..Source::default() }]);
    let log = Config {
        subjects: vec![layout.all()],
        max_age: LOG_AGE,
        duplicate_window: DUPLICATES,
        ..base(layout.log(), replicas)
    };
    let state = Config { sources: source(), max_messages_per_subject: 1, ..base(layout.state(), replicas) };
    let tail = Config { sources: source(), max_messages: TAIL_MESSAGES, ..base(layout.tail(), replicas) };
    [log, state, tail]
}

/// Servers ignore what they do not know, so what they answer is compared with what was asked for.
fn differs(found: &Config, wanted: &Config) -> Option<String> {
    let names = |config: &Config| -> Vec<String> {
        config.sources.iter().flatten().map(|source| source.name.clone()).collect()
    };
    let pairs = [
        ("subjects", format!("{:?}", found.subjects), format!("{:?}", wanted.subjects)),
        ("sources", format!("{:?}", names(found)), format!("{:?}", names(wanted))),
        ("max_age", format!("{:?}", found.max_age), format!("{:?}", wanted.max_age)),
        ("num_replicas", found.num_replicas.to_string(), wanted.num_replicas.to_string()),
        ("allow_direct", found.allow_direct.to_string(), wanted.allow_direct.to_string()),
        ("storage", format!("{:?}", found.storage), format!("{:?}", wanted.storage)),
        (
            "max_msgs_per_subject",
            found.max_messages_per_subject.max(-1).to_string(),
            if wanted.max_messages_per_subject == 0 {
                "-1".to_owned()
            } else {
                wanted.max_messages_per_subject.to_string()
            },
        ),
        ("max_msgs", found.max_messages.to_string(), wanted.max_messages.to_string()),
    ];
    let mut wrong = pairs.into_iter().filter(|(_, found, wanted)| found != wanted);
    let (name, found, wanted) = wrong.next()?;
    Some(format!("{name} is {found}, {wanted} is needed"))
}

/// Whether there is a log.
pub(super) async fn is_there(context: &Context, layout: &Layout) -> bool {
    context.get_stream(layout.log()).await.is_ok()
}

/// The streams of the namespace.
pub(super) async fn ensure(
    context: &Context,
    layout: &Layout,
    options: &NatsOptions,
) -> Result<Streams, Trouble> {
    let mut streams = Vec::new();
    for config in configs(layout, options.replicas) {
        let stream = context
            .get_or_create_stream(config.clone())
            .await
            .map_err(|error| Trouble::Gone(format!("stream {} cannot be had: {error}", config.name)))?;
        let found = &stream.cached_info().config;
        if let Some(difference) = differs(found, &config) {
            return Err(Trouble::Unusable(format!(
                "stream {}: {difference}; change it with `nats stream edit`, or choose another --nats-namespace \
                 (--nats-replicas has to be what the stream was made with)",
                config.name
            )));
        }
        if found.duplicate_window < DUPLICATES && config.duplicate_window == DUPLICATES {
            return Err(Trouble::Unusable(format!(
                "stream {}: duplicate_window is {:?}, at least {DUPLICATES:?} is needed: change it with `nats stream edit`",
                config.name, found.duplicate_window
            )));
        }
        streams.push(stream);
    }
    let mut streams = streams.into_iter();
    let (Some(log), Some(state), Some(tail)) = (streams.next(), streams.next(), streams.next()) else {
        return Err(Trouble::Gone("three streams were asked for".to_owned()));
    };
    Ok(Streams { log, state, tail })
}

/// Makes the streams that source the log again: they go on where another log ended and would pass over this one.
pub(super) async fn renew(context: &Context, layout: &Layout, options: &NatsOptions) -> Result<(), Trouble> {
    for name in [layout.state(), layout.tail()] {
        let gone = |text: String| Trouble::Gone(format!("stream {name} cannot be made again: {text}"));
        context.delete_stream(&name).await.map_err(|error| gone(error.to_string()))?;
    }
    ensure(context, layout, options).await.map(drop)
}

/// What a stream is now.
pub(super) async fn info(stream: &Stream) -> Result<Info, Trouble> {
    stream
        .get_info()
        .await
        .map_err(|error| Trouble::Gone(format!("stream {}: {error}", stream.cached_info().config.name)))
}
