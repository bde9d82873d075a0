//! Commands of backends: the same judge as over a socket, without a connection.

use super::commands::{TAKEN_ID, is_notice, may};
use super::ids::{Known, hash};
use super::types::{Answer, Now, Output, Verdict};
use super::{Gateway, Identity};
use sentinelops_protocol::{Code, Command, ordering_key};

impl Gateway {
    /// Commands of a user, in order; the id of each makes it take effect once. Answered with [`Output::Answer`] and the
    /// same `request` when everything is committed. Behind one that is refused for now the others wait: the request may
    /// come again as a whole.
    pub fn publish_as(&mut self, now: Now, request: u64, identity: &Identity, commands: &[Command]) {
        if self.is_shared() {
            self.enqueue_request(now, request, identity, commands);
            return self.settle(now);
        }
        let mut verdicts: Vec<Verdict> = Vec::with_capacity(commands.len());
        for command in commands {
            let verdict = self.verdict(now, identity, command, verdicts.last());
            self.count_verdict(&verdict);
            verdicts.push(verdict);
        }
        self.output(Output::Answer { request, answer: Answer::Judged(verdicts) });
        self.settle(now);
    }

    /// `last` is the verdict on the command before it.
    pub(super) fn verdict(
        &mut self,
        now: Now,
        identity: &Identity,
        command: &Command,
        last: Option<&Verdict>,
    ) -> Verdict {
        match last {
            Some(Verdict::Deferred { code, retry_after_ms, .. }) => Verdict::Deferred {
                code: code.clone(),
                message: "something earlier of the same request has to come first".to_owned(),
                retry_after_ms: *retry_after_ms,
            },
            _ => self.judge_request(now, identity, command),
        }
    }

    pub(super) fn count_verdict(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Refused { .. } => self.stats.refused += 1,
            Verdict::Deferred { .. } => self.stats.deferred += 1,
            Verdict::Repeated => self.stats.repeated += 1,
            Verdict::Accepted => {}
        }
    }

    fn judge_request(&mut self, now: Now, identity: &Identity, command: &Command) -> Verdict {
        if is_notice(command) {
            let message = format!("{} is for connections: it is kept nowhere", command.kind);
            return Verdict::Refused { code: Code::UnknownType, message };
        }
        if let Some(retry_after_ms) = self.unavailable {
            let message = "the server cannot store anything at the moment".to_owned();
            return Verdict::Deferred { code: Code::Unavailable, message, retry_after_ms };
        }
        let key = ordering_key(command.channel, &command.payload);
        let hash = hash(command);
        match self.ids.known(&identity.user, &command.id, hash) {
            Known::Same => Verdict::Repeated,
            Known::Other => Verdict::Refused { code: Code::DuplicateId, message: TAKEN_ID.to_owned() },
            Known::New => match self.judge_new(now, identity, command, key, hash) {
                Ok(verdict) => verdict,
                Err(message) => Verdict::Refused { code: Code::Forbidden, message },
            },
        }
    }

    fn judge_new(
        &mut self,
        now: Now,
        identity: &Identity,
        command: &Command,
        key: Option<String>,
        hash: u64,
    ) -> Result<Verdict, String> {
        may(&identity.rights, command, key.as_deref())?;
        Ok(self.take_in(now, &identity.user, command, key, hash))
    }
}
