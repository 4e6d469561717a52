//! The charts of the page as SVG without scripts. They contain only numbers and fixed words, no untrusted text.

use std::fmt::Write as _;

use crate::base::thousands;
use crate::report::tally::{ByVerdict, PITCH_STEP_CENTS, SCORE_EDGES, TEMPO_STEP, Tally};

/// Height of a chart, which is 420 units wide, and the edges of its plot.
const HEIGHT: f64 = 190.0;
pub(super) const LEFT: f64 = 42.0;
pub(super) const RIGHT: f64 = 412.0;
pub(super) const TOP: f64 = 12.0;
pub(super) const BOTTOM: f64 = 152.0;

/// A chart: the drawing, one sentence that says what it shows, and its numbers as a table.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) sentence: String,
    pub(super) svg: String,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// Whether the colours of verdicts need their legend.
    pub(super) verdicts: bool,
}

/// All charts of findings; none if no finding is one of sound.
pub(super) fn charts(tally: &Tally) -> Vec<Chart> {
    if tally.plane.is_empty() {
        return Vec::new();
    }
    vec![scores(tally), coverage(tally, true), coverage(tally, false), plane(tally)]
}

fn sum(bin: ByVerdict) -> u64 {
    bin.iter().sum()
}

fn scores(tally: &Tally) -> Chart {
    let label = |at: usize| match at {
        0 => "under 25".to_owned(),
        _ if at == SCORE_EDGES.len() => {
            format!("{} and more", thousands(SCORE_EDGES[at - 1] as u64))
        }
        _ => format!(
            "{} to {}",
            thousands(SCORE_EDGES[at - 1] as u64),
            thousands(SCORE_EDGES[at] as u64)
        ),
    };
    let ticks: Vec<_> = SCORE_EDGES
        .iter()
        .enumerate()
        .map(|(at, edge)| (at as f64 + 1.0, thousands(*edge as u64)))
        .collect();
    let middle = median_bin(&tally.scores);
    bars(
        "scores",
        "How strong the findings are",
        format!(
            "Findings by score. Half of them score {} or more.",
            thousands(SCORE_EDGES[middle.max(1) - 1] as u64)
        ),
        (&tally.scores, "Score", label, ticks, "score, in nats"),
    )
}

/// The highest bin that at least half of the findings reach.
fn median_bin(bins: &[ByVerdict]) -> usize {
    let all: u64 = bins.iter().copied().map(sum).sum();
    let mut seen = 0;
    let reaches = |bin: &ByVerdict| {
        seen += sum(*bin);
        2 * seen >= all
    };
    bins.len() - 1 - bins.iter().rev().position(reaches).unwrap_or(0)
}

fn coverage(tally: &Tally, recording: bool) -> Chart {
    let (id, title, of, bins) = if recording {
        (
            "of-recording",
            "How much of each recording was found",
            "the recording",
            &tally.of_recording,
        )
    } else {
        ("of-item", "How much of each item is the label’s", "the item", &tally.of_item)
    };
    let whole = thousands(sum(bins[9]));
    let label = |at: usize| format!("{} to {} %", at * 10, at * 10 + 10);
    let ticks = (0..=5).map(|at| (f64::from(at) * 2.0, format!("{} %", at * 20))).collect();
    let axis = if recording {
        "share of the recording that was found"
    } else {
        "share of the item that is the recording"
    };
    bars(
        id,
        title,
        format!("Findings by the share of {of}. {whole} have more than 90 % of it."),
        (bins, "Share", label, ticks, axis),
    )
}

type Bars<'a, L> = (&'a [ByVerdict], &'static str, L, Vec<(f64, String)>, &'static str);

/// Stacked bars: matches, then suspects, then permitted findings.
fn bars(
    id: &'static str,
    title: &'static str,
    sentence: String,
    (bins, column, label, ticks, axis): Bars<impl Fn(usize) -> String>,
) -> Chart {
    let most = bins.iter().copied().map(sum).max().unwrap_or(0);
    let mut svg = frame(most, axis);
    let step = (RIGHT - LEFT) / bins.len() as f64;
    for (at, bin) in bins.iter().enumerate() {
        let x = LEFT + step * at as f64 + 2.0;
        let mut base = BOTTOM;
        for (count, class) in bin.iter().zip(["match", "suspect", "permitted"]) {
            let height = *count as f64 / scale(most) as f64 * (BOTTOM - TOP);
            if *count > 0 {
                let height = height.max(1.5);
                base -= height;
                let _ = write!(
                    svg,
                    "<rect class=\"fill-{class}\" x=\"{x:.1}\" y=\"{base:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                    step - 4.0
                );
            }
        }
    }
    for (at, text) in ticks {
        let x = LEFT + step * at;
        // Centred, the last label would reach over the edge.
        let anchor = if x + 12.0 > RIGHT { "end" } else { "middle" };
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>",
            BOTTOM + 15.0
        );
    }
    let row = |(at, bin): (usize, &ByVerdict)| {
        std::iter::once(label(at)).chain(bin.iter().map(|count| thousands(*count))).collect()
    };
    Chart {
        id,
        title,
        sentence,
        svg,
        head: vec![column, "Matches", "Suspects", "Permitted"],
        rows: bins.iter().enumerate().map(row).collect(),
        verdicts: true,
    }
}

/// The top of the axis for this largest count: the next of 1, 2, 4, 6 or 10 times a power of ten, and at least 2.
pub(super) fn scale(most: u64) -> u64 {
    let power = 10_u64.pow(most.max(1).ilog10());
    [1, 2, 4, 6, 10].into_iter().map(|n| n * power).find(|top| *top >= most).unwrap_or(most).max(2)
}

