//! One connection: how it is opened, and how it runs until the end.

use super::NotMeasured;
use super::ledger::{Received, Sent};
use super::reader::{Publisher, PutOff, Reader};
use super::shared::{Phase, Role, Shared, lock};
use super::writer::{Socket, Writer};
use futures::stream::SplitStream;
use futures::{SinkExt, StreamExt};
use sentinelops_protocol::system::{ClientSystem, Hello, SubscribeEntry};
use sentinelops_protocol::{OutboundMeta, PROTOCOL_VERSION, close, encode_client_system};
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, http};

/// How long a connection gets until everything it subscribed to has arrived.
const OPEN_WAIT: Duration = Duration::from_secs(20);
/// How long the server gets to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// Buffers of a connection: there are thousands.
const BUFFER: usize = 4 * 1024;
/// What a client may be sent in one frame.
const MOST_MESSAGE: usize = 1024 * 1024;

/// A connection that is welcomed and subscribed.
#[derive(Debug)]
pub(super) struct Member {
    role: Role,
    /// Which connection of all.
    place: usize,
    socket: Socket,
    reader: Reader,
    sent: Arc<Mutex<Sent>>,
    put_off: mpsc::UnboundedReceiver<PutOff>,
    shared: Arc<Shared>,
}

/// What is left of a connection.
#[derive(Debug)]
pub(super) struct Ended {
    pub role: Role,
    pub received: Received,
    pub sent: Sent,
    /// Code and reason, when it ended before the run did.
    pub closed: Option<String>,
}

impl Member {
    /// Connects and waits until it is ready.
    ///
    /// # Errors
    /// A sentence: what was found instead, and what to do about it.
    pub async fn open(shared: Arc<Shared>, role: Role, place: usize) -> Result<Self, NotMeasured> {
        match timeout(OPEN_WAIT, Self::opened(shared.clone(), role, place)).await {
            Ok(member) => member,
            Err(_) => Err(NotMeasured(format!(
                "connection {}: {} did not welcome it within {} s, or did not complete its subscriptions: \
                 look at the gateway's log, or open fewer connections",
                place + 1,
                shared.plan.address(),
                OPEN_WAIT.as_secs()
            ))),
        }
    }

    async fn opened(shared: Arc<Shared>, role: Role, place: usize) -> Result<Self, NotMeasured> {
        let began = Instant::now();
        let mut socket = connect(&shared, role, place).await?;
        let subjects = if role == Role::Subscriber { shared.plan.subjects.clone() } else { Vec::new() };
        for message in first_words(&shared, place, &subjects) {
            let text = encode_client_system(&message, OutboundMeta::default());
            // A connection that is closed already says why in what is read from it.
            let _ = socket.feed(Message::binary(text)).await;
        }
        let _ = socket.flush().await;
        let (put_off, put_off_receiver) = mpsc::unbounded_channel();
        let sent = Arc::new(Mutex::new(Sent::default()));
        let publisher = match role {
            Role::Publisher(number) => Some(Publisher { number, sent: sent.clone(), put_off }),
            Role::Subscriber | Role::Idle => None,
        };
        let mut reader = Reader::new(shared.clone(), publisher, subjects);
        while !reader.is_ready() {
            let message = socket.next().await;
            match message {
                Some(Ok(message @ (Message::Binary(_) | Message::Text(_)))) => {
                    reader.frame(&message.into_data())
                }
                Some(Ok(Message::Close(frame))) => return Err(refused(&shared, place, frame.as_ref())),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    return Err(NotMeasured(format!(
                        "connection {} broke before it was welcomed: {error}",
                        place + 1
                    )));
                }
                None => return Err(refused(&shared, place, None)),
            }
            if let Some(denied) = &reader.denied {
                return Err(NotMeasured(format!(
                    "the subscription to {denied}: ask for other --channels, or for a token with the right to read them"
                )));
            }
            if reader.is_basic {
                return Err(NotMeasured(format!(
                    "{} speaks the basic protocol, which acknowledges nothing: measure a gateway without --mock",
                    shared.plan.address()
                )));
            }
        }
        if let Some((at, _)) = &reader.welcome {
            shared.connect.record(*at - began);
        }
        if role == Role::Subscriber {
            shared.counters.listening();
        }
        Ok(Self { role, place, socket, reader, sent, put_off: put_off_receiver, shared })
    }

    /// The limits the server named, and when.
    pub fn welcome(&self) -> Option<&(Instant, sentinelops_protocol::system::Welcome)> {
        self.reader.welcome.as_ref()
    }

    /// Until the run is over, or the connection is.
    pub async fn run(self, phase: watch::Receiver<Phase>, publishing: mpsc::Sender<()>) -> Ended {
        let Self { role, place, socket, mut reader, sent, put_off, shared } = self;
        let (sink, stream) = socket.split();
        let writer = Writer { sink, role, place, shared: shared.clone(), sent: sent.clone() };
        let out_of_time = out_of_time(phase.clone());
        let closed = {
            let reading = read(stream, &mut reader);
            tokio::pin!(reading);
            tokio::select! {
                closed = &mut reading => Some(closed),
                written = writer.run(phase, put_off, publishing) => {
                    // The answer to the close frame, or what the server sent before it broke the connection.
                    let closed = timeout(CLOSE_WAIT, reading).await;
                    written.err().map(|error| closed.unwrap_or_else(|_| format!("{} {error}", close::ABNORMAL)))
                }
                // It took what it was sent so slowly that not even the close frame left.
                () = out_of_time => Some(format!("{} nothing could be written", close::ABNORMAL)),
            }
        };
        if role == Role::Subscriber && closed.is_some() {
            shared.counters.gone();
        }
        let sent = std::mem::take(&mut *lock(&sent));
        Ended { role, received: reader.received, sent, closed }
    }
}

