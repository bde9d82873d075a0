//! A `.tar.gz` that is the same bytes for the same files: names in order, no times, no owners.

use super::walk;
use crate::root;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::path::Path;

/// Files by their path in the archive: content, and whether it may be run.
#[derive(Default)]
pub struct Files(BTreeMap<String, (Vec<u8>, bool)>);

impl Files {
    pub fn add_bytes(&mut self, name: &str, content: Vec<u8>) {
        self.0.insert(name.to_owned(), (content, false));
    }

    /// A file, or a folder with all that is in it.
    pub fn add(&mut self, name: &str, path: &Path) -> Result<()> {
        let mut found = Vec::new();
        if path.is_dir() {
            walk(path, path, &mut found)?;
            found.iter_mut().for_each(|(below, _)| *below = format!("{name}/{below}"));
        } else {
            found.push((name.to_owned(), path.to_owned()));
        }
        for (name, path) in found {
            let content = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let may_run = root::is_executable(&path);
            self.0.insert(name, (content, may_run));
        }
        Ok(())
    }

    /// Everything below one folder.
    pub fn pack(&self, folder: &str) -> Result<Vec<u8>> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
        for (name, (content, may_run)) in &self.0 {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(if *may_run { 0o755 } else { 0o644 });
            header.set_mtime(0);
            tar.append_data(&mut header, format!("{folder}/{name}"), &content[..])?;
        }
        Ok(tar.into_inner()?.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn files_come_out_below_one_folder_with_their_content() {
        let mut files = Files::default();
        files.add_bytes("b/c.txt", b"two".to_vec());
        files.add_bytes("a", b"one".to_vec());
        let packed = files.pack("name-1").unwrap();
        assert_eq!(packed, files.pack("name-1").unwrap(), "the same bytes again");
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&packed[..]));
        let mut found = Vec::new();
        for entry in tar.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((
                entry.path().unwrap().to_string_lossy().into_owned(),
                text,
                entry.header().mode().unwrap(),
            ));
        }
        let expected = [("name-1/a", "one", 0o644), ("name-1/b/c.txt", "two", 0o644)];
        assert_eq!(found, expected.map(|(path, text, mode)| (path.to_owned(), text.to_owned(), mode)));
    }
}
