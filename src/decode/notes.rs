//! The notes on a decoded file: damage, missing parts and limits, one sentence each.

use super::pass::Pass;
use crate::base::thousands;

/// Most stretches that were not read and that are told one by one. A guess.
const MAX_GAPS: usize = 8;

/// Marks the streams of which a part is missing: the container broke, or it declared a greater length. The tolerances are guesses. A
/// length that is only estimated declares nothing.
pub(super) fn mark_truncated(pass: &mut Pass) {
    for stream in &mut pass.streams {
        let declared = stream.head.declared_seconds.unwrap_or(0.0);
        let missing = declared - stream.seconds();
        // These declare the number of samples, so that a single lost frame of FLAC (93 ms) shows.
        let exact = matches!(stream.head.container.as_str(), "flac" | "wave" | "aiff" | "caf");
        let (seconds, share) = if exact { (0.05_f64, 0.0) } else { (0.5, 0.01) };
        let short = !stream.head.is_estimated && missing > seconds.max(share * declared);
        stream.truncated = !stream.full && (pass.broken.is_some() || short);
    }
}

/// Adds the notes of a pass, in the order of its streams.
pub(super) fn of_pass(pass: &Pass, notes: &mut Vec<String>) {
    let many = pass.streams.len() > 1;
    for stream in &pass.streams {
        let of =
            if many { format!(" of audio stream {}", stream.head.index) } else { String::new() };
        let seconds = stream.seconds();
        if stream.damaged > 0 {
            notes.push(format!("{} damaged packets{of} skipped", stream.damaged));
        }
        if stream.repaired > 0 {
            notes.push(format!(
                "{} samples{of} were infinite or absurdly loud and were repaired",
                stream.repaired
            ));
        }
        if stream.full {
            notes.push(format!("decoding{of} stopped at the limit of {seconds:.0} s"));
        }
        match stream.head.declared_seconds {
            Some(declared)
                if stream.truncated && !stream.head.is_estimated && declared > seconds + 0.05 =>
            {
                let what = if pass.broken.is_some() { "ends early" } else { "incomplete" };
                notes.push(format!("{what}: {seconds:.1} of {declared:.1} s{of} decoded"));
            }
            _ if stream.truncated => {
                let why =
                    if pass.unread_bytes() == 0 { "the file is cut off" } else { "it is damaged" };
                notes.push(format!("ends early: {why} after {seconds:.1} s{of}"));
            }
            _ => {}
        }
    }
    if pass.behind_end {
        let (_, damaged) = pass.packets();
        let whole = damaged == 0 && pass.unread_bytes() == 0;
        let all = if whole { "; all of it was decoded" } else { "" };
        notes.push(format!("the audio continues behind the declared end{all}"));
    }
    for gap in pass.gaps.iter().take(MAX_GAPS) {
        let bytes = thousands(gap.end - gap.start);
        notes.push(format!("{bytes} bytes from offset {} were not read", gap.start));
    }
    let more = pass.gaps.get(MAX_GAPS..).unwrap_or_default();
    if !more.is_empty() {
        let bytes: u64 = more.iter().map(|gap| gap.end - gap.start).sum();
        notes.push(format!(
            "{} bytes in {} more places were not read",
            thousands(bytes),
            more.len()
        ));
    }
    if pass.stray_bytes > 0 {
        let bytes = thousands(pass.stray_bytes);
        notes.push(format!("{bytes} bytes among its frames are none, and were not read"));
    }
    for (index, codec, error) in &pass.undecodable {
        notes.push(format!("audio stream {index} ({codec}) left out: {error}"));
    }
    if pass.left_out > 0 {
        notes.push(format!("{} audio streams above the limit left out", pass.left_out));
    }
}
