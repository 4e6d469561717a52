//! Opus: the mono signal is the mean of the two channels, and channels out of phase are decoded.

use symphonia::core::audio::{Audio as _, GenericAudioBufferRef};
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::codecs::registry::RegisterableAudioDecoder as _;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia_adapter_libopus::OpusDecoder;

use super::*;

const OPUS: [&str; 2] = ["-c:a", "libopus"];

/// The mean of the channels, decoded in stereo.
fn mean_of_stereo(path: &Path) -> Vec<f32> {
    let source = Box::new(fs::File::open(path).expect("opened"));
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let (hint, format) = (Hint::new(), FormatOptions::default());
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, format, MetadataOptions::default())
        .expect("probed");
    let track = format.default_track(TrackType::Audio).expect("a track");
    let params = track.codec_params.as_ref().and_then(|params| params.audio()).expect("audio");
    let options = AudioDecoderOptions::default();
    let mut decoder = OpusDecoder::try_registry_new(params, &options).expect("a decoder");
    let mut mean = Vec::new();
    while let Some(packet) = format.next_packet().expect("a packet") {
        let decoded = decoder.decode(&packet).expect("decoded");
        let GenericAudioBufferRef::F32(buffer) = decoded else { panic!("not floats") };
        let plane = |i| buffer.plane(i).expect("a plane");
        mean.extend(plane(0).iter().zip(plane(1)).map(|(l, r)| 0.5 * (l + r)));
    }
    mean
}

/// Root mean square of the samples between two times, in seconds.
fn loudness(samples: &[f32], from: f64, to: f64) -> f32 {
    let at = |seconds: f64| (seconds * f64::from(RATE_HZ)) as usize;
    let part = &samples[at(from)..at(to)];
    (part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32).sqrt()
}

#[test]
fn the_mid_is_the_mean_of_the_channels() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let both = interleave(&tune(1, 12.0), &tune(2, 12.0));
    let path = write(directory.path(), "tune.wav", &wav(RATE_HZ, 2, &both));
    // What is coded as speech, whole or in part, is always decoded in stereo.
    for (name, rate, application, packet, bound) in [
        ("music.opus", "96k", "audio", "20", 1e-4),
        ("short.opus", "96k", "lowdelay", "5", 1e-4),
        ("long.opus", "75k", "audio", "60", 1e-4),
        ("speech.opus", "32k", "voip", "20", 0.0),
    ] {
        let more = ["-b:a", rate, "-application", application, "-frame_duration", packet];
        let path = encode(&path, name, &[&OPUS[..], &more].concat());
        let (result, kept) = decode(&path);
        let (mid, mean) = (&kept.streams[0].1, mean_of_stereo(&path));
        let (mid, mean) = (&mid[mid.len() - 500_000..], &mean[mean.len() - 500_000..]);
        assert_eq!(result.expect(name).streams[0].channels, 2, "{name}");
        let energy = |samples: &mut dyn Iterator<Item = f32>| samples.map(|s| s * s).sum::<f32>();
        let error = energy(&mut mid.iter().zip(mean).map(|(a, b)| a - b));
        let share = error / energy(&mut mean.iter().copied());
        assert!(share <= bound, "{name}: {share} of the energy is error");
    }
}

#[test]
fn channels_out_of_phase_are_heard() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let left = tune(1, 20.0);
    for (name, from) in [("whole", 0.0), ("later", 7.0)] {
        let flip =
            |(i, s): (usize, &f32)| if i as f64 >= from * f64::from(RATE_HZ) { -s } else { *s };
        let right: Vec<f32> = left.iter().enumerate().map(flip).collect();
        let path = write(directory.path(), name, &wav(RATE_HZ, 2, &interleave(&left, &right)));
        let (result, kept) = decode(&encode(&path, &format!("{name}.opus"), &OPUS));
        assert!(result.is_ok(), "{name}");
        let heard = &kept.streams[0].1;
        let after = if from > 0.0 { from + 5.2 } else { 0.1 };
        assert!(loudness(heard, after, 19.5) > 0.9 * loudness(&left, after, 19.5), "{name}");
        assert!(from < 1.0 || loudness(heard, 0.5, 6.5) > 0.9 * loudness(&left, 0.5, 6.5));
    }
}
