//! Doors for end-to-end tests. Only in builds with the feature `faults`.

use super::socket::Socket;
use super::store::Store;

/// Does harm by name; an unknown name does none.
pub(super) fn open(name: &str, socket: Option<&Socket>, store: Option<&Store>) {
    match name {
        "panic" => panic!("a test asked for it"),
        "hang" => loop {
            std::hint::spin_loop();
        },
        "close-socket" => {
            if let Some(socket) = socket {
                socket.close_from_outside();
            }
        }
        "dead-store" => {
            if let Some(store) = store {
                store.kill_handle();
            }
        }
        _ => {}
    }
}
