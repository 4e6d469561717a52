//! Tests of the whole decoder, on files written here or encoded from a known signal by ffmpeg.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::dice::Dice;
use crate::record::FailureKind;

mod damage;
mod excerpts;
mod joined;
mod low_band;
mod opus;
mod outside;
mod tags;

const RATE_HZ: u32 = 48_000;
const SECONDS: f64 = 5.0;
const LIMITS: DecodeLimits =
    DecodeLimits { max_seconds_of_audio: 600.0, max_streams: 8, timeout: Duration::from_secs(60) };

/// A sink that keeps everything it receives.
#[derive(Debug, Default)]
struct Kept {
    streams: Vec<(Vec<SampleRate>, Vec<f32>)>,
    restarts: usize,
}

impl PcmSink for Kept {
    fn begin(&mut self, stream: usize, sample_rate: SampleRate) {
        if self.streams.len() <= stream {
            self.streams.resize_with(stream + 1, Default::default);
        }
        self.streams[stream].0.push(sample_rate);
    }

    fn push(&mut self, stream: usize, samples: &[f32]) {
        assert!(samples.iter().all(|sample| sample.is_finite()));
        assert!(!self.streams[stream].0.is_empty(), "begun before it is pushed to");
        self.streams[stream].1.extend_from_slice(samples);
    }

    fn restart(&mut self) {
        self.streams.clear();
        self.restarts += 1;
    }
}

fn outside() -> Ffmpeg {
    Ffmpeg::find().expect("these tests need the programs ffmpeg and ffprobe: install ffmpeg")
}

fn decode_with(decoder: &Decoder, path: &Path) -> (Result<Decoded, DecodeError>, Kept) {
    let mut kept = Kept::default();
    let result = decoder.decode(&path.into(), &AtomicBool::new(false), &mut kept);
    if let Ok(decoded) = &result {
        for info in &decoded.streams {
            let (rates, samples) = &kept.streams[info.index];
            assert!(rates.contains(&info.sample_rate));
            if rates.len() == 1 {
                let seconds = samples.len() as f64 / f64::from(info.sample_rate.hz());
                assert!((seconds - info.duration_seconds).abs() < 1e-6);
            }
        }
    }
    (result, kept)
}

fn decode(path: &Path) -> (Result<Decoded, DecodeError>, Kept) {
    decode_with(&Decoder::new(LIMITS, None), path)
}

fn decode_or_help(path: &Path) -> (Result<Decoded, DecodeError>, Kept) {
    decode_with(&Decoder::new(LIMITS, Some(outside())), path)
}

/// A WAV file of 16 bits from interleaved samples.
fn wav(rate_hz: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let data_bytes = samples.len() as u32 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data_bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    file.extend(channels.to_le_bytes());
    file.extend(rate_hz.to_le_bytes());
    file.extend((rate_hz * u32::from(channels) * 2).to_le_bytes());
    file.extend((channels * 2).to_le_bytes());
    file.extend(b"\x10\0data");
    file.extend(data_bytes.to_le_bytes());
    for sample in samples {
        file.extend(((sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16).to_le_bytes());
    }
    file
}

/// Four voices whose pitch changes four times a second, by a generator with a seed.
fn tune(seed: u32, seconds: f64) -> Vec<f32> {
    let mut dice = Dice::new(seed.into());
    let mut random = || dice.share();
    let mut phases = [0.0_f64; 4];
    let mut steps = [0.0_f64; 4];
    (0..(seconds * f64::from(RATE_HZ)) as usize)
        .map(|i| {
            if i % (RATE_HZ as usize / 4) == 0 {
                steps = std::array::from_fn(|_| {
                    (200.0 + 3_000.0 * random()) * std::f64::consts::TAU / f64::from(RATE_HZ)
                });
            }
            let mut sum = 0.0;
            for (phase, step) in phases.iter_mut().zip(steps) {
                *phase += step;
                sum += 0.15 * phase.sin();
            }
            sum as f32
        })
        .collect()
}

fn interleave(left: &[f32], right: &[f32]) -> Vec<f32> {
    left.iter().zip(right).flat_map(|(&l, &r)| [l, r]).collect()
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, bytes).expect("written");
    path
}

