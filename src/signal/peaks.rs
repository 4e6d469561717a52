//! Spectral peaks: local maxima of the power spectrum in time and frequency, interpolated in both.
//!
//! `landmarks` makes hashes of them.

use std::collections::VecDeque;
use std::ops::Range;

use bytemuck::{Pod, Zeroable};

/// A peak. 8 bytes, fixed point, so that it is stored and compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(C)]
pub struct Peak {
    /// Time in 1/16 frame from the start of the signal; 1/16 frame is 1.45 ms.
    pub time: u32,
    /// Frequency in 1/8192 octave above [`PeakConfig::min_hz`]; a cent is 6.8.
    pub pitch: u16,
    /// Power in 1/256 of a doubling, above an arbitrary zero: to rank peaks and to compare levels. Of a peak that is kept of
    /// a recording the lowest bit tells whether it leads ([`Peak::leads`]).
    pub strength: u16,
}

/// Units of [`Peak::time`] in a frame.
pub const TIME_UNITS: f32 = 16.0;
/// Units of [`Peak::pitch`] in an octave.
pub const PITCH_UNITS: f32 = 8_192.0;

impl Peak {
    /// Time in frames.
    pub fn frames(self) -> f32 {
        self.time as f32 / TIME_UNITS
    }

    /// Whether a marked peak is a leading one: one of the strongest, which make landmarks.
    pub fn leads(self) -> bool {
        self.strength & 1 == 1
    }

    /// The same peak, marked as leading or not.
    #[must_use]
    pub fn marked(self, leads: bool) -> Self {
        Self { strength: self.strength & !1 | u16::from(leads), ..self }
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
    /// A peak is the maximum of this many frames before and after it; 4 are 93 ms.
    pub reach_frames: usize,
    /// A peak is the maximum of this many cells of 1/50 octave below and above it; 4 are 0.08 octave.
    pub reach_cells: usize,
    /// Lowest power of a peak: a sine at −80 dB of full scale has 2.6e-3 in a Hann frame of 2048.
    pub floor_power: f32,
}

/// Cells an octave on the axis on which maxima compete. Part of the fingerprint's algorithm; a guess.
const CELLS_PER_OCTAVE: f32 = 50.0;

/// A frame in the picker's window.
#[derive(Debug, Clone)]
struct Row {
    /// Highest power in each cell, 0 where no bin falls into it.
    maxima: Vec<f32>,
    /// Maximum of `maxima` within `reach_cells` of each cell.
    spread: Vec<f32>,
    /// Cells that no neighbour exceeds in this frame or in those before it; later frames may still exceed them.
    candidates: Vec<usize>,
    /// The power spectrum, for the interpolation in time.
    power: Vec<f32>,
}

/// Streaming search for peaks. Memory does not grow with the signal.
#[derive(Debug)]
pub struct PeakPicker {
    config: PeakConfig,
    bin_hz: f32,
    cells: Cells,
    /// The last frames. The peaks of the middle one are decided. Before the signal begins all are silent.
    rows: VecDeque<Row>,
    padded: [Vec<f32>; 2],
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
            candidates: Vec::with_capacity(n_cells),
            power: vec![0.0; n_bins],
        };
        let padded = vec![0.0; n_cells + 2 * config.reach_cells];
        let rows = vec![row; 2 * config.reach_frames + 1].into();
        let cells = Cells::new(edges);
        Self { config, bin_hz, cells, rows, padded: [padded.clone(), padded], next: 0 }
    }

    /// Takes the next power spectrum and adds the peaks that are now certain.
    pub fn push(&mut self, power: &[f32], peaks: &mut Vec<Peak>) {
        let Some(mut row) = self.rows.pop_front() else { return };
        row.power.copy_from_slice(power);
        self.cells.maxima(power, &mut row.maxima);
        widen(&row.maxima, self.config.reach_cells, &mut self.padded, &mut row.spread);
        candidates(&row.maxima, &row.spread, self.config.floor_power, &mut row.candidates);
        // Strictly above earlier frames, so that a tie has one winner. The nearest frame first, since it excludes most.
        let before = self.rows.iter().rev().take(self.config.reach_frames);
        row.candidates.retain(|&cell| before.clone().all(|b| row.maxima[cell] > b.spread[cell]));
        self.rows.push_back(row);
        self.next += 1;
        if let Some(frame) = self.next.checked_sub(self.config.reach_frames + 1) {
            self.decide(frame, peaks);
        }
    }

    /// Adds the peaks of the last frames.
    pub fn finish(mut self, peaks: &mut Vec<Peak>) {
        let silence = vec![0.0; self.rows[0].power.len()];
        for _ in 0..self.config.reach_frames {
            self.push(&silence, peaks);
        }
    }

    /// Adds the peaks of `frame`, whose row is the middle one.
    fn decide(&self, frame: usize, peaks: &mut Vec<Peak>) {
        let middle = self.config.reach_frames;
        let row = &self.rows[middle];
        let after = self.rows.iter().skip(middle + 1);
        for &cell in &row.candidates {
            let here = row.maxima[cell];
            if !after.clone().all(|after| here >= after.spread[cell]) {
                continue;
            }
            let Some(bin) = self.cells.bins(cell).find(|b| row.power[*b] >= here) else { continue };
            let around = &row.power[bin - 1..=bin + 1];
            // At the edge of the band the maximum may lie on a slope.
            if around[0] > around[1] || around[2] > around[1] {
                continue;
            }
            let beside = |t: usize| self.rows.get(t).map_or(0.0, |row| row.power[bin]);
            let earlier = middle.checked_sub(1).map_or(0.0, beside);
            peaks.push(self.peak(frame, bin, around, earlier, beside(middle + 1)));
        }
    }

    /// Interpolates a peak by parabolas through the logarithms of power (Smith & Serra, PARSHL).
    fn peak(&self, frame: usize, bin: usize, around: &[f32], earlier: f32, later: f32) -> Peak {
        let log = |power: f32| power.max(1e-12).log2();
        let middle = log(around[1]);
        let up = bin as f32 + vertex(log(around[0]), middle, log(around[2]));
        let octaves = (up * self.bin_hz / self.config.min_hz).log2().max(0.0);
        let time = frame as f32 + vertex(log(earlier), middle, log(later));
        let strength = (middle + 64.0) * 256.0;
        Peak {
            time: (time.max(0.0) * TIME_UNITS).round() as u32,
            pitch: (octaves * PITCH_UNITS).round() as u16,
            strength: strength.clamp(0.0, f32::from(u16::MAX)) as u16,
        }
    }
}

