//! The ways in which an agreement shows the recording itself, each a box of the [`Limits`].

use super::extent::Extent;
use super::limits::{LIMITS, Limits};
use crate::matching::Explained;

/// Whether the agreement shows the recording itself, in one of the ways that [`Limits`] describes, and not material that it
/// shares with others.
pub(super) fn is_itself(told: &Explained, extent: Extent) -> bool {
    let Limits { clean, short, pitched, .. } = LIMITS;
    let [recording, item] = [told.recording, told.item].map(Explained::share);
    let own_absent = own_absent(told);
    let seconds = extent.seconds;
    if extent.pitched {
        let is_short = seconds < LIMITS.short_seconds;
        let pitched_rival = if is_short { short.rival_a_second * seconds } else { pitched.rival };
        return told.nats >= pitched.nats.max(pitched.nats_a_second * seconds)
            && (recording >= pitched.of_recording && own_absent <= pitched.absent)
            && (told.level_db <= pitched.level_db && told.rival <= pitched_rival);
    }
    let is_clean = told.nats >= clean.nats
        && (recording >= clean.of_recording && item >= clean.of_item)
        && (own_absent <= clean.absent && told.sub_fingerprints >= clean.sub_fingerprints)
        && told.others <= clean.others
        && told.rival <= clean.rival.min(clean.rival_a_second * seconds);
    let is_short = seconds >= short.seconds
        && told.nats >= short.nats
        && (own_absent <= short.absent && told.sub_fingerprints >= short.sub_fingerprints)
        && told.rival <= short.rival_a_second * seconds;
    let is_long_enough = seconds >= LIMITS.short_seconds;
    is_exact(told, recording, item, seconds)
        || is_retimed(told, recording, item, extent)
        || is_clean
        || if is_long_enough { is_changed(told, item, seconds) } else { is_short }
}

/// Whether nothing of the recording is missing, and nothing of the item is foreign to it. See [`Exact`](super::limits::Exact) and
/// [`Tonal`](super::limits::Tonal). The shares are those of the recording's peaks and the item's strong ones that match.
fn is_exact(told: &Explained, recording: f64, item: f64, seconds: f64) -> bool {
    let Limits { exact, tonal, .. } = LIMITS;
    let is_whole = seconds >= exact.seconds
        && Explained::share(told.absent) <= exact.absent
        && own_absent(told) <= exact.own_absent;
    let is_alike = told.nats >= exact.nats.max(exact.nats_a_second * seconds)
        && (recording >= exact.of_recording && item >= exact.of_item)
        && (told.sub_fingerprints >= exact.sub_fingerprints && told.rival <= exact.rival);
    let is_tonal = told.nats >= tonal.nats_a_second * seconds
        && (recording >= tonal.of_recording && item >= tonal.of_item)
        && (told.sub_fingerprints >= tonal.sub_fingerprints && told.rival <= tonal.rival);
    is_whole && (is_alike || is_tonal)
}

/// Whether the tempo was changed, and nothing else. See [`Retimed`](super::limits::Retimed).
fn is_retimed(told: &Explained, recording: f64, item: f64, extent: Extent) -> bool {
    let Limits { retimed, .. } = LIMITS;
    extent.retimed >= retimed.change
        && extent.seconds >= retimed.seconds
        && told.nats >= retimed.nats_a_second * extent.seconds
        && (recording >= retimed.of_recording && item >= retimed.of_item)
        && (own_absent(told) <= retimed.own_absent)
        && (told.sub_fingerprints >= retimed.sub_fingerprints && told.rival <= retimed.rival)
}

/// The same for a recording that is filtered, or in a room, or under other sound. `item` is the share of the item's strong peaks
/// that match.
fn is_changed(told: &Explained, item: f64, seconds: f64) -> bool {
    let Limits { replayed, own, alike, buried, apart, balanced, long, .. } = LIMITS;
    let nats_a_second = told.nats / seconds;
    let own_absent = own_absent(told);
    let kit = told.others.max(told.rival);
    // A rival with a low score says nothing about a shared kit.
    let near_kit = if told.rival < alike.weak_rival { told.others } else { kit };
    let is_replayed = told.level_db > replayed.level_db
        && item >= replayed.of_item
        && told.sub_fingerprints < replayed.sub_fingerprints;
    let is_own = nats_a_second >= own.nats_a_second
        && own_absent <= own.absent.within(seconds)
        && told.others <= own.others
        && told.rival <= own.rival.min(own.rival_a_second * seconds);
    let is_alike = told.nats >= alike.nats
        && own_absent <= alike.absent.within(seconds)
        && (told.sub_fingerprints >= alike.sub_fingerprints && told.level_db <= alike.level_db)
        && (near_kit <= alike.kit && told.elsewhere <= alike.elsewhere);
    let is_buried = nats_a_second >= buried.nats_a_second
        && (item <= buried.of_item && own_absent <= buried.absent)
        && (told.level_db <= buried.level_db && kit <= buried.kit);
    let is_apart = nats_a_second >= apart.nats_a_second
        && own_absent <= apart.absent
        && (kit <= apart.kit && told.elsewhere <= apart.elsewhere);
    let is_balanced = nats_a_second >= balanced.nats_a_second
        && (own_absent <= balanced.absent && told.level_db <= balanced.level_db)
        && (kit <= balanced.kit && told.elsewhere <= balanced.elsewhere);
    let is_long = seconds >= long.seconds
        && nats_a_second >= long.nats_a_second
        && (item <= long.of_item && own_absent <= long.absent)
        && told.level_db <= long.level_db
        && (kit <= long.kit && told.elsewhere <= long.elsewhere);
    !is_replayed && (is_own || is_alike) || is_buried || is_apart || is_balanced || is_long
}

/// The share of the recording's own peaks that is absent.
pub(super) fn own_absent(told: &Explained) -> f64 {
    told.own_absent.1 / told.own_absent.0.max(1.0)
}
