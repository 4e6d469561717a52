//! Sub-fingerprints along a line: how many of their bits agree, and what chance alone gives.
//!
//! Bits of neighbouring frames and bands hang together, and so do two pieces in one tempo, so the agreement of
//! unrelated signals spreads far wider than coins would. How wide is measured on the same two signals, shifted
//! against each other; by that much a bit counts less than one.

use super::time_map::{TimeMap, Window};
use crate::signal::peaks::TIME_UNITS;
use crate::signal::sub_fingerprints::{SUB_FINGERPRINT_BITS, SURE_BITS, SubFingerprint};

/// The prints of an item and of a recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct SubFingerprints<'a> {
    /// One a frame.
    pub(super) item: &'a [SubFingerprint],
    /// The signs of one in `step` frames.
    pub(super) recording: &'a [u32],
    pub(super) step: usize,
}

/// Bits that agree, of how many; those that the item is sure of count twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Agreement {
    pub(super) agreed: u32,
    pub(super) bits: u32,
}

impl Agreement {
    #[inline]
    fn of(item: SubFingerprint, signs: u32) -> Self {
        // Silence agrees with nothing.
        if item.sure == 0 {
            return Self::default();
        }
        let same = !(item.signs ^ signs);
        // Both counts in one.
        let agreed = u64::from(same) << 32 | u64::from(same & item.sure);
        Self { agreed: agreed.count_ones(), bits: (SUB_FINGERPRINT_BITS + SURE_BITS) as u32 }
    }

    pub(super) fn add(self, other: Self) -> Self {
        Self { agreed: self.agreed + other.agreed, bits: self.bits + other.bits }
    }

    pub(super) fn rate(self) -> f64 {
        f64::from(self.agreed) / f64::from(self.bits.max(1))
    }

    /// The nats of these bits at their own rate against even odds, each worth a share of
    /// [`MOST_TRUSTED`]: what no chance can make better. 0 where fewer than half agree.
    pub(super) fn most_nats(self) -> f64 {
        let rate = self.rate().min(MAX_RATE);
        if rate <= 0.5 {
            return 0.0;
        }
        let divergence = rate * (2.0 * rate).ln() + (1.0 - rate) * (2.0 - 2.0 * rate).ln();
        f64::from(self.bits) * divergence * MOST_TRUSTED
    }
}

/// What a bit that agrees and one that differs are worth, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BitLogRatios {
    agreed: f64,
    differed: f64,
}

impl BitLogRatios {
    pub(super) fn of(self, agreement: Agreement) -> f64 {
        f64::from(agreement.agreed) * self.agreed
            + f64::from(agreement.bits - agreement.agreed) * self.differed
    }
}

/// What chance gives: the rate at which bits agree, and how much of a bit each counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BitChance {
    rate: f64,
    trusted: f64,
}

/// A tempo this near to 1 moves nothing by a frame within 30 s.
const UNCHANGED_TEMPO: f64 = 2e-4;
/// Sub-fingerprints that are looked at to rank a candidate: 10 s without a gap.
const GLANCED: i64 = 72;
/// Half the range of the shifts in frames: 16 s, eight bars at 120 beats a minute.
const REACH: i32 = 690;
/// From shift to shift, in frames; nearer ones say the same.
const SHIFT: usize = 3;
/// Shifts nearer than this are no other place: 0.56 s.
const NEAR: i32 = 24;
/// The share of shifts that chance may be worse than, and the normal quantile at it.
const UPPER: f64 = 0.98;
const UPPER_DEVIATIONS: f64 = 2.05;
/// No bit counts more than this, however even the shifts were: neighbouring frames share most of what they
/// are made of.
const MOST_TRUSTED: f64 = 0.6;
/// With fewer shifts than this nothing is known of chance.
const MIN_SHIFTS: usize = 40;
/// What a bit counts where nothing is known of chance.
const TRUSTED_UNSEEN: f64 = 0.08;
/// No rate above this is believed: decoders differ in the last bits.
const MAX_RATE: f64 = 0.97;