/// The axis with its lines and numbers.
pub(super) fn frame(most: u64, axis: &str) -> String {
    let top = scale(most);
    let mut svg = String::new();
    for (count, y) in [(0, BOTTOM), (top / 2, f64::midpoint(TOP, BOTTOM)), (top, TOP)] {
        let _ = write!(
            svg,
            "<line class=\"rule\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y}\" y2=\"{y}\"/><text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            thousands(count)
        );
    }
    let _ = write!(
        svg,
        "<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{axis}</text>",
        f64::midpoint(LEFT, RIGHT),
        HEIGHT - 5.0
    );
    svg
}

/// Tempo against pitch: a circle for each bin; its size grows with the logarithm of the number of findings.
fn plane(tally: &Tally) -> Chart {
    let reach = |values: &mut dyn Iterator<Item = i8>, least: i8| {
        values.map(i8::abs).max().unwrap_or(0).max(least) + 2
    };
    let tempos = f64::from(reach(&mut tally.plane.keys().map(|k| k.0), 13));
    let pitches = f64::from(reach(&mut tally.plane.keys().map(|k| k.1), 8));
    let middle = (f64::midpoint(LEFT, RIGHT), f64::midpoint(TOP, BOTTOM));
    let x = |step: f64| middle.0 + step / tempos * (RIGHT - LEFT) / 2.0;
    let y = |step: f64| middle.1 - step / pitches * (BOTTOM - TOP) / 2.0;
    let mut svg = String::new();
    // A change of speed changes both: pitch = 1200 log₂ tempo.
    let mut points = String::new();
    for tenth in -100..=100 {
        let tempo = 1.0 + f64::from(tenth) / 100.0 * tempos * TEMPO_STEP;
        let step = 1_200.0 * tempo.max(0.01).log2() / PITCH_STEP_CENTS;
        if step.abs() <= pitches {
            let _ = write!(points, "{:.1},{:.1} ", x((tempo - 1.0) / TEMPO_STEP), y(step));
        }
    }
    let _ = write!(
        svg,
        "<rect class=\"plot\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{}\" height=\"{}\"/><line class=\"rule\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{across}\" y2=\"{across}\"/>\
         <line class=\"rule\" x1=\"{up}\" x2=\"{up}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/><polyline class=\"speed\" points=\"{points}\"/>",
        RIGHT - LEFT,
        BOTTOM - TOP,
        up = middle.0,
        across = middle.1
    );
    let most = tally.plane.values().copied().max().unwrap_or(1) as f64;
    for ((tempo, pitch), count) in &tally.plane {
        let radius = 3.0 + 8.0 * (*count as f64).ln_1p() / most.ln_1p();
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\"/>",
            x(f64::from(*tempo)),
            y(f64::from(*pitch))
        );
    }
    let percent = (tempos * TEMPO_STEP * 100.0).round();
    let semitones = pitches * PITCH_STEP_CENTS / 100.0;
    for (at, text) in [
        (LEFT, format!("−{percent} %")),
        (middle.0, "as released".into()),
        (RIGHT, format!("+{percent} %")),
    ] {
        let anchor = if at < middle.0 {
            "start"
        } else if at > middle.0 {
            "end"
        } else {
            "middle"
        };
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{at}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>",
            BOTTOM + 15.0
        );
    }
    for (at, text) in [
        (TOP + 8.0, format!("+{semitones}")),
        (middle.1 + 4.0, "0".into()),
        (BOTTOM, format!("−{semitones}")),
    ] {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{}\" y=\"{at}\" text-anchor=\"end\">{text}</text>",
            LEFT - 6.0
        );
    }
    let _ = write!(
        svg,
        "<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">tempo across, pitch in semitones upwards; dashed: speed</text>",
        middle.0,
        HEIGHT - 5.0
    );
    let released = tally.plane.get(&(0, 0)).copied().unwrap_or(0);
    let all: u64 = tally.plane.values().sum();
    let mut rows: Vec<_> = tally.plane.iter().collect();
    rows.sort_by_key(|(place, count)| (std::cmp::Reverse(**count), **place));
    let row = |((tempo, pitch), count): (&(i8, i8), &u64)| {
        let percent = f64::from(*tempo) * TEMPO_STEP * 100.0;
        vec![
            format!("{percent:+.0} %"),
            format!("{:+.1}", f64::from(*pitch) * PITCH_STEP_CENTS / 100.0),
            thousands(*count),
        ]
    };
    Chart {
        id: "plane",
        title: "How they were changed",
        sentence: format!(
            "Tempo against pitch. {} of {} play as released.",
            thousands(released),
            thousands(all)
        ),
        svg,
        head: vec!["Tempo", "Pitch, semitones", "Findings"],
        rows: rows.into_iter().take(40).map(row).collect(),
        verdicts: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number_not_below_the_largest_count() {
        for (most, top) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (4, 4),
            (7, 10),
            (11, 20),
            (61, 100),
            (399, 400),
            (6_001, 10_000),
        ] {
            assert_eq!(scale(most), top, "{most}");
        }
    }

    #[test]
    fn half_of_the_findings_reach_the_middle_bin() {
        assert_eq!(median_bin(&[[1, 0, 0], [1, 0, 0], [2, 0, 0]]), 2);
        assert_eq!(median_bin(&[[3, 0, 0], [0, 0, 0], [1, 0, 0]]), 0);
    }

    #[test]
    fn without_findings_of_sound_there_is_no_chart() {
        assert!(charts(&Tally::EMPTY).is_empty());
    }
}
