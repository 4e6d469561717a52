//! The decoder of AAC-LC beside Symphonia's full decoder, on music that ffmpeg encodes.
//!
//! Where `LOWBAND_MUSIC` names a folder, the files below it are compared as well.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "tests")]

mod damage;
mod decoding;
mod material;

use std::path::Path;

use symphonia::core::audio::layouts;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::errors::Error;

use decoding::{Energies, Track, compared, decode_all, low};
use material::{Encoding, Image, encoded, encoded_file, music};

/// The usual encoding: everything that ffmpeg can but noise, which the two decoders draw differently.
const USUAL: Encoding<'_> =
    Encoding { rate_hz: 44_100, channels: 2, kbit: 160, options: "-aac_pns 0", container: "m4a" };

/// Largest error from 50 Hz to 4 kHz and from there to 5 kHz, in dB. Measured: −62 and −40 or better.
const MAX_ERROR_DB: [f64; 2] = [-58.0, -38.0];
/// The same for any file: −75 and −50 are usual, but what lies right above the kept lines may be much louder than what is below.
const MAX_ERROR_OF_MUSIC_DB: [f64; 2] = [-50.0, -30.0];

/// The mid of the full decode beside the low band, from 50 Hz to 4 and 5 kHz.
fn energies(file: Vec<u8>, rate_hz: u32) -> [Energies; 2] {
    let track = Track::of(file);
    let full = decode_all(&mut *track.full(), &track.packets);
    let low = decode_all(&mut *track.low(), &track.packets);
    assert_eq!(low.len(), 1, "mono");
    let bands = compared(&mid(&full, 1.0), &low[0], rate_hz, &[50.0, 4_000.0, 5_000.0]);
    [bands[1], bands[2]]
}

/// The sum of the channels, the second one times `sign`, over their number.
fn mid(channels: &[Vec<f32>], sign: f32) -> Vec<f32> {
    match channels {
        [left, right] => left.iter().zip(right).map(|(l, r)| 0.5 * (l + sign * r)).collect(),
        _ => channels[0].clone(),
    }
}

fn assert_close(energies: [Energies; 2], of: &str) {
    assert_within(energies, MAX_ERROR_DB, of);
}

fn assert_within(energies: [Energies; 2], limits: [f64; 2], of: &str) {
    for (energies, limit) in energies.into_iter().zip(limits) {
        let error = energies.error_db();
        assert!(error < limit, "{of}: {error:.1} dB, {limit} allowed");
    }
}

#[test]
fn the_low_band_equals_the_full_decode_for_every_tool_of_the_encoder() {
    let music = music(44_100, Image::Wide);
    for (kbit, options) in [
        (160, "-aac_pns 0"),
        (160, "-aac_pns 0 -aac_tns 0 -aac_is 0 -aac_ms 0"),
        (160, "-aac_pns 0 -aac_tns 0 -aac_is 0 -aac_ms 1"),
        (160, "-aac_pns 0 -aac_tns 1 -aac_is 0 -aac_ms 1"),
        (160, "-aac_pns 0 -aac_coder fast"),
        (64, "-aac_pns 0 -aac_is 1"),
        (256, "-aac_pns 0"),
    ] {
        let encoding = Encoding { kbit, options, ..USUAL };
        assert_close(energies(encoded(&music, &encoding), 44_100), &format!("{encoding:?}"));
    }
}

#[test]
fn the_low_band_equals_the_full_decode_at_every_rate_in_every_container() {
    for (rate_hz, channels, kbit, container) in [
        (48_000, 2, 128, "aac"),
        (48_000, 1, 96, "m4a"),
        (44_100, 1, 64, "aac"),
        (44_100, 2, 128, "mka"),
        (32_000, 2, 96, "m4a"),
        (24_000, 2, 64, "aac"),
        (22_050, 2, 64, "m4a"),
        (22_050, 1, 48, "mka"),
    ] {
        let encoding = Encoding { rate_hz, channels, kbit, container, ..USUAL };
        let file = encoded(&music(rate_hz, Image::Wide), &encoding);
        assert_close(energies(file, rate_hz), &format!("{encoding:?}"));
    }
}

#[test]
fn substituted_noise_has_the_energy_of_the_full_decode() {
    let encoding = Encoding { kbit: 96, options: "-aac_pns 1", ..USUAL };
    let track = Track::of(encoded(&music(44_100, Image::Wide), &encoding));
    let full = decode_all(&mut *track.full(), &track.packets);
    let low = decode_all(&mut *track.low(), &track.packets);
    let edges = [50.0, 1_000.0, 2_000.0, 3_000.0, 4_000.0, 5_000.0];
    for (band, energies) in compared(&mid(&full, 1.0), &low[0], 44_100, &edges).iter().enumerate() {
        let level = energies.level_db();
        assert!(level.abs() < 0.5, "up to {} Hz: {level:.2} dB", edges[band]);
    }
}

