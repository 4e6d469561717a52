//! Whether noticed material is in a later copy of the dump: by its bytes, by its place, and by matching again.
//!
//! The later copy is scanned like any dump, and its records are read once. Material is gone only if the copy was read
//! whole, neither its bytes nor its place are there, and the recording was searched for and not found. Whatever keeps that
//! from being known makes the answer [`Presence::NotRead`], with the reason.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::record::{Checked, Finding, ItemFacts, ItemRecord, Presence, Relation};
use crate::results::{ResultStore, ResultsError, Run};
use crate::source::{Locator, path_key};
use crate::wording::{counted, thousands};

/// Most characters of a reason. A guess: two lines.
const MAX_WHY_CHARS: usize = 300;

/// A finding that is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// The item as it was.
    pub item: ItemFacts,
    /// The finding as it was.
    pub finding: Finding,
}

/// Looks for what a notice is about in the records of a complete run over a later copy.
#[derive(Debug)]
pub struct Look<'a> {
    sought: &'a [Sought],
    run_id: i64,
    day: String,
    seen: Vec<Seen>,
    by_sha256: HashMap<&'a str, Vec<usize>>,
    by_place: BTreeMap<Vec<u8>, Vec<usize>>,
    by_recording: HashMap<&'a str, Vec<usize>>,
    items: u64,
    not_read: u64,
    first_not_read: String,
}

/// What was seen of one material so far.
#[derive(Debug, Clone, Default)]
struct Seen {
    is_here: bool,
    moved: Option<String>,
    /// The recording is in other bytes at its place.
    is_changed: bool,
    /// Other bytes are at its place.
    is_replaced: bool,
    /// What is at its place, or a container of it, was not read.
    unread: Option<String>,
    elsewhere: Option<String>,
}

impl<'a> Look<'a> {
    /// A look for `sought`, which were found below `roots`, in a run over a later copy, on a day.
    pub fn new(sought: &'a [Sought], roots: &[String], run: &Run, day: &str) -> Self {
        let mut look = Self {
            sought,
            run_id: run.run_id,
            day: day.to_owned(),
            seen: vec![Seen::default(); sought.len()],
            by_sha256: HashMap::new(),
            by_place: BTreeMap::new(),
            by_recording: HashMap::new(),
            items: 0,
            not_read: 0,
            first_not_read: String::new(),
        };
        for (at, Sought { item, finding }) in sought.iter().enumerate() {
            if !item.sha256.is_empty() {
                look.by_sha256.entry(&item.sha256).or_default().push(at);
            }
            look.by_recording.entry(&finding.recording_id).or_default().push(at);
            for place in places(&item.locator, roots, &run.key.roots) {
                look.by_place.entry(place).or_default().push(at);
            }
        }
        look
    }

    /// Looks at all records of the run.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn read(mut self, store: &ResultStore) -> Result<Self, ResultsError> {
        store.for_each_record(self.run_id, |record| {
            self.look_at(&record);
            Ok::<_, ResultsError>(())
        })?;
        Ok(self)
    }

    /// Items that were looked at.
    pub fn items(&self) -> u64 {
        self.items
    }

    fn look_at(&mut self, record: &ItemRecord) {
        self.items += 1;
        let (item, path) = (&record.item, || record.item.path.clone());
        let place = item.locator.parse().ok().map(|locator| bare_key(&locator));
        let placed = place.as_ref().and_then(|place| self.by_place.get(place));
        let placed: HashSet<usize> = placed.into_iter().flatten().copied().collect();
        let same = self.by_sha256.get(item.sha256.as_str()).cloned().unwrap_or_default();
        // Where two places had the same bytes, each is looked for at its own.
        let is_own = same.iter().any(|at| placed.contains(at));
        for at in &same {
            let seen = &mut self.seen[*at];
            if placed.contains(at) {
                seen.is_here = true;
            } else if !is_own {
                seen.moved.get_or_insert_with(path);
            }
        }
        if record.is_unknown() {
            self.unknown(record, place.as_deref());
        }
        let others = placed.iter().filter(|at| !same.contains(at));
        for at in others {
            let (seen, sought) = (&mut self.seen[*at], &self.sought[*at]);
            if record.findings.iter().any(|found| is_again(&sought.finding, found)) {
                seen.is_changed = true;
            } else {
                seen.is_replaced = true;
            }
        }
        if same.is_empty() {
            for found in &record.findings {
                let all = self.by_recording.get(found.recording_id.as_str());
                for at in all.into_iter().flatten().filter(|at| !placed.contains(at)) {
                    if is_again(&self.sought[*at].finding, found) {
                        self.seen[*at].elsewhere.get_or_insert_with(path);
                    }
                }
            }
        }
    }

    /// Notes an item that was not read, or not wholly.
    fn unknown(&mut self, record: &ItemRecord, place: Option<&[u8]>) {
        let why = match &record.failure {
            Some(failure) => format!("{}: {}", record.item.path, failure.message),
            None => format!("{} was read in part", record.item.path),
        };
        self.not_read += 1;
        if self.first_not_read.is_empty() {
            self.first_not_read.clone_from(&why);
        }
        let Some(place) = place else { return };
        // What lies in a folder or container that was not read begins with its key.
        let below = self.by_place.range(place.to_vec()..);
        for (key, all) in below.take_while(|(key, _)| key.starts_with(place)) {
            if matches!(key.get(place.len()), None | Some(0 | b'/' | b'\\')) {
                for at in all {
                    self.seen[*at].unread.get_or_insert_with(|| why.clone());
                }
            }
        }
    }

    /// The answers, in the order of what was sought. `is_known` says whether the catalogue of the run has a recording: one that
    /// it does not have was not searched for.
    pub fn answers(&self, is_known: &dyn Fn(&str) -> bool) -> Vec<Checked> {
        let whole = self.whole();
        let answer = |(seen, sought): (&Seen, &Sought)| {
            let (presence, place, why) = seen.answer(whole.as_deref(), || {
                let id = &sought.finding.recording_id;
                is_known(id).then_some(()).ok_or_else(|| {
                    format!("the recording {id} is no longer in the catalogue, so it was not searched for")
                })
            });
            let why = crate::base::shorten(&why, MAX_WHY_CHARS).into_owned();
            Checked { presence, place, why, day: self.day.clone(), run_id: self.run_id }
        };
        self.seen.iter().zip(self.sought).map(answer).collect()
    }

    /// Why the copy was not read whole; `None` if it was.
    fn whole(&self) -> Option<String> {
        match (self.items, self.not_read) {
            (0, _) => Some("the copy has no file; is it mounted?".to_owned()),
            (_, 0) => None,
            (_, 1) => Some(format!("1 item was not read: {}", self.first_not_read)),
            (_, more) => Some(format!(
                "{} items were not read, the first of them {}",
                thousands(more),
                self.first_not_read
            )),
        }
    }
}

