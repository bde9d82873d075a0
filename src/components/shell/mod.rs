//! What frames both pages: banners, theme.

mod banner;
mod banners;
mod theme;

pub use banner::{Banner, BannerKind, BannerProps};
pub use banners::Banners;
pub use theme::{Theme, ThemeToggle};
