//! Spectral peaks: local maxima of the power spectrum in time and frequency, interpolated in both.
//!
//! It chooses peaks; what is made of them is `landmarks`' business.

use bytemuck::{Pod, Zeroable};

/// A peak. 8 bytes, fixed point, so that it is stored and compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(C)]
pub struct Peak {
    /// Time in 1/16 frame from the start of the signal; 1/16 frame is 1.45 ms.
    pub time: u32,
    /// Frequency in 1/8192 octave above [`PeakConfig::min_hz`]; a cent is 6.8.
    pub pitch: u16,
    /// Power in 1/256 of a doubling, above an arbitrary zero: only for ranking.
    pub strength: u16,
}

/// [`Peak::time`] units a frame.
pub const TIME_UNITS: f32 = 16.0;
/// [`Peak::pitch`] units an octave.
pub const PITCH_UNITS: f32 = 8_192.0;

impl Peak {
    /// Time in frames.
    pub fn frames(self) -> f32 {
        self.time as f32 / TIME_UNITS
    }

    /// Octaves above [`PeakConfig::min_hz`].
    pub fn octaves(self) -> f32 {
        f32::from(self.pitch) / PITCH_UNITS
    }
}

/// How peaks are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeakConfig {
    /// Lowest frequency of a peak, in Hz; 250 is where a telephone begins to carry.
    pub min_hz: f32,
    /// Highest frequency of a peak, in Hz; 5000 leaves 500 Hz to the Nyquist at 11 025 Hz.
    pub max_hz: f32,
    /// A peak is the maximum of this many frames before and after it; 6 are 139 ms.
    pub reach_frames: usize,
    /// … and of this many cells of 1/50 octave below and above it; 6 are 0.12 octave.
    pub reach_cells: usize,
    /// Power below which nothing is a peak: a sine at −80 dB of full scale has 2.6e-3 in a Hann
    /// frame of 2048.
    pub floor_power: f32,
    /// Doublings of power a peak gains in rank for each octave it lies higher, against the fall of
    /// music's spectrum; 1.0 is 3 dB an octave.
    pub tilt: f32,
}

/// Cells an octave on the axis on which maxima compete.
const CELLS_PER_OCTAVE: f32 = 50.0;

/// What is kept of the last frames: enough to look `reach_frames` back and ahead.
#[derive(Debug, Clone)]
struct Row {
    /// Highest power in each cell, 0 where no bin falls into it.
    maxima: Vec<f32>,
    /// Maximum of `maxima` within `reach_cells` of each cell.
    spread: Vec<f32>,
    /// The power spectrum, for the interpolation in time.
    power: Vec<f32>,
}

/// Streaming search for peaks. Memory does not grow with the signal.
#[derive(Debug)]
pub struct PeakPicker {
    config: PeakConfig,
    bin_hz: f32,
    /// The bins of cell `c` are `edges[c] .. edges[c + 1]`.
    edges: Vec<usize>,
    rows: Vec<Row>,
    padded: Vec<f32>,
    next: usize,
}

impl PeakPicker {
    /// A picker for power spectra `(n_bins,)` whose bins are `bin_hz` apart.
    ///
    /// # Panics
    ///
    /// If the band, with a bin to either side, is not inside the spectrum.
    pub fn new(config: PeakConfig, bin_hz: f32, n_bins: usize) -> Self {
        let first = (config.min_hz / bin_hz).ceil() as usize;
        let last = (config.max_hz / bin_hz).floor() as usize;
        assert!(first >= 1 && first < last && last + 1 < n_bins, "band too wide");
        let cell =
            |bin: usize| ((bin as f32 * bin_hz / config.min_hz).log2() * CELLS_PER_OCTAVE) as usize;
        let n_cells = cell(last) + 1;
        let mut edges = vec![last + 1; n_cells + 1];
        for bin in (first..=last).rev() {
            edges[..=cell(bin)].fill(bin);
        }
        let row = Row {
            maxima: vec![0.0; n_cells],
            spread: vec![0.0; n_cells],
            power: vec![0.0; n_bins],
        };
        let padded = vec![0.0; n_cells + 2 * config.reach_cells];
        let rows = vec![row; 2 * config.reach_frames + 1];
        Self { config, bin_hz, edges, rows, padded, next: 0 }
    }

    /// Takes the next power spectrum and adds the peaks that are now certain.
    pub fn push(&mut self, power: &[f32], peaks: &mut Vec<Peak>) {
        let n_rows = self.rows.len();
        let row = &mut self.rows[self.next % n_rows];
        row.power.copy_from_slice(power);
        for (maximum, edges) in row.maxima.iter_mut().zip(self.edges.windows(2)) {
            let bins = &power[edges[0]..edges[1]];
            *maximum = bins.iter().fold(0.0, |max, x| if *x > max { *x } else { max });
        }
        widen(&row.maxima, self.config.reach_cells, &mut self.padded, &mut row.spread);
        self.next += 1;
        if self.next > self.config.reach_frames {
            self.decide(self.next - 1 - self.config.reach_frames, self.next, peaks);
        }
    }

