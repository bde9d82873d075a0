//! The console's line icons, drawn in a 16 x 16 box with the current colour.

use yew::prelude::*;

/// Which icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Magnifier.
    Search,
    /// Cross.
    Close,
    /// Moon and sun: the theme switch.
    Theme,
    /// Tray: nothing here.
    Empty,
    /// Exclamation mark in a triangle.
    Warning,
    /// Exclamation mark in a disc.
    Failure,
    /// An i in a circle.
    Note,
    /// Tick.
    Tick,
    /// Two ticks.
    Ticks,
    /// A ring being drawn.
    Working,
    /// Device with a tick: saved here.
    Saved,
    /// Arrow up: on its way.
    Sent,
    /// Clock.
    Waiting,
    /// Arrow down to a line.
    Download,
    /// Arrow pointing down: to the newest.
    Down,
    /// Arrow head pointing right: opens what is below.
    Fold,
    /// Lines, each shorter: filter and order.
    Filter,
    /// Bell.
    Bell,
    /// Bell, struck out.
    BellOff,
    /// Flame-like triangle stack: incidents.
    Incidents,
    /// Pulse line: activity.
    Activity,
    /// Two heads: the team.
    Team,
    /// A head and a plus: take it.
    Take,
    /// Arrow out of a door.
    SignOut,
    /// Bin.
    Delete,
    /// Box with a tick: select it.
    Select,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Search => "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.4 10.4 13.5 13.5",
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::Theme => "M8 2.5a5.5 5.5 0 1 0 0 11ZM8 2.5a5.5 5.5 0 0 1 0 11",
            Self::Empty => "M2.5 9h3l1 2h3l1-2h3M2.5 9l2-5.5h7l2 5.5v4h-11Z",
            Self::Warning => "M8 2.2 14.4 13.4H1.6ZM8 6.4v3.2M8 11.5v.1",
            Self::Failure => "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2ZM8 5v3.6M8 10.9v.1",
            Self::Note => "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2ZM8 7.4V11M8 5v.1",
            Self::Tick => "M3.2 8.4 6.4 11.6 12.8 4.8",
            Self::Ticks => "M1.4 8.6 4.4 11.6 10 5M7.2 11l.6.6L14.4 5",
            Self::Working => "M8 2.6a5.4 5.4 0 1 1-5.4 5.4",
            Self::Saved => "M2.5 3.5h11v7h-11ZM5.5 13.3h5M6 7l1.4 1.4L10.2 5.6",
            Self::Sent => "M8 13V3.4M4.2 7.2 8 3.4l3.8 3.8",
            Self::Waiting => "M8 2.4a5.6 5.6 0 1 1 0 11.2A5.6 5.6 0 0 1 8 2.4ZM8 5v3.2l2.2 1.4",
            Self::Download => "M8 2.6v7.6M4.8 7.2 8 10.4l3.2-3.2M3 13.4h10",
            Self::Down => "M8 3v9.6M4.2 8.8 8 12.6l3.8-3.8",
            Self::Fold => "M6 3.6 10.4 8 6 12.4",
            Self::Filter => "M2 4.4h12M4.4 8h7.2M6.6 11.6h2.8",
            Self::Bell => "M4 11V7.2a4 4 0 0 1 8 0V11l1.2 1.4H2.8ZM6.6 14h2.8",
            Self::BellOff => "M4 11V7.2a4 4 0 0 1 5.6-3.7M12 7.2V11l1.2 1.4H5M6.6 14h2.8M2.6 2.6l10.8 10.8",
            Self::Incidents => "M8 2.2 13.8 8 8 13.8 2.2 8ZM8 5.4v3M8 10.4v.1",
            Self::Activity => "M1.8 8.4h2.8l2-5 3 9.4 2-4.4h2.6",
            Self::Take => {
                "M6.4 3a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8ZM2 13.2c.3-2.4 2-3.6 4.4-3.6s4.1 1.2 4.4 3.6M12.8 4.6v4M10.8 6.6h4"
            }
            Self::SignOut => "M6.4 13.4H3V2.6h3.4M10.2 5 13.2 8l-3 3M13 8H6.4",
            Self::Delete => "M2.8 4.4h10.4M6.2 4.2V2.6h3.6v1.6M4.2 4.6l.6 8.8h6.4l.6-8.8M6.8 7v4M9.2 7v4",
            Self::Select => "M2.8 2.8h10.4v10.4H2.8ZM5.2 8.2 7.2 10.2 10.9 5.8",
            Self::Team => {
                "M6 3.2a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4ZM1.8 13c.3-2.4 2-3.6 4.2-3.6s3.9 1.2 4.2 3.6M10.6 3.4a2.2 \
                 2.2 0 0 1 0 4M11.8 9.7c1.4.4 2.2 1.5 2.4 3.3"
            }
        }
    }
}

/// Decoration: what it means stands beside it in words. `size`: width and height, px.
pub fn icon_mark(icon: Icon, size: u32) -> Html {
    let size = size.to_string();
    html! {
        <svg viewBox="0 0 16 16" width={size.clone()} height={size} fill="none" stroke="currentColor"
            stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d={icon.path()} />
        </svg>
    }
}