/// A folder with `tune.wav`, a stereo file of two tunes, and its mono mix.
fn tune_file() -> (tempfile::TempDir, PathBuf, Vec<f32>) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let (left, right) = (tune(1, SECONDS), tune(2, SECONDS));
    let mono = left.iter().zip(&right).map(|(l, r)| 0.5 * (l + r)).collect();
    let path = write(directory.path(), "tune.wav", &wav(RATE_HZ, 2, &interleave(&left, &right)));
    (directory, path, mono)
}

/// Runs ffmpeg: `input`, then `arguments`, then a file `name` beside it.
fn encode(input: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    outside();
    let output = input.with_file_name(name);
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(input)
        .args(arguments)
        .arg(&output)
        .output()
        .expect("ffmpeg runs");
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    output
}

/// Short files of each container, to be damaged.
fn seeds() -> Vec<Vec<u8>> {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let sound = wav(RATE_HZ, 1, &tune(5, 0.4));
    let path = write(directory.path(), "a.wav", &sound);
    let table: &[(&str, &[&str])] = &[
        ("a.mp3", &[]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("a.opus", &["-c:a", "libopus"]),
        ("a.flac", &[]),
        ("a.m4a", &["-c:a", "aac"]),
        ("a.webm", &["-c:a", "libopus"]),
        ("a.caf", &["-c:a", "alac"]),
        ("a.aiff", &[]),
        ("a.aac", &[]),
    ];
    let encoded = table.iter().map(|(name, arguments)| encode(&path, name, arguments));
    std::iter::once(sound).chain(encoded.map(|path| fs::read(path).expect("read"))).collect()
}

/// Correlation of a sixth of a second of `reference` with `sound`, at the best lag within 60 ms,
/// and that lag in samples.
fn correlation(reference: &[f32], sound: &[f32]) -> (f64, i64) {
    let (start, length, reach) = (RATE_HZ as usize / 2, 8_000, 3_000_i64);
    let reference = &reference[start..start + length];
    let energy = |x: &[f32]| x.iter().map(|s| f64::from(s * s)).sum::<f64>().sqrt();
    let at = |lag: i64| {
        let from = (start as i64 + lag) as usize;
        let Some(window) = sound.get(from..from + length) else { return 0.0 };
        let dot: f32 = reference.iter().zip(window).map(|(a, b)| a * b).sum();
        f64::from(dot) / (energy(reference) * energy(window) + 1e-12)
    };
    let best = |lags: &mut dyn Iterator<Item = i64>| {
        lags.map(|lag| (at(lag), lag)).max_by(|a, b| a.0.total_cmp(&b.0)).expect("lags")
    };
    // The highest tone has 15 samples a period.
    let (_, near) = best(&mut (-reach..=reach).step_by(3));
    best(&mut (near - 3..=near + 3))
}

fn assert_sounds_like(name: &str, reference: &[f32], samples: &[f32], seconds: f64) {
    assert!((seconds - SECONDS).abs() < 0.1, "{name}: {seconds} s");
    let (similar, lag) = correlation(reference, samples);
    assert!(similar > 0.95 && lag.abs() < 3_000, "{name}: {similar:.3} at {lag}");
}

#[test]
fn a_wav_file_gives_its_own_samples() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let sound = tune(7, 0.5);
    let path = write(directory.path(), "a.wav", &wav(44_100, 1, &sound));
    let (result, kept) = decode(&path);
    let decoded = result.expect("decoded");
    let (rates, samples) = &kept.streams[0];
    assert_eq!(rates.as_slice(), [SampleRate::new(44_100).expect("not zero")]);
    assert_eq!(samples.len(), sound.len());
    assert!(samples.iter().zip(&sound).all(|(a, b)| (a - b).abs() < 1.0 / 32_768.0));
    let info = &decoded.streams[0];
    assert_eq!((info.codec.as_str(), info.channels, info.truncated), ("pcm_s16le", 1, false));
    assert_eq!(decoded.notes, [""; 0]);
}

#[test]
fn inverted_stereo_is_heard() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let left = tune(3, 1.0);
    let right: Vec<f32> = left.iter().map(|sample| -sample).collect();
    let path = write(directory.path(), "a.wav", &wav(44_100, 2, &interleave(&left, &right)));
    let (result, kept) = decode(&path);
    assert!(result.expect("decoded").streams[0].peak > 0.3);
    assert!(kept.streams[0].1.iter().zip(&left).all(|(a, b)| (a - b).abs() < 1e-3));
}