    /// Adds the peaks of the last frames.
    pub fn finish(self, peaks: &mut Vec<Peak>) {
        let first = self.next.saturating_sub(self.config.reach_frames);
        for frame in first..self.next {
            self.decide(frame, self.next, peaks);
        }
    }

    /// Adds the peaks of `frame`, knowing the frames before `end`.
    fn decide(&self, frame: usize, end: usize, peaks: &mut Vec<Peak>) {
        let n_rows = self.rows.len();
        let at = |t: usize| &self.rows[t % n_rows];
        let row = at(frame);
        let before = frame.saturating_sub(self.config.reach_frames)..frame;
        let after = frame + 1..end.min(frame + self.config.reach_frames + 1);
        for (cell, (here, highest)) in row.maxima.iter().zip(&row.spread).enumerate() {
            // Strictly above what came before, not below what follows: a tie has one winner.
            if *here >= *highest
                && *here > self.config.floor_power
                && before.clone().all(|t| *here > at(t).spread[cell])
                && after.clone().all(|t| *here >= at(t).spread[cell])
            {
                let bins = self.edges[cell]..self.edges[cell + 1];
                let Some(bin) = bins.into_iter().find(|b| row.power[*b] >= *here) else { continue };
                let around = &row.power[bin - 1..=bin + 1];
                // At the edge of the band the maximum may lie on a slope.
                if around[0] > around[1] || around[2] > around[1] {
                    continue;
                }
                let earlier = if frame > 0 { at(frame - 1).power[bin] } else { 0.0 };
                let later = if frame + 1 < end { at(frame + 1).power[bin] } else { 0.0 };
                peaks.push(self.peak(frame, bin, around, earlier, later));
            }
        }
    }

    /// Interpolates a peak by parabolas through the logarithms of power (Smith & Serra, PARSHL).
    fn peak(&self, frame: usize, bin: usize, around: &[f32], earlier: f32, later: f32) -> Peak {
        let log = |power: f32| power.max(1e-12).log2();
        let middle = log(around[1]);
        let up = bin as f32 + vertex(log(around[0]), middle, log(around[2]));
        let octaves = (up * self.bin_hz / self.config.min_hz).log2().max(0.0);
        let time = frame as f32 + vertex(log(earlier), middle, log(later));
        let strength = (middle + self.config.tilt * octaves + 64.0) * 256.0;
        Peak {
            time: (time.max(0.0) * TIME_UNITS).round() as u32,
            pitch: (octaves * PITCH_UNITS).round() as u16,
            strength: strength.clamp(0.0, f32::from(u16::MAX)) as u16,
        }
    }
}

/// The maximum of `values` within `reach` of each place, by windows of doubling width; `padded` is scratch
/// of the length of `values` and twice the reach.
fn widen(values: &[f32], reach: usize, padded: &mut [f32], out: &mut [f32]) {
    padded.fill(0.0);
    padded[reach..reach + values.len()].copy_from_slice(values);
    let (target, mut width) = (2 * reach + 1, 1);
    while width < target {
        // Each place becomes the maximum of `width + step` places from it on.
        let step = width.min(target - width);
        for i in 0..padded.len() - step {
            let ahead = padded[i + step];
            padded[i] = if ahead > padded[i] { ahead } else { padded[i] };
        }
        width += step;
    }
    out.copy_from_slice(&padded[..values.len()]);
}

/// Where the parabola through three equidistant values has its top, in [-0.5, 0.5] of the spacing.
fn vertex(left: f32, middle: f32, right: f32) -> f32 {
    let curve = left - 2.0 * middle + right;
    if curve < 0.0 { (0.5 * (left - right) / curve).clamp(-0.5, 0.5) } else { 0.0 }
}

/// Keeps a peak if fewer than `per_second` peaks within half a second of it are stronger; sorted by
/// time. Independent of where the signal was cut, unlike a choice by blocks.
///
/// `frames_per_second` is the rate of the frames that peaks are timed in.
pub fn thin(peaks: &[Peak], per_second: usize, frames_per_second: f32) -> Vec<Peak> {
    let reach = (0.5 * frames_per_second * TIME_UNITS) as u32;
    let mut start = 0;
    let mut kept = Vec::with_capacity(peaks.len());
    for (i, peak) in peaks.iter().enumerate() {
        while peaks[start].time + reach < peak.time {
            start += 1;
        }
        let near = peaks[start..].iter().take_while(|p| p.time <= peak.time + reach);
        let stronger = near
            .enumerate()
            .filter(|(j, p)| (p.strength, i) > (peak.strength, start + j))
            .take(per_second)
            .count();
        if stronger < per_second {
            kept.push(*peak);
        }
    }
    kept
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "maxima are copies")]
mod tests {
    use super::*;

