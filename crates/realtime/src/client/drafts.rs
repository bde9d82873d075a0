//! What people were writing and have not sent: it outlives another view, a reload and a crash of the page, in the
//! browser's `localStorage`, and ends with the session. Where messages are not to be stored it is kept in memory.

use super::Client;

/// Most conversations with a draft; with more, the one that was written to longest ago is forgotten.
const DRAFTS_MAX: usize = 20;
/// The longest draft that is kept, characters.
const LENGTH_MAX: usize = 8_000;
/// Between two drafts, and between a conversation and its text: control characters for just this.
const RECORD: char = '\u{1e}';
const FIELD: char = '\u{1f}';

/// The drafts in a stored text, the one that was written last first.
fn parse(stored: &str) -> impl Iterator<Item = (&str, &str)> {
    stored.split(RECORD).filter_map(|record| record.split_once(FIELD))
}

/// `stored` with another text for this conversation; an empty one takes it out.
fn put(stored: &str, conversation: &str, text: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| ![RECORD, FIELD].contains(c)).take(LENGTH_MAX).collect()
    };
    let (conversation, text) = (plain(conversation), plain(text));
    let others = parse(stored).filter(|(other, _)| *other != conversation);
    let new = Some((&*conversation, &*text)).filter(|(_, text)| !text.is_empty());
    let mut out = String::new();
    for (conversation, text) in new.into_iter().chain(others).take(DRAFTS_MAX) {
        out.push_str(conversation);
        out.push(FIELD);
        out.push_str(text);
        out.push(RECORD);
    }
    out
}

impl Client {
    /// What was being written to a conversation and not sent, on this device, by this user; empty: nothing.
    ///
    /// ```
    /// use sentinelops_realtime::use_client;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Field() -> Html {
    ///     let client = use_client();
    ///     html! { <textarea value={client.draft("conv-1")} /> }
    /// }
    /// ```
    pub fn draft(&self, conversation: &str) -> String {
        let stored = self.stored_drafts();
        let found = parse(&stored).find(|(known, _)| *known == conversation);
        found.map(|(_, text)| text.to_owned()).unwrap_or_default()
    }

    /// Keeps what is being written to a conversation; an empty text forgets it. The 20 newest drafts of a user are kept,
    /// 8,000 characters of each, until they are sent or the session ends. With [`OutboxOptions::persist`] off they end
    /// with the page.
    ///
    /// [`OutboxOptions::persist`]: sentinelops_engine::OutboxOptions::persist
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// fn typed(client: &Client, text: &str) {
    ///     client.set_draft("conv-1", text);
    /// }
    /// ```
    pub fn set_draft(&self, conversation: &str, text: &str) {
        if !self.is_signed_out() {
            self.store_drafts(&put(&self.stored_drafts(), conversation, text));
        }
    }

    /// The session is over: they were this user's.
    pub(super) fn drop_drafts(&self) {
        self.store_drafts("");
    }

    fn stored_drafts(&self) -> String {
        if self.0.settings.options.outbox.persist {
            self.platform().drafts(&self.draft_scope()).unwrap_or_default()
        } else {
            self.state().sends.drafts.clone()
        }
    }

    fn store_drafts(&self, text: &str) {
        if self.0.settings.options.outbox.persist {
            self.platform().keep_drafts(&self.draft_scope(), Some(text).filter(|text| !text.is_empty()));
        } else {
            text.clone_into(&mut self.state_mut().sends.drafts);
        }
    }

    fn draft_scope(&self) -> String {
        self.0.settings.scope(&self.platform().base_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stored: &str) -> Vec<(&str, &str)> {
        parse(stored).collect()
    }

    #[test]
    fn a_draft_replaces_its_own_and_an_empty_one_ends_it() {
        let mut stored = put("", "a", "one\ttwo | \"three\"");
        stored = put(&stored, "b", "other");
        stored = put(&stored, "a", "one");
        assert_eq!(all(&stored), [("a", "one"), ("b", "other")]);
        stored = put(&stored, "a", "");
        assert_eq!(all(&stored), [("b", "other")]);
        assert_eq!(put(&stored, "b", ""), "");
    }

    #[test]
    fn drafts_are_bounded_and_the_oldest_goes_first() {
        let mut stored = String::new();
        for n in 0..30 {
            stored = put(&stored, &format!("c{n}"), &"é".repeat(10_000));
        }
        let kept = all(&stored);
        assert_eq!(kept.len(), DRAFTS_MAX);
        assert_eq!((kept[0].0, kept[19].0), ("c29", "c10"));
        assert!(kept.iter().all(|(_, text)| text.chars().count() == LENGTH_MAX));
    }

    #[test]
    fn no_text_breaks_the_stored_form() {
        let stored = put(&put("", "a", "x"), "b\u{1f}c", "1\u{1e}a\u{1f}2");
        assert_eq!(all(&stored), [("bc", "1a2"), ("a", "x")]);
        for damaged in ["", "\u{1e}", "no field\u{1e}a\u{1f}x"] {
            assert!(all(damaged).iter().all(|draft| *draft == ("a", "x")), "{damaged:?}");
        }
    }
}