/// When the run is over and everybody had time to close.
async fn out_of_time(mut phase: watch::Receiver<Phase>) {
    // The run ends by saying so.
    let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
    sleep(2 * CLOSE_WAIT).await;
}

/// Reads until the connection ends; code and reason.
async fn read(mut stream: SplitStream<Socket>, reader: &mut Reader) -> String {
    loop {
        match stream.next().await {
            Some(Ok(message @ (Message::Binary(_) | Message::Text(_)))) => reader.frame(&message.into_data()),
            Some(Ok(Message::Close(frame))) => return close_reason(frame.as_ref()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return format!("{} {error}", close::ABNORMAL),
            None => return close::ABNORMAL.to_string(),
        }
    }
}

fn close_reason(frame: Option<&CloseFrame>) -> String {
    match frame {
        None => close::NO_STATUS.to_string(),
        Some(frame) => format!("{} {}", u16::from(frame.code), frame.reason).trim().to_owned(),
    }
}

fn first_words(
    shared: &Shared,
    place: usize,
    subjects: &[sentinelops_protocol::Subject],
) -> Vec<ClientSystem> {
    let mut words = vec![ClientSystem::Hello(Hello {
        protocol: PROTOCOL_VERSION,
        client: concat!("sentinelops-load/", env!("CARGO_PKG_VERSION")).into(),
        session: format!("load-{:08x}-{place}", shared.run),
        term: 1,
    })];
    if let Some(token) = &shared.plan.token {
        words.push(ClientSystem::Auth { token: token.as_str().to_owned() });
    }
    if !subjects.is_empty() {
        let entry = |subject: &sentinelops_protocol::Subject| SubscribeEntry {
            channel: subject.channel,
            topic: subject.topic.clone(),
            since: None,
        };
        words.push(ClientSystem::Subscribe(subjects.iter().map(entry).collect()));
    }
    words
}

async fn connect(shared: &Shared, role: Role, place: usize) -> Result<Socket, NotMeasured> {
    let plan = &shared.plan;
    let address = plan.address();
    let stream = match TcpStream::connect((plan.host.trim_matches(['[', ']']), plan.port)).await {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            return Err(NotMeasured(format!(
                "nothing listens at {address}: start the gateway, or name the URL of its first line (`listening on ws://…`)"
            )));
        }
        Err(error) => {
            return Err(NotMeasured(format!(
                "connection {} to {address} cannot be opened: {error}; is the address right, and are there enough file \
                 descriptors and ports on both sides?",
                place + 1
            )));
        }
    };
    // Without it small frames wait for each other, which would be measured as the server's time.
    let _ = stream.set_nodelay(true);
    let mut path = plan.path.clone();
    if !plan.is_somebody {
        // Ids are remembered per user: a publisher of its own has room for all of its own.
        let user = match role {
            Role::Publisher(number) => format!("load-{number}"),
            Role::Subscriber | Role::Idle => "load".to_owned(),
        };
        let sign = if path.contains('?') { '&' } else { '?' };
        path.push_str(&format!("{sign}user={user}"));
    }
    let wrong = |error: &dyn std::fmt::Display| {
        NotMeasured(format!("{address}: {error}; allowed is ws://HOST:PORT/ws"))
    };
    let mut request = format!("{address}{path}").into_client_request().map_err(|error| wrong(&error))?;
    if let Some(origin) = &plan.origin {
        let value = http::HeaderValue::from_str(origin).map_err(|error| wrong(&error))?;
        request.headers_mut().insert(http::header::ORIGIN, value);
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(MOST_MESSAGE))
        .max_frame_size(Some(MOST_MESSAGE));
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(NotMeasured(format!(
            "{address} answered HTTP {} where a WebSocket was expected: the gateway's is at `/` and at `/ws`",
            answer.status().as_u16()
        ))),
        Err(error) => Err(NotMeasured(format!(
            "{address} does not speak WebSocket ({error}): name the URL of the gateway's first line (`listening on ws://…`)"
        ))),
    }
}

/// The server closed a connection instead of welcoming it.
fn refused(shared: &Shared, place: usize, frame: Option<&CloseFrame>) -> NotMeasured {
    let reason = close_reason(frame);
    let advice = match frame.map_or(close::NO_STATUS, |frame| frame.code.into()) {
        close::UNAUTHENTICATED if shared.plan.token.is_none() => {
            "the gateway takes tokens only: name one with --token-file, or in GATEWAY_LOAD_TOKEN"
        }
        close::UNAUTHENTICATED => {
            "the token was refused; `sentinelops-gateway token --check -` says what is wrong with it"
        }
        close::FORBIDDEN => "name an origin that the gateway lists, with --origin",
        close::RATE_LIMITED => {
            "ask for fewer connections, or raise the gateway's --max-connections and --max-connections-per-user (and \
             its file descriptors)"
        }
        close::TOO_BIG => "the token is longer than the gateway takes",
        _ => "look at the gateway's log",
    };
    NotMeasured(format!(
        "connection {} of {} was closed: {reason}: {advice}",
        place + 1,
        shared.plan.connections()
    ))
}
