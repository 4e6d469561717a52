//! The part of a finding that neutral references and masks explain, and the rest.
//!
//! A neutral loop in an item is no evidence for a recording that uses the same loop. But a recording whose drums are a neutral
//! loop is still that recording. So the question is not whether a loop sounds in a stretch, but whether item and recording have
//! more in common there than the loop. [`explained`] decides that from the peaks, and [`beyond`] cuts the spans accordingly.

use crate::base::settings;
use crate::catalog::joined;
use crate::matching::{Alignment, MatchedSpan};
use crate::record::Span;
use crate::signal::peaks::{PITCH_UNITS, Peak, TIME_UNITS};

settings! {
    /// Tolerance of a peak match in time, in frames: 35 ms, as in `matching`.
    const NEAR_FRAMES: f64 = 1.5;
    /// The same in pitch, in octaves: 14 cents.
    const NEAR_OCTAVES: f64 = 0.012;
    /// A part is neutral if at least this share of the peaks that item and recording have in common is. Even where a loop sounds
    /// alone, peaks at its edges and masked ones are left over. A guess.
    const MOSTLY: f64 = 0.6;
    /// Length of a part, in seconds. A stretch is decided part by part, since a loop may start alone and continue under more. A
    /// guess.
    const PART_SECONDS: f64 = 4.0;
    /// A loop may sound this much before and after its span, in frames: the ends of spans are found to about half a second.
    const EDGE_FRAMES: f64 = 21.5;
    /// A loop is repeated where the item has this share of its peaks; music in the same tempo has a third. A guess in between.
    const AGAIN: f64 = 0.5;
    /// Fewest peaks of a loop by which a repetition is told. A guess.
    const AGAIN_PEAKS: usize = 8;
    /// The rest of a span that was cut is dropped if it is shorter than this, in seconds: twice the precision of its ends.
    const SLIVER_SECONDS: f64 = 1.0;
}

/// A track that was found in an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sound<'a> {
    pub(super) alignment: &'a Alignment,
    /// The track's peaks, sorted by time.
    pub(super) peaks: &'a [Peak],
}

/// A time map from an item to a track, in frames and octaves, fixed by one moment of both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameMap {
    /// A moment of the item, in frames.
    pub(crate) item: f64,
    /// The same moment of the track, in frames.
    pub(crate) track: f64,
    /// How much faster the item plays.
    pub(crate) tempo: f64,
    /// How much higher the item sounds, in octaves.
    pub(crate) pitch_octaves: f64,
}

impl FrameMap {
    /// The time map of one span of an alignment.
    pub(crate) fn of(alignment: &Alignment, span: &MatchedSpan) -> Self {
        let Alignment { tempo, pitch_octaves, .. } = *alignment;
        Self { item: span.item.0, track: span.recording.0, tempo, pitch_octaves }
    }

    /// The inverse: from the track to the item.
    pub(crate) fn inverse(self) -> Self {
        let Self { item, track, tempo, pitch_octaves } = self;
        Self { item: track, track: item, tempo: tempo.recip(), pitch_octaves: -pitch_octaves }
    }

    /// Whether a peak of the item matches one of the track, whose peaks are sorted by time.
    pub(crate) fn matches(self, peak: Peak, track: &[Peak]) -> bool {
        let unit = f64::from(TIME_UNITS);
        let frame = f64::from(peak.time) / unit;
        let time = unit * (self.track + (frame - self.item) * self.tempo);
        let pitch = f64::from(peak.pitch) - self.pitch_octaves * f64::from(PITCH_UNITS);
        let (reach, width) = (unit * NEAR_FRAMES, f64::from(PITCH_UNITS) * NEAR_OCTAVES);
        let first = track.partition_point(|other| f64::from(other.time) < time - reach);
        track[first..]
            .iter()
            .take_while(|other| f64::from(other.time) <= time + reach)
            .any(|other| (f64::from(other.pitch) - pitch).abs() <= width)
    }
}

