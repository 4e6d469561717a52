//! Encoded files, made by ffmpeg when a test needs them; and Base64.

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

/// Bytes in Base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = (0..3).fold(0, |sum, at| sum << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        let letter = |at: usize| char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]);
        let letters: String = (0..=chunk.len()).map(letter).collect();
        letters + &"=".repeat(3 - chunk.len())
    };
    bytes.chunks(3).map(group).collect()
}
