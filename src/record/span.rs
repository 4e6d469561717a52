//! A stretch of an item and of a recording.

use serde::{Deserialize, Serialize};

/// A stretch of the item and the stretch of the recording that agrees with it, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Start in the item.
    pub item_start_seconds: f64,
    /// End in the item.
    pub item_end_seconds: f64,
    /// Start in the recording.
    pub recording_start_seconds: f64,
    /// End in the recording.
    pub recording_end_seconds: f64,
}
