//! File descriptors: every connection is one.

use super::NotMeasured;

/// What the program holds besides its connections.
#[cfg(unix)]
const BESIDES: u64 = 64;

/// Makes room for so many connections.
///
/// # Errors
/// A sentence that names the limit and how to raise it.
#[cfg(unix)]
pub(super) fn make_room(connections: usize) -> Result<(), NotMeasured> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    // Without a limit that can be read the connections will show.
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return Ok(()) };
    let needed = connections as u64 + BESIDES;
    if needed <= soft || (needed <= hard && setrlimit(Resource::RLIMIT_NOFILE, needed, hard).is_ok()) {
        return Ok(());
    }
    Err(NotMeasured(too_few(connections, needed, hard)))
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(super) fn make_room(_: usize) -> Result<(), NotMeasured> {
    Ok(())
}

#[cfg(unix)]
fn too_few(connections: usize, needed: u64, hard: u64) -> String {
    format!(
        "{connections} connections need {needed} file descriptors, and this process may have {hard} at most: \
         ask for fewer connections, or raise the limit (`ulimit -Hn {needed}` as root, or `nofile` in limits.conf); \
         the gateway needs as many"
    )
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_file_descriptors_are_refused_before_the_first() {
        let error = make_room(usize::MAX / 2).expect_err("too many").to_string();
        assert!(error.contains("file descriptors") && error.contains("ulimit -Hn"), "{error}");
        make_room(1).expect("room");
    }
}
