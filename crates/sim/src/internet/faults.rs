//! What breaks in network and server.

use super::{Internet, Traffic};
use crate::net::End;
use crate::script::NetFault;
use crate::server::{Faults, Server};
use sentinelops_protocol::close;

impl Internet {
    // What breaks.

    /// A fault of network or server; `live`: the connection it is about, `until`: turns how long into
    /// till when.
    pub fn fault(&mut self, fault: &NetFault, live: Option<usize>, until: impl Fn(u64) -> u64) {
        let now = self.now;
        match *fault {
            NetFault::Reset(server) => {
                if let Some(index) = live {
                    self.soon.push((now, Traffic::ClientReset(index)));
                    self.soon.extend(server.map(|after| (now + after, Traffic::ServerReset(index))));
                }
            }
            NetFault::Zombie(up, down) => {
                if let Some(index) = live {
                    self.conns[index].up.swallow |= up;
                    self.conns[index].down.swallow |= down;
                }
            }
            NetFault::AckLoss(ms) => {
                if let Some(index) = live {
                    self.conns[index].down.swallow = true;
                    self.soon.push((until(ms), Traffic::ClientReset(index)));
                    self.soon.push((until(ms) + 30, Traffic::ServerReset(index)));
                }
            }
            NetFault::Stall(ms) => self.stall(until(ms)),
            NetFault::Cut(ms, fast) => {
                self.stall(until(ms));
                let dials = if fast { &mut self.net.refuse_until } else { &mut self.net.silent_until };
                *dials = until(ms);
            }
            NetFault::Refuse(ms) => self.net.refuse_until = until(ms),
            NetFault::Worse(link, ms) => (self.net.worse, self.net.worse_until) = (link, until(ms)),
            NetFault::SlowLogin(ms) => self.slow_login = until(ms),
            NetFault::Restart { down, forget, polite } => self.restart(until(down), forget, polite),
            NetFault::Drain { window, down } => {
                if let Some(gateway) = &mut self.server.gateway {
                    gateway.drain(Server::now(now), "restarting", window);
                }
                self.serve();
                self.restart(until(down), false, true);
            }
            NetFault::Close(code) => {
                for index in self.server_conns() {
                    self.server_closes(index, code, "as asked");
                }
            }
            NetFault::Flap(ms) => {
                self.server.faults.flap_until = until(ms);
                for index in self.server_conns() {
                    self.server_closes(index, close::INTERNAL, "flap");
                }
            }
            NetFault::Lies(lie, ms) => {
                self.server.faults.lies.begin(lie, until(ms));
                for index in self.server_conns() {
                    self.server_closes(index, close::RESTART, "restart");
                }
            }
            NetFault::Nacks(every, ms) => {
                self.server.faults.nacks_until = until(ms);
                if let Some(gateway) = &mut self.server.gateway {
                    gateway.set_nack_every(Some(every));
                }
            }
            NetFault::Twice(ms) => self.server.faults.twice_until = until(ms),
            NetFault::Curse(channel) => self.server.faults.curse_next.push(channel),
        }
    }

    /// No fault any more.
    pub fn heal(&mut self) {
        self.net.heal();
        self.server.faults = Faults::default();
        self.server_up();
        if let Some(gateway) = &mut self.server.gateway {
            gateway.set_nack_every(None);
        }
    }

    fn server_conns(&self) -> Vec<usize> {
        let mut conns: Vec<usize> = self.server.conns.values().copied().collect();
        conns.sort_unstable();
        conns
    }

    fn stall(&mut self, until: u64) {
        for conn in &mut self.conns {
            if conn.client != End::Closed || conn.server == End::Open {
                conn.up.held_until = conn.up.held_until.max(until);
                conn.down.held_until = conn.down.held_until.max(until);
            }
        }
    }

    fn restart(&mut self, up_at: u64, forget: bool, polite: bool) {
        for index in self.server_conns() {
            let (code, reason) = if polite { (close::RESTART, "restart") } else { (close::ABNORMAL, "") };
            self.server_closes(index, code, reason);
        }
        self.note_effects();
        self.server.stop(forget);
        self.soon.push((up_at, Traffic::ServerUp));
    }
}
