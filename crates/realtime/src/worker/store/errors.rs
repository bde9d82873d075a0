//! What IndexedDB throws, as the engine knows it.

use indexed_db_futures::error::{DomException as IdbException, Error, OpenDbError};
use sentinelops_engine::StoreError;
use wasm_bindgen::JsCast;
use web_sys::DomException;

/// Of a request or a transaction.
pub(super) fn from_error(error: Error) -> StoreError {
    match error {
        Error::DomException(exception) => from_exception(&exception_of(exception)),
        other => StoreError::Other(other.to_string()),
    }
}

/// Of opening.
pub(super) fn from_open(error: OpenDbError) -> StoreError {
    match error {
        OpenDbError::Base(Error::DomException(exception)) => {
            let exception = exception_of(exception);
            match from_exception(&exception) {
                // Private windows and switched-off storage end here, under several names.
                StoreError::Dead(text) | StoreError::Other(text) => StoreError::Unavailable(text),
                known => known,
            }
        }
        other => StoreError::Unavailable(other.to_string()),
    }
}

/// Of `transaction.error`, where `None` stands for an abort nobody asked for.
pub(super) fn from_abort(error: Option<DomException>) -> StoreError {
    match error {
        Some(exception) => from_exception(&exception),
        // The browser aborts without a word when it closes the database.
        None => StoreError::Dead("the transaction was aborted without a reason".to_owned()),
    }
}

fn from_exception(exception: &DomException) -> StoreError {
    let text = || format!("{}: {}", exception.name(), exception.message());
    match exception.name().as_str() {
        "QuotaExceededError" => StoreError::Quota,
        "VersionError" => StoreError::NewerSchema,
        // The only constraint there is (`writer`).
        "ConstraintError" => StoreError::TakenOver,
        "InvalidStateError" | "NotFoundError" => StoreError::Dead(text()),
        _ => StoreError::Other(text()),
    }
}

fn exception_of(exception: IdbException) -> DomException {
    web_sys::DomException::from(exception).unchecked_into()
}
