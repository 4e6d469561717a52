//! From samples to fingerprints.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `rate` | samples a second |
//! | `resample` | any rate to 11 025 Hz |
//! | `stft` | samples to power spectra |
//! | `peaks` | spectra to peaks |
//! | `prints` | spectra to sign prints |
//! | `landmarks` | peaks to hashes of pairs of peaks |
//! | `fingerprint` | all of it as one call, and its settings |

pub mod fingerprint;
pub mod landmarks;
pub mod peaks;
mod rate;
pub mod resample;
pub mod stft;
pub mod sub_fingerprints;

pub use rate::SampleRate;
