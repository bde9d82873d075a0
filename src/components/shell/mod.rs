//! What frames both pages: banners, theme, the offer of a newer build.

mod banner;
mod banners;
mod connection;
mod me;
mod new_build;
mod theme;

pub use banner::{Banner, BannerKind, BannerProps};
pub use banners::Banners;
pub use connection::ConnectionButton;
pub use me::Me;
pub use new_build::{NewBuild, NewBuildProvider, NewBuildProviderProps};
pub use theme::ThemeToggle;
