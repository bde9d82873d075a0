//! What frames both pages: top bar, banners, theme.

mod banner;
mod banners;
mod theme;
mod top_bar;
mod unload_guard;

pub use banner::{Banner, BannerKind, BannerProps};
pub use banners::Banners;
pub use theme::{Theme, ThemeToggle};
pub use top_bar::TopBar;
pub use unload_guard::UnloadGuard;