#[test]
fn files_without_sound_are_errors_of_their_own_kind() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let silence = wav(44_100, 2, &vec![0.0; 88_200]);
    let table: &[(&str, &[u8], &str)] = &[
        ("empty.flac", b"", "empty"),
        ("text.mp3", b"This is a list of songs,\nnot a song.\n", "not_audio"),
        ("cover.mp3", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01", "not_audio"),
        ("dump.wav", b"PK\x03\x04\x14\0\0\0\x08\0", "not_audio"),
        ("hole.mp3", &vec![0; 300_000], "not_audio"),
        ("silence.wav", &silence, "silent"),
        ("header.wav", &wav(44_100, 2, &[]), "damaged"),
        ("magic.flac", b"fLaC", "unsupported"),
        ("movie.avi", b"RIFF\x10\0\0\0AVI LIST\x04\0\0\0hdrl", "unsupported"),
    ];
    for (name, bytes, kind) in table {
        let (result, _) = decode(&write(directory.path(), name, bytes));
        let error = result.expect_err(name);
        assert_eq!(error.kind().as_str(), *kind, "{name}: {error}");
        assert!(!error.to_string().contains('\n'));
    }
    let (result, _) = decode(directory.path());
    assert_eq!(result.expect_err("a folder").kind(), FailureKind::NotAFile);
    let (result, _) = decode(&directory.path().join("nothing here"));
    assert_eq!(result.expect_err("missing").kind(), FailureKind::Io);
}

#[cfg(unix)]
#[test]
fn a_device_is_not_opened() {
    let (result, _) = decode(Path::new("/dev/zero"));
    assert_eq!(result.expect_err("a device").kind(), FailureKind::NotAFile);
}

#[test]
fn an_archive_is_named_with_its_remedy() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let (result, _) = decode(&write(directory.path(), "a.mp3", b"Rar!\x1a\x07\x01\0"));
    let message = result.expect_err("an archive").to_string();
    assert_eq!(message, "is not audio: it looks like a RAR archive; unpack it and scan the folder");
}

#[test]
fn the_flag_and_the_clock_stop_a_file() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = write(directory.path(), "a.wav", &wav(44_100, 1, &tune(7, 1.0)));
    let decoder = Decoder::new(LIMITS, None);
    let stopped =
        decoder.decode(&path.as_path().into(), &AtomicBool::new(true), &mut Kept::default());
    assert_eq!(stopped.expect_err("stopped").kind(), FailureKind::Cancelled);
    let decoder = Decoder::new(DecodeLimits { timeout: Duration::ZERO, ..LIMITS }, None);
    let late =
        decoder.decode(&path.as_path().into(), &AtomicBool::new(false), &mut Kept::default());
    assert_eq!(late.expect_err("late").kind(), FailureKind::Timeout);
}

#[test]
fn a_long_stream_stops_at_its_limit_with_a_note() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = write(directory.path(), "a.wav", &wav(44_100, 1, &tune(7, 3.0)));
    let limits = DecodeLimits { max_seconds_of_audio: 1.5, ..LIMITS };
    let (result, kept) = decode_with(&Decoder::new(limits, None), &path);
    let decoded = result.expect("decoded");
    assert_eq!(kept.streams[0].1.len(), 66_150);
    assert!(!decoded.streams[0].truncated && decoded.notes[0].contains("limit"));
}

#[test]
fn the_built_in_versions_are_those_of_the_lock_file() {
    let lock = include_str!("../../Cargo.lock");
    for (name, version) in [("symphonia", "0.6.1"), ("opusic-sys", "0.7.7")] {
        assert!(BUILT_IN.contains(version));
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"");
        assert!(lock.contains(&entry), "Cargo.lock has another {name}: change BUILT_IN");
    }
}

