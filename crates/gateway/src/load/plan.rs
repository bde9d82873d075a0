//! What to measure, from the command line. Pure but for the file with the token.

use super::schedule::Schedule;
use crate::Token;
use crate::server::ConfigErrors;
use axum::http::Uri;
use sentinelops_protocol::{Channel, Subject};
use std::path::PathBuf;

/// Measures a gateway: publishes chat messages at a fixed rate, whatever the answers do, and counts what each subscriber
/// receives
///
/// It writes to the gateway it measures: take one that nobody works with. Exit code 1 says that messages were lost,
/// doubled, out of order or never answered; 2 that nothing could be measured. A token is read from --token-file or the
/// environment variable GATEWAY_LOAD_TOKEN.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadArgs {
    /// WebSocket of the gateway, such as `ws://127.0.0.1:3001/ws`. Without a token and without `?user=NAME` each publisher
    /// is a user of its own (for a gateway with --dev)
    #[arg(value_name = "URL")]
    url: String,
    /// Connections in all; those that neither publish nor subscribe are idle [default: publishers and subscribers]
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
    /// Connections that subscribe
    #[arg(long, value_name = "N", default_value_t = 100)]
    subscribers: usize,
    /// What each of them subscribes to: channels (`chat`), or topics of them (`chat:load`)
    #[arg(long, value_name = "CHANNEL", default_value = "chat", value_delimiter = ',')]
    channels: Vec<String>,
    /// Connections that publish
    #[arg(long, value_name = "N", default_value_t = 1)]
    publishers: usize,
    /// Messages a second of all publishers together
    #[arg(long, value_name = "N", default_value_t = 100.0)]
    rate: f64,
    /// How long is published, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    duration: f64,
    /// Length of a message's content, in characters
    #[arg(long, value_name = "N", default_value_t = 200)]
    bytes: usize,
    /// Conversation that is written to
    #[arg(long, value_name = "ID", default_value = "load")]
    conversation: String,
    /// File with the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// `Origin` header, as a page of it would send it: a gateway with tokens takes only those it lists
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Process id of the gateway on this machine, for memory per connection and time per delivered message (Linux)
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// [`LoadArgs`], checked.
#[derive(Debug)]
pub(super) struct Plan {
    pub host: String,
    pub port: u16,
    /// Path with its query.
    pub path: String,
    /// Whether the URL or a token says who it is; else publishers are users of their own.
    pub is_somebody: bool,
    pub token: Option<Token>,
    pub origin: Option<String>,
    pub subscribers: usize,
    pub publishers: usize,
    pub idle: usize,
    /// What each subscriber subscribes to.
    pub subjects: Vec<Subject>,
    pub schedule: Schedule,
    pub duration_s: f64,
    /// Messages a second of one publisher.
    pub rate_each: f64,
    pub bytes: usize,
    pub conversation: String,
    pub pid: Option<u32>,
    pub json: bool,
}

impl Plan {
    /// `token` is what the environment holds; a file wins over it.
    pub fn new(args: &LoadArgs, token: Option<String>) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let mut note = |error: String| errors.push(error);
        let url = Address::read(&args.url).unwrap_or_else(|error| {
            note(error);
            Address::default()
        });
        for (flag, value) in [("--rate", args.rate), ("--duration", args.duration)] {
            if !(value > 0.0 && value <= 1e6) {
                note(format!("{flag} {value}: allowed is a number above 0, up to 1,000,000"));
            }
        }
        if args.bytes > MOST_BYTES {
            note(format!("--bytes {}: a message may have {MOST_BYTES} characters at most", args.bytes));
        }
        if !(1..=64).contains(&args.conversation.chars().count()) {
            note(format!("--conversation {:?}: allowed are 1 to 64 characters", args.conversation));
        }
        let busy = args.publishers.saturating_add(args.subscribers);
        let connections = args.connections.unwrap_or(busy);
        if busy == 0 && connections == 0 {
            note(
                "there is no connection to measure: name --publishers, --subscribers or --connections".into(),
            );
        } else if connections < busy {
            note(format!(
                "--connections {connections} is less than {} publishers and {} subscribers: leave it out or name {busy} at least",
                args.publishers, args.subscribers
            ));
        }
        let mut subjects = Vec::new();
        for name in &args.channels {
            match subject(name) {
                Ok(subject) => subjects.push(subject),
                Err(error) => note(error),
            }
        }
        let published = Subject::topic(Channel::Chat, &*args.conversation);
        if args.publishers > 0
            && args.subscribers > 0
            && !subjects.iter().any(|subject| subject.covers(&published))
        {
            note(format!(
                "--channels {}: no subscriber would receive what is published; name `chat` or `chat:{}` too",
                args.channels.join(","),
                args.conversation
            ));
        }
        let token = match &args.token_file {
            None => token,
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| note(format!("--token-file {}: {error}", path.display())))
                .ok(),
        };
        let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        if token.is_none() && args.token_file.is_some() {
            note("--token-file: there is no token in it; `sentinelops-gateway token` makes one".into());
        }
        if !errors.is_empty() {
            return Err(ConfigErrors(errors));
        }
        Ok(Self {
            is_somebody: token.is_some() || url.names_user,
            host: url.host,
            port: url.port,
            path: url.path,
            token: token.map(Token::new),
            origin: args.origin.clone(),
            subscribers: args.subscribers,
            publishers: args.publishers,
            idle: connections - busy,
            subjects,
            schedule: Schedule::new(args.rate, args.publishers, args.duration),
            duration_s: args.duration,
            rate_each: args.rate / args.publishers.max(1) as f64,
            bytes: args.bytes,
            conversation: args.conversation.clone(),
            pid: args.pid,
            json: args.json,
        })
    }

    pub fn connections(&self) -> usize {
        self.publishers + self.subscribers + self.idle
    }

    /// For messages; never with a query.
    pub fn address(&self) -> String {
        format!("ws://{}:{}", self.host, self.port)
    }
}

