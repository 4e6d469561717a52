//! What ffmpeg left unread of a file: it tells how many bytes of packets it read, and for how many seconds that was enough.

use std::ops::Range;

use super::guard::Guard;
use super::parts;
use super::pass::Pass;
use crate::bytes::Bytes;
use crate::sniff::sound::SoundKind;

/// Share of a file of packets alone, and of any file of audio alone, that ffmpeg may leave unread without a word: seek tables and
/// headers; headers of small packets and padding. Guesses.
const UNREAD_SHARE: (f64, f64) = (0.05, 0.5);
/// Share of the seconds that the bytes left by Symphonia should have that ffmpeg has to decode beyond Symphonia. A guess.
const MADE_UP: f64 = 0.8;
/// Formats without much beside their packets.
const PLAIN: [&str; 15] = [
    "AC-3",
    "AMR",
    "AU",
    "DTS",
    "LOAS AAC",
    "Monkey's Audio",
    "Musepack",
    "OptimFROG",
    "RF64",
    "Shorten",
    "TAK",
    "True Audio",
    "TrueHD",
    "Wave64",
    "WavPack",
];
/// What Symphonia left unread.
#[derive(Debug)]
pub(super) struct Unread {
    gaps: Vec<Range<u64>>,
    stray_bytes: u64,
    seconds: f64,
    /// How many seconds the bytes that were left have, at the rate of those that were read.
    seconds_left: f64,
}

impl Unread {
    /// `None` if a pass left nothing.
    pub(super) fn of(pass: &Pass) -> Option<Self> {
        let bytes = pass.unread_bytes();
        let per_byte = pass.seconds() / pass.packet_bytes.max(1) as f64;
        (bytes > 0).then(|| Self {
            gaps: pass.gaps.clone(),
            stray_bytes: pass.stray_bytes,
            seconds: pass.seconds(),
            seconds_left: bytes as f64 * per_byte,
        })
    }
}

/// Tells what a pass of ffmpeg left unread of a file whose sound begins at byte `base`. `native` is what Symphonia left of it before.
pub(super) fn account(
    pass: &mut Pass,
    native: Option<&Unread>,
    (kind, base): (SoundKind, u64),
    source: &Bytes,
    guard: &Guard<'_>,
) {
    if pass.streams.iter().any(|stream| stream.full) {
        return;
    }
    if let Some(native) = native {
        if pass.seconds() < native.seconds + MADE_UP * native.seconds_left {
            pass.gaps.clone_from(&native.gaps);
            pass.stray_bytes = native.stray_bytes;
        }
        return;
    }
    let (SoundKind::Foreign(name), Some(read)) = (kind, pass.all_packet_bytes) else {
        return;
    };
    let Some(there) = parts::sound_bytes(source, base, guard) else { return };
    let share = if PLAIN.contains(&name) { UNREAD_SHARE.0 } else { UNREAD_SHARE.1 };
    let unread = there.saturating_sub(read);
    if unread as f64 > share * there as f64 && parts::is_told(unread, guard.file_bytes()) {
        pass.stray_bytes = unread;
    }
}
