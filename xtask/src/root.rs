//! Where things are: the repository's root, its target directory, the tools on PATH, the pinned versions.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The repository's root, found at run time so that a moved or copied checkout still works.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let start = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_else(|| PathBuf::from("."));
        start.ancestors().find(|dir| dir.join("xtask/Cargo.toml").is_file()).unwrap_or(&start).to_path_buf()
    })
}

/// A path under the root.
pub fn at(relative: impl AsRef<Path>) -> PathBuf {
    root().join(relative)
}

/// Cargo's target directory, as the person set it or as cargo does by default.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => at("target"),
    }
}

/// The first executable of this name on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_executable(file))
}

/// Whether this is a file that may be run.
pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Text of a file, empty when there is none.
pub fn read_or_empty(file: impl AsRef<Path>) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// FNV-1a, 64 bit: enough to notice that a lock file changed.
pub fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
