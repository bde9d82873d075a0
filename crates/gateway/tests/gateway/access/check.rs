//! `check-config`: everything that is wrong, without starting.

use super::{Folder, SECRET, error_of, run};

#[tokio::test]
async fn settings_that_can_be_used_exit_0_with_a_summary() {
    let folder = Folder::new("check-good");
    std::fs::write(folder.path("key"), SECRET).expect("written");
    let file = folder.path("gateway.toml");
    let settings = format!(
        "jwt_key = {:?}\naudience = [\"sentinelops\"]\nissuer = \"https://id.example\"\n\
         origin = [\"https://ops.example\"]\nops_addr = \"127.0.0.1:9464\"\ndata = {:?}\n",
        folder.path("key"),
        folder.path("data")
    );
    std::fs::write(&file, settings).expect("written");
    let output =
        run(&["--port", "4000", "check-config", "--config", &file], &[("SENTINELOPS_ORIGINS", "x")]).await;
    assert_eq!(output.status.code(), Some(0), "{}", error_of(&output));
    let summary = String::from_utf8(output.stdout).expect("text");
    for word in [
        "can be used",
        "port 4000",
        "https://ops.example",
        "9464",
        "24 h",
        "32 of a kind",
        "SENTINELOPS_ORIGIN\n",
    ] {
        assert!(summary.contains(word), "{word}: {summary}");
    }
    assert!(!summary.contains(SECRET));
    assert!(!folder.0.join("data").exists(), "it makes nothing");
}

#[tokio::test]
async fn everything_that_is_wrong_is_printed_and_the_exit_code_is_1() {
    let folder = Folder::new("check-bad");
    let file = folder.path("gateway.toml");
    std::fs::write(folder.path("data"), "a file").expect("written");
    let settings = format!(
        "jwt_key = {:?}\njwt-alg = \"HS256\"\naudience = [\"sentinelops\"]\nissuer = \"i\"\norigins = []\n\
         port = \"x\"\ntrusted_proxies = [\"10.0.0.0/99\"]\nserve = {:?}\ndata = {:?}\nlog = \"a=b=c\"\n",
        folder.path("no-key"),
        folder.path("no-dist"),
        folder.path("data")
    );
    std::fs::write(&file, settings).expect("written");
    let output = run(&["--config", &file, "--rate=-1", "check-config"], &[]).await;
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    for word in [
        "line 2: there is no key jwt-alg; the nearest one is jwt_alg",
        "line 5: there is no key origins; the nearest one is origin",
        "line 6: invalid type",
        "line 7: ",
        "10.0.0.0/99",
        "rate is -1",
        "log is \"a=b=c\"",
        "no-key",
        "no-dist/index.html",
        "is no folder",
    ] {
        assert!(error.contains(word), "{word}: {error}");
    }
    assert!(output.stdout.is_empty());
    let output = run(&["--port", "x", "check-config"], &[]).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{}", error_of(&output));
    // The same file does not start.
    let output = run(&["--port", "0", "--config", &file], &[]).await;
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("jwt-alg") && error.contains("origins"), "{error}");
}
