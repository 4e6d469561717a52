//! Stretches of an item: cut into windows, and what is left between those that are settled.

use crate::signal::peaks::{Peak, TIME_UNITS};

/// From and to, in frames of the item.
pub(super) type Stretch = (f64, f64);

/// The parts of `0..end` that lie in none of the stretches.
pub(super) fn gaps(taken: &[Stretch], end: f64) -> Vec<Stretch> {
    let mut taken = taken.to_vec();
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut gaps = Vec::new();
    let mut at = 0.0_f64;
    for (from, to) in taken.into_iter().chain([(end, end)]) {
        if from > at {
            gaps.push((at, from));
        }
        at = at.max(to);
    }
    gaps
}

/// The peaks of a stretch, its end left out.
pub(super) fn within(peaks: &[Peak], (from, to): Stretch) -> &[Peak] {
    let unit = f64::from(TIME_UNITS);
    between(peaks, (from * unit) as u32, (to * unit) as u32)
}

/// The peaks from `start` to before `end`, in 1/16 frame.
fn between(peaks: &[Peak], start: u32, end: u32) -> &[Peak] {
    let from = peaks.partition_point(|p| p.time < start);
    let to = peaks.partition_point(|p| p.time < end);
    &peaks[from..to.max(from)]
}

/// Cuts peaks into windows of `frames`. A rest of less than half a window is added to the last.
pub(super) fn windows(peaks: &[Peak], frames: u32) -> Vec<&[Peak]> {
    let length = frames * TIME_UNITS as u32;
    let Some(last) = peaks.last() else { return Vec::new() };
    let count = ((f64::from(last.time) / f64::from(length)).round() as u32).max(1);
    (0..count)
        .map(|i| {
            let end = if i + 1 == count { u32::MAX } else { (i + 1) * length };
            between(peaks, i * length, end)
        })
        .collect()
}

/// Chooses stretches of `length` frames: each gap is cut into equal parts of at most `apart`, and each part gives the
/// stretch with most peaks.
pub(super) fn strongest(peaks: &[Peak], gaps: &[Stretch], apart: f64, length: f64) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for &(from, to) in gaps {
        let parts = ((to - from) / apart).ceil().max(1.0);
        let part = (to - from) / parts;
        for i in 0..parts as usize {
            let start = from + part * i as f64;
            // Places overlap by half.
            let places = ((part - length) / (0.5 * length)).ceil().max(0.0) as usize + 1;
            let best = (0..places)
                .map(|place| {
                    let start = start + 0.5 * length * place as f64;
                    (start, (start + length).min(to))
                })
                .max_by_key(|stretch| (within(peaks, *stretch).len(), -stretch.0 as i64));
            stretches.extend(best);
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_nothing_covers() {
        assert_eq!(gaps(&[], 10.0), [(0.0, 10.0)]);
        assert_eq!(gaps(&[(4.0, 6.0), (0.0, 2.0), (5.0, 7.0)], 10.0), [(2.0, 4.0), (7.0, 10.0)]);
        assert!(gaps(&[(0.0, 10.0)], 10.0).is_empty());
    }
}
