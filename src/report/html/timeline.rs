//! A finding's spans as a drawing: the item above, the recording below, and what agrees between.
//!
//! Only geometry; the template draws it. Each bar has the full width whatever its length in time,
//! so that a song in a two-hour mix shows on both.

use crate::record::{Finding, Span};

/// Width of the drawing in its own units, and of both bars.
pub(super) const WIDTH: f64 = 240.0;
/// Drawn width of the shortest span: less would not be seen.
const LEAST_WIDTH: f64 = 1.5;

/// Where a span lies on both bars, in drawing units with one decimal.
#[derive(Debug, PartialEq)]
pub(super) struct Link {
    /// Left edge and width on the item's bar.
    pub(super) item: (String, String),
    /// Left edge and width on the recording's bar.
    pub(super) recording: (String, String),
    /// Corners of the area between the bars, as SVG writes points.
    pub(super) between: String,
}

/// The links of a finding in an item of `item_seconds`; `top` and `bottom` are the heights at which
/// the item's bar ends and the recording's begins.
pub(super) fn links(finding: &Finding, item_seconds: f64, top: f64, bottom: f64) -> Vec<Link> {
    let spans: Vec<_> = finding.spans.iter().filter(|span| is_drawable(span)).collect();
    let item_end = spans.iter().map(|span| span.item_end_seconds).fold(item_seconds, f64::max);
    let recording_end = recording_seconds(finding);
    spans
        .into_iter()
        .map(|span| {
            let (a, b) = edges(span.item_start_seconds, span.item_end_seconds, item_end);
            let (c, d) =
                edges(span.recording_start_seconds, span.recording_end_seconds, recording_end);
            Link {
                item: (format!("{a:.1}"), format!("{:.1}", b - a)),
                recording: (format!("{c:.1}"), format!("{:.1}", d - c)),
                between: format!("{a:.1},{top} {b:.1},{top} {d:.1},{bottom} {c:.1},{bottom}"),
            }
        })
        .collect()
}

/// The recording's length, from what the spans cover of it and which share that is: the record
/// holds no more, and a drawing needs no better.
pub(super) fn recording_seconds(finding: &Finding) -> f64 {
    let mut stretches: Vec<_> = finding
        .spans
        .iter()
        .filter(|span| is_drawable(span))
        .map(|span| (span.recording_start_seconds, span.recording_end_seconds))
        .collect();
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut covered, mut end) = (0.0, 0.0_f64);
    for (from, to) in stretches {
        covered += (to - from.max(end)).max(0.0);
        end = end.max(to);
    }
    let share = finding.recording_coverage;
    if share > 0.0 && share <= 1.0 { (covered / share).max(end) } else { end }
}

/// Left and right edge of a stretch on a bar of `length` seconds.
fn edges(from: f64, to: f64, length: f64) -> (f64, f64) {
    if !(length.is_finite() && length > 0.0) {
        return (0.0, WIDTH);
    }
    let left = (from / length * WIDTH).clamp(0.0, WIDTH - LEAST_WIDTH);
    let right = (to / length * WIDTH).clamp(left + LEAST_WIDTH, WIDTH);
    (left, right)
}

/// Whether all four times are numbers in order; what is not is still told in words.
fn is_drawable(span: &Span) -> bool {
    let in_order =
        |from: f64, to: f64| from.is_finite() && to.is_finite() && 0.0 <= from && from <= to;
    in_order(span.item_start_seconds, span.item_end_seconds)
        && in_order(span.recording_start_seconds, span.recording_end_seconds)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::finding;
    use super::*;

    fn span(item: (f64, f64), recording: (f64, f64)) -> Span {
        Span {
            item_start_seconds: item.0,
            item_end_seconds: item.1,
            recording_start_seconds: recording.0,
            recording_end_seconds: recording.1,
        }
    }

    #[test]
    fn a_span_lies_where_its_times_lie_on_both_bars() {
        let found = Finding {
            spans: vec![span((25.0, 75.0), (0.0, 50.0))],
            recording_coverage: 0.25,
            ..finding("r1")
        };
        let drawn = links(&found, 100.0, 10.0, 30.0);
        assert_eq!(
            drawn,
            [Link {
                item: ("60.0".into(), "120.0".into()),
                recording: ("0.0".into(), "60.0".into()),
                between: "60.0,10 180.0,10 60.0,30 0.0,30".into(),
            }]
        );
    }

    #[test]
    fn a_recording_repeated_in_an_item_is_as_long_as_once() {
        let found = Finding {
            spans: vec![span((0.0, 60.0), (0.0, 60.0)), span((90.0, 150.0), (30.0, 90.0))],
            recording_coverage: 0.5,
            ..finding("r1")
        };
        assert!((recording_seconds(&found) - 180.0).abs() < 1e-9);
    }

    #[test]
    fn senseless_times_draw_nothing_and_stay_on_the_bar() {
        let found = Finding {
            spans: vec![
                span((f64::NAN, 1.0), (0.0, 1.0)),
                span((5.0, 1.0), (0.0, 1.0)),
                span((0.0, 1e300), (0.0, f64::INFINITY)),
            ],
            ..finding("r1")
        };
        assert!(links(&found, 10.0, 10.0, 30.0).is_empty());
        let (left, right) = edges(9.999, 10.0, 10.0);
        assert!(left < right && right <= WIDTH);
    }
}
