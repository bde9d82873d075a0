//! Actions on incidents, and the offer to take the last one back.

mod overtaken;
mod provider;
mod toast;

pub use overtaken::{Overtaken, OvertakenProps};
pub use provider::{ActionsProvider, ActionsProviderProps, Actor, use_actor};
pub use toast::UndoToast;
