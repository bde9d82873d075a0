//! What frames both pages: banners, theme.

mod banner;
mod banners;
mod connection;
mod me;
mod theme;

pub use banner::{Banner, BannerKind, BannerProps};
pub use banners::Banners;
pub use connection::ConnectionButton;
pub use me::Me;
pub use theme::{Theme, ThemeToggle};
