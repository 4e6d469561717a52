//! A temporary folder for each test, in which the program is run.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use leakhound::record::ItemRecord;
use tempfile::TempDir;

use super::{records, song, tagged_wav, wav};

/// A temporary folder with a home, masters and a dump. It is deleted when the test ends.
pub(crate) struct Desk {
    folder: TempDir,
}

/// The exit code and output of the program.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// From the output of a process.
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("ended by itself, not by a signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Asserts that the error is one line that contains all of these words.
    #[track_caller]
    pub(crate) fn says_in_one_line(self, words: &[&str]) -> Self {
        let line = self.stderr.strip_suffix('\n').unwrap_or(&self.stderr);
        assert!(line.starts_with("leakhound: "), "{self:#?}");
        assert!(!line.contains(['\n', '\r', '\u{1b}']), "{self:#?}");
        for word in words {
            assert!(line.contains(word), "{word:?} is not said: {self:#?}");
        }
        self
    }
}

impl Desk {
    /// A folder with an empty catalogue and dump.
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("leakhound-").unwrap();
        fs::create_dir(folder.path().join("masters")).unwrap();
        fs::create_dir(folder.path().join("dump")).unwrap();
        Self { folder }
    }

    /// A folder whose catalogue has `Song N` by `The Seeds` for each seed, each of this many seconds.
    pub(crate) fn with_songs(seeds: &[u64], seconds: u32) -> Self {
        let desk = Self::new();
        for seed in seeds {
            desk.master(*seed, seconds);
        }
        desk.run(["catalog", "add", "masters"]).ends_with(0);
        desk
    }

    /// Writes a tagged song among the masters.
    pub(crate) fn master(&self, seed: u64, seconds: u32) -> PathBuf {
        let tags = [("INAM", &*format!("Song {seed}")), ("IART", "The Seeds")];
        let file = tagged_wav(&song(seed, seconds), &tags);
        self.write(format!("masters/song-{seed}.wav"), &file)
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.folder.path().join(name.as_ref())
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: impl AsRef<OsStr>, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes samples as a WAV file.
    pub(crate) fn write_wav(&self, name: impl AsRef<OsStr>, samples: &[f32]) -> PathBuf {
        self.write(name, &wav(samples))
    }

    /// A command that runs the program in this folder with the folder's home.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_leakhound")), args)
    }

    /// A command that runs a copy of the program.
    pub(crate) fn command_of<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("LEAKHOUND_HOME", self.path("home"))
            // No settings of this machine.
            .env("LEAKHOUND_CONFIG", "")
            .env_remove("LEAKHOUND_THREADS")
            .env_remove("LEAKHOUND_ITEM_TIMEOUT")
            .env_remove("LEAKHOUND_CATALOGUE")
            .stdin(Stdio::null())
            .args(args);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Done {
        Done::of(self.command(args).output().unwrap())
    }

    /// The JSONL report of the newest run.
    ///
    /// With `LEAKHOUND_KEEP_RECORDS` it is kept in that folder, for the check against the JSON Schema (`scripts/test`).
    pub(crate) fn jsonl(&self) -> String {
        let report = self.run(["report", "--format", "jsonl", "--out", "-"]).ends_with(0).stdout;
        Self::keep_lines("", &report);
        report
    }

    /// With `LEAKHOUND_KEEP_RECORDS` keeps lines of JSON in that folder, for the check against a JSON Schema: `across` those of
    /// a report across dumps, `notice` those of a list of notices, else those of a report of a run.
    pub(crate) fn keep_lines(kind: &str, lines: &str) {
        let Some(folder) = std::env::var_os("LEAKHOUND_KEEP_RECORDS") else { return };
        let ending = if kind.is_empty() { ".jsonl".to_owned() } else { format!(".{kind}.jsonl") };
        let mut kept = tempfile::Builder::new();
        let kept = kept.suffix(&ending).disable_cleanup(true).tempfile_in(folder);
        kept.unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// Scans the dump, which ends with `code`, and reads the report.
    #[track_caller]
    pub(crate) fn scan(&self, code: i32) -> Vec<ItemRecord> {
        self.run(["scan", "dump"]).ends_with(code);
        records(&self.jsonl())
    }
}
