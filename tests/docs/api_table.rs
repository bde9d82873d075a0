//! The table that maps the documented names to ours: no gap, and nothing that is not there.

use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("../../docs/api.md");
const GLOSSARY: &str = include_str!("../../docs/glossary.md");
/// Where the names live.
const SOURCES: [&str; 5] =
    ["src", "crates/realtime/src", "crates/engine/src", "crates/protocol/src", "crates/gateway/src"];

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

/// Words in code that are Rust's, a closure's, JSON's or a command's.
const NOT_OURS: [&str; 18] = [
    "T", "_", "Err", "None", "html", "handle", "news", "agent", "activity", "alert", "result", "events",
    "cause", "cargo", "run", "p", "true", "mock",
];

fn rows() -> impl Iterator<Item = Vec<String>> {
    rows_of(TABLE)
}

fn rows_of(table: &str) -> impl Iterator<Item = Vec<String>> {
    let lines = table.lines().filter(|line| line.starts_with('|') && line.contains(char::is_alphabetic));
    lines.map(|line| {
        let line = line.replace("\\|", "\u{1}");
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Every second piece stands between backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
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

#[test]
fn every_link_leads_to_a_heading() {
    const PAGES: [(&str, &str); 5] = [
        ("shipping.md", include_str!("../../docs/shipping.md")),
        ("components.md", include_str!("../../docs/components.md")),
        ("security.md", include_str!("../../docs/security.md")),
        ("troubleshooting.md", include_str!("../../docs/troubleshooting.md")),
        ("api.md", TABLE),
    ];
    let headings = |text: &str| -> Vec<String> {
        let titles = text.lines().filter_map(|line| line.strip_prefix('#'));
        titles.map(|title| slug(title.trim_start_matches('#'))).collect()
    };
    let guides = [
        include_str!("../../docs/getting-started.md"),
        include_str!("../../docs/shipping.md"),
        include_str!("../../docs/security.md"),
        include_str!("../../docs/coming-from.md"),
    ];
    let pages = guides.iter().chain([&TABLE]);
    let mut followed = 0;
    for link in pages.flat_map(|page| page.split("](").skip(1)).filter_map(|rest| rest.split(')').next()) {
        let (page, heading) = link.split_once('#').unwrap_or((link, ""));
        let Some((_, text)) = PAGES.iter().find(|(name, _)| *name == page) else { continue };
        assert!(heading.is_empty() || headings(text).iter().any(|known| known == heading), "{link}");
        followed += usize::from(!heading.is_empty());
    }
    assert!(followed >= 4, "only {followed} links to a heading");
}

/// What a heading is called in a link.
fn slug(title: &str) -> String {
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[test]
fn our_names_are_declared_where_the_table_says() {
    let declared = Declared::read();
    let mut wrong = Vec::new();
    let of_glossary = rows_of(GLOSSARY).filter_map(|row| row.get(2).cloned());
    for cell in rows().filter_map(|row| row.get(1).cloned()).chain(of_glossary) {
        for code in code(&cell).filter(|code| !is_text(code)) {
            wrong.extend(declared.unknown(code).map(|name| format!("{name} in `{code}`")));
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
}

#[test]
fn a_renamed_name_is_noticed() {
    let mut declared = Declared::read();
    for (code, name, of) in [
        ("UseChatHandle::send_message", "send_message", "UseChatHandle"),
        ("drop_connection", "drop_connection", "FakeConnection"),
        ("AgentStatus::last_seen", "last_seen", "AgentStatus"),
        ("Patch::{Keep, Clear, Set}", "Clear", "Patch"),
    ] {
        assert_eq!(declared.unknown(code).next(), None, "{code}");
        assert!(declared.members.get_mut(of).is_some_and(|members| members.remove(name)), "{of} has {name}");
        assert_eq!(declared.unknown(code).next().as_deref(), Some(name), "{code}");
    }
}

/// Environment variables, JSON keys with capitals inside, files, addresses, commands: no names of Rust.
fn is_text(code: &str) -> bool {
    let camel = code.starts_with(char::is_lowercase) && code.chars().all(char::is_alphabetic);
    if camel && code.contains(char::is_uppercase) {
        return true;
    }
    code.starts_with("SENTINELOPS_")
        || code.starts_with("cargo ")
        || code.contains("://")
        || code.starts_with('/')
        || code.contains(".js")
        || code.starts_with("sentinelops-")
}

/// What the sources make public: by type, and what belongs to none.
struct Declared {
    members: BTreeMap<String, BTreeSet<String>>,
    free: BTreeSet<String>,
}

impl Declared {
    fn read() -> Self {
        let mut declared = Self { members: BTreeMap::new(), free: BTreeSet::new() };
        for source in SOURCES {
            let mut text = String::new();
            collect(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(source), &mut text);
            declared.add(&text);
        }
        declared
    }

    /// rustfmt has put every item at the start of a line and every member four spaces in.
    fn add(&mut self, text: &str) {
        let mut of: Option<String> = None;
        for line in text.lines() {
            if line == "}" {
                of = None;
            } else if line == "open_enum! {" {
                // Its first line is the name of the type it makes.
                of = Some(String::new());
            } else if let Some(member) =
                line.strip_prefix("    ").filter(|rest| !rest.starts_with([' ', '/', '#']))
            {
                let Some(of) = &of else { continue };
                let names = self.members.entry(of.clone()).or_default();
                let is_variant = member.starts_with(char::is_uppercase);
                let rest = member.strip_prefix("pub ").unwrap_or(if is_variant { member } else { "" });
                let rest =
                    rest.strip_prefix("async ").or_else(|| rest.strip_prefix("const ")).unwrap_or(rest);
                names.extend(words(rest.strip_prefix("fn ").unwrap_or(rest)).next().map(str::to_owned));
            } else if let Some(rest) = line.strip_prefix("pub ").or_else(|| line.strip_prefix("impl")) {
                let item = line.starts_with("pub ");
                let rest = if item { rest } else { after_generics(rest) };
                let mut parts = words(rest);
                let kind = if item { parts.next() } else { Some("impl") };
                let Some(name) = parts.next() else { continue };
                if item && rest.contains("//") || line.contains(" for ") && !item {
                    continue;
                }
                if item {
                    self.free.insert(name.to_owned());
                }
                if matches!(kind, Some("impl" | "struct" | "enum" | "trait")) && line.ends_with('{') {
                    self.members.entry(name.to_owned()).or_default();
                    of = Some(name.to_owned());
                }
            }
        }
    }

    /// Names in a piece of code that nothing public has. `Type::name` and `Type::{a, b}` ask the type; a name alone
    /// asks everything.
    fn unknown(&self, code: &str) -> impl Iterator<Item = String> {
        let mut of: Option<&BTreeSet<String>> = None;
        let mut inside = false;
        let mut unknown = Vec::new();
        let mut rest = code;
        while let Some(word) = words(rest).next() {
            let at = rest.find(word).unwrap_or_default();
            let before = &rest[..at];
            rest = &rest[at + word.len()..];
            inside = (inside && !before.contains('}')) || before.ends_with("::{");
            let asked = of.filter(|_| before == "::" || inside);
            let known = match asked {
                Some(members) => members.contains(word),
                None => self.free.contains(word) || self.members.values().any(|names| names.contains(word)),
            };
            if !known && !NOT_OURS.contains(&word) {
                unknown.push(word.to_owned());
            }
            if !inside {
                of = self.members.get(word).filter(|_| rest.starts_with("::"));
            }
        }
        unknown.into_iter()
    }
}

/// `impl<T: Bound> Type` without what stands in the first brackets.
fn after_generics(rest: &str) -> &str {
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ if depth == 0 => return &rest[at..],
            _ => {}
        }
    }
    rest
}

pub fn collect(path: std::path::PathBuf, into: &mut String) {
    match std::fs::read_dir(&path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(entry.path(), into)),
        Err(_) => into.push_str(&std::fs::read_to_string(path).unwrap_or_default()),
    }
}