/// The cells of the axis on which maxima compete.
///
/// The maximum of a cell of 8 to 15 bins is that of two runs of 8, one at each end, which may overlap (a sparse table). The maxima
/// of runs of 1, 2, 4, 8 … bins are made for the whole spectrum, each from two runs of half the length.
#[derive(Debug)]
struct Cells {
    /// The bins of cell `c` are `edges[c] .. edges[c + 1]`.
    edges: Vec<usize>,
    /// For runs of 1, 2, 4 … bins: the bins at which a run begins that some cell needs.
    starts: Vec<Range<usize>>,
    /// The two runs of each cell, as indices in `runs`.
    halves: Vec<(usize, usize)>,
    /// Maxima of the runs, shape `(starts.len(), edges.last() + 1)`; 0 where there is no run.
    runs: Vec<f32>,
}

impl Cells {
    fn new(edges: Vec<usize>) -> Self {
        let end = *edges.last().expect("a cell");
        let width = end + 1;
        let level = |cell: &[usize]| (cell[1] - cell[0]).checked_ilog2();
        let levels = edges.windows(2).filter_map(level).max().map_or(1, |level| level + 1);
        let starts = (0..levels).map(|l| {
            let first = edges.windows(2).find(|cell| level(cell) >= Some(l));
            first.map_or(end, |cell| cell[0])..end + 1 - (1 << l)
        });
        // The last place of the first row holds the maximum of a cell without bins.
        let halves = edges.windows(2).map(|cell| match level(cell) {
            Some(l) => (l as usize * width + cell[0], l as usize * width + cell[1] - (1 << l)),
            None => (end, end),
        });
        let (starts, halves) = (starts.collect(), halves.collect());
        Self { starts, halves, runs: vec![0.0; levels as usize * width], edges }
    }

    fn bins(&self, cell: usize) -> Range<usize> {
        self.edges[cell]..self.edges[cell + 1]
    }

    /// Highest power in each cell, 0 where no bin falls into it.
    fn maxima(&mut self, power: &[f32], out: &mut [f32]) {
        let width = self.edges[self.edges.len() - 1] + 1;
        let bins = self.starts[0].clone();
        self.runs[bins.clone()].copy_from_slice(&power[bins]);
        for (level, starts) in self.starts.iter().enumerate().skip(1) {
            let (shorter, runs) = self.runs[(level - 1) * width..].split_at_mut(width);
            larger_of(&shorter[starts.start..], 1 << (level - 1), &mut runs[starts.clone()]);
        }
        for (out, &(a, b)) in out.iter_mut().zip(&self.halves) {
            *out = larger(self.runs[a], self.runs[b]);
        }
    }
}

/// The maximum of `values` within `reach` of each place, by windows of doubling width. `padded` is scratch: two buffers of the
/// length of `values` and twice the reach.
fn widen(values: &[f32], reach: usize, padded: &mut [Vec<f32>; 2], out: &mut [f32]) {
    let [from, to] = padded;
    from[..reach].fill(0.0);
    from[reach..reach + values.len()].copy_from_slice(values);
    from[reach + values.len()..].fill(0.0);
    let (target, mut width) = (2 * reach + 1, 1);
    while width < target {
        // Each place becomes the maximum of `width + step` places from it on.
        let step = width.min(target - width);
        let places = from.len() + 1 - width - step;
        larger_of(from, step, &mut to[..places]);
        std::mem::swap(from, to);
        width += step;
    }
    out.copy_from_slice(&from[..values.len()]);
}

