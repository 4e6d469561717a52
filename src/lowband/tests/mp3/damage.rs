//! What becomes of damaged packets.

use crate::decoding::{Decoded, Stream, decode, mixed};
use crate::material::{Random, encode, music};
use crate::spectra::error_db;

/// Streams of several kinds.
fn streams() -> Vec<Stream> {
    [
        (44_100, "-b:a 128k"),
        (44_100, "-joint_stereo 0 -b:a 96k"),
        (48_000, "-ac 1 -b:a 64k"),
        (32_000, "-b:a 96k"),
        (22_050, "-b:a 48k"),
    ]
    .map(|(rate_hz, options)| Stream::of(&encode(&music(rate_hz, 6), rate_hz, options)))
    .into()
}

/// Decodes with both decoders and asserts that the same packets have frames, as many. Packets that the full decoder alone refuses are
/// counted: it reads Huffman codes above the low band, too.
fn assert_same_packets(stream: &Stream) -> (Vec<Decoded>, Vec<Decoded>, usize) {
    let (full, low) = (stream.decode(stream.full()), stream.decode(stream.low()));
    let mut unseen = 0;
    for (full, low) in full.iter().zip(&low) {
        match (full.frames(), low.frames()) {
            (None, Some(_)) => unseen += 1,
            (full, low) => {
                assert!(full.unwrap_or(0).abs_diff(low.unwrap_or(0) * stream.factor()) < 8);
                assert_eq!(full.is_some(), low.is_some());
            }
        }
        if let Decoded::Channels(channels) = low {
            assert!(channels[0].iter().all(|sample| sample.is_finite()));
        }
    }
    (full, low, unseen)
}

/// The error below 5 kHz, in dB.
fn sound_error_db(stream: &Stream, full: &[Decoded], low: &[Decoded]) -> f64 {
    let (full, low) = (mixed(full, [0.5, 0.5]), mixed(low, [1.0, 0.0]));
    error_db(&full, &low, stream.factor(), stream.rate_hz(), 5000.0, 0)
}

/// A packet whose trim does not shift samples.
fn untrimmed(mut stream: Stream) -> Stream {
    for packet in &mut stream.packets {
        packet.trim_start = symphonia::core::units::Duration::ZERO;
        packet.trim_end = symphonia::core::units::Duration::ZERO;
    }
    stream
}

#[test]
fn after_lost_packets_the_same_is_heard_as_from_the_full_decoder() {
    let mut random = Random::new(3);
    for stream in streams() {
        let mut stream = untrimmed(stream);
        stream.packets.retain(|_| random.below(8) > 0);
        let (full, low, unseen) = assert_same_packets(&stream);
        assert_eq!(unseen, 0);
        let error = sound_error_db(&stream, &full, &low);
        assert!(error < -60.0, "{error} dB");
    }
}

#[test]
fn truncated_packets_are_refused_and_the_next_sound_as_from_the_full_decoder() {
    let mut random = Random::new(4);
    for stream in streams() {
        let mut stream = untrimmed(stream);
        for packet in &mut stream.packets {
            if random.below(10) == 0 {
                packet.data = packet.data[..random.below(packet.data.len())].into();
            }
        }
        let (full, low, unseen) = assert_same_packets(&stream);
        assert!(full.contains(&Decoded::Damaged));
        assert_eq!(unseen, 0);
        let error = sound_error_db(&stream, &full, &low);
        assert!(error < -60.0, "{error} dB");
    }
}

#[test]
fn packets_with_wrong_bytes_are_refused_as_by_the_full_decoder() {
    let mut random = Random::new(5);
    let (mut refused, mut unseen, mut all) = (0, 0, 0);
    for stream in streams() {
        for _ in 0..6 {
            let mut damaged = untrimmed(stream.clone());
            for packet in &mut damaged.packets {
                if random.below(4) == 0 {
                    // Often in header or side information.
                    let end = if random.below(2) == 0 { 36 } else { packet.data.len() };
                    let at = random.below(end.min(packet.data.len()));
                    packet.data[at] = random.next() as u8;
                }
            }
            let (full, _, missed) = assert_same_packets(&damaged);
            refused += full.iter().filter(|packet| **packet == Decoded::Damaged).count();
            all += full.len();
            unseen += missed;
        }
    }
    println!("{all} packets, {refused} refused, {unseen} of them not seen");
    assert!(refused > 100);
    assert!(unseen * 50 < refused, "{unseen} of {refused}");
}

#[test]
fn random_packets_neither_panic_nor_differ_in_frames() {
    let mut random = Random::new(6);
    for stream in streams() {
        let mut damaged = untrimmed(stream);
        for packet in &mut damaged.packets {
            let keep = [4, 6, 40, 1000][random.below(4)];
            for byte in packet.data.iter_mut().skip(keep) {
                *byte = random.next() as u8;
            }
        }
        assert_same_packets(&damaged);
    }
}

#[test]
fn packets_of_another_rate_or_of_other_channels_are_refused() {
    let streams = streams();
    for first in &streams {
        for other in &streams {
            let (mut full, mut low) = (first.full(), first.low());
            for packet in [&first.packets[5], &other.packets[5], &first.packets[6]] {
                let (full, low) = (decode(full.as_mut(), packet), decode(low.as_mut(), packet));
                assert_eq!(full.frames(), low.frames().map(|frames| frames * first.factor()));
            }
        }
    }
}

#[test]
fn packets_without_a_header_are_refused() {
    let stream = &streams()[0];
    for data in [&[][..], &[0xff], &[0xff, 0xfb, 0x90], &[0; 417], &[0xff; 417]] {
        let mut packet = stream.packets[0].clone();
        packet.data = data.into();
        assert_eq!(decode(stream.low().as_mut(), &packet), Decoded::Damaged);
        assert_eq!(decode(stream.full().as_mut(), &packet), Decoded::Damaged);
    }
}
