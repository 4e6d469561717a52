//! Damaged packets and headers.

use lowband::VorbisDecoder;
use symphonia::core::codecs::audio::{AudioDecoder as _, AudioDecoderOptions};
use symphonia::core::packet::Packet;

use crate::material::{Numbers, Stereo, encode};
use crate::music::difference;
use crate::streams::{Stream, decode, frames};

fn stream(stereo: Stereo) -> Stream {
    let file = encode(44_100, 3, stereo, &["-c:a", "libvorbis", "-q:a", "4"], "ogg");
    Stream::read(file).expect("a Vorbis stream")
}

/// Another packet in the place of one.
fn replaced(packet: &Packet, data: Vec<u8>) -> Packet {
    let mut packet = packet.clone();
    packet.data = data.into();
    packet
}

/// Decodes by both decoders: each packet gives as many frames or an error of the same kind.
fn assert_same_outcomes(stream: &Stream) {
    let mut low = stream.low().expect("the low band can be decoded");
    let mut full = stream.full().expect("the stream can be decoded");
    let factor = stream.factor();
    for (number, packet) in stream.packets.iter().enumerate() {
        let low = frames(&decode(&mut low, packet));
        let full = frames(&decode(full.as_mut(), packet));
        match (low, full) {
            (Ok(low), Ok(full)) => {
                assert!((low * factor).abs_diff(full) <= factor, "packet {number}: {low} {full}");
            }
            (low, full) => assert_eq!(low, full, "packet {number}"),
        }
    }
}

#[test]
fn packets_cut_off_anywhere_give_the_frames_and_errors_of_the_full_decoder() {
    let mut numbers = Numbers(7);
    for stereo in [Stereo::Mono, Stereo::Panned] {
        let mut stream = stream(stereo);
        for packet in &mut stream.packets {
            let length = match numbers.below(4) {
                0 => numbers.below(3),
                _ => numbers.below(packet.data.len() + 1),
            };
            *packet = replaced(packet, packet.data[..length].to_vec());
        }
        assert_same_outcomes(&stream);
    }
}

#[test]
fn what_is_left_of_packets_that_are_cut_off_is_heard_as_by_the_full_decoder() {
    for stereo in [Stereo::Mono, Stereo::Panned] {
        for percent in [20, 40, 60, 80, 95] {
            let mut stream = stream(stereo);
            for packet in &mut stream.packets {
                let length = packet.data.len() * percent / 100;
                *packet = replaced(packet, packet.data[..length].to_vec());
            }
            let found = difference(&stream, 1.0, 0.9);
            println!("{stereo:?} {percent}: {found:?}");
            assert_eq!(found.lag, 0);
            assert!(found.error_db < -70.0, "{stereo:?} {percent}: {found:?}");
        }
    }
}

