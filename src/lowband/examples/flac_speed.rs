//! Times this crate's decoder of FLAC against Symphonia's, demuxing included: CPU time of whole files, the least of seven rounds in
//! which both take turns.
//!
//! `cargo run -p lowband --release --example flac_speed -- FILE.flac …`

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::io::Cursor;
use std::sync::LazyLock;
use std::time::Instant;

use lowband::FlacDecoder;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

/// What is done with the packets of a file.
#[derive(Clone, Copy, PartialEq)]
enum Work {
    Demux,
    Symphonia,
    Lowband,
}

fn main() {
    let mut sums = [0.0; 3];
    for name in std::env::args().skip(1) {
        let file = std::fs::read(&name).expect("a file that can be read");
        let mut best = [f64::INFINITY; 3];
        for _ in 0..7 {
            for (best, work) in best.iter_mut().zip([Work::Demux, Work::Symphonia, Work::Lowband]) {
                *best = best.min(seconds(&file, work));
            }
        }
        print_ratios(&name, best);
        for (sum, best) in sums.iter_mut().zip(best) {
            *sum += best;
        }
    }
    print_ratios("all", sums);
}

fn print_ratios(name: &str, [demux, full, low]: [f64; 3]) {
    println!(
        "{name}: demux {:.1} ms, Symphonia {:.1} ms, lowband {:.1} ms: {:.3}; decoder alone {:.3}",
        demux * 1e3,
        full * 1e3,
        low * 1e3,
        low / full,
        (low - demux) / (full - demux)
    );
}

fn seconds(file: &[u8], work: Work) -> f64 {
    let options = MediaSourceStreamOptions::default();
    let source = MediaSourceStream::new(Box::new(Cursor::new(file.to_vec())), options);
    let start = cpu_seconds();
    let mut reader = symphonia::default::get_probe()
        .probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
        .expect("a file of a known format");
    let track = reader.default_track(TrackType::Audio).expect("an audio track");
    let params = track.codec_params.as_ref().and_then(|params| params.audio());
    let params = params.expect("an audio track").clone();
    let options = AudioDecoderOptions::default();
    let mut decoder: Option<Box<dyn AudioDecoder>> = match work {
        Work::Demux => None,
        Work::Symphonia => {
            symphonia::default::get_codecs().make_audio_decoder(&params, &options).ok()
        }
        Work::Lowband => {
            let decoder = FlacDecoder::try_new(&params, &options).expect("a plain stream");
            Some(Box::new(decoder))
        }
    };
    while let Ok(Some(packet)) = reader.next_packet() {
        if let Some(decoder) = &mut decoder {
            std::hint::black_box(decoder.decode(&packet).is_ok());
        }
    }
    cpu_seconds() - start
}

/// The CPU time of this thread, or the time where the system does not tell.
fn cpu_seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = schedule.split(' ').next().and_then(|number| number.parse::<u64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |number| number as f64 / 1e9)
}
