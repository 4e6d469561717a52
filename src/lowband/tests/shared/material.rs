//! What material is made of: numbers, the program `ffmpeg`, and files that are there.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Numbers that look random and are always the same: xorshift.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Less than `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound.max(1)
    }

    /// −1 to 1.
    pub(crate) fn noise(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// Bytes of 16-bit samples that went through `ffmpeg`, from its options before the input, of encoding and of the container.
pub(crate) fn ffmpeg(samples: Vec<u8>, input: &[&str], encoding: &[&str], format: &str) -> Vec<u8> {
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-f", "s16le"])
        .args(input)
        .args(["-i", "pipe:0", "-fflags", "+bitexact", "-flags", "+bitexact"])
        .args(encoding)
        .args(["-f", format, "pipe:1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program ffmpeg is needed to run these tests");
    let mut input = ffmpeg.stdin.take().expect("a pipe to ffmpeg");
    let writer = std::thread::spawn(move || input.write_all(&samples));
    let output = ffmpeg.wait_with_output().expect("ffmpeg runs");
    writer.join().expect("the writer runs").expect("ffmpeg takes the samples");
    assert!(output.status.success(), "ffmpeg {encoding:?} failed");
    output.stdout
}

/// The files below the folder that `LOWBAND_MUSIC` names, in order; `None` if it names none.
pub(crate) fn music() -> Option<Vec<PathBuf>> {
    let folder = std::env::var_os("LOWBAND_MUSIC")?;
    let mut files = Vec::new();
    find_files(Path::new(&folder), &mut files);
    files.sort();
    Some(files)
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder that can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_files(&path, files);
        } else {
            files.push(path);
        }
    }
}
