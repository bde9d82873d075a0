use super::{IMMUTABLE, POLICY, console, get, request, start};
use crate::support::Folder;
use std::process::Stdio;
use tokio::process::Command;

#[tokio::test]
async fn page_is_served_with_its_headers_and_told_where_to_connect() {
    let folder = console("page", "/", "{\"debug\": true}");
    let program = start(&folder, &[]).await;
    for path in [
        "/",
        "/index.html",
        "/404.html",
        "/realtime-demo",
        "/realtime-demo?incident=inc-1.2&user=a&user=b",
        "/a/b",
    ] {
        let page = get(&program, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        assert!(page.body.contains("{\"url\":\"/ws\",\"debug\": true}</script><p>the page"), "{}", page.body);
    }
    let head = request(program.port, "HEAD", "/", "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    // What an operator edits counts from the next request on.
    let page = std::fs::read_to_string(folder.path("dist/index.html")).expect("the page");
    std::fs::write(
        folder.path("dist/index.html"),
        page.replace("{\"debug\": true}", "{\"url\": \"/other\"}"),
    )
    .expect("written");
    assert!(get(&program, "/").await.body.contains("{\"url\": \"/other\"}"));
}

#[tokio::test]
async fn files_are_sent_precompressed_where_it_is_accepted_and_kept_for_ever() {
    let folder = console("files", "/", "{}");
    let program = start(&folder, &[]).await;
    for (accepts, encoding, body) in [
        ("", "", "the program, as it is"),
        ("Accept-Encoding: gzip, deflate\r\n", "gzip", "in gzip"),
        ("Accept-Encoding: gzip, deflate, br, zstd\r\n", "br", "in brotli"),
        ("Accept-Encoding: br;q=0, gzip\r\n", "gzip", "in gzip"),
    ] {
        let file = request(program.port, "GET", "/assets/app_bg-1.wasm", accepts).await;
        assert_eq!((file.status, file.body.as_str()), (200, body), "{accepts}");
        assert_eq!(file.header("content-encoding"), encoding, "{accepts}");
        assert_eq!(file.header("vary"), "accept-encoding", "{accepts}");
        assert_eq!(file.header("content-type"), "application/wasm");
        assert_eq!(file.header("cache-control"), IMMUTABLE);
        assert_eq!(file.header("content-security-policy"), POLICY);
    }
    let script = request(program.port, "GET", "/assets/app-1.js", "Accept-Encoding: br\r\n").await;
    assert_eq!((script.header("content-encoding"), script.body.as_str()), ("", "a script"));
    assert!(script.header("content-type").starts_with("text/javascript"), "{script:?}");
    let known = format!("If-None-Match: {}\r\n", script.header("etag"));
    let again = request(program.port, "GET", "/assets/app-1.js", &known).await;
    assert_eq!((again.status, again.header("cache-control")), (304, IMMUTABLE));
}

#[tokio::test]
async fn what_is_not_there_is_a_404_that_nobody_keeps() {
    let folder = console("missing", "/", "{}");
    let program = start(&folder, &[]).await;
    for path in ["/assets/app-0.js", "/favicon.ico", "/_headers", "/realtime-demo.txt", "/assets/app-1.js/"] {
        let missing = get(&program, path).await;
        assert_eq!((missing.status, missing.header("cache-control")), (404, "no-cache"), "{path}");
        assert_eq!(missing.header("content-security-policy"), POLICY, "{path}");
        assert!(!missing.body.contains("<p>"), "{path}");
    }
    let posted = request(program.port, "POST", "/assets/app-1.js", "Content-Length: 0\r\n").await;
    assert_eq!(posted.status, 405);
    assert_eq!(request(program.port, "POST", "/index.html", "Content-Length: 0\r\n").await.status, 405);
    // The addresses of the gateway itself stay its own.
    assert_eq!(get(&program, "/ws").await.status, 426);
    assert_eq!(get(&program, "/healthz").await.header("content-type"), "application/json");
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let folder = console("outside", "/", "{}");
    let program = start(&folder, &[]).await;
    for path in [
        "/../secret",
        "/assets/../../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/%2e%2e%2fsecret",
        "/..%5csecret",
        "/assets/%2E%2E/%2E%2E/secret",
        "//../secret",
        "/.%00/../secret",
        "/%ff%fe../secret",
        "/./../secret",
    ] {
        let answer = get(&program, path).await;
        assert!(!answer.body.contains("the secret"), "{path}: {answer:?}");
        assert_eq!(answer.status, 404, "{path}");
    }
    let absolute = folder.path("secret").replace('/', "%2f");
    assert!(!get(&program, &format!("/{absolute}")).await.body.contains("the secret"));
}

#[tokio::test]
async fn a_build_for_a_path_is_served_below_it() {
    let folder = console("below", "/console/", "{}");
    let program = start(&folder, &[]).await;
    for path in ["/", "/console"] {
        let moved = get(&program, path).await;
        assert_eq!((moved.status, moved.header("location")), (307, "/console/"), "{path}");
    }
    for path in ["/console/", "/console/realtime-demo"] {
        let page = get(&program, path).await;
        assert_eq!((page.status, page.header("content-security-policy")), (200, POLICY), "{path}");
        assert!(page.body.contains("{\"url\":\"/ws\"}"), "{}", page.body);
    }
    let file = get(&program, "/console/assets/app-1.js").await;
    assert_eq!((file.body.as_str(), file.header("cache-control")), ("a script", IMMUTABLE));
    for path in ["/assets/app-1.js", "/realtime-demo", "/consoles"] {
        assert_eq!(get(&program, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_folder_that_is_no_build_of_the_console_exits_2_and_says_what_is_missing() {
    let folder = Folder::new("serve-none");
    let run = async || {
        let run = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
            .args(["--port", "0", "--dev", "--serve", &folder.path("")])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(std::time::Duration::from_secs(20), run).await.expect("it ends");
        let output = output.expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let refused = async |word: &str| {
        let (code, error) = run().await;
        assert!(code == Some(2) && error.contains("--serve") && error.contains(word), "{word}: {error}");
    };
    refused("index.html").await;
    std::fs::write(folder.path("index.html"), "<p>something else").expect("written");
    refused("sentinelops-base").await;
    std::fs::write(folder.path("index.html"), "<meta name=\"sentinelops-base\" content=\"/\">")
        .expect("written");
    refused("_headers").await;
    std::fs::write(folder.path("_headers"), "/*\n  nonsense\n").expect("written");
    refused("line 2").await;
}

#[cfg(unix)]
#[tokio::test]
async fn headers_are_read_again_at_sighup() {
    let folder = console("reload", "/", "{}");
    let log = folder.path("log");
    let program = crate::support::Program::start_logged(&["--serve", &folder.path("dist")], &log).await;
    for (headers, word, of_the_page) in
        [("/*\n  X-New: 1\n", "are read again", "1"), ("no pattern\n", "everything stays as it was", "1")]
    {
        std::fs::write(folder.path("dist/_headers"), headers).expect("written");
        program.signal("-HUP").await;
        let read = async {
            while !std::fs::read_to_string(&log).expect("a log").contains(word) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), read).await.expect("a line in the log");
        assert_eq!(get(&program, "/").await.header("x-new"), of_the_page);
    }
}
