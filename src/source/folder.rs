//! Files and folders on disk.
//!
//! A link is followed only if its target is inside the paths that are scanned: one that leads out could put the label's own
//! masters into the report.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use super::name::shown_path;
use super::{Item, Place, Span, Stamp, Unlisted};
use crate::record::{FailureKind, FailureRecord, Stage};

/// A file, or a row for something that is not a file.
pub type Listed = Result<Item, Box<Unlisted>>;

/// Files and folders to be scanned. Files are listed in the order of their paths.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Absolute, sorted, none inside another.
    roots: Vec<PathBuf>,
    /// All paths with their links resolved: a link may lead into any of them.
    inside: Vec<PathBuf>,
    /// The home, its links resolved: what it keeps for itself is not scanned.
    home: Option<PathBuf>,
    /// Tells which files are left alone for now.
    waits: Option<Arc<dyn Waits>>,
}

/// Tells which files are left alone for now, because they are still being written.
pub trait Waits: std::fmt::Debug + Send + Sync {
    /// Why a file is not to be read yet, as a clause whose subject is the file; `None` if it may be read.
    fn why(&self, file: &Path, metadata: &Metadata) -> Option<String>;
}

/// The folder of the catalogue in a home, and the database that tells it from another folder of that name.
const CATALOGUE: [&str; 2] = ["catalog", "catalog.sqlite"];
/// The folder of unpacked catalogues in a home; each is a folder with that database.
const PACKS: &str = "packs";
/// With what the names of files end that SQLite makes beside a database while it is open: they come and go.
const PASSING: [&str; 3] = ["-wal", "-shm", "-journal"];
/// The names of the other files of a home.
const OF_HOMES: [&str; 8] = [
    "results.sqlite",
    "review.sqlite",
    "notices.sqlite",
    "ffmpeg.json",
    "config.toml",
    "watch.lock",
    "tell.lock",
    "hook.lock",
];

impl Folders {
    /// The files and folders at `paths`.
    ///
    /// # Errors
    ///
    /// The first path that cannot be resolved, and why.
    pub fn new(paths: &[PathBuf]) -> Result<Self, (PathBuf, std::io::Error)> {
        let mut roots = Vec::new();
        let mut inside = Vec::new();
        for path in paths {
            let error = |error| (path.clone(), error);
            roots.push(std::path::absolute(path).map_err(error)?);
            inside.push(path.canonicalize().map_err(error)?);
        }
        roots.sort();
        // A root inside another would list its files twice.
        let mut kept: Vec<PathBuf> = Vec::new();
        for root in roots {
            // Sorted, so the paths inside another follow it directly.
            if !kept.last().is_some_and(|k| root.starts_with(k)) {
                kept.push(root);
            }
        }
        Ok(Self { roots: kept, inside, home: None, waits: None })
    }

    /// Leaves out what the program keeps in its home: the catalogue names every recording, so it would be found in itself.
    #[must_use]
    pub fn beside_home(mut self, home: &Path) -> Self {
        self.home = home.canonicalize().ok();
        self
    }

    /// Leaves files alone for which `waits` has a reason: each is a row.
    #[must_use]
    pub fn but(mut self, waits: Arc<dyn Waits>) -> Self {
        self.waits = Some(waits);
        self
    }

    /// The first root that is nothing but the home's own files, or lies in its catalogue.
    pub fn of_home(&self) -> Option<&Path> {
        let home = self.home.as_deref()?;
        let is_own = |root: &&PathBuf| {
            let Ok(root) = root.canonicalize() else { return false };
            let lies_in = |folder: &str| {
                let folder = home.join(folder);
                root.starts_with(&folder) && self.keeps(&folder)
            };
            if self.keeps(&root) || lies_in(CATALOGUE[0]) || lies_in(PACKS) {
                return true;
            }
            let mut entries = std::fs::read_dir(&root).into_iter().flatten().flatten().peekable();
            root == home
                && entries.peek().is_some()
                && entries.all(|entry| self.keeps(&entry.path()))
        };
        self.roots.iter().find(is_own).map(PathBuf::as_path)
    }

    /// Whether a path, its links resolved, lies in what is scanned.
    pub fn holds(&self, path: &Path) -> bool {
        self.inside.iter().any(|root| path.starts_with(root))
    }