    const CONFIG: PeakConfig = PeakConfig {
        min_hz: 250.0,
        max_hz: 5_000.0,
        reach_frames: 6,
        reach_cells: 6,
        floor_power: 1e-3,
        tilt: 0.0,
    };
    const BIN_HZ: f32 = 11_025.0 / 2_048.0;

    fn pick(frames: &[Vec<f32>]) -> Vec<Peak> {
        let mut picker = PeakPicker::new(CONFIG, BIN_HZ, 1_025);
        let mut peaks = Vec::new();
        for frame in frames {
            picker.push(frame, &mut peaks);
        }
        picker.finish(&mut peaks);
        peaks
    }

    /// Frames of a low floor with bumps at (frame, bin, power).
    fn field(n_frames: usize, bumps: &[(usize, usize, f32)]) -> Vec<Vec<f32>> {
        let mut frames = vec![vec![1e-6; 1_025]; n_frames];
        for (t, b, p) in bumps {
            for (dt, share) in [(-1_isize, 0.5), (0, 1.0), (1, 0.5)] {
                let Some(frame) = t.checked_add_signed(dt).filter(|t| *t < n_frames) else {
                    continue;
                };
                frames[frame][b - 1] = p * share * 0.25;
                frames[frame][*b] = p * share;
                frames[frame][b + 1] = p * share * 0.25;
            }
        }
        frames
    }

    #[test]
    fn one_bump_is_one_peak_at_its_place() {
        let peaks = pick(&field(40, &[(20, 200, 1.0)]));
        assert_eq!(peaks.len(), 1);
        assert!((peaks[0].frames() - 20.0).abs() < 0.01);
        let hz = 250.0 * peaks[0].octaves().exp2();
        assert!((hz - 200.0 * BIN_HZ).abs() < 0.5, "{hz}");
    }

    #[test]
    fn the_stronger_of_two_neighbours_wins_and_far_ones_both_stay() {
        let near = pick(&field(40, &[(15, 200, 1.0), (20, 205, 2.0)]));
        assert_eq!(near.len(), 1);
        assert!((near[0].frames() - 20.0).abs() < 0.01);
        assert_eq!(pick(&field(40, &[(10, 200, 1.0), (20, 205, 2.0)])).len(), 2);
        assert_eq!(pick(&field(40, &[(20, 200, 1.0), (20, 260, 2.0)])).len(), 2);
    }

    #[test]
    fn peaks_at_the_very_ends_are_found() {
        assert_eq!(pick(&field(30, &[(0, 200, 1.0), (29, 300, 1.0)])).len(), 2);
    }

    #[test]
    fn below_the_floor_is_nothing() {
        assert!(pick(&field(30, &[(10, 200, 1e-4)])).is_empty());
    }

    #[test]
    fn a_later_start_moves_the_peaks_and_changes_none() {
        let bumps: Vec<_> = (0..30)
            .map(|i| (20 + i * 7 % 90, 60 + i * 97 % 800, 1.0 + (i * 31 % 17) as f32))
            .collect();
        let frames = field(130, &bumps);
        let late: Vec<_> = pick(&frames[10..]);
        let all = pick(&frames);
        let moved: Vec<_> = all.iter().map(|p| Peak { time: p.time - 160, ..*p }).collect();
        assert_eq!(late, moved);
    }

    #[test]
    fn widening_is_the_maximum_of_the_neighbourhood() {
        let values: Vec<f32> = (0..40_u16).map(|i| f32::from(i * 37 % 41)).collect();
        for reach in 0..9 {
            let mut padded = vec![9.0; 40 + 2 * reach];
            let mut out = vec![0.0; 40];
            widen(&values, reach, &mut padded, &mut out);
            for (i, got) in out.iter().enumerate() {
                let near = &values[i.saturating_sub(reach)..(i + reach + 1).min(40)];
                assert_eq!(*got, near.iter().copied().fold(0.0, f32::max), "{reach} {i}");
            }
        }
    }

    #[test]
    fn thinning_keeps_the_strongest_of_each_second() {
        let peaks: Vec<Peak> =
            (0..430).map(|i| Peak { time: i * 16, pitch: 0, strength: (i % 43) as u16 }).collect();
        let kept = thin(&peaks, 5, 43.0);
        assert!(kept.iter().all(|p| p.strength >= 37), "{kept:?}");
        assert!((50..=70).contains(&kept.len()), "{}", kept.len());
        assert_eq!(thin(&peaks, 100, 43.0), peaks);
    }

    #[test]
    fn equal_peaks_are_told_apart_by_order() {
        let peaks = vec![Peak { time: 0, pitch: 5, strength: 9 }; 10];
        assert_eq!(thin(&peaks, 3, 43.0).len(), 3);
    }
}
