//! The build id: the same for page and worker of one build, another as soon as any source they are made of
//! differs. The two compare it when they meet, because a browser cache may pair files of different builds.

use std::fs;
use std::path::{Path, PathBuf};

/// What page and worker have in common. In a checkout engine and protocol lie beside this crate; a published crate has
/// them by an exact version, which is that of this crate.
const SOURCES: [&str; 3] = ["src", "../protocol/src", "../engine/src"];

fn main() {
    let mut files = Vec::new();
    for source in SOURCES {
        if Path::new(source).exists() {
            println!("cargo::rerun-if-changed={source}");
            collect(Path::new(source), &mut files);
        }
    }
    // Paths in one order on every machine and file system.
    files.sort();

    let mut hash = Fnv::new();
    for file in files {
        hash.write(file.to_string_lossy().as_bytes());
        hash.write(&fs::read(&file).unwrap_or_default());
    }
    // One source builds different programs with different features and profiles.
    let mut settings: Vec<String> =
        std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CARGO_FEATURE_")).collect();
    settings.sort();
    settings.push(std::env::var("PROFILE").unwrap_or_default());
    settings.push(std::env::var("CARGO_PKG_VERSION").unwrap_or_default());
    for setting in settings {
        hash.write(setting.as_bytes());
    }
    println!("cargo::rustc-env=SENTINELOPS_BUILD_ID={:016x}", hash.0);
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(&entry.path(), files)),
        Err(_) => files.push(path.to_path_buf()),
    }
}

/// FNV-1a, 64 bit. Each part is preceded by its length, so that moving a byte between two files is seen.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn write(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
