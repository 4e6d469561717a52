//! Windows of files: they are stretches of the whole file, and some files have none.

use proptest::prelude::*;

use super::*;

/// Length of the files in these tests, in seconds.
const LONG: f64 = 30.0;
const THREE: Windows = Windows { count: 3, seconds: 3.0 };

fn sample_with(decoder: &Decoder, path: &Path, windows: Windows) -> (Option<Excerpts>, Kept) {
    let mut kept = Kept::default();
    let excerpts = decoder.sample(&path.into(), windows, &AtomicBool::new(false), &mut kept);
    (excerpts, kept)
}

fn sample(path: &Path) -> Option<Excerpts> {
    sample_with(&Decoder::new(LIMITS, Some(outside())), path, THREE).0
}

/// A folder with a long tune in stereo.
fn long_tune() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let both = interleave(&tune(1, LONG), &tune(2, LONG));
    let path = write(directory.path(), "tune.wav", &wav(RATE_HZ, 2, &both));
    (directory, path)
}

/// The position in `whole` of the middle of `window`, if the second half of `window` is a stretch of `whole`.
fn find(window: &[f32], whole: &[f32]) -> Option<usize> {
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.03);
    let half = &window[window.len() / 2..];
    whole.windows(half.len()).position(|stretch| near(half, stretch))
}

