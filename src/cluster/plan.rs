//! The plan on disk: a folder with the units, and the file that names all that records depend on.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cut::{UnitSize, cut};
use super::lines::{Lines, Writer};
use super::unit::{read, written};
use super::{ClusterError, Unit};
use crate::base::{Access, digest, sync_folder, write_atomically};
use crate::record::json;
use crate::results::RunKey;
use crate::scan::Mode;
use crate::source::{Dump, Folders, ScanLimits};

/// Version of the plan format: raised when the meaning of a key changes.
pub const PLAN_VERSION: u32 = 2;
/// Longest `plan.json` that is read, in bytes. A guess: it grows with the paths that were named.
const MAX_PLAN_BYTES: u64 = 64 << 20;

const PLAN: &str = "plan.json";
const UNITS: &str = "units.jsonl";
const INDEX: &str = "units.index";

/// All that the records of a planned scan depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanContent {
    /// [`PLAN_VERSION`].
    pub plan_version: u32,
    /// Version of the program.
    pub tool_version: String,
    /// Names and versions of the decoders.
    pub decoders: String,
    /// Whether an installed ffmpeg is used.
    pub ffmpeg: bool,
    /// Name of the mode.
    pub mode: String,
    /// False-alarm probability below which a finding is a match.
    pub match_below: f64,
    /// False-alarm probability below which a finding is a suspect.
    pub suspect_below: f64,
    /// Territory where the items are offered, two letters; empty if not known.
    pub territory: String,
    /// The day for which rights are evaluated, such as `2026-11-30`.
    pub rights_day: String,
    /// What containers may cost.
    pub limits: ScanLimits,
    /// Digest of all settings that may change a record.
    pub settings_digest: String,
    /// Digest of the catalogue.
    pub catalogue_digest: String,
    /// Number of recordings in the catalogue.
    pub catalogue_recordings: u64,
    /// Digest of the settings of fingerprints.
    pub fingerprint_digest: String,
    /// The absolute paths that were named.
    pub roots: Vec<String>,
    /// The home of the machine that planned, if it lies in the dump: what it keeps for itself is no part of the dump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Number of units.
    pub units: u64,
    /// Number of files, and of rows for what is none.
    pub files: u64,
    /// Size of the files together, in bytes.
    pub bytes: u64,
    /// The size that units were to have, in bytes.
    pub unit_bytes: u64,
    /// SHA-256 of the index of the units.
    pub index_sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    content: PlanContent,
    content_digest: String,
    planned: i64,
}

/// How a planned scan is set up, beside what the engine says of itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    pub(crate) ffmpeg: bool,
    pub(crate) match_below: f64,
    pub(crate) suspect_below: f64,
    pub(crate) territory: String,
    pub(crate) rights_day: String,
}

/// A plan on disk.
#[derive(Debug, Clone)]
pub struct Plan {
    folder: PathBuf,
    content: PlanContent,
    digest: String,
    planned: i64,
    lines: Lines,
}

/// Makes sure that a folder that is written to lies outside of the dump: else what units write would be among what they read.
///
/// # Errors
///
/// [`ClusterError::Inside`] if it lies in it; [`ClusterError::Read`] if no path can be made of its name.
pub(super) fn outside(dump: &Folders, folder: &Path) -> Result<(), ClusterError> {
    let read = |source| ClusterError::Read { path: folder.to_path_buf(), source };
    let folder = std::path::absolute(folder).map_err(read)?;
    // It may not be there yet: what counts is the nearest folder around it that is.
    let there = folder.ancestors().find_map(|around| around.canonicalize().ok());
    if there.is_some_and(|there| dump.holds(&there)) {
        return Err(ClusterError::Inside { path: folder });
    }
    Ok(())
}

impl Plan {
    /// Plans a dump at `planned`, in seconds since 1970, in a folder. If the folder holds the same plan already, it stays, with
    /// the parts that are done. `None` if `is_over` said so meanwhile.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written, or holds another plan.
    pub(crate) fn make(
        dump: &Dump,
        key: &RunKey,
        asked: Planned,
        size: UnitSize,
        (folder, planned): (&Path, i64),
        is_over: &dyn Fn() -> bool,
    ) -> Result<Option<Self>, ClusterError> {
        let write = |source| ClusterError::Write { path: folder.to_path_buf(), source };
        outside(dump.folders(), folder)?;
        fs::create_dir_all(folder).map_err(write)?;
        let new = tempfile::Builder::new().prefix(".planning-").tempdir_in(folder);
        let new = new.map_err(write)?;
        let at = |name: &str| new.path().join(name);
        let mut writer = Writer::new(&at(UNITS), &at(INDEX)).map_err(write)?;
        let Some(totals) = cut(dump, size, &mut writer, is_over).map_err(write)? else {
            return Ok(None);
        };
        let units = writer.units;
        let index_sha256 = writer.finish().map_err(write)?;
        let Planned { ffmpeg, match_below, suspect_below, territory, rights_day } = asked;
        let content = PlanContent {
            plan_version: PLAN_VERSION,
            tool_version: key.tool_version.clone(),
            decoders: key.decoders.clone(),
            ffmpeg,
            mode: key.mode.to_string(),
            match_below,
            suspect_below,
            territory,
            rights_day,
            limits: dump.limits(),
            settings_digest: key.settings_digest.clone(),
            catalogue_digest: key.catalogue_digest.clone(),
            catalogue_recordings: key.catalogue_recordings,
            fingerprint_digest: key.fingerprint_digest.clone(),
            roots: dump.folders().roots().iter().map(|root| written(root)).collect(),
            home: dump.folders().home_inside().map(written),
            units,
            files: totals.files,
            bytes: totals.bytes,
            unit_bytes: totals.unit_bytes,
            index_sha256,
        };
        let content_digest = digest(json(&content).as_bytes());
        if folder.join(PLAN).exists() {
            let old = Self::open(folder)?;
            if old.digest == content_digest {
                return Ok(Some(old));
            }
            let (found, new) = (old.digest, content_digest);
            return Err(ClusterError::Other { path: folder.to_path_buf(), found, new });
        }
        for name in [UNITS, INDEX] {
            fs::rename(at(name), folder.join(name)).map_err(write)?;
        }
        sync_folder(folder).map_err(write)?;
        let text = json(&PlanFile { content, content_digest, planned }) + "\n";
        write_atomically(&folder.join(PLAN), Access::Umask, |file| file.write_all(text.as_bytes()))
            .map_err(write)?;
        sync_folder(folder).map_err(write)?;
        Self::open(folder).map(Some)
    }

