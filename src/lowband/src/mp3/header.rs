//! The header of a frame: ISO/IEC 11172-3, section 2.4.2.3; ISO/IEC 13818-3, section 2.4.2.3.

use std::io;

use symphonia_core::errors::{Error, Result, decode_error, unsupported_error};

use super::bands::{self, Bands};

/// Layer III bit rates in kbit/s of MPEG-1 and of MPEG-2, by the header's index less one.
const LAYER_3_KBPS: [[u32; 14]; 2] = [
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// What a frame says of itself, as far as it is decoded here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// MPEG-1: two granules per frame; else MPEG-2: one.
    pub(super) mpeg1: bool,
    pub(super) rate_hz: u32,
    pub(super) stereo: bool,
    pub(super) joint: Option<Joint>,
    /// A checksum of two bytes follows the header. It is not checked.
    pub(super) checksum: bool,
    /// Bytes after the header.
    pub(super) body: usize,
    pub(super) bands: &'static Bands,
}

/// How channels are joined in a frame of joint stereo. Both may be false.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joint {
    pub(super) mid_side: bool,
    pub(super) intensity: bool,
}

/// A header, or why it is none that can be decoded.
pub(super) enum Parsed {
    /// A frame of Layer III at a rate that is decoded here.
    Layer3(Header),
    /// Layer I or II.
    OtherLayer,
    /// Another sample rate.
    OtherRate,
}

impl Header {
    pub(super) fn channels(&self) -> usize {
        if self.stereo { 2 } else { 1 }
    }

    pub(super) fn granules(&self) -> usize {
        if self.mpeg1 { 2 } else { 1 }
    }

    /// Bytes of side information.
    pub(super) fn side_bytes(&self) -> usize {
        match (self.mpeg1, self.stereo) {
            (true, true) => 32,
            (true, false) | (false, true) => 17,
            (false, false) => 9,
        }
    }

    /// Intensity stereo is on.
    pub(super) fn intensity(&self) -> bool {
        self.joint.is_some_and(|joint| joint.intensity)
    }
}

/// Finds the first header in a packet, as Symphonia does, and returns it with the bytes behind it.
pub(super) fn find(packet: &[u8]) -> Result<(Parsed, &[u8])> {
    let valid = |at: &[u8; 4]| {
        at[0] == 0xff
            && at[1] & 0xe0 == 0xe0
            && at[1] & 0x18 != 0x08
            && at[1] & 0x06 != 0
            && at[2] & 0xf0 != 0xf0
            && at[2] & 0x0c != 0x0c
    };
    let mut rest = packet;
    while let Some((head, after)) = rest.split_first_chunk::<4>() {
        if valid(head) {
            return Ok((parse(*head)?, after));
        }
        rest = &rest[1..];
    }
    Err(Error::IoError(io::ErrorKind::UnexpectedEof.into()))
}

/// Reads a header that passed the check of reserved values.
fn parse(head: [u8; 4]) -> Result<Parsed> {
    let [_, kind, rates, mode] = head;
    let bitrate = usize::from(rates >> 4);
    if bitrate == 0 {
        return unsupported_error(crate::NEEDS_FULL);
    }
    let rate = usize::from(rates >> 2 & 3);
    let mpeg1 = match kind >> 3 & 3 {
        3 => true,
        2 => false,
        _ => return Ok(Parsed::OtherRate),
    };
    let Some(bands) = bands::of(mpeg1, rate) else { return Ok(Parsed::OtherRate) };
    let rate_hz = bands.rate_hz;
    if kind >> 1 & 3 != 1 {
        return Ok(Parsed::OtherLayer);
    }
    let Some(kbps) = LAYER_3_KBPS[usize::from(!mpeg1)].get(bitrate - 1) else {
        return decode_error("lowband: invalid bit rate");
    };
    let slots = if mpeg1 { 144 } else { 72 };
    let padding = usize::from(rates >> 1 & 1);
    Ok(Parsed::Layer3(Header {
        mpeg1,
        rate_hz,
        stereo: mode >> 6 != 3,
        joint: (mode >> 6 == 1)
            .then_some(Joint { mid_side: mode & 0x20 != 0, intensity: mode & 0x10 != 0 }),
        checksum: kind & 1 == 0,
        body: (slots * kbps * 1000 / rate_hz) as usize + padding - 4,
        bands,
    }))
}