/// Adds to the alignment of a loop every place where the item repeats it; a search returns only some. Starting from each span, the
/// item is tried at multiples of the track's length before and after it. `item` has the item's peaks, sorted by time; lengths
/// are in frames.
pub(super) fn repeated(
    item: &[Peak],
    item_frames: f64,
    sound: Sound,
    track_frames: f64,
) -> Alignment {
    let Alignment { tempo, pitch_octaves, .. } = *sound.alignment;
    let mut all = sound.alignment.clone();
    let period = track_frames / tempo;
    if period < 1.0 {
        return all;
    }
    let known = |spans: &[MatchedSpan], middle: f64| {
        spans.iter().any(|span| span.item.0 <= middle && middle <= span.item.1)
    };
    for span in &sound.alignment.spans {
        for step in [-period, period] {
            let mut start = span.item.0 - span.recording.0 / tempo + step;
            while start + period > 0.0 && start < item_frames {
                let (from, to) = (start.max(0.0), (start + period).min(item_frames));
                let matched = |start: f64| {
                    let map = FrameMap { item: start, track: 0.0, tempo, pitch_octaves }.inverse();
                    let at = |peak: &&Peak| {
                        let at = start + f64::from(peak.time) / f64::from(TIME_UNITS) / tempo;
                        at >= from && at <= to
                    };
                    let there = sound.peaks.iter().filter(at);
                    there.fold((0, 0), |(all, matched): (usize, usize), peak| {
                        (all + 1, matched + usize::from(map.matches(*peak, item)))
                    })
                };
                // A file is not cut to the exact length of its bars.
                let shifts = [0.0, -1.0, 1.0].map(|shift| (matched(start + shift), shift));
                let best = shifts.into_iter().rev().max_by_key(|((_, matched), _)| *matched);
                if let Some(((peaks, matched), shift)) = best
                    && peaks >= AGAIN_PEAKS
                    && matched as f64 >= AGAIN * peaks as f64
                {
                    start += shift;
                    if !known(&all.spans, f64::midpoint(from, to)) {
                        all.spans.push(MatchedSpan {
                            item: (from, to),
                            recording: ((from - start) * tempo, (to - start) * tempo),
                            nats: 0.0,
                            peaks: (peaks, matched),
                        });
                    }
                }
                start += step;
            }
        }
    }
    all.spans.sort_by(|a, b| a.item.0.total_cmp(&b.item.0));
    all
}

/// The stretches of an item, in seconds, in which it has no more in common with a recording than with the neutral references that
/// surely sound there too. `item` has the item's peaks, sorted by time.
pub(super) fn explained(
    item: &[Peak],
    finding: Sound,
    neutral: &[Sound],
    frames_per_second: f64,
) -> Vec<(f64, f64)> {
    let unit = f64::from(TIME_UNITS);
    let frame = |peak: &Peak| f64::from(peak.time) / unit;
    let has = |sound: &Sound, peak: Peak, edge: f64| {
        sound.alignment.spans.iter().any(|span| {
            let at = f64::from(peak.time) / unit;
            at >= span.item.0 - edge
                && at <= span.item.1 + edge
                && FrameMap::of(sound.alignment, span).matches(peak, sound.peaks)
        })
    };
    // The time of each peak that item and recording have in common, and whether it is neutral.
    let common: Vec<(f64, bool)> = item
        .iter()
        .filter(|peak| has(&finding, **peak, 0.0))
        .map(|peak| (frame(peak), neutral.iter().any(|sound| has(sound, *peak, EDGE_FRAMES))))
        .collect();
    let mut stretches = Vec::new();
    for loops in neutral.iter().flat_map(|sound| &sound.alignment.spans) {
        for span in &finding.alignment.spans {
            let (from, to) = (loops.item.0.max(span.item.0), loops.item.1.min(span.item.1));
            for (from, to) in parts((from, to), PART_SECONDS * frames_per_second) {
                let first = common.partition_point(|(at, _)| *at < from);
                let within = common[first..].iter().take_while(|(at, _)| *at <= to);
                let (all, known) = within
                    .fold((0_usize, 0_usize), |(all, n), (_, is)| (all + 1, n + usize::from(*is)));
                if known as f64 >= MOSTLY * all as f64 {
                    stretches.push((from / frames_per_second, to / frames_per_second));
                }
            }
        }
    }
    joined(stretches, 0.0)
}

/// Cuts a stretch into equal parts of at most `length`. A stretch that ends before it begins has none.
pub(crate) fn parts((from, to): (f64, f64), length: f64) -> impl Iterator<Item = (f64, f64)> {
    let count = ((to - from) / length).ceil().max(0.0);
    let at = move |part: f64| if part < count { from + part * (to - from) / count } else { to };
    (0..count as u32).map(move |part| (at(f64::from(part)), at(f64::from(part) + 1.0)))
}

