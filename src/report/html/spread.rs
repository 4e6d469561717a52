//! The chart of how recordings spread over time.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::charts::{BOTTOM, Chart, LEFT, RIGHT, TOP, frame, scale};
use crate::base::thousands;
use crate::report::across::OfRun;

/// Most points of the line, and most rows of its table. Guesses: more cannot be told apart, or read.
const MAX_POINTS: usize = 370;
const MAX_ROWS: usize = 60;

/// The recordings that were found so far, by the day of the run; `None` if there is no run.
pub(super) fn chart(runs: &[OfRun]) -> Option<Chart> {
    let points = points(runs);
    let (first, last) = (points.first()?, points.last()?);
    let days = (last.0 - first.0).num_days().max(1) as f64;
    let most = last.2;
    let x = |day: NaiveDate| LEFT + (day - first.0).num_days() as f64 / days * (RIGHT - LEFT);
    let y = |count: u64| BOTTOM - count as f64 / scale(most) as f64 * (BOTTOM - TOP);
    let mut svg = frame(most, "day of the run");
    // A step: what is found on a day stays from then on.
    let mut line = format!("{LEFT:.1},{:.1} ", y(first.2));
    let mut before = first.2;
    for (day, _, count) in &points {
        let _ = write!(line, "{0:.1},{1:.1} {0:.1},{2:.1} ", x(*day), y(before), y(*count));
        before = *count;
    }
    let _ = write!(svg, "<polyline class=\"line\" points=\"{}\"/>", line.trim_end());
    if points.len() <= MAX_ROWS {
        for (day, _, count) in &points {
            let (x, y) = (x(*day), y(*count));
            let _ = write!(svg, "<circle class=\"point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
        }
    }
    let ticks = [(LEFT, "start", first), (RIGHT, "end", last)];
    for (at, anchor, (day, ..)) in &ticks[..if first.0 == last.0 { 1 } else { 2 }] {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{at}\" y=\"{}\" text-anchor=\"{anchor}\">{day}</text>",
            BOTTOM + 15.0
        );
    }
    let row = |(day, new, count): &(NaiveDate, u64, u64)| {
        vec![day.to_string(), thousands(*new), thousands(*count)]
    };
    let skipped = points.len().saturating_sub(MAX_ROWS);
    Some(Chart {
        id: "spread",
        title: "Spread over time",
        sentence: format!(
            "Recordings of which a match was found so far, by the day of the run: {} on {}, {} on {}.",
            thousands(first.2),
            first.0,
            thousands(most),
            last.0
        ),
        svg,
        head: vec!["Day", "New", "So far"],
        rows: points.iter().skip(skipped).map(row).collect(),
        verdicts: false,
    })
}

/// The last state of each day: the day, the recordings that were new on it, and those found so far.
fn points(runs: &[OfRun]) -> Vec<(NaiveDate, u64, u64)> {
    let mut points: Vec<(NaiveDate, u64, u64)> = Vec::new();
    for run in runs {
        let Ok(day) = NaiveDate::parse_from_str(&run.day, "%Y-%m-%d") else { continue };
        match points.last_mut() {
            Some(last) if last.0 == day => {
                last.1 += run.new;
                last.2 = run.so_far;
            }
            _ => points.push((day, run.new, run.so_far)),
        }
    }
    // Neighbours are taken together until there are few enough.
    while points.len() > MAX_POINTS {
        let sum = |pair: &[(NaiveDate, u64, u64)]| {
            let last = pair[pair.len() - 1];
            (last.0, pair.iter().map(|point| point.1).sum(), last.2)
        };
        points = points.chunks(2).map(sum).collect();
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(day: &str, new: u64, so_far: u64) -> OfRun {
        OfRun {
            run_id: 1,
            day: day.into(),
            dump: 1,
            complete: true,
            newest: true,
            mode: "full".into(),
            catalogue_recordings: 10,
            catalogue_digest: String::new(),
            manifest_digest: String::new(),
            recordings: so_far,
            new,
            so_far,
        }
    }

    #[test]
    fn runs_of_one_day_are_one_point_and_the_line_never_falls() {
        let runs = [run("2026-11-01", 2, 2), run("2026-11-01", 1, 3), run("2026-11-30", 4, 7)];
        let chart = chart(&runs).unwrap();
        assert_eq!(chart.rows, [["2026-11-01", "3", "3"], ["2026-11-30", "4", "7"]]);
        assert!(
            chart.sentence.ends_with(": 3 on 2026-11-01, 7 on 2026-11-30."),
            "{}",
            chart.sentence
        );
        assert!(super::chart(&[]).is_none());
        assert!(super::chart(&runs[..1]).unwrap().svg.contains("<circle"));
    }

    #[test]
    fn years_of_nightly_runs_are_some_hundred_points() {
        let begin = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
        let day = |at: u64| (begin + chrono::Days::new(at)).to_string();
        let runs: Vec<_> = (0..3_000).map(|at| run(&day(at), 1, at + 1)).collect();
        let points = points(&runs);
        assert!(points.len() <= MAX_POINTS && points.len() > 100, "{}", points.len());
        assert_eq!(points.iter().map(|point| point.1).sum::<u64>(), 3_000);
        assert_eq!(points.last().unwrap().2, 3_000);
        assert_eq!(chart(&runs).unwrap().rows.len(), MAX_ROWS);
    }
}
