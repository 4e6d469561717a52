//! Leakhound finds a label's recordings in dumps and data sets.

pub mod catalog;
pub mod decode;
pub mod fingerprint;
pub mod index;
pub mod ingest;
pub mod landmarks;
pub mod matching;
pub mod peaks;
pub mod record;
pub mod report;
pub mod resample;
pub mod results;
pub mod scan;
pub mod source;
pub mod stft;
pub mod text;
pub mod units;
pub mod verdict;