    /// Opens a plan, and makes sure that it is whole.
    ///
    /// # Errors
    ///
    /// If there is none, a newer program wrote it, or it was changed.
    pub fn open(folder: &Path) -> Result<Self, ClusterError> {
        let path = folder.join(PLAN);
        let text = match fs::metadata(&path) {
            Ok(found) if found.len() > MAX_PLAN_BYTES => {
                let what = format!("it has {} bytes", found.len());
                return Err(ClusterError::Damaged { path, what });
            }
            Ok(_) => fs::read_to_string(&path),
            Err(error) => Err(error),
        };
        let text = text.map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ClusterError::NoPlan { path: folder.to_path_buf() },
            _ => ClusterError::Read { path: path.clone(), source },
        })?;
        let damaged = |what: String| ClusterError::Damaged { path: path.clone(), what };
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        match value["content"]["plan_version"].as_u64() {
            Some(found) if found > u64::from(PLAN_VERSION) => {
                return Err(ClusterError::Version { path, found, known: PLAN_VERSION });
            }
            _ => {}
        }
        let PlanFile { content, content_digest, planned } =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if digest(json(&content).as_bytes()) != content_digest {
            return Err(damaged("its content does not have the digest that it names".into()));
        }
        let (text, index) = (folder.join(UNITS), folder.join(INDEX));
        let lines = Lines { text, index, units: content.units };
        lines.verify(&content.index_sha256)?;
        Ok(Self { folder: folder.to_path_buf(), content, digest: content_digest, planned, lines })
    }

    /// All that its records depend on.
    pub fn content(&self) -> &PlanContent {
        &self.content
    }

    /// The digest of its content, which names it.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// When it was made, in seconds since 1970.
    pub fn planned(&self) -> i64 {
        self.planned
    }

    /// The folder in which parts are, unless another is named.
    pub fn parts_folder(&self) -> PathBuf {
        self.folder.join("parts")
    }

    /// One unit.
    ///
    /// # Errors
    ///
    /// If there is no such unit, or the plan is damaged.
    pub fn unit(&self, number: u64) -> Result<Unit, ClusterError> {
        self.lines.unit(number)
    }

    /// All units in order. It ends with the first error.
    ///
    /// # Errors
    ///
    /// If the plan cannot be read.
    pub fn units(&self) -> Result<impl Iterator<Item = Result<Unit, ClusterError>>, ClusterError> {
        self.lines.from(0)
    }

    /// The mode of the search.
    ///
    /// # Errors
    ///
    /// If the plan names none.
    pub fn mode(&self) -> Result<Mode, ClusterError> {
        self.content.mode.parse().map_err(|error: crate::base::UnknownWord| self.damaged(&error))
    }

    fn damaged(&self, what: &dyn std::fmt::Display) -> ClusterError {
        ClusterError::Damaged { path: self.folder.join(PLAN), what: what.to_string() }
    }

    pub(super) fn damaged_unit(&self, unit: u64) -> ClusterError {
        let path = self.folder.join(UNITS);
        ClusterError::Damaged { path, what: format!("unit {unit} names a path that is none") }
    }

    /// The dump.
    ///
    /// # Errors
    ///
    /// If one of its roots is not there.
    pub fn dump(&self) -> Result<Dump, ClusterError> {
        let roots: Option<Vec<PathBuf>> =
            self.content.roots.iter().map(|root| read(root)).collect();
        let roots = roots.ok_or_else(|| self.damaged(&"it names a path that is none"))?;
        let mut folders =
            Folders::new(&roots).map_err(|(path, reason)| ClusterError::Root { path, reason })?;
        if let Some(home) = &self.content.home {
            let home = read(home).ok_or_else(|| self.damaged(&"it names a path that is none"))?;
            folders = folders.beside_home(&home);
        }
        Ok(Dump::new(folders, self.content.limits))
    }

    /// Makes sure that records made here are those that the plan promises.
    pub(super) fn agrees_with(&self, key: &RunKey) -> Result<(), ClusterError> {
        let PlanContent { tool_version, decoders, mode, settings_digest, catalogue_digest, .. } =
            &self.content;
        let here = key.mode.to_string();
        let all = [
            ("the program's version", tool_version, &key.tool_version),
            ("the decoders", decoders, &key.decoders),
            ("the fingerprint", &self.content.fingerprint_digest, &key.fingerprint_digest),
            ("the catalogue", catalogue_digest, &key.catalogue_digest),
            ("the mode", mode, &here),
            ("the settings", settings_digest, &key.settings_digest),
        ];
        let first = all.into_iter().find(|(_, planned, here)| planned != here);
        first.map_or(Ok(()), |(what, planned, here)| {
            Err(ClusterError::Differs { what: format!("{what} ({here}, planned: {planned})") })
        })
    }
}
