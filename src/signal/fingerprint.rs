//! The fingerprint of a signal: resample → STFT → peaks and sub-fingerprints, as one call.
//!
//! Hashes depend on [`FingerprintConfig`] alone; every index and every result stores its digest. Landmarks are made from
//! the peaks where they are needed.

use sha2::{Digest, Sha256};

use crate::base::hex;
use crate::signal::SampleRate;
use crate::signal::landmarks::{Density, LandmarkConfig};
use crate::signal::peaks::{Peak, PeakConfig, PeakPicker, Spacing, space, thin};
use crate::signal::resample::Resampler;
use crate::signal::stft::{Stft, StftConfig, StftStream};
use crate::signal::sub_fingerprints::{SubFingerprint, SubFingerprinter};

/// Configuration of fingerprints. A change of any value makes existing indexes unusable.
///
/// The defaults are guesses where nothing else is said: chosen by hand, and not swept since. `benches/EVALUATION.md` has the
/// recall that they give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FingerprintConfig {
    /// Sample rate of the analysed signal.
    pub sample_rate: SampleRate,
    /// Shape of the short-time Fourier transform.
    pub stft: StftConfig,
    /// Choice of peaks.
    pub peaks: PeakConfig,
    /// Smallest distance of the peaks that make landmarks and that are kept of a recording.
    pub spacing: Spacing,
    /// Peaks a second of an item that make landmarks; 35 are nearly all that there are.
    pub item_peaks_per_second: usize,
    /// Peaks a second that are kept of a recording, to check an alignment peak by peak.
    pub recording_peaks_per_second: usize,
    /// Peaks a second of a recording that make landmarks: the index is sparse, the query dense.
    pub landmark_peaks_per_second: usize,
    /// Every so many frames a sub-fingerprint is kept of a recording; 6 are 139 ms.
    pub recording_print_step: usize,
    /// Choice of pairs.
    pub landmarks: LandmarkConfig,
    /// Targets of a recording's anchors.
    pub recording_density: Density,
}

impl Default for FingerprintConfig {
    fn default() -> Self {
        Self {
            sample_rate: SampleRate::new(11_025).expect("not zero"),
            stft: StftConfig { n_fft: 2_048, hop: 256 },
            peaks: PeakConfig {
                min_hz: 250.0,
                max_hz: 5_000.0,
                reach_frames: 4,
                reach_cells: 4,
                floor_power: 2.6e-3,
            },
            spacing: Spacing { frames: 6.0, octaves: 0.12 },
            item_peaks_per_second: 35,
            recording_peaks_per_second: 16,
            landmark_peaks_per_second: 8,
            recording_print_step: 6,
            landmarks: LandmarkConfig {
                min_gap_frames: 4.0,
                max_gap_frames: 64.0,
                max_step_octaves: 1.0,
            },
            recording_density: Density { fan_out: 2, probe: 0.0 },
        }
    }
}

/// Increased when the code makes other peaks or hashes from the same configuration.
const ALGORITHM_VERSION: u32 = 4;

impl FingerprintConfig {
    /// The peaks of [`Fingerprint::peaks`] that are kept of a recording, the leading ones marked.
    pub fn recording_peaks(&self, peaks: &[Peak]) -> Vec<Peak> {
        let rate = self.frames_per_second() as f32;
        let kept = thin(peaks, self.recording_peaks_per_second, rate);
        let leading = thin(&kept, self.landmark_peaks_per_second, rate);
        let mut next = leading.iter().peekable();
        kept.iter().map(|peak| peak.marked(next.next_if_eq(&peak).is_some())).collect()
    }

    /// The signs of [`Fingerprint::sub_fingerprints`] that are kept of a recording.
    pub fn recording_prints(&self, sub_fingerprints: &[SubFingerprint]) -> Vec<u32> {
        sub_fingerprints
            .iter()
            .step_by(self.recording_print_step)
            .map(|sub_fingerprint| sub_fingerprint.signs)
            .collect()
    }

    /// The peaks that make landmarks, of those kept of a recording.
    pub fn landmark_peaks(&self, peaks: &[Peak]) -> Vec<Peak> {
        peaks.iter().copied().filter(|peak| peak.leads()).collect()
    }

    /// Frames a second: 43.07 by default.
    pub fn frames_per_second(&self) -> f64 {
        f64::from(self.sample_rate.hz()) / self.stft.hop as f64
    }

