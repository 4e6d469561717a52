//! The notes on a decoded file: damage, missing parts and limits, one sentence each.

use super::pass::Pass;

/// Marks the streams of which a part is missing: the container broke, or it declared a greater length. The tolerances are guesses:
/// raw MPEG audio has 5 %, since its length is estimated from a bit rate.
pub(super) fn mark_truncated(pass: &mut Pass) {
    for stream in &mut pass.streams {
        let declared = stream.head.declared_seconds.unwrap_or(0.0);
        let missing = declared - stream.seconds();
        let estimated = matches!(stream.head.container.as_str(), "mp1" | "mp2" | "mp3" | "aac");
        // These declare the number of samples, so that a single lost frame of FLAC (93 ms) shows.
        let exact = matches!(stream.head.container.as_str(), "flac" | "wave" | "aiff" | "caf");
        let (seconds, share) = match (exact, estimated) {
            (true, _) => (0.05_f64, 0.0),
            (_, true) => (1.0, 0.05),
            _ => (0.5, 0.01),
        };
        let short = missing > seconds.max(share * declared);
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
            Some(declared) if stream.truncated && declared > seconds + 0.05 => {
                let what = if pass.broken.is_some() { "ends early" } else { "incomplete" };
                notes.push(format!("{what}: {seconds:.1} of {declared:.1} s{of} decoded"));
            }
            _ if stream.truncated => {
                notes.push(format!("ends early: the file is cut off after {seconds:.1} s{of}"));
            }
            _ => {}
        }
    }
    if pass.behind_end {
        notes.push("the audio continues behind the declared end; all of it was decoded".to_owned());
    }
    for (index, codec, error) in &pass.undecodable {
        notes.push(format!("audio stream {index} ({codec}) left out: {error}"));
    }
    if pass.left_out > 0 {
        notes.push(format!("{} audio streams above the limit left out", pass.left_out));
    }
}
