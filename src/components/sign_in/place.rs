//! The way to the sign-in page and back.

/// The query parameter that says where to come back to. oauth2-proxy, Authelia and others read it.
const WAY_BACK: &str = "rd";

/// What the address of a page is within its origin. `query` and `hash` bring their first character.
pub(super) fn way_back(path: &str, query: &str, hash: &str) -> String {
    // `//host` and `/\host` would be another host to a browser.
    let path = path.trim_start_matches(['/', '\\']);
    format!("/{path}{query}{hash}")
}

/// The sign-in page's address with the way back, which is encoded for a query.
pub(super) fn with_way_back(sign_in_url: &str, encoded: &str) -> String {
    let joint = if sign_in_url.contains('?') { '&' } else { '?' };
    format!("{sign_in_url}{joint}{WAY_BACK}={encoded}")
}

/// Goes to the sign-in page.
pub(super) fn leave(sign_in_url: &str) {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return };
    let part = |part: Result<String, _>| part.unwrap_or_default();
    let back = way_back(&part(location.pathname()), &part(location.search()), &part(location.hash()));
    let encoded = String::from(js_sys::encode_uri_component(&back));
    if let Err(why) = location.assign(&with_way_back(sign_in_url, &encoded)) {
        log::error!("the browser refuses to go to the sign-in page {sign_in_url}: {why:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_a_path_of_the_own_origin() {
        assert_eq!(way_back("/", "", ""), "/");
        assert_eq!(
            way_back("/console/realtime-demo", "?incident=inc-1", "#main"),
            "/console/realtime-demo?incident=inc-1#main"
        );
        for path in ["//evil.example/x", "/\\evil.example/x", "\\\\evil.example/x", "///evil.example/x"] {
            assert_eq!(way_back(path, "", ""), "/evil.example/x", "{path}");
        }
    }

    #[test]
    fn the_way_back_is_a_parameter_of_the_sign_in_page() {
        assert_eq!(with_way_back("/oauth2/start", "%2Fa"), "/oauth2/start?rd=%2Fa");
        assert_eq!(with_way_back("/login?by=sso", "%2Fa"), "/login?by=sso&rd=%2Fa");
    }
}