    /// CRC-32 of the bits of every field and of the algorithm's version.
    pub fn digest(&self) -> u32 {
        // Destructured in full, so that a new field cannot be forgotten.
        let Self {
            sample_rate,
            stft: StftConfig { n_fft, hop },
            peaks: PeakConfig { min_hz, max_hz, reach_frames, reach_cells, floor_power },
            spacing: Spacing { frames, octaves },
            item_peaks_per_second,
            recording_peaks_per_second,
            landmark_peaks_per_second,
            recording_print_step,
            landmarks: LandmarkConfig { min_gap_frames, max_gap_frames, max_step_octaves },
            recording_density: Density { fan_out, probe },
        } = *self;
        let words = [
            ALGORITHM_VERSION,
            sample_rate.hz(),
            n_fft as u32,
            hop as u32,
            min_hz.to_bits(),
            max_hz.to_bits(),
            reach_frames as u32,
            reach_cells as u32,
            floor_power.to_bits(),
            // The place of a setting that was always 0 and is gone: without it every index would have to be made once more.
            0,
            frames.to_bits(),
            octaves.to_bits(),
            item_peaks_per_second as u32,
            recording_peaks_per_second as u32,
            landmark_peaks_per_second as u32,
            recording_print_step as u32,
            min_gap_frames.to_bits(),
            max_gap_frames.to_bits(),
            max_step_octaves.to_bits(),
            fan_out as u32,
            probe.to_bits(),
        ];
        let mut hasher = crc32fast::Hasher::new();
        for word in words {
            hasher.update(&word.to_le_bytes());
        }
        hasher.finalize()
    }
}

/// The fingerprint of a signal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fingerprint {
    /// Peaks at least [`FingerprintConfig::spacing`] apart, sorted by time: they make landmarks.
    pub peaks: Vec<Peak>,
    /// All peaks, sorted by time. Those of a recording under other sound are among them.
    pub all_peaks: Vec<Peak>,
    /// One for each frame.
    pub sub_fingerprints: Vec<SubFingerprint>,
    /// Length of the signal in seconds.
    pub seconds: f64,
}

impl Fingerprint {
    /// SHA-256 over the whole fingerprint, in lower-case hex: equal if no peak, no sign and no sample of length differs.
    ///
    /// Sound that was encoded once more, cut, or shifted by less than a frame has another digest. Sound outside of the band of the
    /// peaks, and sound that mono cancels, does not change it.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(ALGORITHM_VERSION.to_le_bytes());
        digest.update(self.seconds.to_le_bytes());
        // The length of the first list separates the two.
        digest.update((self.all_peaks.len() as u64).to_le_bytes());
        digest.update(bytemuck::cast_slice::<Peak, u8>(&self.all_peaks));
        for sub_fingerprint in &self.sub_fingerprints {
            digest.update(sub_fingerprint.signs.to_le_bytes());
        }
        hex(&digest.finalize())
    }
}

/// Makes fingerprints. Holds the plan of the transform, shared by all workers.
///
/// # Example
///
/// ```
/// use leakhound::signal::SampleRate;
/// use leakhound::signal::fingerprint::{FingerprintConfig, Fingerprinter};
///
/// let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
/// let mut stream = fingerprinter.stream(SampleRate::new(44_100).expect("a rate"));
/// // Mono samples within [-1, 1], in blocks of any length.
/// let tone = |at: u32| (0.06 * f64::from(at)).sin() as f32;
/// stream.push(&(0..44_100).map(tone).collect::<Vec<f32>>());
/// let fingerprint = stream.finish();
/// assert!((fingerprint.seconds - 1.0).abs() < 0.1);
/// ```
#[derive(Debug, Clone)]
pub struct Fingerprinter {
    config: FingerprintConfig,
    stft: Stft,
}

impl Fingerprinter {
    /// Plans the transform.
    pub fn new(config: FingerprintConfig) -> Self {
        Self { config, stft: Stft::new(config.stft) }
    }

    /// The configuration.
    pub fn config(&self) -> &FingerprintConfig {
        &self.config
    }

    /// Begins a signal whose first samples have `sample_rate`.
    ///
    /// # Panics
    ///
    /// If the rate is outside what [`Resampler::new`] takes.
    pub fn stream(&self, sample_rate: SampleRate) -> FingerprintStream {
        let bin_hz = self.config.sample_rate.hz() as f32 / self.config.stft.n_fft as f32;
        FingerprintStream {
            config: self.config,
            resampler: Resampler::new(sample_rate, self.config.sample_rate),
            analysis: Analysis {
                stft: self.stft.stream(),
                picker: PeakPicker::new(self.config.peaks, bin_hz, self.stft.n_bins()),
                peaks: Vec::new(),
                maker: SubFingerprinter::new(
                    self.config.peaks.min_hz,
                    self.config.peaks.max_hz,
                    bin_hz,
                ),
                sub_fingerprints: Vec::new(),
                samples: 0,
            },
        }
    }
}

