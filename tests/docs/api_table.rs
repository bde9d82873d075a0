//! The table that maps the documented names to ours has no gap.

const TABLE: &str = include_str!("../../docs/api.md");
/// What the integration's documentation names, part by part. Each needs a row.
const DOCUMENTED: [&str; 10] = [
    "websocket-client message-queue websocket-context use-websocket connection-status WebSocketProvider",
    "url autoConnect debug children reconnect reconnectInterval maxReconnectInterval reconnectDecay",
    "maxReconnectAttempts timeout useWebSocket channel onMessage onConnect onError connectionState send latency",
    "isConnected useIncidentUpdates useAgentStatus useChatMessages sendMessage useActivityFeed ConnectionStatus",
    "compact showDetails WebSocketMessage id type payload timestamp priority MessagePriority ChannelType incidents",
    "agents chat alerts activity system created updated resolved escalated status message update ping pong",
    "subscribe unsubscribe incidentId data title severity assignedTo agentId lastSeen conversationId senderId content",
    "Authentication Authorization Validation Connecting Connected Disconnected Reconnecting Error backoff localStorage",
    "NEXT_PUBLIC_WEBSOCKET_URL NEXT_PUBLIC_ENABLE_WEBSOCKET NEXT_PUBLIC_ENABLE_OFFLINE_MODE realtime-demo",
    "NEXT_PUBLIC_ENABLE_MESSAGE_QUEUE mock-ws-server render renderHook dropped retry batching pooling quality",
];

/// What it names in words of its own: troubleshooting, and what its demo shows.
const DESCRIBED: [&str; 9] = [
    "Connection Fails",
    "Messages Not Delivered",
    "High Latency",
    "Debug Mode",
    "Live incident updates with visual feedback",
    "Agent status tracking",
    "Real-time chat with delivery status",
    "Activity feed with auto-scroll",
    "Connection status monitoring",
];

fn rows() -> impl Iterator<Item = Vec<String>> {
    let lines = TABLE.lines().filter(|line| line.starts_with('|') && line.contains(char::is_alphabetic));
    lines.map(|line| {
        let line = line.replace("\\|", "\u{1}");
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[test]
fn no_cell_is_empty() {
    let mut count = 0;
    for row in rows() {
        assert!(row.len() >= 2 && row.iter().all(|cell| !cell.is_empty()), "empty cell in {row:?}");
        count += 1;
    }
    assert!(count > 80, "only {count} rows");
}

#[test]
fn every_documented_name_has_a_row() {
    let left: Vec<String> = rows().map(|row| row[0].clone()).collect();
    // Names with a dash stand in a path.
    let has = |name: &str| {
        left.iter()
            .any(|cell| words(cell).any(|word| word == name) || name.contains('-') && cell.contains(name))
    };
    let missing: Vec<_> =
        DOCUMENTED.iter().flat_map(|part| part.split(' ')).filter(|name| !has(name)).collect();
    assert_eq!(missing, [] as [&str; 0]);
    let described = DESCRIBED.iter().filter(|words| !left.iter().any(|cell| cell.starts_with(**words)));
    assert_eq!(described.collect::<Vec<_>>(), [] as [&&str; 0]);
}
