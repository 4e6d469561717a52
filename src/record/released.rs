//! When something plays "as released": the one definition for tiers, words and search.

/// A tempo within this of 1 is that of the release: players and resamplers differ by less. A guess.
pub const AS_RELEASED_TEMPO: f64 = 0.005;
/// A pitch within this of 0, in cents, is that of the release: a trained ear tells about 5 to 10 cents. A guess.
pub const AS_RELEASED_CENTS: f64 = 12.0;

/// Whether a tempo (1 as released) is that of the release.
pub fn is_released_tempo(tempo: f64) -> bool {
    (tempo - 1.0).abs() < AS_RELEASED_TEMPO
}

/// Whether a pitch, in cents off the release, is that of the release.
pub fn is_released_pitch(pitch_cents: f64) -> bool {
    pitch_cents.abs() < AS_RELEASED_CENTS
}

/// Whether tempo and pitch are those of the release. Asked of the rounded numbers that a record tells, so that whoever reads the
/// record comes to the same answer.
pub fn is_as_released(tempo: f64, pitch_cents: f64) -> bool {
    is_released_tempo(tempo) && is_released_pitch(pitch_cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_bears_small_differences_of_tempo_and_of_pitch() {
        assert!(is_as_released(1.0, 0.0) && is_as_released(0.996, -9.0));
        assert!(is_as_released(1.004_99, 11.9) && is_as_released(0.995_01, -11.9));
        assert!(!is_as_released(1.005_01, 0.0) && !is_as_released(0.994_99, 0.0));
        assert!(!is_as_released(1.0, 12.0) && !is_as_released(1.0, -12.0));
    }
}
