//! The changes of tempo and pitch that an item is searched under.

use super::MatchConfig;
use crate::signal::landmarks::Warp;

/// All warps of a configuration: along speed (pitch and tempo together), tempo alone and pitch alone, and, where the
/// configuration asks for it, over the whole plane of tempo and pitch.
pub(super) fn warps(config: &MatchConfig) -> Vec<Warp> {
    let mut warps = axes(config, 1, 0);
    if let Some(step) = config.warp_plane_step_octaves {
        let pitches = steps(config.warp_reach_octaves, config.warp_step_octaves);
        for tempo in steps(config.warp_reach_octaves, step) {
            let tempo = (tempo as f32 * step).exp2();
            let pitches = pitches.clone().map(|i| i as f32 * config.warp_step_octaves);
            warps.extend(pitches.map(|pitch_octaves| Warp { tempo, pitch_octaves }));
        }
    }
    warps
}

/// The warps split in two, each half with every other step along the axes. A hash is so coarse that a recording between
/// two steps is found from either. The plane is already as coarse as it may be, so both halves have all of it.
pub(super) fn halves(config: &MatchConfig) -> [Vec<Warp>; 2] {
    match config.warp_plane_step_octaves {
        None => [0, 1].map(|half| axes(config, 2, half)),
        Some(_) => [warps(config), warps(config)],
    }
}

/// The warps along speed, tempo and pitch whose step leaves `rest` when divided by `divisor`.
fn axes(config: &MatchConfig, divisor: i32, rest: i32) -> Vec<Warp> {
    steps(config.warp_reach_octaves, config.warp_step_octaves)
        .filter(|step| step.rem_euclid(divisor) == rest)
        .map(|step| step as f32 * config.warp_step_octaves)
        .flat_map(|o| [(o, o), (o, 0.0), (0.0, o)])
        .map(|(tempo, pitch_octaves)| Warp { tempo: tempo.exp2(), pitch_octaves })
        .filter(|warp| *warp != Warp::IDENTITY)
        .collect()
}

fn steps(reach: f32, step: f32) -> std::ops::RangeInclusive<i32> {
    let steps = (reach / step).round() as i32;
    -steps..=steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_axes_cross_the_plane_of_warps() {
        let axes = warps(&MatchConfig::default());
        assert_eq!(axes.len(), 180);
        assert!(axes.iter().all(|w| *w != Warp::IDENTITY));
        let plane =
            warps(&MatchConfig { warp_plane_step_octaves: Some(0.025), ..MatchConfig::default() });
        assert_eq!(plane.len(), 180 + 37 * 61);
    }
}
