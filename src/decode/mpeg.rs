//! MPEG audio (MP3, MP2, MP1): what a frame says of itself, and whether a file declares its length.

use std::io::{Read, Seek, SeekFrom};

use symphonia::core::audio::Channels;
use symphonia::core::audio::layouts::{CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO};
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};
use symphonia::core::formats::Track;

use crate::bytes::Bytes;
use crate::sniff::sound::{MAX_TAGS, id3v2_bytes};

/// What has to be the same in all frames that a decoder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    codec: AudioCodecId,
    rate_hz: u32,
    is_stereo: bool,
}

impl Shape {
    /// The shape that the header at the start of a packet tells.
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        let &[0xff, second, third, fourth, ..] = packet else { return None };
        let codec = match second >> 1 & 3 {
            1 => CODEC_ID_MP3,
            2 => CODEC_ID_MP2,
            3 => CODEC_ID_MP1,
            _ => return None,
        };
        let rate_hz = *[44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
        let rate_hz = match second >> 3 & 3 {
            3 => rate_hz,
            2 => rate_hz / 2,
            0 => rate_hz / 4,
            _ => return None,
        };
        (second & 0xe0 == 0xe0).then_some(Self { codec, rate_hz, is_stereo: fourth >> 6 != 3 })
    }

    /// The shape of a track; `None` if it is not MPEG audio.
    pub(super) fn of_track(params: &AudioCodecParameters) -> Option<Self> {
        let channels = params.channels.as_ref().map(Channels::count)?;
        [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3].contains(&params.codec).then_some(Self {
            codec: params.codec,
            rate_hz: params.sample_rate?,
            is_stereo: channels == 2,
        })
    }

    /// The parameters of a decoder for it.
    pub(super) fn params(self) -> AudioCodecParameters {
        let channels = if self.is_stereo { CHANNEL_LAYOUT_STEREO } else { CHANNEL_LAYOUT_MONO };
        let mut params = AudioCodecParameters::new();
        params.for_codec(self.codec).with_sample_rate(self.rate_hz).with_channels(channels);
        params
    }
}

/// Bytes behind the tags at the front in which the first frame lies; junk may stand before it. A guess.
const HEAD_BYTES: u64 = 64 << 10;

/// Whether the length of a track was declared, by a header of Xing or Fraunhofer in the first frame. Symphonia estimates it otherwise,
/// from the bit rate of the first frames.
pub(super) fn declares_length(source: &Bytes, base: u64, track: &Track) -> bool {
    let Some(frames) = track.num_frames else { return false };
    let trimmed = u64::from(track.delay.unwrap_or(0)) + u64::from(track.padding.unwrap_or(0));
    let Ok(head) = head(source, base) else { return false };
    let count = |at: usize| {
        let count = head.get(at..)?.first_chunk::<4>()?;
        Some(u64::from(u32::from_be_bytes(*count)))
    };
    let is_that = |count: u64| {
        [1_152, 576, 384].iter().any(|samples| (count * samples).saturating_sub(trimmed) == frames)
    };
    let xing = |at: usize| {
        let has_count = head.get(at + 7).is_some_and(|flags| flags & 1 == 1);
        has_count && count(at + 8).is_some_and(is_that)
    };
    let fraunhofer = |at: usize| count(at + 14).is_some_and(is_that);
    (0..head.len().saturating_sub(4)).any(|at| match &head[at..at + 4] {
        b"Xing" | b"Info" => xing(at),
        b"VBRI" => fraunhofer(at),
        _ => false,
    })
}

fn head(source: &Bytes, base: u64) -> std::io::Result<Vec<u8>> {
    let mut file = source.open_stored()?;
    let mut at = base;
    for _ in 0..=MAX_TAGS {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        (&mut file).take(HEAD_BYTES).read_to_end(&mut head)?;
        let tag = id3v2_bytes(&head);
        if tag == 0 {
            return Ok(head);
        }
        at += tag;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_frame_is_that_of_its_header() {
        let shape = |bytes: &[u8]| Shape::of(bytes).map(|s| (s.codec, s.rate_hz, s.is_stereo));
        assert_eq!(shape(b"\xff\xfb\x90\x64"), Some((CODEC_ID_MP3, 44_100, true)));
        assert_eq!(shape(b"\xff\xf3\x94\xc4"), Some((CODEC_ID_MP3, 24_000, false)));
        assert_eq!(shape(b"\xff\xe3\x98\xc4"), Some((CODEC_ID_MP3, 8_000, false)));
        assert_eq!(shape(b"\xff\xfd\x84\x04"), Some((CODEC_ID_MP2, 48_000, true)));
        assert_eq!(shape(b"\xff\xf1\x50\x80"), None);
        assert_eq!(shape(b"\xff\xfb\x9c\x64"), None);
        assert_eq!(shape(b"\xff\xfb"), None);
        let params = Shape::of(b"\xff\xf3\x94\xc4").expect("a frame").params();
        assert_eq!(Shape::of_track(&params), Shape::of(b"\xff\xf3\x94\xc4"));
    }
}
