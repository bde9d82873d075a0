//! Round trips of the last minutes as a small line.

use std::rc::Rc;
use yew::prelude::*;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;
/// Most points that can be distinguished at this width.
pub const CAPACITY: usize = 60;

/// See [`Sparkline`].
#[derive(Properties, PartialEq)]
pub struct SparklineProps {
    /// Oldest first, ms.
    pub samples: Rc<[f64]>,
}

/// A line from left (oldest) to right (newest). Drawn with SVG attributes only, so that it needs no style attribute.
#[component]
pub fn Sparkline(props: &SparklineProps) -> Html {
    let points = points(&props.samples);
    let last = points.last().copied();
    let text: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    html! {
        <svg class="so-status__spark" viewBox={format!("0 0 {WIDTH} {HEIGHT}")} width={WIDTH.to_string()}
            height={HEIGHT.to_string()} aria-hidden="true">
            <line class="so-status__spark-base" x1="0" x2={WIDTH.to_string()} y1={(HEIGHT - 1.0).to_string()}
                y2={(HEIGHT - 1.0).to_string()} />
            <polyline points={text.join(" ")} fill="none" stroke="currentColor" stroke-width="1.5"
                stroke-linejoin="round" stroke-linecap="round" />
            if let Some((x, y)) = last {
                <circle cx={format!("{x:.1}")} cy={format!("{y:.1}")} r="2.2" fill="currentColor" />
            }
        </svg>
    }
}

fn points(samples: &[f64]) -> Vec<(f64, f64)> {
    // The scale never falls below 100 ms: jitter of a good line must not look like a mountain range.
    let top = samples.iter().copied().fold(100.0, f64::max);
    let step = (WIDTH - 6.0) / (CAPACITY - 1) as f64;
    let right = WIDTH - 3.0;
    samples
        .iter()
        .rev()
        .take(CAPACITY)
        .enumerate()
        .map(|(back, ms)| (right - back as f64 * step, HEIGHT - 4.0 - (ms.max(0.0) / top) * (HEIGHT - 8.0)))
        .rev()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_is_right_and_slow_is_high() {
        let drawn = points(&[10.0, 400.0]);
        assert!(drawn[0].0 < drawn[1].0 && drawn[0].1 > drawn[1].1);
        assert!(points(&[]).is_empty());
        let many = vec![50.0; 500];
        assert_eq!(points(&many).len(), CAPACITY);
        assert!(points(&many).iter().all(|(x, y)| (0.0..=WIDTH).contains(x) && (0.0..=HEIGHT).contains(y)));
    }
}
