//! The folder of a store: one process at a time.

use super::Failure;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    /// Locked as long as it is open; holds our process id.
    _lock: File,
    /// One byte, overwritten in place: that needs no room.
    unstored: File,
}

impl Folder {
    pub(super) fn lock(dir: &Path) -> Result<Self, Failure> {
        let broken = |error: std::io::Error| {
            Failure::Broken(format!(
                "cannot use {} as data folder (--data): {error}; it must be a folder this user may write to",
                dir.display()
            ))
        };
        let is_new = !dir.exists();
        fs::create_dir_all(dir).map_err(broken)?;
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).open(dir.join(name))
        };
        let mut lock = open("lock").map_err(broken)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = lock.read_to_string(&mut text);
                let holder = text.trim();
                let holder = if holder.is_empty() { "unknown" } else { holder };
                return Err(Failure::InUse(format!(
                    "{} is in use by another gateway (process {holder}): stop that one, or choose another folder with --data",
                    dir.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        lock.set_len(0).map_err(broken)?;
        write!(lock, "{}", std::process::id()).map_err(broken)?;
        let mut unstored = open("unstored").map_err(broken)?;
        if unstored.metadata().map_err(broken)?.len() == 0 {
            // A database without the note was brought here, say from a backup: clients may have seen what came after it.
            let was_brought = dir.join(super::DATABASE).exists();
            let note = if was_brought { b"1" } else { b"0" };
            unstored.write_all(note).and_then(|()| unstored.sync_all()).map_err(broken)?;
        }
        if is_new && let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            // The folder's own entry has to be on disk before anything in it counts as stored.
            File::open(parent).and_then(|parent| parent.sync_all()).map_err(broken)?;
        }
        Ok(Self { dir: dir.to_owned(), _lock: lock, unstored })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.dir.join(super::DATABASE)
    }

    pub(super) fn was_unstored(&mut self) -> bool {
        let mut byte = [0];
        let read = self.unstored.rewind().and_then(|()| self.unstored.read_exact(&mut byte));
        read.is_err() || byte != *b"0"
    }

    pub(super) fn set_unstored(&mut self, unstored: bool) {
        let byte = if unstored { b"1" } else { b"0" };
        let done = self.unstored.rewind().and_then(|()| self.unstored.write_all(byte));
        // Best effort: on a disk this full the note is all that is tried.
        let _ = done.and_then(|()| self.unstored.sync_data());
    }
}
