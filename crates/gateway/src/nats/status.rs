//! `gateway status`: the gateways of one log, and its streams.

use super::connect::connect;
use super::layout::Layout;
use super::{Gateway, NatsOptions, Trouble, epoch};
use async_nats::jetstream::stream::Info;
use std::fmt::Write;
use std::time::Duration;

/// How long gateways get to answer.
const WAIT: Duration = Duration::from_millis(800);

/// A table of the gateways that are connected and of the streams.
///
/// # Errors
/// NATS cannot be reached or will not do: a sentence that says what to do.
pub async fn status(options: &NatsOptions) -> Result<String, String> {
    collect(options).await.map_err(|trouble| trouble.to_string())
}

async fn collect(options: &NatsOptions) -> Result<String, Trouble> {
    let connection = connect(options).await?;
    let client = &connection.client;
    let layout = Layout::new(&options.namespace);
    let context = async_nats::jetstream::new(client.clone());
    let mut streams = Vec::new();
    for name in [layout.log(), layout.state(), layout.tail()] {
        let info = context.get_stream(&name).await.ok().map(|stream| stream.cached_info().clone());
        streams.push((name, info));
    }
    let mut gateways = epoch::ask(client, &layout, WAIT).await?;
    gateways.sort_by(|one, other| one.name.cmp(&other.name));
    let server = client.server_info();
    let mut text =
        format!("NATS {} at {}, namespace {}\n", server.version, options.shown(), options.namespace);
    let last = streams.first().and_then(|(_, info)| info.as_ref()).map_or(0, |info| info.state.last_sequence);
    // Writing to a String does not fail.
    let _ = gateways_table(&mut text, &gateways, last).and_then(|()| streams_table(&mut text, &streams));
    Ok(text)
}

fn gateways_table(text: &mut String, gateways: &[Gateway], last: u64) -> std::fmt::Result {
    if gateways.is_empty() {
        return writeln!(text, "no gateway is connected");
    }
    writeln!(
        text,
        "{:<10} {:<9} {:>11} {:>12} {:>6} {:>9}  epoch",
        "gateway", "version", "connections", "seq", "lag", "uptime s"
    )?;
    for gateway in gateways {
        writeln!(
            text,
            "{:<10} {:<9} {:>11} {:>12} {:>6} {:>9}  {}",
            gateway.name,
            gateway.version,
            gateway.connections,
            gateway.seq,
            last.saturating_sub(gateway.seq),
            gateway.uptime_ms / 1_000,
            gateway.epoch
        )?;
    }
    Ok(())
}

fn streams_table(text: &mut String, streams: &[(String, Option<Info>)]) -> std::fmt::Result {
    writeln!(
        text,
        "{:<16} {:>10} {:>12} {:>12} {:>12} {:>8}",
        "stream", "messages", "bytes", "first", "last", "replicas"
    )?;
    for (name, info) in streams {
        match info {
            None => writeln!(text, "{name:<16} is not there")?,
            Some(info) => writeln!(
                text,
                "{name:<16} {:>10} {:>12} {:>12} {:>12} {:>8}",
                info.state.messages,
                info.state.bytes,
                info.state.first_sequence,
                info.state.last_sequence,
                info.config.num_replicas
            )?,
        }
    }
    Ok(())
}