/// The larger of each value and the value `step` places after it.
fn larger_of(values: &[f32], step: usize, out: &mut [f32]) {
    for ((out, a), b) in out.iter_mut().zip(values).zip(&values[step..]) {
        *out = larger(*a, *b);
    }
}

/// The larger of two numbers, in one instruction: `f32::max` takes three to look for NaN.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The cells above `floor` whose maximum is that of their neighbourhood. Without a branch for each cell, which would be hard to
/// predict: one in twelve is a candidate.
fn candidates(maxima: &[f32], spread: &[f32], floor: f32, out: &mut Vec<usize>) {
    out.clear();
    out.resize(maxima.len(), 0);
    let mut found = 0;
    for (cell, (here, highest)) in maxima.iter().zip(spread).enumerate() {
        out[found] = cell;
        found += usize::from(here >= highest && *here > floor);
    }
    out.truncate(found);
}

/// The position of the maximum of the parabola through three equidistant values, from the middle one, in [-0.5, 0.5] of the spacing.
fn vertex(left: f32, middle: f32, right: f32) -> f32 {
    let curve = left - 2.0 * middle + right;
    if curve < 0.0 { (0.5 * (left - right) / curve).clamp(-0.5, 0.5) } else { 0.0 }
}

/// Smallest distance of peaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// Distance in frames; 6 are 139 ms.
    pub frames: f32,
    /// Distance in octaves.
    pub octaves: f32,
}

/// Keeps the peaks (sorted by time) that are the strongest within `spacing`: those that a picker of a longer reach would find.
pub fn space(peaks: &[Peak], spacing: Spacing) -> Vec<Peak> {
    let reach = (spacing.frames * TIME_UNITS) as u32;
    let width = (spacing.octaves * PITCH_UNITS) as u16;
    let mut start = 0;
    let mut kept = Vec::new();
    for (i, peak) in peaks.iter().enumerate() {
        while peaks[start].time + reach < peak.time {
            start += 1;
        }
        let near = peaks.iter().enumerate().skip(start);
        // Of two equal peaks the earlier is kept.
        let beaten =
            near.take_while(|(_, other)| other.time <= peak.time + reach).any(|(j, other)| {
                other.pitch.abs_diff(peak.pitch) <= width
                    && (other.strength, i) > (peak.strength, j)
            });
        if !beaten {
            kept.push(*peak);
        }
    }
    kept
}

/// Keeps a peak if fewer than `per_second` peaks within half a second of it are stronger. `peaks` and the result are sorted by time.
/// Unlike a choice in blocks, this does not depend on where the signal was cut.
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
            let mut padded = [vec![9.0; 40 + 2 * reach], vec![9.0; 40 + 2 * reach]];
            let mut out = vec![0.0; 40];
            widen(&values, reach, &mut padded, &mut out);
            for (i, got) in out.iter().enumerate() {
                let near = &values[i.saturating_sub(reach)..(i + reach + 1).min(40)];
                assert_eq!(*got, near.iter().copied().fold(0.0, f32::max), "{reach} {i}");
            }
        }
    }

    #[test]
    fn each_cell_has_the_maximum_of_its_bins() {
        let power: Vec<f32> = (0..1_025_u16).map(|i| f32::from(i * 37 % 41)).collect();
        let mut cells = PeakPicker::new(CONFIG, BIN_HZ, 1_025).cells;
        let mut out = vec![9.0; cells.halves.len()];
        cells.maxima(&power, &mut out);
        for (cell, got) in out.iter().enumerate() {
            let bins = &power[cells.bins(cell)];
            assert_eq!(*got, bins.iter().copied().fold(0.0, f32::max), "{cell}");
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
    fn of_peaks_near_each_other_the_strongest_is_kept() {
        let peak = |frame: u32, octaves: f32, strength| Peak {
            time: frame * 16,
            pitch: (octaves * PITCH_UNITS) as u16,
            strength,
        };
        let spacing = Spacing { frames: 6.0, octaves: 0.12 };
        let peaks = [peak(0, 1.0, 5), peak(3, 1.1, 9), peak(4, 2.0, 1), peak(10, 1.1, 3)];
        assert_eq!(space(&peaks, spacing), peaks[1..]);
        let equal = [peak(0, 1.0, 5), peak(6, 1.0, 5)];
        assert_eq!(space(&equal, spacing), equal[..1]);
    }

    #[test]
    fn equal_peaks_are_told_apart_by_order() {
        let peaks = vec![Peak { time: 0, pitch: 5, strength: 9 }; 10];
        assert_eq!(thin(&peaks, 3, 43.0).len(), 3);
    }
}