/// What the gateway keeps of one message is bounded by this.
const MOST_BYTES: usize = 15_000;

/// `chat`, or `chat:inc-7`.
fn subject(name: &str) -> Result<Subject, String> {
    let (channel, topic) = match name.split_once(':') {
        None => (name, None),
        Some((channel, topic)) => (channel, Some(topic)),
    };
    match (Channel::parse(channel), topic) {
        (Some(Channel::System), _) | (None, _) => {
            let known = Channel::ALL.into_iter().filter(|channel| *channel != Channel::System);
            let known: Vec<_> = known.map(Channel::as_str).collect();
            Err(format!("--channels {name}: no such channel; there are {}", known.join(", ")))
        }
        (Some(Channel::Timeline), None) => {
            Err("--channels timeline: one timeline at a time, timeline:INCIDENT".into())
        }
        (Some(_), Some("")) => Err(format!("--channels {name}: there is no topic behind the colon")),
        (Some(channel), topic) => Ok(Subject { channel, topic: topic.map(str::to_owned) }),
    }
}

#[derive(Debug, Default)]
struct Address {
    host: String,
    port: u16,
    path: String,
    names_user: bool,
}

impl Address {
    fn read(text: &str) -> Result<Self, String> {
        // The query is not shown: it might hold a token.
        let shown = text.split('?').next().unwrap_or_default();
        let wrong = |why: &str| format!("{shown}: {why}; allowed is ws://HOST:PORT/ws");
        let uri: Uri = text.parse().map_err(|_| wrong("this is no URL"))?;
        match uri.scheme_str() {
            Some("ws") => {}
            Some("wss") => {
                return Err(wrong(
                    "TLS ends at the proxy, and its cost is not the gateway's: measure the gateway behind it",
                ));
            }
            _ => return Err(wrong("this is not the URL of a WebSocket")),
        }
        let names = |name: &str| {
            let query = uri.query().unwrap_or_default();
            query.split('&').any(|pair| pair.split('=').next() == Some(name))
        };
        if names("token") {
            return Err(wrong(
                "a token in the URL is shown by every list of processes: use --token-file or GATEWAY_LOAD_TOKEN",
            ));
        }
        Ok(Self {
            host: uri.host().unwrap_or_default().to_owned(),
            port: uri.port_u16().unwrap_or(80),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            names_user: names("user"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: LoadArgs,
    }

    fn plan(words: &[&str]) -> Result<Plan, String> {
        let args = Cli::try_parse_from([&["load"], words].concat()).expect("arguments").args;
        Plan::new(&args, None).map_err(|errors| errors.to_string())
    }

    #[test]
    fn the_rest_of_the_connections_is_idle() {
        let plan = plan(&["ws://h/ws", "--connections", "10", "--subscribers", "6", "--publishers", "3"]);
        let plan = plan.expect("a plan");
        assert_eq!((plan.idle, plan.connections(), plan.port, plan.is_somebody), (1, 10, 80, false));
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let words = ["http://h:1/", "--rate", "0", "--connections", "2", "--channels", "weather"];
        let text = plan(&words).expect_err("wrong");
        for part in ["http://h:1/: this is not the URL", "--rate 0", "--connections 2", "--channels weather"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_token_in_the_url_is_refused_and_not_repeated() {
        let text = plan(&["ws://h/ws?token=secret"]).expect_err("refused");
        assert!(text.contains("--token-file") && !text.contains("secret"), "{text}");
        assert!(plan(&["ws://h/ws?user=ann"]).expect("a plan").is_somebody);
    }

    #[test]
    fn subscribers_that_would_receive_nothing_are_refused() {
        for (channels, is_fine) in
            [("chat", true), ("alerts,chat:load", true), ("alerts", false), ("chat:x", false)]
        {
            assert_eq!(plan(&["ws://h/", "--channels", channels]).is_ok(), is_fine, "{channels}");
        }
        let idle = ["ws://h/", "--channels", "alerts", "--publishers", "0"];
        assert!(plan(&idle).is_ok(), "nothing is published");
    }
}
