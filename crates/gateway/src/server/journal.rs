//! `--remember`: one JSON record a line, appended before the ack that depends on it goes out.
//!
//! What was flushed survives the death of the process (kill -9), not of the machine: there is no
//! fsync per message.

use crate::{Durable, Record};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The file is written anew, shorter, when it has grown by this much.
const COMPACT_AFTER: usize = 32 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: BufWriter<File>,
    appended: usize,
}

impl Journal {
    /// Reads what is remembered, compacts the file and opens it. Also returns how many lines could
    /// not be read: one at the end is what a crash leaves behind.
    pub(super) fn open(path: &Path, max_items: usize) -> io::Result<(Self, Durable, usize)> {
        let (durable, unread) = match read(path, max_items) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Durable::default(), 0),
            read => read?,
        };
        let file = compact(path, &durable)?;
        Ok((Self { path: path.to_owned(), file, appended: 0 }, durable, unread))
    }

    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        self.appended += write(&mut self.file, record)?;
        if record.accepted.is_some() { self.file.flush() } else { Ok(()) }
    }

    /// Once in a while; events that no client waits for are flushed here.
    pub(super) fn tidy(&mut self, durable: impl FnOnce() -> Durable) -> io::Result<()> {
        self.file.flush()?;
        if self.appended >= COMPACT_AFTER {
            self.file = compact(&self.path, &durable())?;
            self.appended = 0;
        }
        Ok(())
    }
}

/// What a journal holds, and how many of its lines cannot be read.
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

fn write(file: &mut BufWriter<File>, record: &Record) -> io::Result<usize> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    file.write_all(&line)?;
    Ok(line.len())
}

/// Beside the file first, then in its place: a crash leaves the old one or the new one.
fn compact(path: &Path, durable: &Durable) -> io::Result<BufWriter<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    let mut file = BufWriter::new(File::create(&beside)?);
    for record in durable.records() {
        write(&mut file, &record)?;
    }
    file.flush()?;
    drop(file);
    fs::rename(&beside, path)?;
    Ok(BufWriter::new(OpenOptions::new().append(true).open(path)?))
}