#[test]
fn every_codec_of_symphonia_gives_the_sound_that_was_encoded() {
    let (_directory, tune, mono) = tune_file();
    let table: &[(&str, &[&str], &str)] = &[
        ("cbr.mp3", &["-b:a", "128k"], "mp3"),
        ("vbr.mp3", &["-q:a", "4"], "mp3"),
        ("no-header.mp3", &["-b:a", "128k", "-write_xing", "0"], "mp3"),
        ("a.mp2", &["-b:a", "192k"], "mp2"),
        ("a.opus", &["-c:a", "libopus", "-b:a", "96k"], "opus"),
        ("opus.webm", &["-c:a", "libopus", "-b:a", "96k"], "opus"),
        ("a.ogg", &["-c:a", "libvorbis"], "vorbis"),
        ("vorbis.webm", &["-c:a", "libvorbis"], "vorbis"),
        ("a.flac", &[], "flac"),
        ("flac.ogg", &["-c:a", "flac"], "flac"),
        ("flac.mka", &["-c:a", "flac"], "flac"),
        ("aac.m4a", &["-c:a", "aac", "-b:a", "128k"], "aac"),
        ("fast.m4a", &["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"], "aac"),
        ("opus.mp4", &["-c:a", "libopus", "-b:a", "96k"], "opus"),
        ("a.aac", &["-b:a", "128k"], "aac"),
        ("alac.m4a", &["-c:a", "alac"], "alac"),
        ("alac.caf", &["-c:a", "alac"], "alac"),
        ("24.wav", &["-c:a", "pcm_s24le"], "pcm_s24le"),
        ("float.wav", &["-c:a", "pcm_f32le"], "pcm_f32le"),
        ("law.wav", &["-c:a", "pcm_alaw"], "pcm_alaw"),
        ("a.aiff", &[], "pcm_s16be"),
        // Each frame of it is a packet of its own.
        ("pcm.mov", &["-c:a", "pcm_s16le"], "pcm_s16le"),
    ];
    for (name, arguments, codec) in table {
        let path = encode(&tune, name, arguments);
        // The name has no say.
        let nameless = path.with_file_name(format!("{name}.jpg"));
        fs::rename(&path, &nameless).expect("renamed");
        let (result, kept) = decode(&nameless);
        let decoded = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        let info = &decoded.streams[0];
        assert_eq!((info.codec.as_str(), info.channels, info.damaged_packets), (*codec, 2, 0));
        assert_eq!((&decoded.notes[..], info.truncated), (&[][..], false), "{name}");
        assert_sounds_like(name, &mono, &kept.streams[0].1, info.duration_seconds);
    }
}

