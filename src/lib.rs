//! Leakhound finds a label's recordings in dumps and data sets.

pub mod decode;
pub mod fingerprint;
pub mod index;
pub mod landmarks;
pub mod matching;
pub mod peaks;
pub mod record;
pub mod resample;
pub mod stft;
pub mod units;
pub mod verdict;
