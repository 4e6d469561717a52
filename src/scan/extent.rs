//! The length of a finding, and how the item plays.

/// How much of both sides a finding holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Length of the surest alignment in the item, in seconds.
    pub(super) seconds: f64,
    /// Share of the item inside all spans.
    pub(super) item: f64,
    /// Share of the recording inside all spans.
    pub(super) recording: f64,
    /// Whether the item plays at another speed, tempo or pitch.
    pub(super) warped: bool,
    /// By what share its tempo differs from the recording's.
    pub(super) retimed: f64,
    /// Whether it plays at another pitch, where sub-fingerprints tell nothing, since their bands do not move along.
    pub(super) pitched: bool,
    /// Share of a side inside the surest alignment alone, the larger of both sides.
    pub(super) surest: f64,
}