#[test]
fn windows_of_each_codec_are_stretches_of_the_whole_file() {
    let (_directory, tune) = long_tune();
    let table: &[(&str, &[&str])] = &[
        ("cbr.mp3", &["-b:a", "128k"]),
        ("vbr.mp3", &["-q:a", "4"]),
        ("no-header.mp3", &["-b:a", "128k", "-write_xing", "0"]),
        ("a.mp2", &["-b:a", "192k"]),
        ("a.opus", &["-c:a", "libopus", "-b:a", "96k"]),
        ("opus.webm", &["-c:a", "libopus", "-b:a", "96k"]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("vorbis.webm", &["-c:a", "libvorbis"]),
        ("a.flac", &[]),
        ("flac.ogg", &["-c:a", "flac"]),
        ("flac.mka", &["-c:a", "flac"]),
        ("aac.m4a", &["-c:a", "aac", "-b:a", "128k"]),
        ("fast.m4a", &["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"]),
        ("a.aac", &["-b:a", "128k"]),
        ("alac.m4a", &["-c:a", "alac"]),
        ("24.wav", &["-c:a", "pcm_s24le"]),
        ("a.aiff", &[]),
        ("pcm.mov", &["-c:a", "pcm_s16le"]),
    ];
    for (name, arguments) in table {
        let path = encode(&tune, name, arguments);
        let (excerpts, kept) = sample_with(&Decoder::new(LIMITS, None), &path, THREE);
        let Some(excerpts) = excerpts else { panic!("{name} was given up") };
        let (result, whole) = decode(&path);
        let info = &result.expect(name).streams[0];
        assert_eq!(excerpts.codec, info.codec, "{name}");
        assert!((excerpts.declared_seconds - LONG).abs() < 1.0, "{name}: {excerpts:?}");
        assert_eq!((kept.streams.len(), kept.restarts), (3, 0), "{name}");
        let rate = f64::from(info.sample_rate.hz());
        let mut before = None;
        for ((rates, window), begin) in kept.streams.iter().zip([3.5, 13.5, 23.5]) {
            assert_eq!(rates.as_slice(), [info.sample_rate], "{name}");
            assert_eq!(window.len() as u32, 3 * info.sample_rate.hz(), "{name}");
            let found = find(window, &whole.streams[0].1);
            let Some(found) = found else { panic!("{name}: no stretch at {begin} s") };
            let off = found as f64 / rate - begin - 0.5 * THREE.seconds;
            assert!(off.abs() < 5.2 && before < Some(found), "{name}: {off:.2} s off");
            before = Some(found);
        }
    }
}

#[test]
fn a_file_that_is_short_beside_the_windows_has_none() {
    let (_directory, tune) = long_tune();
    let decoder = Decoder::new(LIMITS, None);
    let taken = |seconds| sample_with(&decoder, &tune, Windows { count: 3, seconds }).0.is_some();
    assert_eq!([4.9, 5.1].map(taken), [true, false]);
}

#[test]
fn a_file_about_which_anything_is_odd_has_no_windows() {
    let (directory, tune) = long_tune();
    assert!(sample(&tune).is_some());
    let whole = fs::read(&tune).expect("read");
    let file = |name: &str, bytes: &[u8]| write(directory.path(), name, bytes);
    let mp3 = fs::read(encode(&tune, "a.mp3", &["-b:a", "128k"])).expect("read");
    let ogg = fs::read(encode(&tune, "a.ogg", &["-c:a", "libvorbis"])).expect("read");
    let other = fs::read(encode(&tune, "b.ogg", &["-c:a", "libvorbis", "-t", "5"])).expect("read");
    let flac = fs::read(encode(&tune, "a.flac", &[])).expect("read");
    let damaged = |bytes: &[u8], share: f64| {
        let mut bytes = bytes.to_vec();
        let from = (bytes.len() as f64 * share) as usize;
        let length = bytes.len() / 50;
        bytes[from..from + length].fill(0x55);
        bytes
    };
    let mut lies = whole.clone();
    lies[4..8].copy_from_slice(&2_000_000_036_u32.to_le_bytes());
    lies[40..44].copy_from_slice(&2_000_000_000_u32.to_le_bytes());
    let silence = wav(RATE_HZ, 1, &vec![0.0; RATE_HZ as usize * 30]);
    let live = ["-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"];
    let two_streams = ["-map", "0:a", "-map", "0:a", "-c:a", "flac"];
    let table = [
        ("missing", directory.path().join("nothing.wav")),
        ("empty", file("empty.mp3", b"")),
        ("text", file("text.mp3", b"no song at all, only words\n")),
        ("junk", file("junk", &vec![0x81; 100_000])),
        ("foreign", encode(&tune, "a.wv", &[])),
        ("cut", file("cut.flac", &flac[..flac.len() * 6 / 10])),
        ("cut", file("cut.ogg", &ogg[..ogg.len() * 6 / 10])),
        ("cut", file("cut.mp3", &mp3[..mp3.len() * 5 / 10])),
        ("damaged", file("damaged.flac", &damaged(&flac, 0.5))),
        ("damaged", file("damaged.ogg", &damaged(&ogg, 0.5))),
        ("two in one", file("two.mp3", &[&mp3[..], &mp3].concat())),
        ("chained", file("chain.ogg", &[&ogg[..], &other].concat())),
        ("a length that lies", file("lies.wav", &lies)),
        ("no length", encode(&tune, "live.m4a", &live)),
        ("silent", file("silence.wav", &silence)),
        ("two streams", encode(&tune, "two.mka", &two_streams)),
        ("two streams", encode(&tune, "two.ogg", &two_streams)),
    ];
    for (what, path) in table {
        assert_eq!(sample(&path), None, "{what}: {}", path.display());
    }
}

#[test]
fn seeking_ends_in_an_ogg_file_of_several_streams() {
    let (_directory, tune) = long_tune();
    // Of a packet of another track the reader takes no notice, and looks at it again for ever.
    let sound = ["-map", "0:a", "-c:a", "libvorbis"];
    let film = ["-f", "lavfi", "-i", "testsrc=d=30:s=64x48", "-map", "1:v", "-c:v", "libtheora"];
    let two = [&sound[..], &["-map", "0:a", "-c:a", "libopus"]].concat();
    for (name, arguments) in [("two.ogg", two), ("film.ogv", [&film[..], &sound].concat())] {
        let path = encode(&tune, name, &arguments);
        let start = std::time::Instant::now();
        let excerpts = sample(&path);
        assert!(start.elapsed() < Duration::from_secs(20), "{name}");
        assert!(name != "two.ogg" || excerpts.is_none(), "{name}");
        assert!(decode(&path).0.is_ok(), "{name}");
    }
}

#[test]
fn the_flag_and_the_limit_of_length_stop_it() {
    let (_directory, tune) = long_tune();
    let decoder = Decoder::new(LIMITS, None);
    let sampled =
        decoder.sample(&tune.as_path().into(), THREE, &AtomicBool::new(true), &mut Kept::default());
    assert_eq!(sampled, None);
    // Whole, it is cut there with a note.
    let decoder = Decoder::new(DecodeLimits { max_seconds_of_audio: 20.0, ..LIMITS }, None);
    assert_eq!(sample_with(&decoder, &tune, THREE).0, None);
    let decoder = Decoder::new(DecodeLimits { timeout: Duration::ZERO, ..LIMITS }, None);
    assert_eq!(sample_with(&decoder, &tune, THREE).0, None);
}

#[test]
fn no_bytes_make_it_panic_either() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let path = directory.path().join("any");
    let (seeds, decoder) = (seeds(), Decoder::new(LIMITS, None));
    let windows = Windows { count: 2, seconds: 0.05 };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let change = (any::<proptest::sample::Index>(), any::<u8>());
    let case =
        (any::<proptest::sample::Index>(), prop::collection::vec(change, 0..20), 0.0..1.0_f64);
    let outcome = runner.run(&case, |(seed, changes, keep)| {
        let mut bytes = seed.get(&seeds).clone();
        if keep > 0.7 {
            bytes.truncate((bytes.len() as f64 * keep) as usize + 1);
        }
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        fs::write(&path, &bytes).expect("written");
        let (excerpts, kept) = sample_with(&decoder, &path, windows);
        if excerpts.is_some() {
            prop_assert_eq!(kept.streams.len(), 2);
            let long = |(rates, samples): &(Vec<SampleRate>, Vec<f32>)| {
                rates.len() > 1 || samples.len() as f64 >= 0.04 * f64::from(rates[0].hz())
            };
            prop_assert!(kept.streams.iter().all(long));
        }
        Ok(())
    });
    outcome.expect("no panic");
}
