//! Excerpts: a few windows of a file, reached by seeking.
//!
//! For ordinary files only: at anything odd it gives up, without an error, and the file is decoded whole. It does not matter much
//! where a seek lands, since the decoded samples are counted.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::AtomicBool;

use symphonia::core::formats::{SeekMode, SeekTo};
use symphonia::core::units::Time;

use super::guard::Guard;
use super::parts::{self, Depth};
use super::plan::{self, Begin};
use super::run::Run;
use super::shielded::shielded;
use super::stream::{Stream, StreamHead};
use super::{DecodeLimits, Decoder, Excerpts, PcmSink, SILENCE, Windows};
use crate::bytes::Bytes;

/// Only files of at least this many times the length of all windows are sampled; for shorter ones it saves little. A guess.
const SHORTEST: f64 = 2.0;
/// A twentieth of an item's time limit may be spent on windows before it is decoded whole after all. A guess.
const PART_OF_TIME: u32 = 20;
/// Number of packets after a seek that may be refused: they depend on packets that were not read. A guess above the bit reservoir
/// of MP3.
const LEAD_PACKETS: u64 = 8;
/// Range of the file size extrapolated from the windows over the actual size. Outside it the declared length is wrong: two files
/// in one, or a false header. A guess.
const EXPLAINED: std::ops::RangeInclusive<f64> = 0.6..=1.7;
/// Largest difference between the timestamps and the samples of a window. The packets at both ends are not decoded whole; if more is
/// lost, a stretch is missing. A guess.
const MAX_GAP_SECONDS: f64 = 0.5;
/// Largest page of Ogg (RFC 3533, section 6).
const MAX_OGG_PAGE_BYTES: u64 = 65_307;

impl Windows {
    /// Length of all windows together, in seconds.
    pub fn total_seconds(self) -> f64 {
        self.count as f64 * self.seconds
    }

    /// Start times of the windows in a file of `seconds`: the file is cut into equal parts, and each window is in the middle of one.
    fn starts(self, seconds: f64) -> impl Iterator<Item = f64> {
        let part = seconds / self.count as f64;
        (0..self.count).map(move |i| (i as f64 + 0.5) * part - 0.5 * self.seconds)
    }
}

/// See [`Decoder::sample`].
pub(super) fn sample(
    decoder: &Decoder,
    source: &Bytes,
    windows: Windows,
    cancel: &AtomicBool,
    sink: &mut dyn PcmSink,
) -> Option<Excerpts> {
    let Begin { start, bytes, audio_bytes } = plan::begin(source)?;
    let guard = Guard::new(cancel, decoder.limits.timeout / PART_OF_TIME, bytes);
    let limits = DecodeLimits { max_seconds_of_audio: windows.seconds, ..decoder.limits };
    let parts = parts::of(source, start.base, Depth::Shallow, &guard).ok()?;
    let [part] = parts.parts.as_slice() else { return None };
    let unread: u64 = parts.gaps.iter().map(|gap| gap.end - gap.start).sum();
    if parts::is_told(unread, bytes) {
        return None;
    }
    let mut run = decoder.native.open(source, (part, decoder.band), &limits, &guard).ok()?;
    run.open_tracks(sink);
    // With several tracks the Ogg reader of Symphonia 0.6.1 may seek without end.
    if run.format.tracks().len() != 1 || run.decoders.len() != 1 {
        return None;
    }
    if run.pass.container == "ogg" && is_chained(source, start.base).unwrap_or(true) {
        return None;
    }
    let head = run.pass.streams.first()?.head.clone();
    let seconds = head.declared_seconds?;
    let believed = SHORTEST * windows.total_seconds()..=decoder.limits.max_seconds_of_audio;
    if !believed.contains(&seconds) {
        return None;
    }
    let tolerance = 0.5 * seconds / windows.count as f64;
    let mut window_bytes = 0;
    for (index, at) in windows.starts(seconds).enumerate() {
        let head = StreamHead { index, priming_seconds: 0.0, ..head.clone() };
        run.pass.streams = vec![Stream::new(head, windows.seconds)];
        window_bytes += window(&mut run, (at, tolerance), &guard, sink)?;
    }
    let explained = window_bytes as f64 * seconds / windows.total_seconds();
    let tags = run.tags(source, start.base);
    EXPLAINED.contains(&(explained / audio_bytes as f64)).then_some(Excerpts {
        codec: head.codec,
        declared_seconds: seconds,
        tags,
    })
}

/// Decodes the window that begins at about `at` seconds, at most `tolerance` seconds off. Returns the number of bytes of its packets.
fn window(
    run: &mut Run<'_, '_>,
    (at, tolerance): (f64, f64),
    guard: &Guard<'_>,
    sink: &mut dyn PcmSink,
) -> Option<u64> {
    let to = SeekTo::Time {
        time: Time::try_from_secs_f64(at)?,
        track_id: Some(run.decoders[0].track_id),
    };
    // Coarse, since for an exact seek the MP3 reader reads everything before.
    let landed = shielded(|| {
        let landed = run.format.seek(SeekMode::Coarse, to)?;
        run.decoders[0].decoder.reset();
        Ok(landed)
    })
    .ok()?;
    let base = run.format.tracks().first().and_then(|track| track.time_base)?;
    if (base.calc_time(landed.actual_ts)?.as_secs_f64() - at).abs() > tolerance {
        return None;
    }
    let (mut bytes, mut first) = (0, None);
    loop {
        guard.check().ok()?;
        let packet = shielded(|| run.format.next_packet()).ok()??;
        bytes += packet.data.len() as u64;
        let begin = *first.get_or_insert(packet.pts);
        let elapsed = packet.pts.saturating_delta(begin).get() as f64 * f64::from(base);
        let damaged = run.pass.streams[0].damaged;
        let ends = run.packet(packet, sink);
        let stream = &run.pass.streams[0];
        if stream.damaged > damaged && stream.packets > LEAD_PACKETS {
            return None;
        }
        if ends {
            let gapless = elapsed - stream.seconds() < MAX_GAP_SECONDS;
            let sound = gapless && stream.full && stream.peak() >= SILENCE && stream.repaired == 0;
            let usual = run.pass.broken.is_none() && !run.pass.needs_full;
            return (sound && usual).then_some(bytes);
        }
    }
}

/// Whether the first and the last page of an Ogg file belong to different streams: of a chained file the reader only knows the
/// length of the first link.
fn is_chained(source: &Bytes, base: u64) -> io::Result<bool> {
    let serial = |page: &[u8]| page.get(14..18).map(<[u8]>::to_vec);
    let mut file = source.open_stored()?;
    let mut first = [0; 18];
    file.seek(SeekFrom::Start(base))?;
    file.read_exact(&mut first)?;
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(end.saturating_sub(MAX_OGG_PAGE_BYTES)))?;
    let mut tail = Vec::new();
    file.take(MAX_OGG_PAGE_BYTES).read_to_end(&mut tail)?;
    let last = tail.windows(4).rposition(|four| four == b"OggS");
    Ok(last.and_then(|at| serial(&tail[at..])) != serial(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_spread_evenly_and_keep_away_from_both_ends() {
        let starts: Vec<f64> = Windows { count: 3, seconds: 10.0 }.starts(240.0).collect();
        assert_eq!(starts, [35.0, 115.0, 195.0]);
        let least: Vec<f64> = Windows { count: 3, seconds: 10.0 }.starts(60.0).collect();
        assert_eq!(least, [5.0, 25.0, 45.0]);
    }
}
