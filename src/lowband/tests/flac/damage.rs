//! Damaged packets and configurations.

use lowband::FlacDecoder;
use symphonia::core::codecs::audio::{AudioDecoder as _, AudioDecoderOptions};

use crate::encoder::{
    Kind, LEFT_RIGHT, LEFT_SIDE, MID_SIDE, MONO, Residuals, SIDE_RIGHT, Subframe, plain,
};
use crate::exact::{linear, stream};
use crate::headers::packet_of;
use crate::material::{Image, Numbers};
use crate::streams::{Stream, decode, decode_full};

/// Streams of many kinds, soft enough that every side is read, or loud.
fn streams(level: f64) -> Vec<Stream> {
    let mut streams = Vec::new();
    for (bits, assignment) in
        [(16, MONO), (16, LEFT_RIGHT), (24, LEFT_SIDE), (16, SIDE_RIGHT), (16, MID_SIDE), (8, MONO)]
    {
        for kind in [Kind::Verbatim, Kind::Fixed(2), linear(8, 12, 9), linear(20, 15, 12)] {
            let residuals =
                Residuals { partition_order: 3, wide: bits > 16, escape_each: 5, detune: 0 };
            let subframe = |_| Subframe { residuals, ..plain(kind.clone()) };
            streams.push(stream(bits, assignment, (level, Image::Wide), &[512; 4], subframe));
        }
    }
    streams
}

/// Bytes behind the header with a few bits or bytes changed, or cut.
fn damaged(data: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut data = data.to_vec();
    // The header has a checksum of its own.
    let header = 8;
    match numbers.below(4) {
        0 => data.truncate(header + numbers.below(data.len() - header)),
        1 => data[header + numbers.below(40)] ^= 1 << numbers.below(8),
        _ => {
            for _ in 0..=numbers.below(6) {
                let at = header + numbers.below(data.len() - header);
                data[at] = [0, 0xff, numbers.next() as u8][numbers.below(3)];
            }
        }
    }
    data
}

#[test]
fn damaged_packets_are_refused_as_by_the_full_decoder() {
    let mut numbers = Numbers(7);
    let (mut refused, mut taken, mut panics) = (0, 0, 0);
    for stream in streams(0.02) {
        let mut low = stream.low().expect("the stream can be decoded");
        let mut full = stream.full().expect("the stream can be decoded");
        for packet in stream.packets.iter().cycle().take(400) {
            let packet = packet_of(damaged(&packet.data, &mut numbers));
            let of_low = decode(&mut low, &packet).map(|channels| channels[0].len());
            let Some(of_full) = decode_full(full.as_mut(), &packet) else {
                panics += 1;
                continue;
            };
            let of_full = of_full.map(|channels| channels[0].len());
            let may_be_loud = of_low.is_ok() && of_full.is_err();
            if may_be_loud && packet.data[3] >> 4 == MID_SIDE {
                // Damage that makes the mid loud: the side is not read.
                continue;
            }
            assert_eq!(of_low, of_full);
            refused += usize::from(of_low.is_err());
            taken += usize::from(of_low.is_ok());
        }
    }
    println!("{refused} refused, {taken} taken, Symphonia panics at {panics}");
    assert!(refused > 1_000 && taken > 1_000, "{refused} refused, {taken} taken");
}

#[test]
fn nothing_is_refused_that_the_full_decoder_takes() {
    let mut numbers = Numbers(9);
    for stream in streams(0.9) {
        let mut low = stream.low().expect("the stream can be decoded");
        let mut full = stream.full().expect("the stream can be decoded");
        for packet in stream.packets.iter().cycle().take(100) {
            let packet = packet_of(damaged(&packet.data, &mut numbers));
            if let Some(Ok(of_full)) = decode_full(full.as_mut(), &packet) {
                let of_low = decode(&mut low, &packet).expect("the full decoder takes it");
                assert_eq!(of_low[0].len(), of_full[0].len());
            }
        }
    }
}

#[test]
fn a_refused_packet_leaves_no_samples_behind() {
    let stream = stream(16, MONO, (0.05, Image::Wide), &[512; 2], |_| plain(Kind::Fixed(2)));
    let mut decoder = stream.low().expect("the stream can be decoded");
    assert!(decode(&mut decoder, &stream.packets[0]).is_ok());
    assert!(decode(&mut decoder, &packet_of(stream.packets[0].data[..40].to_vec())).is_err());
    assert_eq!(decoder.last_decoded().frames(), 0);
    assert!(decode(&mut decoder, &stream.packets[1]).is_ok());
}

#[test]
fn no_packet_and_no_configuration_makes_the_decoder_panic() {
    let mut numbers = Numbers(11);
    let streams = streams(0.5);
    for round in 0..400 {
        let stream = &streams[numbers.below(streams.len())];
        let mut params = stream.params.clone();
        let mut data = params.extra_data.take().expect("an information block").to_vec();
        match round % 3 {
            0 => data.truncate(numbers.below(35)),
            1 => {
                for _ in 0..4 {
                    data[numbers.below(18)] = numbers.next() as u8;
                }
            }
            _ => {}
        }
        params.extra_data = Some(data.into());
        let options = AudioDecoderOptions::default();
        let Ok(mut decoder) = FlacDecoder::try_new(&params, &options) else { continue };
        for _ in 0..60 {
            let good = &streams[numbers.below(streams.len())].packets[numbers.below(4)].data;
            let data = match numbers.below(8) {
                0 => (0..numbers.below(300)).map(|_| numbers.next() as u8).collect(),
                1 => good.to_vec(),
                _ => damaged(good, &mut numbers),
            };
            if let Ok(samples) = decode(&mut decoder, &packet_of(data)) {
                assert!(samples[0].len() <= 65_535);
                assert!(samples[0].iter().all(|sample| sample.is_finite()));
            }
        }
    }
}
