//! Files that only ffmpeg reads, also if it is missing or not ffmpeg at all.

use super::*;
use crate::record::FailureKind;

#[test]
fn ffmpeg_reads_what_symphonia_does_not() {
    let (_directory, tune, mono) = tune_file();
    let table: &[(&str, &[&str], &str)] = &[
        ("a.wma", &["-c:a", "wmav2", "-b:a", "160k"], "wmav2"),
        ("a.wv", &[], "wavpack"),
        ("a.tta", &[], "tta"),
        ("a.ac3", &["-b:a", "192k"], "ac3"),
        ("a.dts", &["-c:a", "dca", "-strict", "-2"], "dts"),
        ("aac.ts", &["-c:a", "aac", "-b:a", "128k"], "aac"),
        ("mp3.flv", &["-c:a", "libmp3lame", "-ar", "44100", "-b:a", "128k"], "mp3"),
        ("mp3.avi", &["-c:a", "libmp3lame", "-b:a", "128k"], "mp3"),
        ("mp3.wav", &["-c:a", "libmp3lame", "-b:a", "128k"], "mp3"),
        ("ac3.mka", &["-c:a", "ac3", "-b:a", "192k"], "ac3"),
        ("a.w64", &[], "pcm_s16le"),
        ("a.au", &[], "pcm_s16be"),
        ("rf64.wav", &["-rf64", "always"], "pcm_s16le"),
        ("a.mpg", &["-c:a", "mp2", "-f", "mpeg"], "mp2"),
    ];
    for (name, arguments, codec) in table {
        let path = encode(&tune, name, arguments);
        let (result, _) = decode(&path);
        let error = result.expect_err(name);
        assert_eq!(error.kind(), FailureKind::Unsupported, "{name}: {error}");
        assert!(error.to_string().contains("install ffmpeg"), "{name}: {error}");
        let (result, kept) = decode_or_help(&path);
        let decoded = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        let info = &decoded.streams[0];
        assert_eq!(info.codec, *codec, "{name}");
        assert!(decoded.notes[0].starts_with("decoded by ffmpeg "), "{name}: {decoded:?}");
        if info.sample_rate.hz() == RATE_HZ {
            assert_sounds_like(name, &mono, &kept.streams[0].1, info.duration_seconds);
        } else {
            assert!((info.duration_seconds - SECONDS).abs() < 0.1, "{name}");
        }
    }
}

#[test]
fn odd_names_reach_ffmpeg_unharmed() {
    let (_directory, tune, _) = tune_file();
    let path = encode(&tune, "a.wv", &[]);
    let mut names: Vec<std::ffi::OsString> =
        vec!["-i.wv".into(), "http:x %d?.wv".into(), "concat:a|b".into(), "a'\"\n$(b).wv".into()];
    #[cfg(unix)]
    names.push(std::os::unix::ffi::OsStringExt::from_vec(b"\xff\xfe.wv".to_vec()));
    for name in names {
        let other = path.with_file_name(&name);
        fs::copy(&path, &other).expect("copied");
        let (result, _) = decode_or_help(&other);
        assert!(result.is_ok(), "{}: {result:?}", name.display());
    }
}

#[test]
fn ffmpeg_is_looked_for_when_it_is_needed() {
    let (_directory, tune, _) = tune_file();
    let foreign = encode(&tune, "a.wv", &[]);
    let asked = std::sync::Arc::new(AtomicBool::new(false));
    let raised = std::sync::Arc::clone(&asked);
    let decoder = Decoder::finding(LIMITS, move || {
        raised.store(true, std::sync::atomic::Ordering::Relaxed);
        Ffmpeg::find()
    });
    let was_asked = || asked.load(std::sync::atomic::Ordering::Relaxed);
    assert!(decode_with(&decoder, &tune).0.is_ok() && !was_asked());
    assert!(decode_with(&decoder, &foreign).0.is_ok() && was_asked());
    assert!(decoder.describe().contains(outside().version()));
}

#[test]
fn programs_that_are_not_ffmpeg_are_refused() {
    let error = Ffmpeg::at("/nonexistent/ffmpeg", "/nonexistent/ffprobe").expect_err("missing");
    assert_eq!(error.kind(), FailureKind::Ffmpeg);
    assert!(Ffmpeg::at("cargo", "cargo").is_err());
}
