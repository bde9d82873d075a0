//! What people and machines say in the scenario.

use sentinelops_protocol::domain::IncidentStatus;

/// Agent ids and names.
pub(super) const AGENTS: [(&str, &str); 9] = [
    ("agent-1", "Amara Okafor"),
    ("agent-2", "Jonas Lindqvist"),
    ("agent-3", "Priya Raman"),
    ("agent-4", "Mateo Alvarez"),
    ("agent-5", "Hana Kobayashi"),
    ("agent-6", "Tomasz Nowak"),
    ("agent-7", "Leila Haddad"),
    ("agent-8", "Grace Mwangi"),
    ("agent-9", "Emil Petersen"),
];

/// Services that break.
pub(super) const SERVICES: [&str; 14] = [
    "checkout-api",
    "payments",
    "search",
    "login",
    "catalog",
    "notifications",
    "billing",
    "image-resizer",
    "orders-db",
    "session-cache",
    "edge-proxy",
    "webhooks",
    "reporting",
    "mobile-gateway",
];

/// How they break.
pub(super) const SYMPTOMS: [&str; 16] = [
    "error rate above 5 %",
    "p99 latency over 2 s",
    "requests time out in eu-west",
    "connection pool exhausted",
    "disk 92 % full on the primary",
    "replication lag over 60 s",
    "certificate expires in 48 h",
    "memory grows without end since the last deploy",
    "queue backlog above 100,000",
    "health check fails in two zones",
    "rate limiter rejects valid traffic",
    "stale reads after failover",
    "DNS lookups fail now and then",
    "5xx after feature flag rollout",
    "crash loop on start",
    "traffic dropped by 40 %",
];

/// What raises alerts.
pub(super) const SOURCES: [&str; 5] = ["prometheus", "synthetics", "cloud-status", "logs", "pagerduty"];

/// Small talk of an operations room.
pub(super) const GENERAL: [&str; 10] = [
    "Handover in ten minutes, please update your incidents.",
    "I take the next page, Tomasz is at lunch.",
    "Deploy freeze starts at 18:00.",
    "Does anybody know who owns the webhook retries?",
    "Status page is up to date.",
    "Dashboards are slow for me too, looking.",
    "Back online.",
    "Reminder: the failover drill is tomorrow at nine.",
    "Runbook for the cache is fixed, have a look.",
    "Thanks, that was quick.",
];

/// Deploys and the like: activity that belongs to no incident.
pub(super) const CHORES: [&str; 8] = [
    "deployed",
    "rolled back",
    "scaled up",
    "restarted",
    "rotated the keys of",
    "drained a node of",
    "updated the runbook of",
    "silenced alerts of",
];

/// The chat message about an incident at this point of its life.
pub(super) fn about(status: Option<&IncidentStatus>) -> &'static [&'static str] {
    match status {
        Some(IncidentStatus::New) => &[
            "Seeing this too, who takes it?",
            "Started about five minutes ago by the graphs.",
            "Customers are writing in about this.",
        ],
        Some(IncidentStatus::Acknowledged) => {
            &["On it.", "Pulling the logs now.", "Can somebody check whether the last deploy touched this?"]
        }
        Some(IncidentStatus::Investigating) => &[
            "It is only one of three nodes.",
            "Correlates with the config change at quarter past.",
            "Rolling back the last release.",
            "The connection count doubles every ten minutes.",
            "Restart helped for a minute, then it came back.",
            "I have a flame graph, sharing it in a second.",
        ],
        Some(IncidentStatus::Escalated) => &[
            "Database team is joining.",
            "Vendor ticket is open, waiting for their answer.",
            "Failing over to the second region.",
        ],
        _ => &[
            "Green for fifteen minutes. Closing.",
            "I will write the review tomorrow.",
            "Fix is in, metrics are back to normal.",
        ],
    }
}