    /// The home, if it lies in what is scanned, so that something of it is left out.
    pub fn home_inside(&self) -> Option<&Path> {
        let home = self.home.as_deref()?;
        self.holds(home).then_some(home)
    }

    /// Whether the home keeps a file or folder for itself.
    fn keeps(&self, path: &Path) -> bool {
        let (Some(home), Some(name)) = (&self.home, path.file_name().and_then(|n| n.to_str()))
        else {
            return false;
        };
        let [folder, database] = CATALOGUE;
        let holds_pack = || {
            let mut packs = std::fs::read_dir(path).into_iter().flatten().flatten();
            packs.any(|pack| pack.path().join(database).is_file())
        };
        let is_called = name == folder && path.join(database).is_file()
            || name == PACKS && holds_pack()
            || OF_HOMES.contains(&passing(name).unwrap_or(name))
            || is_lock(name);
        is_called
            && path.parent().and_then(|parent| parent.canonicalize().ok()).as_ref() == Some(home)
    }

    /// The absolute paths that are walked.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    fn entry(&self, entry: Result<DirEntry, walkdir::Error>) -> Option<Listed> {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => Some(self.item(&entry)),
            Err(error) => Some(Err(unlisted(&error))),
        }
    }

    fn item(&self, entry: &DirEntry) -> Listed {
        let path = entry.path().to_path_buf();
        let refuse = |kind: FailureKind, message: String| refused(path.clone(), kind, message);
        if entry.path_is_symlink() && !self.leads_inside(&path) {
            return Err(refuse(FailureKind::LinkOutside, link_outside(&path)));
        }
        let metadata = entry.metadata().map_err(|error| {
            refuse(
                FailureKind::Io,
                format!("cannot be read: {error}; check its permissions and scan again"),
            )
        })?;
        if !metadata.is_file() {
            return Err(refuse(
                FailureKind::NotAFile,
                "is a pipe, socket or device, not a file; it was not opened".into(),
            ));
        }
        if let Some(why) = self.why(&path, &metadata) {
            return Err(waiting(path, &why));
        }
        Ok(Item::of_file(path, Stamp::of(&metadata)))
    }

    fn why(&self, file: &Path, metadata: &Metadata) -> Option<String> {
        self.waits.as_ref()?.why(file, metadata)
    }

    /// The row of a file that is read with others, one of which is left alone.
    pub(super) fn waiting_for<'a>(
        &self,
        file: &Path,
        mut others: impl Iterator<Item = &'a Path>,
    ) -> Option<Box<Unlisted>> {
        self.waits.as_ref()?;
        let why = others.find_map(|other| {
            let why = self.why(other, &other.metadata().ok()?)?;
            Some(format!("is read with {}, which {why}", shown_path(other)))
        })?;
        Some(waiting(file.to_path_buf(), &why))
    }

    /// The row of a link to a folder. Such links are not walked: the folder is scanned at its own path, and a few links to
    /// folders with links can form any number of paths to one file.
    fn link_to_folder(&self, link: PathBuf) -> Box<Unlisted> {
        if !self.leads_inside(&link) {
            let message = link_outside(&link);
            return refused(link, FailureKind::LinkOutside, message);
        }
        let target = std::fs::read_link(&link).unwrap_or_default();
        let message = format!(
            "is a link to the folder {}, which is scanned at its own path",
            shown_path(&target)
        );
        refused(link, FailureKind::NotAudio, message)
    }

    /// The folders around a file that are walked, the outermost first, but for the first `known` of a path's components.
    pub(super) fn around<'p>(&self, file: &'p Path, known: usize) -> Vec<&'p Path> {
        let mut around: Vec<&Path> = file
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.components().count() > known)
            .filter(|folder| self.lists(folder))
            .collect();
        around.reverse();
        around
    }

    /// Whether a file may be opened that was not listed: it is a file, or a link to one inside the scanned paths.
    pub(super) fn allows(&self, file: &Path) -> bool {
        let metadata = file.symlink_metadata();
        metadata.is_ok_and(|found| found.is_file() || found.is_symlink() && self.leads_inside(file))
            && file.is_file()
    }

    /// Whether a file is among those that are listed. It has to be there, and no link.
    pub(super) fn lists(&self, file: &Path) -> bool {
        self.roots.iter().any(|root| file.starts_with(root))
    }

    fn leads_inside(&self, link: &Path) -> bool {
        link.canonicalize().is_ok_and(|to| self.inside.iter().any(|root| to.starts_with(root)))
    }
}

