//! From bytes to mono PCM at the file's own rate.
//!
//! It does not resample and knows nothing of fingerprints. The only user of Symphonia, libopus and
//! the outside `ffmpeg` program.

use crate::units::SampleRate;

/// Takes what is decoded, block by block. Samples are mono, nominally within [-1, 1], never NaN or
/// infinite.
pub trait PcmSink {
    /// Stream `stream` (0, 1, … in the order of the file's audio streams) begins, or goes on at
    /// another rate: what follows has `sample_rate`.
    fn begin(&mut self, stream: usize, sample_rate: SampleRate);

    /// The next samples of a stream, shape `(n_samples,)`.
    fn push(&mut self, stream: usize, samples: &[f32]);

    /// All that came before is void: another decoder starts from the beginning.
    fn restart(&mut self);
}
