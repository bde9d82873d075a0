//! The build id: the same for page and worker of one build, another as soon as any source they are made of
//! differs. The two compare it when they meet, because a browser cache may pair files of different builds.

use std::fs;
use std::path::{Path, PathBuf};

/// What the two programs are made of. Gateway and simulator are left out: their edits change neither program and
/// would only compile both anew.
const SOURCES: [&str; 4] = ["src", "crates/protocol/src", "crates/engine/src", "Cargo.lock"];
/// What `config::BuildEnv` reads: another address is another build.
const CONFIGURATION: [&str; 4] = [
    "SENTINELOPS_WEBSOCKET_URL",
    "SENTINELOPS_ENABLE_WEBSOCKET",
    "SENTINELOPS_ENABLE_OFFLINE_MODE",
    "SENTINELOPS_ENABLE_MESSAGE_QUEUE",
];

fn main() {
    let mut files = Vec::new();
    for source in SOURCES {
        // A folder that does not exist (a packaged crate) is simply no part of the build.
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
    settings.push(std::env::var("PROFILE").unwrap_or_default());
    settings.sort();
    for name in CONFIGURATION {
        println!("cargo::rerun-if-env-changed={name}");
        settings.extend(std::env::var(name).map(|value| format!("{name}={value}")));
    }
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