fn link_outside(path: &Path) -> String {
    let target = std::fs::read_link(path).unwrap_or_default();
    format!(
        "is a link to {}, outside of the scanned paths; name the target to scan it",
        shown_path(&target)
    )
}

impl Folders {
    /// All files and rows, in the same order at each call.
    pub fn items(&self) -> Box<dyn Iterator<Item = Listed> + Send + '_> {
        self.items_in(Span::default())
    }

    /// The file at a path, or a row for it; `None` if it is a folder.
    pub(super) fn item_at(&self, path: &Path) -> Option<Listed> {
        let mut walk = WalkDir::new(path).max_depth(0).follow_links(true).into_iter();
        self.entry(walk.next()?)
    }

    /// The files and rows in a stretch of the walk. Folders outside of it are not opened.
    pub fn items_in(&self, span: Span) -> Box<dyn Iterator<Item = Listed> + Send + '_> {
        let span = Arc::new(span);
        Box::new(self.roots.iter().flat_map(move |root| {
            let (inside, entered) = (Arc::clone(&span), Arc::clone(&span));
            let all = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
            let mut walk = all.filter_entry(move |entry| {
                if entry.file_type().is_dir() {
                    entered.may_reach(entry.path())
                } else {
                    entered.holds(entry.path())
                }
            });
            std::iter::from_fn(move || {
                loop {
                    let entry = walk.next()?;
                    if let Ok(own) = &entry
                        && self.keeps(own.path())
                    {
                        let path = own.path().to_path_buf();
                        if own.file_type().is_dir() {
                            walk.skip_current_dir();
                        }
                        // The catalogue's row stands for all of it: the rest comes and goes as the program runs, and a run
                        // would not be that of another time or machine.
                        if !inside.holds(&path) || !path.ends_with(CATALOGUE[0]) {
                            continue;
                        }
                        let message = "belongs to the home of leakhound and is not scanned";
                        return Some(Err(refused(path, FailureKind::NotAudio, message.into())));
                    }
                    // Of an error without a path nobody knows where it belongs.
                    if let Err(error) = &entry
                        && error.path().is_some_and(|path| !inside.holds(path))
                    {
                        continue;
                    }
                    if let Ok(dir) = &entry
                        && dir.depth() > 0
                        && dir.file_type().is_dir()
                        && dir.path_is_symlink()
                    {
                        let path = dir.path().to_path_buf();
                        walk.skip_current_dir();
                        if !inside.holds(&path) {
                            continue;
                        }
                        return Some(Err(self.link_to_folder(path)));
                    }
                    if let Some(item) = self.entry(entry) {
                        return Some(item);
                    }
                }
            })
        }))
    }
}

/// The name of the database that SQLite made a file of this name for.
fn passing(name: &str) -> Option<&str> {
    PASSING.iter().find_map(|ending| name.strip_suffix(ending))
}

