//! The build's environment is read by the names the documentation gives. The file that reads it is compiled here once
//! with all of them set and once with none: the rest of the library has nothing to do with it.
//!
//! By hand, because `option_env!` is resolved by the compiler. A unit test sees only the environment that the test run was
//! compiled in, where none of the variables is set: it cannot distinguish a wrong name from the right one.
#![cfg(not(target_arch = "wasm32"))]

use std::path::Path;
use std::process::Command;

/// As documented, with what each is set to, in the order of the fields.
const SET: [(&str, &str); 4] = [
    ("SENTINELOPS_WEBSOCKET_URL", "wss://build.example/ws"),
    ("SENTINELOPS_ENABLE_WEBSOCKET", "false"),
    ("SENTINELOPS_ENABLE_OFFLINE_MODE", "0"),
    ("SENTINELOPS_ENABLE_MESSAGE_QUEUE", "true"),
];

/// Prints the four fields, one a line, of a program that was compiled in this environment.
fn compiled_with(name: &str, set: &[(&str, &str)]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/build_env.rs");
    let main = format!(
        "#[path = {source:?}] mod build_env;\nfn main() {{\n    let env = build_env::BuildEnv::of_this_build();\n    \
         for value in [env.url, env.enable_websocket, env.enable_offline_mode, env.enable_message_queue] {{\n        \
         println!(\"{{value:?}}\");\n    }}\n}}\n"
    );
    std::fs::write(folder.join("main.rs"), main).unwrap();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "main.rs"]).current_dir(&folder);
    for (name, _) in SET {
        rustc.env_remove(name);
    }
    assert!(rustc.envs(set.iter().copied()).status().unwrap().success());
    let printed = Command::new(folder.join("main")).output().unwrap();
    String::from_utf8(printed.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn each_variable_is_read_by_its_documented_name() {
    let api = include_str!("../docs/api.md");
    for (name, _) in SET {
        assert!(api.contains(&format!("`{name}`")), "docs/api.md does not name {name}");
    }
    assert_eq!(compiled_with("build_env_set", &SET), SET.map(|(_, value)| format!("Some({value:?})")));
    assert_eq!(compiled_with("build_env_unset", &[]), ["None"; 4]);
}
