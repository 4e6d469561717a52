//! From samples to fingerprints.
//!
//! | file | responsibility |
//! |---|---|
//! | `rate` | the type of a sample rate |
//! | `resample` | any rate to 11 025 Hz |
//! | `stft` | samples to power spectra |
//! | `peaks` | spectra to peaks |
//! | `sub_fingerprints` | spectra to sub-fingerprints |
//! | `landmarks` | peaks to hashes of pairs of peaks |
//! | `fingerprint` | all of these as one call, and the configuration |

pub mod fingerprint;
pub mod landmarks;
pub mod peaks;
mod rate;
pub mod resample;
pub mod stft;
pub mod sub_fingerprints;

pub use rate::SampleRate;
