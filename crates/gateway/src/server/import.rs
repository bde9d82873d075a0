//! `--import-journal`: what a gateway of an earlier version kept in a file, one JSON record a line.

use crate::{Durable, Record};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// What a journal holds, and how many of its lines cannot be read: one at the end is what a crash leaves behind.
pub(super) fn read(path: &Path, max_items: usize) -> io::Result<(Durable, usize)> {
    let mut durable = Durable::default();
    let mut unread = 0;
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        match serde_json::from_slice::<Record>(&line?) {
            Ok(record) => durable.replay(record, max_items),
            Err(_) => unread += 1,
        }
    }
    Ok((durable, unread))
}
