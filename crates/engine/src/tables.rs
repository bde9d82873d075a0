//! The tables that the documentation repeats, as text. Only the test that compares them uses this.

use crate::{close_codes, timers};

/// Timer, when it is set, how long it runs.
pub fn timer_rows() -> Vec<[String; 3]> {
    timers::rows()
}

/// Code, what the client does, what it means.
pub fn close_code_rows() -> Vec<[String; 3]> {
    let code = |code: u16| if code == 0 { "other".to_owned() } else { code.to_string() };
    let row = |row: &close_codes::CloseRow| [code(row.code), row.action.describe(), row.meaning.to_owned()];
    close_codes::TABLE.iter().map(row).collect()
}