impl SubFingerprints<'_> {
    /// Visits each print of the recording that falls into `window` of the item's time, `shift` frames off the
    /// line, by the time in the item.
    #[inline]
    fn visit(
        self,
        line: TimeMap,
        window: Window,
        shift: i32,
        mut visit: impl FnMut(f64, Agreement),
    ) {
        let unit = f64::from(TIME_UNITS);
        let step = self.step as f64;
        let place = |time: f64| (line.recording_time(time) / unit + f64::from(shift)) / step;
        let first = place(window.0).ceil().max(0.0) as usize;
        let last = (place(window.1).floor() + 1.0).max(0.0) as usize;
        let last = last.min(self.recording.len());
        // Item frame = (recording frame − shift − offset) / tempo.
        let rise = step / line.tempo;
        let origin = -(line.offset / unit + f64::from(shift)) / line.tempo;
        for (at, signs) in self.recording.iter().enumerate().take(last).skip(first) {
            let frame = at as f64 * rise + origin;
            let nearest = (frame + 0.5) as usize;
            if let Some(sub_fingerprint) = self.item.get(nearest) {
                visit(frame * unit, Agreement::of(*sub_fingerprint, *signs));
            }
        }
    }

    /// How far the prints in a window agree.
    pub(super) fn agreement(self, line: TimeMap, window: Window) -> Agreement {
        self.shifted(line, window, 0)
    }

    fn shifted(self, line: TimeMap, window: Window, shift: i32) -> Agreement {
        let mut sum = Agreement::default();
        self.visit(line, window, shift, |_, agreement| sum = sum.add(agreement));
        sum
    }

    /// Visits the agreement of each print of a window, by the time in the item.
    pub(super) fn each(self, line: TimeMap, window: Window, visit: impl FnMut(f64, Agreement)) {
        self.visit(line, window, 0, visit);
    }

    /// The line moved in time to where most bits agree, within `reach` frames, and the most nats that they could
    /// be worth of those that were looked at.
    pub(super) fn refine_offset(self, line: TimeMap, window: Window, reach: i32) -> (TimeMap, f64) {
        let agreement = |shift: i32| {
            let all = (line.tempo - 1.0).abs() > UNCHANGED_TEMPO;
            if all { self.shifted(line, window, shift) } else { self.sample(line, window, shift) }
        };
        // The nearest of equals.
        let shifts = (1..=reach).flat_map(|s| [s, -s]).map(|shift| (shift, agreement(shift)));
        let (shift, best) =
            shifts.fold(
                (0, agreement(0)),
                |best, next| {
                    if next.1.rate() > best.1.rate() { next } else { best }
                },
            );
        let offset = line.offset + f64::from(shift) * f64::from(TIME_UNITS);
        (TimeMap { offset, ..line }, best.most_nats())
    }

    /// The most nats that prints could be worth at a few places around a line.
    pub(super) fn quick_score(self, line: TimeMap, window: Window) -> f64 {
        let nats = |shift| self.sample(line, window, shift).most_nats();
        (-2..=2).map(|step| nats(2 * step)).fold(0.0, f64::max)
    }

    /// As [`SubFingerprints::shifted`], but of a few prints spread over the window, along a line without a change of
    /// tempo.
    #[inline]
    fn sample(self, line: TimeMap, window: Window, shift: i32) -> Agreement {
        let unit = f64::from(TIME_UNITS);
        // Recording frame − item frame.
        let apart = (line.offset / unit).round() as i64 + i64::from(shift);
        let step = self.step as i64;
        let end = (self.recording.len() as i64 - 1) * step;
        let from = ((window.0 / unit) as i64 + apart).max(0);
        let to = ((window.1 / unit) as i64 + apart).min(end);
        let first = (from + step - 1) / step;
        let stride = ((to / step - first) / GLANCED + 1).max(1);
        let mut sum = Agreement::default();
        let mut at = first;
        while at * step <= to {
            let item = self.item.get((at * step - apart) as usize);
            if let (Some(sub_fingerprint), Some(signs)) = (item, self.recording.get(at as usize)) {
                sum = sum.add(Agreement::of(*sub_fingerprint, *signs));
            }
            at += stride;
        }
        sum
    }

    /// What chance gives along a line.
    pub(super) fn chance(self, line: TimeMap, window: Window) -> BitChance {
        let seen: Vec<Agreement> = (-REACH..=REACH)
            .step_by(SHIFT)
            .filter(|shift| shift.abs() >= NEAR)
            .map(|shift| self.shifted(line, window, shift))
            .collect();
        BitChance::of(&seen)
    }
}

impl BitChance {
    fn of(seen: &[Agreement]) -> Self {
        let most = seen.iter().map(|a| a.bits).max().unwrap_or(0);
        let told: Vec<Agreement> =
            seen.iter().copied().filter(|a| a.bits > 0 && 2 * a.bits >= most).collect();
        let all = told.iter().fold(Agreement::default(), |sum, a| sum.add(*a));
        if told.len() < MIN_SHIFTS {
            return Self { rate: all.rate().max(0.5), trusted: TRUSTED_UNSEEN };
        }
        let mean = all.rate();
        let mut rates: Vec<f64> = told.iter().map(|a| a.rate()).collect();
        let n = rates.len() as f64;
        let variance = rates.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n;
        rates.sort_unstable_by(f64::total_cmp);
        let high = rates[((n - 1.0) * UPPER) as usize];
        let deviation = variance.sqrt().max((high - mean) / UPPER_DEVIATIONS);
        let coins = mean * (1.0 - mean) / (f64::from(all.bits) / n);
        let trusted = (coins / deviation.powi(2)).min(MOST_TRUSTED);
        Self { rate: mean.max(0.5), trusted }
    }