#[test]
fn the_side_is_heard_where_the_channels_have_opposite_signs() {
    let file = encoded(&music(44_100, Image::Opposite), &USUAL);
    let track = Track::of(file);
    let full = decode_all(&mut *track.full(), &track.packets);
    let low = decode_all(&mut *track.low(), &track.packets);
    let side = mid(&full, -1.0);
    let bands = compared(&side, &low[0], 44_100, &[50.0, 4_000.0, 5_000.0]);
    assert_close([bands[1], bands[2]], "opposite channels");
}

#[test]
fn every_packet_gives_a_quarter_or_half_of_its_frames_from_the_first_one_on() {
    for (rate_hz, factor) in [(44_100, 4), (24_000, 2)] {
        let encoding = Encoding { rate_hz, kbit: 64, ..USUAL };
        let track = Track::of(encoded(&music(rate_hz, Image::Wide), &encoding));
        let (mut full, mut low) = (track.full(), track.low());
        assert_eq!(low.codec_params().sample_rate, Some(rate_hz / factor as u32));
        for packet in &track.packets {
            let frames = full.decode(packet).expect("a good packet").frames();
            let buffer = low.decode(packet).expect("a good packet");
            assert_eq!(buffer.frames(), frames / factor);
            assert_eq!(buffer.spec().rate(), rate_hz / factor as u32);
            assert_eq!(buffer.spec().channels().count(), 1);
        }
    }
}

#[test]
fn streams_that_are_not_plain_need_the_full_decoder() {
    let needs_full = |params: &AudioCodecParameters| {
        matches!(low(params), Err(Error::Unsupported(lowband::NEEDS_FULL)))
    };
    let params = |rate_hz: Option<u32>, channels| {
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_AAC);
        params.sample_rate = rate_hz;
        params.channels = channels;
        params
    };
    assert!(!needs_full(&params(Some(44_100), Some(layouts::CHANNEL_LAYOUT_STEREO))));
    assert!(needs_full(&params(Some(44_100), Some(layouts::CHANNEL_LAYOUT_5P1))));
    assert!(needs_full(&params(Some(96_000), Some(layouts::CHANNEL_LAYOUT_STEREO))));
    assert!(needs_full(&params(Some(16_000), Some(layouts::CHANNEL_LAYOUT_MONO))));
    assert!(needs_full(&params(None, Some(layouts::CHANNEL_LAYOUT_MONO))));
    assert!(needs_full(&params(Some(44_100), None)));
    let encoding = Encoding { channels: 6, kbit: 256, ..USUAL };
    let file = encoded(&music(44_100, Image::Wide), &encoding);
    assert!(needs_full(&Track::of(file).params));
}

#[test]
fn a_reset_forgets_what_came_before() {
    let track = Track::of(encoded(&music(44_100, Image::Wide), &USUAL));
    let (before, after) = track.packets.split_at(60);
    let mut used = track.low();
    decode_all(&mut *used, before);
    used.reset();
    assert_eq!(decode_all(&mut *used, after), decode_all(&mut *track.low(), after));
}

/// Runs over real music, if there is some.
#[test]
fn the_low_band_of_music_equals_the_full_decode() {
    let Some(folder) = std::env::var_os("LOWBAND_MUSIC") else { return };
    let mut files = Vec::new();
    find(Path::new(&folder), &mut files);
    let mut count = 0;
    for path in files {
        for (rate_hz, kbit) in [(44_100, 160), (48_000, 96), (22_050, 64)] {
            let encoding = Encoding { rate_hz, kbit, ..USUAL };
            let Some(file) = encoded_file(&path, &encoding) else { continue };
            count += 1;
            let energies = energies(file, rate_hz);
            // Silence has no relative error.
            if energies.iter().all(|energies| energies.full > 1.0) {
                let of = format!("{} as {encoding:?}", path.display());
                assert_within(energies, MAX_ERROR_OF_MUSIC_DB, &of);
            }
        }
    }
    assert!(count > 0, "LOWBAND_MUSIC holds audio files");
}

fn find(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let is_audio = |end: &std::ffi::OsStr| {
            ["wav", "flac", "ogg", "mp3", "m4a", "opus"].iter().any(|other| end == *other)
        };
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(is_audio) {
            files.push(path);
        }
    }
}