#[test]
fn what_an_encoder_puts_in_front_is_dropped() {
    let (_directory, tune, mono) = tune_file();
    let aac = ["-c:a", "aac", "-b:a", "192k"];
    let encoded = |name, more: &[&str]| encode(&tune, name, &[&aac[..], more].concat());
    let lag = |path: &Path| {
        let (result, kept) = decode(path);
        assert_eq!(result.expect("decoded").notes, [""; 0], "{}", path.display());
        correlation(&mono, &kept.streams[0].1).1
    };
    let plain = encoded("a.m4a", &[]);
    let film = ["-f", "lavfi", "-i", "testsrc=d=5:s=64x48", "-map", "1:v", "-map", "0:a"];
    let film = [&film[..], &["-c:v", "mpeg4"], &aac[..]].concat();
    let opus = encode(&tune, "opus.mp4", &["-c:a", "libopus", "-b:a", "128k"]);
    for (name, path) in [
        ("fast start", encoded("fast.m4a", &["-movflags", "+faststart"])),
        ("film", encode(&tune, "film.mp4", &film)),
        ("opus in mp4", opus),
        ("alac", encode(&tune, "alac.m4a", &["-c:a", "alac"])),
        ("flac", encode(&tune, "a.flac", &[])),
        ("mp3", encode(&tune, "a.mp3", &["-b:a", "192k"])),
        ("vorbis", encode(&tune, "a.ogg", &["-c:a", "libvorbis"])),
        ("opus in webm", encode(&tune, "a.webm", &["-c:a", "libopus", "-b:a", "128k"])),
        (
            "short packets",
            encode(&tune, "short.opus", &["-c:a", "libopus", "-frame_duration", "5"]),
        ),
        ("opus", encode(&tune, "a.opus", &["-c:a", "libopus", "-b:a", "128k"])),
        ("plain", plain.clone()),
    ] {
        assert_eq!(lag(&path), 0, "{name}");
    }
    // Without its edit list a file tells of nothing, with the tag of iTunes it does again.
    let mut bytes = fs::read(&plain).expect("read");
    let at = bytes.windows(4).position(|four| four == b"edts").expect("an edit list");
    bytes[at..at + 4].copy_from_slice(b"free");
    assert_eq!(lag(&write(tune.parent().expect("a folder"), "free.m4a", &bytes)), 1_024);
    let boxed = |name: &[u8], content: &[u8]| {
        [&(content.len() as u32 + 8).to_be_bytes(), name, content].concat()
    };
    let tag = [
        boxed(b"mean", b"\0\0\0\0com.apple.iTunes"),
        boxed(b"name", b"\0\0\0\0iTunSMPB"),
        boxed(b"data", b"\0\0\0\x01\0\0\0\0 00000000 00000400 00000280 000000000003A980"),
    ];
    let tag = boxed(b"----", &tag.concat());
    let udta = bytes.windows(4).position(|four| four == b"udta").expect("tags") - 4;
    let ilst = bytes.windows(4).position(|four| four == b"ilst").expect("tags") - 4;
    let meta = bytes.windows(4).position(|four| four == b"meta").expect("tags") - 4;
    let moov = bytes.windows(4).position(|four| four == b"moov").expect("a head") - 4;
    for at in [udta, ilst, meta, moov] {
        let length: [u8; 4] = bytes[at..at + 4].try_into().expect("four bytes");
        let length = u32::from_be_bytes(length) + tag.len() as u32;
        bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    bytes.splice(ilst + 8..ilst + 8, tag);
    assert_eq!(lag(&write(tune.parent().expect("a folder"), "itunes.m4a", &bytes)), 0);
}

#[test]
fn each_audio_stream_of_a_film_is_decoded() {
    let (_directory, tune_path, mono) = tune_file();
    let other = tune(9, SECONDS);
    let second = write(tune_path.parent().expect("a folder"), "b.wav", &wav(RATE_HZ, 1, &other));
    let second = second.to_str().expect("UTF-8").to_owned();
    let common = ["-i", &second, "-f", "lavfi", "-i", "testsrc=d=5:s=64x48", "-map", "2:v"];
    let tail = ["-map", "0:a", "-map", "1:a", "-c:v", "mjpeg", "-c:a:0", "flac", "-c:a:1"];
    for (name, codec) in [("opus.mkv", "libopus"), ("ac3.mkv", "ac3")] {
        let arguments = [&common[..], &tail[..], &[codec]].concat();
        let path = encode(&tune_path, name, &arguments);
        let (result, kept) = decode_or_help(&path);
        let decoded = result.expect(name);
        assert_eq!(decoded.streams.len(), 2, "{name}: {decoded:?}");
        assert_eq!(kept.restarts, usize::from(codec == "ac3"));
        assert_sounds_like(name, &mono, &kept.streams[0].1, decoded.streams[0].duration_seconds);
        assert_sounds_like(name, &other, &kept.streams[1].1, decoded.streams[1].duration_seconds);
    }
    // Without help, what can be decoded is, and the rest is named.
    let (result, kept) = decode(&tune_path.with_file_name("ac3.mkv"));
    let decoded = result.expect("one stream");
    assert_eq!((decoded.streams.len(), kept.restarts), (1, 0));
    assert!(decoded.notes.iter().any(|note| note.contains("stream 1 (ac3) left out")));
}

#[test]
fn a_film_without_sound_has_no_audio_stream() {
    let (_directory, tune, _) = tune_file();
    let video = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x48", "-map", "1:v", "-c:v", "mpeg4"];
    for name in ["mute.mp4", "mute.mkv", "mute.avi"] {
        let (result, _) = decode_or_help(&encode(&tune, name, &video));
        assert_eq!(result.expect_err(name).kind(), FailureKind::NoAudio, "{name}");
    }
}

#[test]
fn streams_above_the_limit_are_counted_in_a_note() {
    let (_directory, tune, _) = tune_file();
    let path = encode(&tune, "a.mka", &["-map", "0:a", "-map", "0:a", "-map", "0:a"]);
    let decoder = Decoder::new(DecodeLimits { max_streams: 2, ..LIMITS }, None);
    let decoded = decode_with(&decoder, &path).0.expect("decoded");
    assert_eq!(decoded.streams.len(), 2);
    assert_eq!(decoded.notes, ["1 audio streams above the limit left out"]);
}

#[test]
fn the_same_file_gives_the_same_samples_each_time() {
    let (_directory, tune, _) = tune_file();
    for (name, arguments) in [("a.mp3", &[][..]), ("a.wv", &[]), ("a.wma", &["-c:a", "wmav2"])] {
        let path = encode(&tune, name, arguments);
        let [(first, kept), (second, again)] = [decode_or_help(&path), decode_or_help(&path)];
        assert_eq!(first.expect(name), second.expect(name));
        assert_eq!(kept.streams, again.streams, "{name}");
    }
}