    /// What bits are worth where the alignment itself shows the agreement `here`. `None` where it is no
    /// better than chance.
    pub(super) fn log_ratio(self, here: Agreement) -> Option<BitLogRatios> {
        let rate = here.rate().min(MAX_RATE);
        (rate > self.rate).then(|| BitLogRatios {
            agreed: self.trusted * (rate / self.rate).ln(),
            differed: self.trusted * ((1.0 - rate) / (1.0 - self.rate)).ln(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    const HERE: TimeMap = TimeMap { tempo: 1.0, offset: 0.0, pitch: 0.0 };

    /// Sub-fingerprints in which each bit lasts about three frames, as those of music do.
    fn sub_fingerprints(seed: u32, frames: usize) -> Vec<SubFingerprint> {
        let mut dice = Dice::new(u64::from(seed) + 1);
        let mut draw = || (dice.roll() >> 32) as u32;
        let mut signs = draw();
        let mut sure = 0x3333_cccc_u32;
        (0..frames)
            .map(|_| {
                let change = draw() & draw() << 3;
                signs ^= change;
                sure = sure.rotate_left(3);
                SubFingerprint { signs, sure }
            })
            .collect()
    }

    fn kept(sub_fingerprints: &[SubFingerprint]) -> Vec<u32> {
        sub_fingerprints.iter().step_by(6).map(|sub_fingerprint| sub_fingerprint.signs).collect()
    }

    fn window(frames: f64) -> Window {
        (0.0, frames * 16.0)
    }

    #[test]
    fn a_signal_agrees_with_itself_where_it_was_cut_out() {
        let whole = sub_fingerprints(1, 2_000);
        let recording = kept(&whole);
        let pair = SubFingerprints { item: &whole[600..1_030], recording: &recording, step: 6 };
        let line = TimeMap { offset: 600.0 * 16.0, ..HERE };
        let agreement = pair.agreement(line, window(430.0));
        assert_eq!(agreement.agreed, agreement.bits);
        let off = TimeMap { offset: 604.0 * 16.0, ..HERE };
        assert_eq!(pair.refine_offset(off, window(430.0), 6).0, line);
        let log_ratio = pair.chance(line, window(430.0)).log_ratio(agreement).unwrap();
        assert!(log_ratio.of(agreement) > 100.0, "{log_ratio:?}");
    }

    #[test]
    fn two_signals_agree_as_coins_do() {
        let (item, other) = (sub_fingerprints(1, 430), kept(&sub_fingerprints(2, 2_000)));
        let pair = SubFingerprints { item: &item, recording: &other, step: 6 };
        for offset in [0.0, 160.0, 9_600.0] {
            let line = TimeMap { offset, ..HERE };
            let agreement = pair.agreement(line, window(430.0));
            assert!((agreement.rate() - 0.5).abs() < 0.1, "{agreement:?}");
            let log_ratio = pair.chance(line, window(430.0)).log_ratio(agreement);
            assert!(
                log_ratio.is_none_or(|log_ratio| log_ratio.of(agreement) < 8.0),
                "{log_ratio:?}"
            );
        }
    }

    #[test]
    fn silence_speaks_neither_for_nor_against() {
        let (item, recording) = (vec![SubFingerprint::default(); 430], vec![0; 400]);
        let pair = SubFingerprints { item: &item, recording: &recording, step: 6 };
        let agreement = pair.agreement(HERE, window(430.0));
        assert_eq!(agreement, Agreement::default());
        assert!(agreement.most_nats() < f64::EPSILON);
        assert!(pair.chance(HERE, window(430.0)).log_ratio(agreement).is_none());
    }

    #[test]
    fn what_repeats_itself_trusts_its_bits_less() {
        let phrase = sub_fingerprints(3, 90);
        let loops: Vec<SubFingerprint> = phrase.iter().copied().cycle().take(3_600).collect();
        let (even, recording) = (sub_fingerprints(4, 3_600), kept(&loops));
        let of = |item: &[SubFingerprint], recording: &[u32]| {
            let line = TimeMap { offset: 900.0 * 16.0, ..HERE };
            SubFingerprints { item, recording, step: 6 }.chance(line, window(430.0)).trusted
        };
        let looped = of(&loops[900..1_330], &recording);
        assert!(looped < 0.5 * of(&even[900..1_330], &kept(&even)), "{looped}");
    }

    #[test]
    fn another_tempo_is_followed() {
        let whole = sub_fingerprints(5, 3_000);
        // Plays twice as fast.
        let item: Vec<SubFingerprint> =
            whole.iter().copied().skip(300).step_by(2).take(430).collect();
        let recording = kept(&whole);
        let pair = SubFingerprints { item: &item, recording: &recording, step: 6 };
        let line = TimeMap { tempo: 2.0, offset: 300.0 * 16.0, pitch: 0.0 };
        let agreement = pair.agreement(line, window(430.0));
        assert_eq!(agreement.agreed, agreement.bits);
    }
}
