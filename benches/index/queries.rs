//! Query clips of the catalogue's music and of held-out music, made once with ffmpeg.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Result;

/// A kind of query: name, seconds, and ffmpeg's filter, codec and file extension.
pub(crate) struct Condition {
    pub(crate) name: &'static str,
    pub(crate) held_out: bool,
    seconds: u32,
    filter: &'static str,
    codec: &'static [&'static str],
    ending: &'static str,
}

const OPUS_24: &[&str] = &["-c:a", "libopus", "-b:a", "24k"];
const MP3_64: &[&str] = &["-c:a", "libmp3lame", "-b:a", "64k"];
const NOISE: &str = "aformat=channel_layouts=mono:sample_rates=48000,asplit[a][b];[b]volume=0[z];\
    anoisesrc=color=pink:amplitude=0.1:seed=7:sample_rate=48000[n];[z][n]amix=duration=first[m];[a][m]amix=normalize=0";

pub(crate) const CONDITIONS: [Condition; 8] = [
    Condition::new("200 s, MP3 64k", 200, "anull", MP3_64, "mp3"),
    Condition::new("10 s, Opus 24k", 10, "anull", OPUS_24, "opus"),
    Condition::new("3 s, MP3 64k", 3, "anull", MP3_64, "mp3"),
    Condition::new("10 s, pink noise", 10, NOISE, &["-c:a", "flac"], "flac"),
    Condition::new(
        "12 s, speed +5 %",
        12,
        "aresample=44100,asetrate=46305,aresample=48000",
        MP3_64,
        "mp3",
    ),
    Condition::new(
        "60 s, speed +5 %",
        60,
        "aresample=44100,asetrate=46305,aresample=48000",
        MP3_64,
        "mp3",
    ),
    Condition { held_out: true, ..Condition::new("held out, 10 s", 10, "anull", OPUS_24, "opus") },
    Condition { held_out: true, ..Condition::new("held out, 200 s", 200, "anull", MP3_64, "mp3") },
];

impl Condition {
    const fn new(
        name: &'static str,
        seconds: u32,
        filter: &'static str,
        codec: &'static [&'static str],
        ending: &'static str,
    ) -> Self {
        Self { name, held_out: false, seconds, filter, codec, ending }
    }

    /// The clips, and the stem of the file that each is of: from 20 s into each of `count` files on.
    pub(crate) fn make(
        &self,
        corpus: &Path,
        folder: &Path,
        count: usize,
    ) -> Result<Vec<(PathBuf, String)>> {
        let role = if self.held_out { "held-out" } else { "catalogue" };
        let mut files: Vec<PathBuf> =
            fs::read_dir(corpus.join(role))?.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
        files.sort();
        let stride = files.len().div_ceil(count).max(1);
        let folder = folder.join(self.name.replace([' ', ',', '%', '+'], ""));
        fs::create_dir_all(&folder)?;
        let mut clips = Vec::new();
        for file in files.into_iter().step_by(stride) {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let clip = folder.join(format!("{stem}.{}", self.ending));
            if !clip.exists() {
                let part = folder.join(format!("part.{}", self.ending));
                // A query of the whole recording starts at its beginning.
                let from = if self.seconds > 100 { "0" } else { "20" };
                let mut ffmpeg = Command::new("ffmpeg");
                ffmpeg.args(["-nostdin", "-v", "error", "-y", "-ss", from, "-i"]).arg(&file);
                ffmpeg.args(["-vn", "-ar", "48000", "-filter_complex", self.filter]);
                ffmpeg.args(["-t", &self.seconds.to_string()]).args(self.codec).arg(&part);
                if !ffmpeg.status()?.success() {
                    return Err(format!("{ffmpeg:?} failed").into());
                }
                fs::rename(&part, &clip)?;
            }
            clips.push((clip, stem));
        }
        Ok(clips)
    }
}