/// Whether a file of this name is the lock of a run, `run-3.lock`.
fn is_lock(name: &str) -> bool {
    let number = name.strip_prefix("run-").and_then(|name| name.strip_suffix(".lock"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn refused(path: PathBuf, kind: FailureKind, message: String) -> Box<Unlisted> {
    Box::new(Unlisted {
        place: Place::of_file(path, Stamp::default()),
        size_bytes: 0,
        failure: FailureRecord { stage: Stage::Walk, kind, message },
    })
}

/// The row of a file that is left alone for now.
fn waiting(path: PathBuf, why: &str) -> Box<Unlisted> {
    let message = format!("{why}; it is scanned once it is finished");
    refused(path, FailureKind::Unfinished, message)
}

/// The row of something that could not be listed.
fn unlisted(error: &walkdir::Error) -> Box<Unlisted> {
    let path = error.path().unwrap_or_else(|| Path::new("")).to_path_buf();
    let (kind, message) = if let Some(ancestor) = error.loop_ancestor() {
        let to = shown_path(ancestor);
        (
            FailureKind::LinkLoop,
            format!("is a link to {to}, the folder that it is in; it was not followed"),
        )
    } else if path.is_symlink() && !path.exists() {
        let target = std::fs::read_link(&path).unwrap_or_default();
        let to = shown_path(&target);
        (
            FailureKind::LinkBroken,
            format!(
                "is a link to {to}, which does not exist; restore the target, or leave the link out"
            ),
        )
    } else {
        let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
        (
            FailureKind::Io,
            format!("cannot be listed: {cause}; check its permissions and scan again"),
        )
    };
    refused(path, kind, message)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn listed(roots: &[PathBuf]) -> Vec<(String, Option<FailureKind>)> {
        Folders::new(roots)
            .unwrap()
            .items()
            .map(|item| match item {
                Ok(item) => (name(&item.place.locator.file), None),
                Err(row) => (name(&row.place.locator.file), Some(row.failure.kind)),
            })
            .collect()
    }

    fn name(path: &Path) -> String {
        path.file_name().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn files_come_in_the_order_of_their_names_through_all_folders() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("b/c")).unwrap();
        for file in ["z", "b/c/y", "b/x", "a"] {
            fs::write(dir.path().join(file), "1").unwrap();
        }
        let names: Vec<_> =
            listed(&[dir.path().into()]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "y", "x", "z"]);
    }

    #[test]
    fn a_folder_named_twice_or_inside_another_is_walked_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("b")).unwrap();
        fs::write(dir.path().join("b/x"), "1").unwrap();
        let root = dir.path().to_path_buf();
        assert_eq!(listed(&[root.join("b"), root.clone(), root]).len(), 1);
    }

    #[test]
    fn links_that_break_loop_or_lead_out_are_rows_and_others_are_followed() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("master"), "1").unwrap();
        let root = dir.path().join("dump");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("song"), "1").unwrap();
        symlink("song", root.join("1-inside")).unwrap();
        symlink("nowhere", root.join("2-broken")).unwrap();
        symlink(".", root.join("3-loop")).unwrap();
        symlink(outside.path().join("master"), root.join("4-out")).unwrap();
        symlink(outside.path(), root.join("5-out-folder")).unwrap();
        fs::create_dir(root.join("6-folder")).unwrap();
        fs::write(root.join("6-folder/song"), "1").unwrap();
        symlink("6-folder", root.join("7-to-folder")).unwrap();
        let kinds: Vec<_> = listed(&[root]).into_iter().map(|(_, kind)| kind).collect();
        let expected = [
            None,
            Some(FailureKind::LinkBroken),
            Some(FailureKind::LinkLoop),
            Some(FailureKind::LinkOutside),
            Some(FailureKind::LinkOutside),
            None,
            Some(FailureKind::NotAudio),
            None,
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn links_between_folders_do_not_multiply_what_is_in_them() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..40 {
            let folder = dir.path().join(format!("d{number}"));
            fs::create_dir(&folder).unwrap();
            for name in ["a", "b"] {
                symlink(format!("../d{}", number + 1), folder.join(name)).unwrap();
            }
        }
        assert_eq!(listed(&[dir.path().into()]).len(), 80);
    }

    #[test]
    fn the_catalogue_of_a_home_is_a_row_and_a_dump_in_the_home_is_walked() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        fs::create_dir_all(path("catalog/segments")).unwrap();
        fs::create_dir_all(path("dump/catalog")).unwrap();
        for name in ["catalog/catalog.sqlite", "results.sqlite-wal", "dump/catalog/results.sqlite"]
        {
            fs::write(path(name), "1").unwrap();
        }
        let folders = |root: &str| Folders::new(&[path(root)]).unwrap().beside_home(home.path());
        let kinds: Vec<_> =
            folders("").items().map(|item| item.err().map(|row| row.failure.kind)).collect();
        // The log of the results has no row: it comes and goes.
        assert_eq!(kinds, [Some(FailureKind::NotAudio), None]);
        assert_eq!(folders("").of_home(), None);
        assert_eq!(folders("dump").of_home(), None);
        assert_eq!(folders("catalog").of_home(), Some(&*path("catalog")));
        assert_eq!(folders("catalog/segments").of_home(), Some(&*path("catalog/segments")));
        fs::remove_dir_all(path("dump")).unwrap();
        assert_eq!(folders("").of_home(), Some(&*path("")));
    }

    #[test]
    fn a_pipe_is_a_row_and_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let status = std::process::Command::new("mkfifo").arg(dir.path().join("p")).status();
        assert!(status.unwrap().success());
        assert_eq!(listed(&[dir.path().into()]), [("p".into(), Some("not_a_file".into()))]);
    }
}
