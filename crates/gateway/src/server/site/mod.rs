//! `--serve DIR`: the built console, as a CDN serves it. Files as they are, precompressed where a browser takes that;
//! each answer with what `DIR/_headers` says for its path; `index.html` for the routes of the app.

mod page;
mod rules;

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use rules::Rules;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tower_http::services::ServeDir;

const PAGE: &str = "index.html";
const NOT_FOUND_PAGE: &str = "404.html";
const HEADERS: &str = "_headers";

/// A built console.
#[derive(Debug)]
pub(super) struct Site {
    dir: PathBuf,
    files: ServeDir,
    rules: Rules,
    /// The path it is deployed below, with both slashes.
    base: String,
}

impl Site {
    /// # Errors
    /// A sentence: the folder is no build of the console, or its headers cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            std::fs::read_to_string(dir.join(name)).map_err(|error| {
                format!(
                    "cannot read {} (--serve): {error}; a folder that `cargo xtask build` wrote is allowed",
                    dir.join(name).display()
                )
            })
        };
        let page = read(PAGE)?;
        let base = page::base(&page).ok_or_else(|| {
            format!(
                "{} (--serve) is no page of the console: its meta element sentinelops-base is missing",
                dir.join(PAGE).display()
            )
        })?;
        let rules = Rules::parse(&read(HEADERS)?)
            .map_err(|error| format!("{} (--serve), {error}", dir.join(HEADERS).display()))?;
        let files = ServeDir::new(dir)
            .append_index_html_on_directories(false)
            .redirect_to_trailing_slash(false)
            .precompressed_br()
            .precompressed_gzip();
        Ok(Self { dir: dir.to_owned(), files, rules, base: base.to_owned() })
    }

    pub(super) async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let mut response = self.find(request, &path).await;
        let is_found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
        for (name, value) in self.rules.of(&path) {
            if let Some(name) = name {
                response.headers_mut().insert(name, value);
            }
        }
        // What the rules say of a file is not for its absence: "for ever" would outlive the file's coming.
        if !is_found || !response.headers().contains_key(CACHE_CONTROL) {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        response
    }

    async fn find(&self, request: Request, path: &str) -> Response {
        let Some(below) = path.strip_prefix(&self.base) else {
            return match path == "/" || self.base.strip_suffix('/') == Some(path) {
                true => Redirect::temporary(&self.base).into_response(),
                false => not_found(),
            };
        };
        if below == HEADERS {
            return not_found();
        }
        let is_page = below.is_empty() || below == PAGE || below == NOT_FOUND_PAGE;
        if is_page && matches!(*request.method(), Method::GET | Method::HEAD) {
            return self.page().await;
        }
        match self.file(request, below).await {
            Some(response) => response,
            None if is_route(below) => self.page().await,
            None => not_found(),
        }
    }

    /// `None`: there is no such file.
    async fn file(&self, mut request: Request, below: &str) -> Option<Response> {
        *request.uri_mut() = Uri::try_from(format!("/{below}")).ok()?;
        match self.files.clone().try_call(request).await {
            Ok(response) if response.status() == StatusCode::NOT_FOUND => None,
            Ok(response) => Some(response.map(axum::body::Body::new)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => None,
                _ => Some(failed(&error)),
            },
        }
    }

    /// Read for each request: an operator may edit it, and a deployment replaces it.
    async fn page(&self) -> Response {
        match tokio::fs::read_to_string(self.dir.join(PAGE)).await {
            Ok(text) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], page::connected(text)).into_response(),
            Err(error) => failed(&error),
        }
    }
}

/// Addresses of the app's own have no file extension, and lead nowhere above it.
fn is_route(below: &str) -> bool {
    !below.contains('.') && !below.to_ascii_lowercase().contains("%2e")
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}

fn failed(error: &std::io::Error) -> Response {
    tracing::warn!("a file of --serve cannot be read: {error}");
    let headers = [(RETRY_AFTER, "2")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, "a file of the console cannot be read now\n").into_response()
}
