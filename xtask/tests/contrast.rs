//! Contrast of the colours in the style sheets, in both themes. axe measures text; what identifies a control it does not
//! measure, nor what shows for a moment only.

use std::collections::BTreeMap;
use std::path::Path;

/// WCAG 1.4.3: text.
const TEXT: f64 = 4.5;
/// WCAG 1.4.11: what identifies a control.
const CONTROL: f64 = 3.0;
/// A placeholder for content to come: seen, without standing out.
const SKELETON: f64 = 1.3;

const GROUNDS: [&str; 7] = ["ground", "surface", "raised", "hover", "chosen", "well", "bubble"];
const INKS: [&str; 10] =
    ["ink", "ink-2", "ink-3", "accent", "critical", "high", "medium", "low", "good", "info"];

type Rgb = [f64; 3];

/// The tokens of a sheet that are pairs of colours: name to light and dark.
fn tokens(css: &str) -> BTreeMap<&str, [Rgb; 2]> {
    css.lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
            let (light, dark) = value.split_once("light-dark(")?.1.split_once(')')?.0.split_once(',')?;
            Some((name, [rgb(light.trim())?, rgb(dark.trim())?]))
        })
        .collect()
}

fn rgb(text: &str) -> Option<Rgb> {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let part =
        |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok().map(|value| f64::from(value) / 255.0);
    Some([part(0)?, part(2)?, part(4)?])
}

fn luminance(color: Rgb) -> f64 {
    let linear = |v: f64| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2])
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn sheet(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every pair that is below `least`.
fn below(css: &str, fronts: &[&str], grounds: &[&str], least: f64) -> Vec<String> {
    let tokens = tokens(css);
    let mut found = Vec::new();
    for front in fronts {
        for ground in grounds {
            let (Some(front_pair), Some(ground_pair)) = (tokens.get(front), tokens.get(ground)) else {
                found.push(format!("--{front} or --{ground} is no `light-dark(#…, #…)`"));
                continue;
            };
            for (at, theme) in ["light", "dark"].into_iter().enumerate() {
                let ratio = contrast(front_pair[at], ground_pair[at]);
                if ratio < least {
                    found.push(format!("{theme}: --{front} on --{ground} is {ratio:.2}, at least {least}"));
                }
            }
        }
    }
    found
}

#[test]
fn text_can_be_read_on_every_ground_and_while_a_row_is_highlighted() {
    let css = sheet("assets/app.css");
    let mut found = below(&css, &INKS, &["ground", "surface", "raised", "hover", "chosen", "touched"], TEXT);
    found.extend(below(&css, &["ink", "ink-2"], &["well", "bubble"], TEXT));
    found.extend(below(&css, &["accent-ink"], &["accent-fill"], TEXT));
    for tint in ["critical", "high", "good", "info"] {
        found.extend(below(&css, &[tint, "ink", "ink-2"], &[&format!("{tint}-tint")], TEXT));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn controls_are_identified_by_their_borders() {
    let mut found = below(&sheet("assets/app.css"), &["line-strong"], &GROUNDS, CONTROL);
    let standalone = sheet("crates/realtime/assets/connection-status.css");
    found.extend(below(&standalone, &["line"], &["surface"], CONTROL));
    found.extend(below(&standalone, &["ink", "muted", "good", "warn", "bad"], &["surface"], TEXT));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn skeletons_are_seen_at_their_faintest() {
    let css = sheet("assets/app.css");
    let opacity: f64 = css
        .split_once("@keyframes breathe { 50% { opacity: ")
        .and_then(|(_, rest)| rest.split_once(';'))
        .and_then(|(value, _)| value.parse().ok())
        .expect("@keyframes breathe { 50% { opacity: …; } }");
    let tokens = tokens(&css);
    let (bar, ground) = (tokens.get("skeleton").expect("--skeleton"), tokens["surface"]);
    for theme in 0..2 {
        let faintest =
            std::array::from_fn(|at| bar[theme][at] * opacity + ground[theme][at] * (1.0 - opacity));
        let ratio = contrast(faintest, ground[theme]);
        assert!(ratio >= SKELETON, "--skeleton at opacity {opacity} is {ratio:.2}, at least {SKELETON}");
    }
}
