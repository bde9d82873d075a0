//! What frames both pages: banners, theme.

mod banner;
mod banners;
mod theme;
mod unload_guard;

pub use banner::{Banner, BannerKind, BannerProps};
pub use banners::Banners;
pub use theme::{Theme, ThemeToggle};
pub use unload_guard::UnloadGuard;
