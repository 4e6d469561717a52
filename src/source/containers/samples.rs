//! Samples in the cells of a table or an array, as WAV files of 32-bit floats.

/// Most channels of a list of lists: those of 7.1. A list of more lists is no sound, but a spectrum or the like.
pub(super) const MAX_CHANNELS: usize = 8;

/// What the samples of a cell come to.
pub(super) enum Made {
    /// No samples.
    Empty,
    Wav(Vec<u8>),
    /// Lists that are not channels of one sound, in words.
    Shapeless(String),
}

/// The samples of one cell.
#[derive(Debug, Default)]
pub(super) struct Samples {
    values: Values,
    /// Where each inner list begins, for a list of lists.
    starts: Vec<usize>,
}

#[derive(Debug)]
enum Values {
    Floats(Vec<f32>),
    Wholes(Vec<i64>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Floats(Vec::new())
    }
}

impl Samples {
    /// Samples of floating point.
    pub(super) fn floats(values: Vec<f32>) -> Self {
        Self { values: Values::Floats(values), starts: Vec::new() }
    }

    /// Samples that are whole numbers of any size.
    pub(super) fn wholes(values: Vec<i64>) -> Self {
        Self { values: Values::Wholes(values), starts: Vec::new() }
    }

    /// The same in inner lists that begin at these samples.
    pub(super) fn in_lists(self, starts: Vec<usize>) -> Self {
        Self { starts, ..self }
    }

    /// As a WAV file. The decoder reports a sample rate of 0.
    pub(super) fn wav(self, rate_hz: u32) -> Made {
        let floats: Vec<f32> = match self.values {
            Values::Floats(floats) => floats,
            Values::Wholes(wholes) => scaled(&wholes).collect(),
        };
        if floats.is_empty() {
            return Made::Empty;
        }
        let count = self.starts.len().max(1);
        let length = floats.len() / count;
        let is_even = self.starts.iter().enumerate().all(|(nth, start)| *start == nth * length)
            && floats.len() == count * length;
        if !is_even {
            return Made::Shapeless(format!("{count} lists that differ in length"));
        }
        let channels = match (count, length) {
            (1, _) => return Made::Wav(wav(rate_hz, 1, floats.into_iter())),
            // One list for each channel.
            (2..=MAX_CHANNELS, _) if length > count => {
                let at = |frame: usize| (0..count).map(move |channel| channel * length + frame);
                let interleaved = (0..length).flat_map(at).map(|at| floats[at]);
                return Made::Wav(wav(rate_hz, count, interleaved));
            }
            // One list for each frame.
            (_, 1..=MAX_CHANNELS) => length,
            _ => {
                return Made::Shapeless(format!("{count} lists of {length} values"));
            }
        };
        Made::Wav(wav(rate_hz, channels, floats.into_iter()))
    }
}

/// The head of a WAV file of 32-bit floats with so many samples, of all channels together.
pub(super) fn wav_head(rate_hz: u32, channels: usize, samples: u64) -> Vec<u8> {
    let data_bytes = u32::try_from(samples.saturating_mul(4)).unwrap_or(u32::MAX);
    let frame_bytes = u16::try_from(channels * 4).unwrap_or(u16::MAX);
    let mut head = Vec::with_capacity(44);
    head.extend_from_slice(b"RIFF");
    head.extend_from_slice(&data_bytes.saturating_add(36).to_le_bytes());
    head.extend_from_slice(b"WAVEfmt \x10\0\0\0\x03\0");
    head.extend_from_slice(&u16::try_from(channels).unwrap_or(u16::MAX).to_le_bytes());
    head.extend_from_slice(&rate_hz.to_le_bytes());
    head.extend_from_slice(&rate_hz.saturating_mul(frame_bytes.into()).to_le_bytes());
    head.extend_from_slice(&frame_bytes.to_le_bytes());
    head.extend_from_slice(b"\x20\0data");
    head.extend_from_slice(&data_bytes.to_le_bytes());
    head
}

/// Interleaved samples as a WAV file.
fn wav(rate_hz: u32, channels: usize, samples: impl Iterator<Item = f32>) -> Vec<u8> {
    let count = samples.size_hint().0;
    let mut wav = wav_head(rate_hz, channels, 0);
    wav.reserve(count * 4);
    samples.for_each(|sample| wav.extend_from_slice(&sample.to_le_bytes()));
    let samples = (wav.len() - 44) as u64 / 4;
    wav[..44].copy_from_slice(&wav_head(rate_hz, channels, samples));
    wav
}

/// Samples that are whole numbers, as those of floating point: of full scale at 8, 16, 24 or 32 bits, whichever is the least that holds
/// them. Tables write 16 bits into columns of any width.
fn scaled(samples: &[i64]) -> impl Iterator<Item = f32> {
    let scale = scale_of(samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0));
    samples.iter().map(move |&sample| (sample as f64 * scale) as f32)
}

/// The same for whole numbers that are held as those of floating point; others stay as they are.
pub(super) fn to_full_scale(mut samples: Vec<f32>) -> Vec<f32> {
    if samples.iter().all(|sample| sample.fract() == 0.0) {
        let largest = samples.iter().fold(0.0_f32, |largest, sample| largest.max(sample.abs()));
        let scale = scale_of(largest as u64) as f32;
        for sample in &mut samples {
            *sample *= scale;
        }
    }
    samples
}

/// What brings samples to full scale, by the largest of them.
pub(super) fn scale_of(largest: u64) -> f64 {
    let bits = [7, 15, 23, 31].into_iter().find(|bits| largest <= 1 << bits).unwrap_or(63);
    2_f64.powi(-bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_become_samples_of_full_scale() {
        let floats = |samples: &[i64]| scaled(samples).collect::<Vec<_>>();
        assert_eq!(floats(&[-32_768, 16_384, 0]), [-1.0, 0.5, 0.0]);
        assert_eq!(floats(&[-128, 64]), [-1.0, 0.5]);
        assert_eq!(floats(&[1 << 30, -(1 << 31)]), [0.5, -1.0]);
        assert_eq!(floats(&[i64::MIN]), [-1.0]);
        assert!(floats(&[]).is_empty());
        assert_eq!(to_full_scale(vec![-32_768.0, 16_384.0]), [-1.0, 0.5]);
        assert_eq!(to_full_scale(vec![0.5, 1.0]), [0.5, 1.0]);
    }

    #[test]
    fn lists_of_lists_are_channels_or_frames_or_no_samples() {
        let of = |count: usize, length: usize| {
            let floats = (0..count * length).map(|n| n as f32).collect();
            let starts = (0..count).map(|n| n * length).collect();
            match Samples::floats(floats).in_lists(starts).wav(8_000) {
                Made::Wav(wav) => {
                    let four = |at: usize| wav[at..].first_chunk().copied().unwrap();
                    Some((wav[22], f32::from_le_bytes(four(48)), u32::from_le_bytes(four(40))))
                }
                _ => None,
            }
        };
        assert_eq!(of(2, 100), Some((2, 100.0, 800)));
        assert_eq!(of(100, 2), Some((2, 1.0, 800)));
        assert_eq!(of(1, 100), Some((1, 1.0, 400)));
        assert_eq!(of(80, 100), None);
        let uneven = Samples::floats(vec![0.0; 5]).in_lists(vec![0, 3]);
        assert!(matches!(uneven.wav(1), Made::Shapeless(told) if told.contains("differ")));
        assert!(matches!(Samples::wholes(Vec::new()).wav(1), Made::Empty));
    }
}
