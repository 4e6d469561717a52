//! Excerpts: a few windows of a file, reached by seeking.
//!
//! It is made for files of which nothing is odd, and gives up all others, so that they are decoded
//! whole: it judges no file, and reports no error. Where a seek lands is of little matter, be it early or
//! late; what is decoded is counted.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::AtomicBool;

use symphonia::core::formats::{SeekMode, SeekTo};
use symphonia::core::units::Time;

use super::native::Run;
use super::plan::{self, Begin};
use super::shielded::shielded;
use super::source::Guard;
use super::stream::{Stream, StreamHead};
use super::{DecodeLimits, Decoder, Excerpts, PcmSink, SILENCE, Windows};
use crate::bytes::Bytes;

/// A file is sampled from this many times the length of its windows on: below it saves little.
const SHORTEST: f64 = 2.0;
/// The part of an item's time that may be lost before it is decoded whole all the same.
const PART_OF_TIME: u32 = 20;
/// Packets after a seek that may be refused: they lean on packets that were not read.
const LEAD_PACKETS: u64 = 8;
/// The bytes of the windows explain the size of the file within this factor, else the declared
/// length is not to be believed: two files in one, a header that lies.
const EXPLAINED: std::ops::RangeInclusive<f64> = 0.6..=1.7;
/// Time may run on by so much more than the sound of a window, else a stretch of it is missing: the
/// packets at either end are not decoded whole.
const MAX_GAP_SECONDS: f64 = 0.5;
/// Largest page of Ogg.
const MAX_OGG_PAGE_BYTES: u64 = 65_307;

impl Windows {
    /// Length of all windows together, in seconds.
    pub fn total_seconds(self) -> f64 {
        self.count as f64 * self.seconds
    }

    /// Where the windows of a file of `seconds` begin: each in the middle of an equal part.
    fn starts(self, seconds: f64) -> impl Iterator<Item = f64> {
        let part = seconds / self.count as f64;
        (0..self.count).map(move |i| (i as f64 + 0.5) * part - 0.5 * self.seconds)
    }
}

/// Decodes the windows of a file.
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
    let mut run = decoder.native.open(source, start, &limits, &guard).ok()?;
    run.open_tracks();
    // Beside other tracks the reader of Ogg may seek for ever (Symphonia 0.6.1).
    if run.format.tracks().len() != 1 || run.voices.len() != 1 {
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
    let astray = 0.5 * seconds / windows.count as f64;
    let mut window_bytes = 0;
    for (index, at) in windows.starts(seconds).enumerate() {
        let head = StreamHead { index, priming_seconds: 0.0, ..head.clone() };
        run.pass.streams = vec![Stream::new(head, windows.seconds)];
        window_bytes += window(&mut run, (at, astray), &guard, sink)?;
    }
    let explained = window_bytes as f64 * seconds / windows.total_seconds();
    let tags = run.tags(source, start.base);
    EXPLAINED.contains(&(explained / audio_bytes as f64)).then_some(Excerpts {
        codec: head.codec,
        declared_seconds: seconds,
        tags,
    })
}

/// Decodes the window that begins at about `at` seconds, `astray` seconds off at most. Returns the
/// bytes of its packets.
fn window(
    run: &mut Run<'_, '_>,
    (at, astray): (f64, f64),
    guard: &Guard<'_>,
    sink: &mut dyn PcmSink,
) -> Option<u64> {
    let to =
        SeekTo::Time { time: Time::try_from_secs_f64(at)?, track_id: Some(run.voices[0].track_id) };
    // Coarse: to be exact, the reader of MP3 reads all that lies before.
    let landed = shielded(|| {
        let landed = run.format.seek(SeekMode::Coarse, to)?;
        run.voices[0].decoder.reset();
        Ok(landed)
    })
    .ok()?;
    let base = run.format.tracks().first().and_then(|track| track.time_base)?;
    if (base.calc_time(landed.actual_ts)?.as_secs_f64() - at).abs() > astray {
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
            return (sound && run.pass.broken.is_none()).then_some(bytes);
        }
    }
}

/// Whether the last page of an Ogg file belongs to another stream than the first: of a chain, the
/// reader knows the length of the first link only.
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
