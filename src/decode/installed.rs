//! Finds ffmpeg and ffprobe, and remembers their version between runs.
//!
//! Starting both only to ask for the version takes longer than decoding a short song, which would dominate a nightly scan of a few
//! new files. So the version is kept with the size and modification time of both programs, and asked again when one of these
//! changes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{env, fs};

use serde::{Deserialize, Serialize};

use super::Ffmpeg;
use crate::base::{Access, write_atomically};

/// A longer file was not written by this module. Its own have some hundred bytes.
const MAX_MEMORY_BYTES: u64 = 64 << 10;

/// What identifies a program on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Program {
    path: PathBuf,
    size_bytes: u64,
    /// Modification time, in nanoseconds since 1970.
    modified: u128,
}

#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    ffmpeg: Program,
    ffprobe: Program,
    version: String,
}

impl Program {
    /// The first program of this name on the search path.
    fn find(name: &str) -> Option<Self> {
        let folders = env::var_os("PATH")?;
        env::split_paths(&folders).find_map(|folder| Self::at(folder.join(name)))
    }

    fn at(path: PathBuf) -> Option<Self> {
        let facts = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let modified = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        path.is_absolute().then_some(Self { path, size_bytes: facts.len(), modified })
    }
}

impl Ffmpeg {
    /// As [`Ffmpeg::find`], but if the file `memory` has the version of these very programs, they are not started. Otherwise the
    /// file is written; if that fails, the programs are asked again the next time.
    pub fn find_remembered(memory: &Path) -> Option<Self> {
        let (Some(ffmpeg), Some(ffprobe)) = (Program::find("ffmpeg"), Program::find("ffprobe"))
        else {
            return Self::find();
        };
        if let Some(last) = read(memory)
            && (&last.ffmpeg, &last.ffprobe) == (&ffmpeg, &ffprobe)
        {
            return Some(Self::known(ffmpeg.path, ffprobe.path, last.version));
        }
        let found = Self::at(&ffmpeg.path, &ffprobe.path).ok()?;
        let now = Memory { ffmpeg, ffprobe, version: found.version().to_owned() };
        // If this fails, the programs are asked again the next time.
        let _ = write(memory, &now);
        Some(found)
    }
}

fn read(memory: &Path) -> Option<Memory> {
    let small = fs::metadata(memory).ok()?.len() <= MAX_MEMORY_BYTES;
    small.then(|| fs::read(memory).ok()).flatten().and_then(|b| serde_json::from_slice(&b).ok())
}

/// Writes the memory in one step, since other processes may be reading it.
fn write(memory: &Path, now: &Memory) -> std::io::Result<()> {
    write_atomically(memory, Access::Umask, |file| file.write_all(&serde_json::to_vec(now)?))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn program(folder: &Path, name: &str, version: &str) -> Program {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\necho {name} version {version} Copyright")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Program::at(path).unwrap()
    }

    #[test]
    fn what_is_remembered_is_read_back_and_anything_else_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let memory = folder.path().join("ffmpeg.json");
        assert!(read(&memory).is_none());
        let ffmpeg = program(folder.path(), "ffmpeg", "5.1.9");
        let ffprobe = program(folder.path(), "ffprobe", "5.1.9");
        let now = Memory { ffmpeg, ffprobe, version: "5.1.9".into() };
        write(&memory, &now).unwrap();
        let last = read(&memory).unwrap();
        assert_eq!((last.ffmpeg, last.ffprobe), (now.ffmpeg, now.ffprobe));
        assert_eq!(last.version, "5.1.9");
        for bytes in [&b""[..], b"{}", b"\xff\xfe", &vec![b' '; 70_000]] {
            fs::write(&memory, bytes).unwrap();
            assert!(read(&memory).is_none());
        }
    }

    #[test]
    fn a_program_that_was_replaced_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let before = program(folder.path(), "ffmpeg", "5.1.9");
        let after = program(folder.path(), "ffmpeg", "7.0.10");
        assert_ne!(before, after);
        assert!(Program::at(folder.path().join("none")).is_none());
        assert!(Program::at(folder.path().to_owned()).is_none());
    }
}
