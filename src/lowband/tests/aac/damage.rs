//! Damaged packets and configurations: refused as the full decoder refuses them, and never more than that.

use symphonia::core::audio::layouts;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::USUAL;
use crate::decoding::{Track, decode, decode_all, low, outcome};
use crate::material::{Encoding, Image, Random, encoded, music};

/// A packet with a few bytes changed, or cut.
fn damaged(packet: &Packet, random: &mut Random) -> Packet {
    let mut data = packet.data.to_vec();
    match random.below(3) {
        0 => data.truncate(random.below(data.len() + 1)),
        1 if !data.is_empty() => {
            // Near the start, where damage is told from sound.
            let at = random.below(data.len().min(40));
            data[at] ^= 1 << random.below(8);
        }
        _ => {
            for _ in 0..random.below(8) {
                if !data.is_empty() {
                    let at = random.below(data.len());
                    data[at] = random.next() as u8;
                }
            }
        }
    }
    packet_of(data)
}

fn packet_of(data: Vec<u8>) -> Packet {
    Packet::new(0, Timestamp::new(0), Duration::new(1024), data)
}

#[test]
fn damaged_packets_are_refused_if_the_full_decoder_refuses_them_for_what_is_read() {
    let mut random = Random::new(3);
    let (mut refused, mut passed, mut same_kind) = (0, 0, 0);
    for (rate_hz, channels) in [(44_100, 2), (44_100, 1), (24_000, 2)] {
        let encoding = Encoding { rate_hz, channels, kbit: 96, ..USUAL };
        let track = Track::of(encoded(&music(rate_hz, Image::Wide), &encoding));
        let (mut full, mut low) = (track.full(), track.low());
        for (index, packet) in track.packets.iter().cycle().take(3_000).enumerate() {
            let is_good = index < 2 || random.below(3) > 0;
            let packet = if is_good { packet.clone() } else { damaged(packet, &mut random) };
            let of_full = outcome(&decode(&mut *full, &packet));
            let of_low = outcome(&decode(&mut *low, &packet));
            let factor = 1024 / (if rate_hz == 44_100 { 256 } else { 512 });
            match (of_full, of_low) {
                (Ok(frames), Ok(reduced)) => assert_eq!(frames, reduced * factor),
                // Nothing is refused that the full decoder takes.
                (Ok(_), Err(kind)) => panic!("packet {index} of {encoding:?}: {kind}"),
                // Behind the lines that are heard the decoder does not look.
                (Err(_), Ok(reduced)) => {
                    assert_eq!(reduced * factor, 1024);
                    passed += 1;
                }
                (Err(expected), Err(kind)) => {
                    refused += 1;
                    same_kind += usize::from(expected == kind);
                }
            }
            if is_good {
                assert_eq!(of_low, Ok(1024 / factor));
            }
        }
    }
    assert!(refused > 2 * passed, "{refused} refused, {passed} only by the full decoder");
    assert!(same_kind * 100 > refused * 95, "{same_kind} of {refused} are the same kind of error");
}

#[test]
fn damage_is_over_one_good_packet_later() {
    let track = Track::of(encoded(&music(44_100, Image::Wide), &USUAL));
    let clean = decode_all(&mut *track.low(), &track.packets);
    let mut random = Random::new(9);
    let mut decoder = track.low();
    let mut last_damaged = usize::MAX;
    for (index, packet) in track.packets.iter().enumerate() {
        // Every eighth packet is damaged, every 24th is missing.
        if index % 8 == 3 {
            last_damaged = index;
            if index % 24 != 3 {
                // Whether it is an error does not matter here.
                let _ = decode(&mut *decoder, &damaged(packet, &mut random));
            }
            continue;
        }
        let samples = decode(&mut *decoder, packet).expect("a good packet");
        if index > last_damaged.wrapping_add(2) {
            assert_eq!(samples[0], clean[0][index * 256..][..256], "packet {index}");
        }
    }
}

#[test]
fn a_refused_packet_leaves_no_samples_behind() {
    let track = Track::of(encoded(&music(44_100, Image::Wide), &USUAL));
    let mut decoder = track.low();
    assert_eq!(outcome(&decode(&mut *decoder, &track.packets[0])), Ok(256));
    assert!(decode(&mut *decoder, &packet_of(vec![0x20; 3])).is_err());
    assert_eq!(decoder.last_decoded().frames(), 0);
}

#[test]
fn elements_of_another_kind_need_the_full_decoder_at_the_start_and_are_damage_later() {
    let track = Track::of(encoded(&music(44_100, Image::Wide), &USUAL));
    let single = packet_of(vec![0; 40]);
    let mut decoder = track.low();
    assert_eq!(outcome(&decode(&mut *decoder, &single)), Err("unsupported"));
    assert_eq!(outcome(&decode(&mut *decoder, &track.packets[0])), Ok(256));
    assert_eq!(outcome(&decode(&mut *decoder, &single)), Err("decode"));
    // Coupling, and a program configuration.
    for id in [2u8, 5] {
        let packet = packet_of(vec![id << 5; 40]);
        assert_eq!(outcome(&decode(&mut *decoder, &packet)), Err("unsupported"));
        assert_eq!(outcome(&decode(&mut *track.full(), &packet)), Err("unsupported"));
    }
}

#[test]
fn a_packet_without_channels_is_silence() {
    let track = Track::of(encoded(&music(44_100, Image::Wide), &USUAL));
    let mut decoder = track.low();
    // Nothing; the end; a fill element and the end.
    for data in [vec![], vec![0xe0], vec![0b1100_0100, 0, 0b0000_1110]] {
        let samples = decode(&mut *decoder, &packet_of(data)).expect("no error");
        assert_eq!(samples, vec![vec![0.0; 256]; 1]);
    }
}

#[test]
fn no_packet_and_no_configuration_makes_the_decoder_panic() {
    let mut random = Random::new(11);
    let mut packets = Vec::new();
    for (rate_hz, channels) in [(48_000, 2), (22_050, 1)] {
        let options = "-aac_pns 1 -aac_tns 1 -aac_is 1";
        let encoding = Encoding { rate_hz, channels, kbit: 64, options, container: "aac" };
        packets.extend(Track::of(encoded(&music(rate_hz, Image::Wide), &encoding)).packets);
    }
    for round in 0..200 {
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_AAC).with_sample_rate([44_100, 32_000, 24_000][round % 3]);
        params.with_channels(if round % 2 == 0 {
            layouts::CHANNEL_LAYOUT_STEREO
        } else {
            layouts::CHANNEL_LAYOUT_MONO
        });
        if round % 4 == 0 {
            // A configuration with some bits of its head changed, or any bytes.
            let mut data: Vec<u8> = (0..random.below(8)).map(|_| random.next() as u8).collect();
            if round % 8 == 0 {
                data = vec![0x12, 0x10, 0x56, 0xe5];
                data[random.below(2)] ^= 1 << random.below(8);
            }
            params.with_extra_data(data.into());
        }
        let Ok(mut decoder) = low(&params) else { continue };
        for _ in 0..150 {
            let packet = &packets[random.below(packets.len())];
            let packet = if random.below(8) == 0 {
                packet_of((0..random.below(300)).map(|_| random.next() as u8).collect())
            } else {
                damaged(packet, &mut random)
            };
            let result = decode(&mut *decoder, &packet);
            if let Ok(samples) = &result {
                assert!(samples[0].len() == 256 || samples[0].len() == 512);
                assert!(samples[0].iter().all(|sample| !sample.is_nan()));
            }
            if random.below(16) == 0 {
                decoder.reset();
            }
        }
    }
}
