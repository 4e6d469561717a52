//! Frame headers of every kind: taken and refused as by Symphonia.

use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::encoder::{Kind, LEFT_RIGHT, MONO, crc, plain};
use crate::exact::stream;
use crate::material::Image;
use crate::streams::{Outcome, decode, decode_full};

/// A packet with the header fields `head`, its checksum, and behind it what `body` has.
fn packet(head: &[u8], body: &[u8]) -> Packet {
    let sum = crc(head, 8, 0x07) as u8;
    packet_of([head, &[sum], body].concat())
}

pub(crate) fn packet_of(data: Vec<u8>) -> Packet {
    Packet::new(0, Timestamp::new(0), Duration::new(0), data)
}

fn frames(outcome: &Outcome) -> Result<usize, &'static str> {
    outcome.as_ref().map(|channels| channels.first().map_or(0, Vec::len)).map_err(|kind| *kind)
}

#[test]
fn every_header_gives_the_frames_or_the_error_of_the_full_decoder() {
    for (assignment, count) in [(MONO, 1), (LEFT_RIGHT, 2)] {
        let stream =
            stream(16, assignment, (0.05, Image::Wide), &[4096], |_| plain(Kind::Verbatim));
        let mut low = stream.low().expect("the stream can be decoded");
        let mut full = stream.full().expect("the stream can be decoded");
        // Constant subframes, whatever their width.
        let body = [0; 40];
        let mut taken = 0;
        for sync in [0xf8, 0xf9, 0xfa] {
            for sizes in 0..=255 {
                for format in 0..=255 {
                    let extra = match sizes >> 4 {
                        6 => 1,
                        7 => 2,
                        _ => 0,
                    } + [0, 1, 2, 2, 0][usize::from(sizes & 15).clamp(11, 15) - 11];
                    let head = [&[0xff, sync, sizes, format, 5], &[1; 4][..extra]].concat();
                    let packet = packet(&head, &body);
                    let of_low = frames(&decode(&mut low, &packet));
                    let declared = match format >> 4 {
                        independent @ 0..=7 => independent + 1,
                        _ => 2,
                    };
                    let is_wide_side = format >> 1 & 7 == 7 && format >> 4 >= 8;
                    if of_low == Err("full") {
                        assert!(declared != count || is_wide_side, "{head:x?}");
                        continue;
                    }
                    let of_full = decode_full(full.as_mut(), &packet).expect("no panic");
                    assert_eq!(of_low, frames(&of_full), "{head:x?}");
                    taken += usize::from(of_low.is_ok());
                }
            }
        }
        assert!(taken > 1_000, "{taken}");
    }
}

#[test]
fn every_number_of_a_frame_gives_the_frames_or_the_error_of_the_full_decoder() {
    let stream = stream(16, MONO, (0.05, Image::Wide), &[4096], |_| plain(Kind::Verbatim));
    let mut low = stream.low().expect("the stream can be decoded");
    let mut full = stream.full().expect("the stream can be decoded");
    for sync in [0xf8, 0xf9] {
        for first in 0..=255_u8 {
            for next in [0x00, 0x7f, 0x80, 0xbf, 0xff] {
                let more = (first.leading_ones() as usize).saturating_sub(1).min(6);
                let head = [&[0xff, sync, 0x80, 0x08, first], &[next; 6][..more]].concat();
                let packet = packet(&head, &[0; 40]);
                let of_full = decode_full(full.as_mut(), &packet).expect("no panic");
                assert_eq!(frames(&decode(&mut low, &packet)), frames(&of_full), "{head:x?}");
            }
        }
    }
}

#[test]
fn a_header_is_found_behind_other_bytes_and_cut_off_anywhere() {
    let stream = stream(16, MONO, (0.05, Image::Wide), &[512], |_| plain(Kind::Fixed(2)));
    let mut low = stream.low().expect("the stream can be decoded");
    let mut full = stream.full().expect("the stream can be decoded");
    let good = &stream.packets[0].data;
    for noise in [&[0][..], &[0xff, 0xff], &[1, 2, 0xff]] {
        let packet = packet_of([noise, &good[..]].concat());
        let of_full = decode_full(full.as_mut(), &packet).expect("no panic");
        assert_eq!(decode(&mut low, &packet), of_full, "{noise:x?}");
    }
    for length in 0..good.len() {
        let packet = packet_of(good[..length].to_vec());
        let of_full = decode_full(full.as_mut(), &packet).expect("no panic");
        assert_eq!(decode(&mut low, &packet), of_full, "{length} bytes");
    }
}
