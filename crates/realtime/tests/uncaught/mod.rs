//! Any uncaught error or unhandled rejection fails the test it happens in, unless that test expects it.

use gloo::timers::future::TimeoutFuture;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(inline_js = r#"
    const uncaught = [];
    let expected = [];
    let seen = 0;
    const note = (event, text) => {
        if (!expected.some((part) => text.includes(part))) return uncaught.push(text);
        seen += 1;
        event.preventDefault();
    };
    self.addEventListener("error", (event) => {
        // Elements that did not load send a plain event, and do not bubble.
        if (event.message) note(event, `${event.message} (${event.filename}:${event.lineno})`);
    });
    self.addEventListener("unhandledrejection", (event) => note(event, `unhandled rejection: ${event.reason}`));
    // The runner polls each test by this function, which it may define after this module has run. What it throws is
    // how the test ends.
    let poll = self.__wbg_test_invoke;
    const guarded = (test) => {
        const found = uncaught.splice(0);
        if (found.length > 0) throw new Error(`uncaught in this test or after the one before it: ${found.join("; ")}`);
        return poll(test);
    };
    Object.defineProperty(self, "__wbg_test_invoke", {
        configurable: true,
        get: () => guarded,
        set: (given) => { poll = given; },
    });
    export function expect(text) { expected.push(text); seen = 0; }
    export function expect_no_more() { expected = []; return seen; }
    export function raise(text) {
        setTimeout(() => { throw new Error(text); }, 0);
        Promise.reject(new Error(text));
    }
    export function fails_after(text) {
        self.dispatchEvent(new ErrorEvent("error", { message: text }));
        try { guarded(() => {}); } catch (error) { return error.message; }
        return "";
    }
"#)]
extern "C" {
    fn expect(text: &str);
    fn expect_no_more() -> u32;
    fn raise(text: &str);
    fn fails_after(text: &str) -> String;
}

/// Uncaught errors with this text in them are expected, until it is dropped.
#[must_use = "dropping it ends the expectation"]
pub struct Expected(());

impl Expected {
    /// Of errors with this text.
    pub fn new(text: &str) -> Self {
        expect(text);
        Self(())
    }

    /// How many there were.
    pub fn count(self) -> u32 {
        expect_no_more()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        let _ = expect_no_more();
    }
}

#[wasm_bindgen_test]
async fn an_uncaught_error_fails_the_test_that_does_not_expect_it() {
    assert!(fails_after("nobody expects it").contains("nobody expects it"));
    let expected = Expected::new("raised by a test");
    raise("raised by a test");
    TimeoutFuture::new(50).await;
    assert_eq!(expected.count(), 2, "an error and a rejection");
}