impl Seen {
    /// The answer, where the material is now, and why. `unread`: why the copy was not read whole. `searched`: fails with the reason
    /// if the recording was not searched for.
    fn answer(
        &self,
        unread: Option<&str>,
        searched: impl Fn() -> Result<(), String>,
    ) -> (Presence, String, String) {
        let nowhere = String::new;
        if self.is_here {
            return (Presence::StillThere, nowhere(), String::new());
        }
        if let Some(place) = &self.moved {
            return (Presence::Moved, place.clone(), String::new());
        }
        if self.is_changed {
            return (Presence::Changed, nowhere(), String::new());
        }
        if let Some(why) = &self.unread {
            return (Presence::NotRead, nowhere(), why.clone());
        }
        if let Some(place) = &self.elsewhere {
            return (Presence::Elsewhere, place.clone(), String::new());
        }
        if let Some(why) = unread {
            return (Presence::NotRead, nowhere(), why.to_owned());
        }
        if let Err(why) = searched() {
            return (Presence::NotRead, nowhere(), why);
        }
        let why = if self.is_replaced { "another file is at its place" } else { "" };
        (Presence::Gone, nowhere(), why.to_owned())
    }
}

/// Whether a finding of now is that of then: the same recording, and not merely the same loop.
fn is_again(then: &Finding, now: &Finding) -> bool {
    let is_shared = |finding: &Finding| finding.relation == Some(Relation::SharedMaterial);
    then.recording_id == now.recording_id && (is_shared(then) || !is_shared(now))
}

/// The keys of the places where an item that lay below `then` is to be expected below `now`.
fn places(locator: &str, then: &[String], now: &[String]) -> Vec<Vec<u8>> {
    let Ok(locator) = locator.parse::<Locator>() else { return Vec::new() };
    let mut files: Vec<PathBuf> = Vec::new();
    let mut add = |file: PathBuf| {
        if !files.contains(&file) {
            files.push(file);
        }
    };
    for root in now.iter().map(Path::new) {
        if locator.file.starts_with(root) {
            add(locator.file.clone());
        }
        for before in then.iter().map(Path::new) {
            match locator.file.strip_prefix(before) {
                // The root was this very file: it may have another name now.
                Ok(rest) if rest.as_os_str().is_empty() => add(root.to_path_buf()),
                Ok(rest) => add(root.join(rest)),
                Err(_) => {}
            }
        }
        if root.file_name().is_some() && root.file_name() == locator.file.file_name() {
            add(root.to_path_buf());
        }
    }
    let key = |file: PathBuf| bare_key(&Locator { file, steps: locator.steps.clone() });
    files.into_iter().map(key).collect()
}

/// The key of a locator without byte offsets: an archive that was packed again has others.
fn bare_key(locator: &Locator) -> Vec<u8> {
    if locator.is_file() {
        return path_key(&locator.file).to_vec();
    }
    let mut bare = locator.clone();
    bare.steps.iter_mut().for_each(|step| step.extent = None);
    bare.key()
}

/// How many answers there are of each kind, in words: `1 still there, 2 gone`.
pub fn sums(looked: &[Checked]) -> String {
    let count = |presence: Presence| {
        let count = looked.iter().filter(|checked| checked.presence == presence).count() as u64;
        (count > 0).then(|| format!("{} {}", thousands(count), presence.describe()))
    };
    let told: Vec<_> = Presence::ALL.into_iter().filter_map(count).collect();
    if told.is_empty() { counted(0, "finding") } else { told.join(", ") }
}
