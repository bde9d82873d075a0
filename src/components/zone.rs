//! Absolute times with their zone: the device's own, or UTC. The choice is kept on this device, the same in all its tabs.

use super::commands::use_commands;
use super::hooks::use_stored;
use crate::commands::Command;
use crate::words::time as texts;
use js_sys::{Array, Date, Intl, JSON};
use std::cell::OnceCell;
use wasm_bindgen::JsValue;
use yew::prelude::*;

/// Absent: the zone of the device.
const KEY: &str = "sentinelops.zone";
const UTC: &str = "utc";

/// Swedish, because it writes `2026-11-30 03:12:04 CET`: the order of ISO 8601, and the zone.
const LOCALE: &str = "sv";
const PARTS: &str = r#"{"year":"numeric","month":"2-digit","day":"2-digit","hour":"2-digit","minute":"2-digit","second":"2-digit","timeZoneName":"short""#;

thread_local! {
    /// Of the device's zone and of UTC. A formatter costs more than a row, so there is one for all of them.
    static FORMATS: [OnceCell<Intl::DateTimeFormat>; 2] = const { [OnceCell::new(), OnceCell::new()] };
}

/// In which zone times are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Zone {
    /// UTC, not the zone of the device.
    pub is_utc: bool,
    /// Changes that.
    pub toggle: Callback<()>,
}

impl Zone {
    /// `2026-11-30 03:12:04 CET`. Empty: no calendar has the time.
    pub fn exact(&self, at: u64) -> String {
        let formatted = FORMATS.with(|formats| {
            let format = formats[usize::from(self.is_utc)].get_or_init(|| formatter(self.is_utc));
            format.format().call1(&JsValue::UNDEFINED, &Date::new(&(at as f64).into()))
        });
        formatted.ok().and_then(|text| text.as_string()).unwrap_or_default()
    }

    /// `03:12:04`.
    pub fn time(&self, at: u64) -> String {
        part(self.exact(at), 11, 19)
    }

    /// `03:12`.
    pub fn minute(&self, at: u64) -> String {
        part(self.exact(at), 11, 16)
    }

    /// `2026-11-30`.
    pub fn day(&self, at: u64) -> String {
        part(self.exact(at), 0, 10)
    }

    /// `CET`; of the other zone, `UTC`, where that is chosen.
    pub fn name(&self, at: u64) -> String {
        part(self.exact(at), 20, usize::MAX)
    }
}

fn part(text: String, from: usize, to: usize) -> String {
    text.get(from..to.min(text.len())).map_or_else(|| text.clone(), str::to_owned)
}

fn formatter(is_utc: bool) -> Intl::DateTimeFormat {
    let zone = if is_utc { r#","timeZone":"UTC"}"# } else { "}" };
    let options = JSON::parse(&format!("{PARTS}{zone}")).unwrap_or_default();
    Intl::DateTimeFormat::new(&Array::of1(&LOCALE.into()), &options.into())
}

/// See [`ZoneProvider`].
#[derive(Properties, PartialEq)]
pub struct ZoneProviderProps {
    /// What shows times.
    pub children: Html,
}

/// Gives the chosen [`Zone`] to everything below, and carries out the command that changes it.
#[component]
pub fn ZoneProvider(props: &ZoneProviderProps) -> Html {
    let stored = use_stored(AttrValue::Static(KEY));
    let is_utc = stored.text.is_some();
    let toggle = use_callback((is_utc, stored.set), |(), (is_utc, set)| {
        set.emit(if *is_utc { String::new() } else { UTC.to_owned() });
    });
    use_commands(&[Command::Zone], toggle.reform(|_| ()));
    html! { <ContextProvider<Zone> context={Zone { is_utc, toggle }}>{ props.children.clone() }</ContextProvider<Zone>> }
}

/// The chosen zone; without a provider above that of the device.
#[hook]
pub fn use_zone() -> Zone {
    use_context().unwrap_or_default()
}

/// See [`ZoneButton`].
#[derive(Properties, PartialEq)]
pub struct ZoneButtonProps {
    /// Names the zone as it is at this time (ms): summer time has a name of its own.
    pub at: u64,
}

/// Names the zone; a press changes it.
#[component]
pub fn ZoneButton(props: &ZoneButtonProps) -> Html {
    let zone = use_zone();
    let title = if zone.is_utc { texts::TO_LOCAL } else { texts::TO_UTC };
    html! {
        <button type="button" class="button button--plain button--small" {title} onclick={zone.toggle.reform(|_: MouseEvent| ())} data-testid="zone">
            { zone.name(props.at) }<span class="sr-only">{ format!(": {title}") }</span>
        </button>
    }
}