#[test]
fn flipped_bytes_give_the_frames_and_errors_of_the_full_decoder() {
    let mut numbers = Numbers(11);
    for stereo in [Stereo::Mono, Stereo::Panned] {
        let mut stream = stream(stereo);
        for packet in &mut stream.packets {
            let mut data = packet.data.to_vec();
            for _ in 0..numbers.below(4) {
                let place = numbers.below(data.len());
                let place = if numbers.below(3) == 0 { 0 } else { place };
                if let Some(byte) = data.get_mut(place) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            *packet = replaced(packet, data);
        }
        assert_same_outcomes(&stream);
    }
}

/// Without coupling, two channels take turns partition by partition. No encoder at hand makes such streams; but the headers of a mono
/// stream are also those of an uncoupled stereo stream, to which its packets are noise.
#[test]
fn uncoupled_channels_are_heard_as_by_the_full_decoder() {
    for rate_hz in [44_100, 22_050] {
        let file = encode(rate_hz, 3, Stereo::Mono, &["-c:a", "libvorbis", "-q:a", "6"], "ogg");
        let mut stream = Stream::read(file).expect("a Vorbis stream");
        let mut headers = stream.params.extra_data.take().expect("headers");
        headers[11] = 2;
        stream.params.extra_data = Some(headers);
        assert_same_outcomes(&stream);
        let found = difference(&stream, 1.0, 0.8);
        println!("{rate_hz}: {found:?}");
        assert_eq!(found.lag, 0);
        assert!(found.error_db < -70.0, "{rate_hz}: {found:?}");
    }
}

#[test]
fn dropped_packets_give_the_frames_of_the_full_decoder() {
    let mut numbers = Numbers(13);
    let mut stream = stream(Stereo::Panned);
    stream.packets.retain(|_| numbers.below(3) != 0);
    assert_same_outcomes(&stream);
}

#[test]
fn the_first_packet_after_a_reset_gives_no_frames() {
    let stream = stream(Stereo::Panned);
    let mut low = stream.low().expect("the low band can be decoded");
    let mut full = stream.full().expect("the stream can be decoded");
    for (number, packet) in stream.packets.iter().enumerate() {
        if number % 10 == 0 {
            low.reset();
            full.reset();
        }
        let (low, full) = (decode(&mut low, packet), decode(full.as_mut(), packet));
        let (low, full) = (frames(&low).expect("frames"), frames(&full).expect("frames"));
        assert_eq!(low == 0, number % 10 == 0);
        assert_eq!(full == 0, number % 10 == 0);
    }
}

#[test]
fn an_error_leaves_no_samples() {
    let stream = stream(Stereo::Mono);
    let mut low = stream.low().expect("the low band can be decoded");
    for packet in &stream.packets[..5] {
        assert!(decode(&mut low, packet).is_ok());
    }
    assert!(low.last_decoded().frames() > 0);
    assert_eq!(decode(&mut low, &replaced(&stream.packets[5], vec![1])), Err("decode"));
    assert_eq!(low.last_decoded().frames(), 0);
    assert_eq!(decode(&mut low, &replaced(&stream.packets[5], vec![])), Err("io"));
}

#[test]
fn packets_of_noise_do_no_harm() {
    let mut numbers = Numbers(17);
    for stereo in [Stereo::Mono, Stereo::Panned] {
        let stream = stream(stereo);
        let mut low = stream.low().expect("the low band can be decoded");
        for _ in 0..2000 {
            let length = numbers.below(600);
            // An audio packet in most cases: the first bit is 0.
            let mut data: Vec<u8> = (0..length).map(|_| numbers.next() as u8).collect();
            if let Some(first) = data.first_mut().filter(|_| numbers.below(8) != 0) {
                *first &= 0xfe;
            }
            let _ = decode(&mut low, &replaced(&stream.packets[0], data));
        }
    }
}

#[test]
fn mutated_headers_do_no_harm() {
    let mut numbers = Numbers(19);
    let mut accepted = 0;
    for stereo in [Stereo::Mono, Stereo::Panned] {
        let stream = stream(stereo);
        let headers = stream.params.extra_data.clone().expect("headers");
        for round in 0..3000 {
            let mut data = headers.to_vec();
            match round % 8 {
                0 => data.truncate(numbers.below(data.len())),
                1 => {
                    let from = numbers.below(data.len());
                    let bytes = data[from..].iter_mut().take(numbers.below(40));
                    bytes.for_each(|byte| *byte = numbers.next() as u8);
                }
                _ => {
                    // The end of the header has the floors, residues, mappings and modes.
                    let end = if round % 2 == 0 { data.len() } else { 300.min(data.len()) };
                    for _ in 0..=numbers.below(3) {
                        let place = data.len() - 1 - numbers.below(end);
                        data[place] ^= 1 << numbers.below(8);
                    }
                }
            }
            let mut params = stream.params.clone();
            params.extra_data = Some(data.into());
            let options = AudioDecoderOptions::default();
            let Ok(mut low) = VorbisDecoder::try_new(&params, &options) else { continue };
            accepted += 1;
            for packet in stream.packets.iter().take(12) {
                if let Ok(samples) = decode(&mut low, packet) {
                    assert!(samples[0].len() <= 1024);
                }
            }
        }
    }
    assert!(accepted > 100, "only {accepted} headers were accepted");
}