/// The fingerprint of one signal in the making.
#[derive(Debug)]
pub struct FingerprintStream {
    config: FingerprintConfig,
    resampler: Resampler,
    analysis: Analysis,
}

#[derive(Debug)]
struct Analysis {
    stft: StftStream,
    picker: PeakPicker,
    peaks: Vec<Peak>,
    maker: SubFingerprinter,
    sub_fingerprints: Vec<SubFingerprint>,
    samples: u64,
}

impl Analysis {
    fn push(&mut self, samples: &[f32]) {
        self.samples += samples.len() as u64;
        let Self { stft, picker, peaks, maker, sub_fingerprints, .. } = self;
        stft.push(samples, &mut |power| {
            picker.push(power, peaks);
            maker.push(power, sub_fingerprints);
        });
    }
}

impl FingerprintStream {
    /// Takes mono samples `(n_samples,)` at the current rate.
    pub fn push(&mut self, samples: &[f32]) {
        let analysis = &mut self.analysis;
        self.resampler.push(samples, &mut |s| analysis.push(s));
    }

    /// Changes the sample rate of the samples that follow.
    ///
    /// # Panics
    ///
    /// As [`Fingerprinter::stream`].
    pub fn set_rate(&mut self, sample_rate: SampleRate) {
        let next = Resampler::new(sample_rate, self.config.sample_rate);
        let analysis = &mut self.analysis;
        std::mem::replace(&mut self.resampler, next).finish(&mut |s| analysis.push(s));
    }

    /// Ends the signal.
    pub fn finish(self) -> Fingerprint {
        let Self { config, resampler, mut analysis } = self;
        resampler.finish(&mut |s| analysis.push(s));
        let Analysis { stft, mut picker, mut peaks, mut maker, mut sub_fingerprints, samples } =
            analysis;
        stft.finish(&mut |power| {
            picker.push(power, &mut peaks);
            maker.push(power, &mut sub_fingerprints);
        });
        picker.finish(&mut peaks);
        maker.finish(&mut sub_fingerprints);
        // Interpolation in time may swap neighbours; the other fields break ties.
        peaks.sort_unstable();
        let all_peaks = peaks;
        let peaks = space(&all_peaks, config.spacing);
        let peaks = thin(&peaks, config.item_peaks_per_second, config.frames_per_second() as f32);
        let seconds = samples as f64 / f64::from(config.sample_rate.hz());
        Fingerprint { peaks, all_peaks, sub_fingerprints, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_digest_is_pinned() {
        // A change makes the index of every user unusable.
        assert_eq!(FingerprintConfig::default().digest(), 0x8414_d117);
        let mut other = FingerprintConfig::default();
        other.peaks.floor_power += 0.5;
        assert_ne!(other.digest(), FingerprintConfig::default().digest());
    }

    #[test]
    fn of_the_peaks_of_a_recording_the_strongest_lead() {
        let config = FingerprintConfig::default();
        let peaks: Vec<Peak> = (0..860_u32)
            .map(|i| Peak { time: i * 16, pitch: 0, strength: (i * 37 % 1_000) as u16 })
            .collect();
        let kept = config.recording_peaks(&peaks);
        let leading = config.landmark_peaks(&kept);
        let a_second = |peaks: &[Peak]| peaks.len() as f64 / (860.0 / config.frames_per_second());
        assert!((12.0..24.0).contains(&a_second(&kept)), "{}", kept.len());
        assert!((6.0..12.0).contains(&a_second(&leading)), "{}", leading.len());
        let weakest = |peaks: &[Peak]| peaks.iter().map(|p| p.strength).min();
        assert!(weakest(&leading) > weakest(&kept));
    }

    #[test]
    fn the_size_of_the_blocks_changes_nothing() {
        let fingerprinter = Fingerprinter::new(FingerprintConfig::default());
        let samples: Vec<f32> = (0..88_200_u32)
            .map(|i| {
                let t = i as f32 / 44_100.0;
                let note = 300.0 * (1.0 + (t * 5.0).floor() * 0.3);
                (t * note * std::f32::consts::TAU).sin() * (1.0 - (t * 5.0).fract())
            })
            .collect();
        let run = |block: usize| {
            let mut stream = fingerprinter.stream(SampleRate::new(44_100).unwrap());
            for chunk in samples.chunks(block) {
                stream.push(chunk);
            }
            stream.finish()
        };
        let whole = run(88_200);
        assert!(whole.peaks.len() > 10, "{}", whole.peaks.len());
        assert!((whole.seconds - 2.0).abs() < 0.001);
        assert_eq!(whole, run(777));
    }
}
