//! Carries out what [`crate::attention`] decides: title, icon, notification, sound, live region. And the dialog in which
//! a person says what they want to be called for.

mod badge;
mod bell;
mod caller;
mod notify;
mod settings;
mod sound;
mod store;
mod tabs;

pub use badge::set_page_title;
pub use bell::AttentionButton;
pub use caller::{Caller, CallerProps};
pub use settings::AttentionSettings;
pub use store::{AttentionChoice, AttentionProvider, AttentionProviderProps};
