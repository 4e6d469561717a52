//! Encoded files, made by ffmpeg when a test needs them.

use std::path::Path;
use std::process::{Command, Stdio};

/// Encodes `from` into the new file `to`, whose name tells the format.
pub(crate) fn encode(from: &Path, to: &Path, arguments: &[&str]) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-i"])
        .arg(from)
        .args(["-fflags", "+bitexact", "-flags", "+bitexact"])
        .args(arguments)
        .arg(to)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| {
            panic!("ffmpeg cannot be run ({error}): these tests encode with it; install ffmpeg")
        });
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ffmpeg made no {}: {said}", to.display());
}