/// The spans of a finding without the stretches of the item that neutral references explain and without the masked stretches of
/// the recording, all in seconds. Item and recording are cut at the same places. Rests shorter than [`SLIVER_SECONDS`] are
/// dropped; spans that nothing is cut from are not changed.
pub(crate) fn beyond(
    spans: &[Span],
    neutral_item_stretches: &[(f64, f64)],
    masks: &[(f64, f64)],
) -> Vec<Span> {
    spans.iter().flat_map(|span| rest(span, neutral_item_stretches, masks)).collect()
}

fn rest(span: &Span, neutral: &[(f64, f64)], masks: &[(f64, f64)]) -> Vec<Span> {
    let (start, end) = (span.item_start_seconds, span.item_end_seconds);
    let (ours, our_end) = (span.recording_start_seconds, span.recording_end_seconds);
    // Seconds of the recording for each second of the item.
    let tempo = if end > start { (our_end - ours) / (end - start) } else { 0.0 };
    let recording_at = |item: f64| ours + (item - start) * tempo;
    let mut taken: Vec<(f64, f64)> = neutral.to_vec();
    for (from, to) in masks {
        if tempo > 0.0 {
            taken.push((start + (from - ours) / tempo, start + (to - ours) / tempo));
        } else if ours >= *from && our_end <= *to {
            taken.push((start, end));
        }
    }
    taken.retain(|(from, to)| from < to && *from < end && *to > start);
    if taken.is_empty() {
        return vec![*span];
    }
    let mut rest = Vec::new();
    let mut from = start;
    // Spans are told to the millisecond.
    let round = |seconds: f64| (seconds * 1_000.0).round() / 1_000.0;
    for (gap, next) in joined(taken, 0.0).into_iter().chain([(end, end)]) {
        if gap - from >= SLIVER_SECONDS {
            rest.push(Span {
                item_start_seconds: round(from),
                item_end_seconds: round(gap),
                recording_start_seconds: round(recording_at(from)),
                recording_end_seconds: round(recording_at(gap)),
            });
        }
        from = from.max(next);
    }
    rest
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "rounded numbers are equal or wrong")]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::index::TrackId;

    const RATE: f64 = 43.0;

    fn span(item: (f64, f64), recording: (f64, f64)) -> Span {
        Span {
            item_start_seconds: item.0,
            item_end_seconds: item.1,
            recording_start_seconds: recording.0,
            recording_end_seconds: recording.1,
        }
    }

    #[test]
    fn spans_that_nothing_explains_are_not_changed() {
        let spans = [span((10.0, 40.0), (100.0, 130.0)), span((50.0, 50.4), (3.0, 3.4))];
        assert_eq!(beyond(&spans, &[], &[]), spans);
        assert_eq!(
            beyond(&spans, &[(0.0, 10.0), (40.0, 50.0)], &[(0.0, 3.0), (130.0, 200.0)]),
            spans
        );
        assert_eq!(beyond(&[], &[(0.0, 10.0)], &[]), []);
    }

    #[test]
    fn a_loop_in_the_middle_parts_a_span() {
        let spans = [span((10.0, 40.0), (100.0, 130.0))];
        let left = beyond(&spans, &[(20.0, 25.0)], &[]);
        assert_eq!(left, [span((10.0, 20.0), (100.0, 110.0)), span((25.0, 40.0), (115.0, 130.0))]);
    }

    #[test]
    fn a_mask_is_cut_out_where_the_item_plays_it() {
        // The item plays a quarter faster: ten of its seconds are 12.5 of the recording.
        let spans = [span((10.0, 50.0), (100.0, 150.0))];
        let left = beyond(&spans, &[], &[(112.5, 125.0)]);
        assert_eq!(left, [span((10.0, 20.0), (100.0, 112.5)), span((30.0, 50.0), (125.0, 150.0))]);
    }

    #[test]
    fn a_span_that_is_all_loop_and_mask_is_gone_and_so_are_its_slivers() {
        let spans = [span((10.0, 40.0), (100.0, 130.0))];
        assert_eq!(beyond(&spans, &[(0.0, 60.0)], &[]), []);
        assert_eq!(beyond(&spans, &[], &[(90.0, 140.0)]), []);
        assert_eq!(beyond(&spans, &[(10.0, 25.5)], &[(115.0, 130.0)]), []);
        // The ends of spans are found to about half a second.
        assert_eq!(beyond(&spans, &[(10.6, 39.3)], &[]), []);
        assert_eq!(beyond(&spans, &[(11.5, 39.3)], &[]), [span((10.0, 11.5), (100.0, 101.5))]);
    }

    #[test]
    fn stretches_may_overlap_and_come_in_any_order() {
        let spans = [span((0.0, 30.0), (0.0, 30.0))];
        let left =
            beyond(&spans, &[(18.0, 22.0), (4.0, 8.0), (6.0, 10.0)], &[(9.0, 12.0), (20.0, 25.0)]);
        let times = |from, to| span((from, to), (from, to));
        assert_eq!(left, [times(0.0, 4.0), times(12.0, 18.0), times(25.0, 30.0)]);
    }

    #[test]
    fn a_span_without_length_is_accepted() {
        let nothing = [span((5.0, 5.0), (9.0, 9.0))];
        assert_eq!(beyond(&nothing, &[], &[(0.0, 20.0)]).len(), 1);
        assert_eq!(beyond(&nothing, &[(0.0, 20.0)], &[]), []);
        let still = [span((5.0, 9.0), (9.0, 9.0))];
        assert_eq!(beyond(&still, &[], &[(0.0, 20.0)]), []);
    }

    /// Peaks of dense music, drawn with a seed: so many a second, over so many seconds.
    fn music(seed: u32, per_second: u32, seconds: u32) -> Vec<Peak> {
        let mut dice = Dice::new(seed.into());
        let mut draw = |n: u32| dice.below(n as usize) as u32;
        let apart = (RATE * 16.0) as u32 / per_second;
        let peak = |i: u32| Peak {
            time: apart * i + draw(apart),
            pitch: draw(30_000) as u16,
            strength: 1,
        };
        (0..per_second * seconds).map(peak).collect()
    }

    /// The peaks later by so many seconds.
    fn later(peaks: &[Peak], seconds: f64) -> Vec<Peak> {
        let by = (seconds * RATE * 16.0).round() as u32;
        peaks.iter().map(|peak| Peak { time: peak.time + by, ..*peak }).collect()
    }

    fn together(parts: &[&[Peak]]) -> Vec<Peak> {
        let mut all: Vec<Peak> = parts.concat();
        all.sort_unstable();
        all
    }

    /// Where a track lies in the item, in seconds of both.
    fn alignment(item: (f64, f64), recording: f64) -> Alignment {
        let frames = |seconds: f64| seconds * RATE;
        let spans = vec![MatchedSpan {
            item: (frames(item.0), frames(item.1)),
            recording: (frames(recording), frames(recording + item.1 - item.0)),
            nats: 100.0,
            peaks: (0, 0),
        }];
        Alignment {
            track: TrackId(0),
            tempo: 1.0,
            pitch_octaves: 0.0,
            spans,
            nats: 100.0,
            warped: false,
            votes: 0,
            search_space: 1.0,
        }
    }

    fn found(
        item: &[Peak],
        finding: (&Alignment, &[Peak]),
        neutral: (&Alignment, &[Peak]),
    ) -> Vec<(f64, f64)> {
        let sound = |(alignment, peaks)| Sound { alignment, peaks };
        explained(item, sound(finding), &[sound(neutral)], RATE)
    }

    #[test]
    fn a_loop_that_two_pieces_share_explains_what_they_have_in_common() {
        let drums = music(1, 12, 20);
        let ours = together(&[&drums, &music(2, 10, 20)]);
        let theirs = together(&[&drums, &music(3, 10, 20)]);
        let (whole, of_loop) = (alignment((0.0, 20.0), 0.0), alignment((0.0, 20.0), 0.0));
        assert_eq!(found(&theirs, (&whole, &ours), (&of_loop, &drums)), [(0.0, 20.0)]);
    }

    #[test]
    fn a_copy_of_a_recording_with_a_loop_is_more_than_the_loop() {
        let drums = music(1, 8, 20);
        let ours = together(&[&drums, &music(2, 10, 20)]);
        let (whole, of_loop) = (alignment((0.0, 20.0), 0.0), alignment((0.0, 20.0), 0.0));
        assert_eq!(found(&ours, (&whole, &ours), (&of_loop, &drums)), []);
    }

    #[test]
    fn a_loop_is_cut_out_only_where_it_sounds() {
        // Five seconds of a loop alone, then music of ours, twice as long, later in the recording than in the item.
        let drums = music(1, 16, 5);
        let ours = together(&[&later(&drums, 30.0), &later(&music(2, 16, 10), 35.0)]);
        let item = together(&[&drums, &later(&music(2, 16, 10), 5.0)]);
        let (whole, of_loop) = (alignment((0.0, 15.0), 30.0), alignment((0.0, 5.0), 0.0));
        let stretches = found(&item, (&whole, &ours), (&of_loop, &drums));
        assert_eq!(stretches, [(0.0, 5.0)]);
        let left = beyond(&[span((0.0, 15.0), (30.0, 45.0))], &stretches, &[]);
        assert_eq!(left, [span((5.0, 15.0), (35.0, 45.0))]);
    }

    #[test]
    fn a_loop_that_goes_on_under_music_of_ours_is_cut_out_before_it() {
        let drums = music(1, 8, 24);
        let ours = together(&[&drums, &later(&music(2, 12, 12), 12.0)]);
        let (whole, of_loop) = (alignment((0.0, 24.0), 0.0), alignment((0.0, 24.0), 0.0));
        assert_eq!(found(&ours, (&whole, &ours), (&of_loop, &drums)), [(0.0, 12.0)]);
    }

    #[test]
    fn a_loop_is_found_at_all_its_places_from_one_of_them() {
        // Two seconds, forty times with a rest of ten seconds, cut off at the end; bars are a little longer than the file.
        let drums = music(1, 16, 2);
        let bars = 2.002;
        let places = (0..40).filter(|n| !(20..25).contains(n));
        let mut item: Vec<Peak> = places.flat_map(|n| later(&drums, bars * f64::from(n))).collect();
        item.extend(music(2, 10, 80));
        item.sort_unstable();
        item.retain(|peak| f64::from(peak.time) < 79.0 * RATE * 16.0);
        let one = alignment((6.1 * bars, 6.9 * bars), 0.1 * bars);
        let sound = Sound { alignment: &one, peaks: &drums };
        let all = repeated(&item, 79.0 * RATE, sound, 2.0 * RATE);
        let seconds = |span: &MatchedSpan| (span.item.0 / RATE, span.item.1 / RATE);
        let found: Vec<(f64, f64)> = all.spans.iter().map(seconds).collect();
        let sounds = |at: f64| found.iter().any(|(from, to)| (*from..*to).contains(&at));
        for n in 0..39 {
            let middle = bars * (f64::from(n) + 0.5);
            assert_eq!(sounds(middle), !(20..25).contains(&n), "{n}: {found:?}");
        }
        // In other music it is nowhere but where it was said to be.
        let other = music(3, 26, 79);
        assert_eq!(repeated(&other, 79.0 * RATE, sound, 2.0 * RATE).spans.len(), 1);
    }

    #[test]
    fn a_stretch_has_equal_parts_up_to_its_end() {
        let all = |stretch, length| parts(stretch, length).collect::<Vec<_>>();
        assert_eq!(all((0.0, 10.0), 4.0).len(), 3);
        assert_eq!(all((0.0, 10.0), 5.0), [(0.0, 5.0), (5.0, 10.0)]);
        assert_eq!(all((3.0, 4.0), 5.0), [(3.0, 4.0)]);
        assert_eq!(all((4.0, 3.0), 5.0), []);
        assert_eq!(all((4.0, 4.0), 5.0), []);
    }

    #[test]
    fn a_loop_elsewhere_explains_nothing() {
        let drums = music(1, 16, 5);
        let ours = music(2, 16, 10);
        let item = together(&[&ours, &later(&drums, 20.0)]);
        let (whole, of_loop) = (alignment((0.0, 10.0), 0.0), alignment((20.0, 25.0), 0.0));
        assert_eq!(found(&item, (&whole, &ours), (&of_loop, &drums)), []);
    }

    #[test]
    fn peaks_match_along_a_change_of_tempo_and_pitch() {
        let ours = music(4, 10, 10);
        let rise = (0.1 * PITCH_UNITS) as u16;
        let item: Vec<Peak> = ours
            .iter()
            .map(|p| Peak {
                time: (f64::from(p.time) / 1.25).round() as u32,
                pitch: p.pitch + rise,
                ..*p
            })
            .collect();
        let mut along = alignment((0.0, 8.0), 0.0);
        (along.tempo, along.pitch_octaves) = (1.25, 0.1);
        along.spans[0].recording.1 = 10.0 * RATE;
        let matched = |along: &Alignment| {
            let map = FrameMap::of(along, &along.spans[0]);
            item.iter().filter(|peak| map.matches(**peak, &ours)).count()
        };
        assert_eq!(matched(&along), item.len());
        let back = FrameMap::of(&along, &along.spans[0]).inverse();
        assert!(ours.iter().all(|peak| back.matches(*peak, &item)));
        along.pitch_octaves = 0.0;
        assert!(matched(&along) * 10 < item.len(), "{}", matched(&along));
    }
}
