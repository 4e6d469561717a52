//! From pages of the listing to the order of a walk through folders.
//!
//! A store lists keys in the order of their bytes. A walk compares them name by name: what lies in a folder `a` comes before a file
//! `a-b`, though `a-b` sorts before `a/c`. The two differ only where a key has a byte below the slash, such as a blank, a hyphen or a
//! dot: if `a-b` is next, and there is a folder `a`, that is walked first, and left out when the listing comes to it. Whether it is
//! there is seen in the page at hand, or else asked for once.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::fault::{Fault, Kind};
use crate::listing::Object;
use crate::store::Store;

/// Pages in a row that may have no keys, as those of stores that list what was deleted.
const MAX_EMPTY: usize = 1_000;
/// Listings that keep their keys while a folder inside of them is walked first. Those around are listed again.
const KEPT: usize = 4;
/// Sorts behind every name that is likely.
const LAST: char = char::MAX;
/// Objects whose first bytes are fetched ahead.
const AHEAD: usize = 32;

/// The objects below a prefix, in the order of a walk. It ends with the first fault.
#[derive(Debug)]
pub struct Walk {
    store: Arc<Store>,
    bucket: String,
    levels: Vec<Level>,
    /// The object that was shown last.
    shown: Option<Object>,
}

/// The listing of one prefix.
#[derive(Debug, Default)]
struct Level {
    prefix: String,
    /// What was listed and not yet shown.
    window: VecDeque<Object>,
    /// The last key that was shown or left out.
    after: String,
    /// The last key that was listed, and by what the next page is asked for.
    listed: String,
    token: Option<String>,
    /// Whether all was listed.
    is_whole: bool,
    /// Folders that were walked first, and such as are not there, without their slash. All begin the next key.
    walked: Vec<String>,
    absent: Vec<String>,
}

/// The folders that would have to be walked before a key, without their slash, the outermost first: what stands in it before a byte
/// below the slash, behind the first `from` bytes.
fn before(key: &str, from: usize) -> impl Iterator<Item = &str> {
    // Such a byte is a character of its own.
    key.bytes().enumerate().skip(from).filter(|&(_, byte)| byte < b'/').map(|(at, _)| &key[..at])
}

impl Level {
    fn of(prefix: String) -> Self {
        Self { prefix, ..Self::default() }
    }

    /// A listing that goes on behind `after`, in or behind whose folder all was walked.
    fn behind(prefix: String, after: String) -> Self {
        let walked = before(&after, prefix.len()).map(str::to_owned).collect();
        Self { prefix, listed: after.clone(), after, walked, ..Self::default() }
    }

    /// Forgets what is at hand, to list it again.
    fn forget(&mut self) {
        self.window.clear();
        self.listed.clone_from(&self.after);
        (self.token, self.is_whole) = (None, false);
    }

    fn has(folders: &[String], folder: &str) -> bool {
        folders.iter().any(|known| known == folder)
    }

    /// Whether what is at hand tells if a folder is there; its prefix ends with a slash.
    fn knows(&self, folder: &str) -> Option<bool> {
        let at = self.window.partition_point(|object| object.key.as_str() < folder);
        match self.window.get(at) {
            Some(object) => Some(object.key.starts_with(folder)),
            None => self.is_whole.then_some(false),
        }
    }

    /// What is at hand of a folder, if that is all of it.
    fn all_of(&self, folder: &str) -> Option<VecDeque<Object>> {
        let begin = self.window.partition_point(|object| object.key.as_str() < folder);
        let inside = self.window.iter().skip(begin).take_while(|o| o.key.starts_with(folder));
        let inside: VecDeque<Object> = inside.cloned().collect();
        let is_all = self.is_whole || begin + inside.len() < self.window.len();
        is_all.then_some(inside)
    }
}

impl Walk {
    /// All objects below a prefix that ends with a slash or is empty, behind the key `after`, which begins with it.
    pub(crate) fn new(store: Arc<Store>, bucket: &str, prefix: &str, after: Option<&str>) -> Self {
        let mut levels = Vec::new();
        match after.filter(|after| after.starts_with(prefix)) {
            None => levels.push(Level::of(prefix.to_owned())),
            Some(after) => {
                // The folders around the key go on behind the folder that it is in, each from the outside.
                let mut from = prefix.len();
                for (slash, _) in
                    after.match_indices('/').filter(|&(slash, _)| slash >= prefix.len())
                {
                    let inner = &after[..slash];
                    let mut level = Level::behind(after[..from].to_owned(), inner.to_owned());
                    level.walked.push(inner.to_owned());
                    levels.push(level);
                    from = slash + 1;
                }
                levels.push(Level::behind(after[..from].to_owned(), after.to_owned()));
            }
        }
        Self { store, bucket: bucket.to_owned(), levels, shown: None }
    }

    /// Lists on in the innermost folder until enough is at hand.
    fn fill(&mut self) -> Result<(), Fault> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let (lister, mut empty) = (self.store.lister(), 0);
        while level.window.len() < lister.at_hand().max(1) && !level.is_whole {
            let token = level.token.as_deref();
            let page = lister.page(&self.bucket, &level.prefix, &level.listed, token)?;
            if let Some(last) = page.objects.last() {
                level.listed.clone_from(&last.key);
                empty = 0;
            } else {
                empty += 1;
            }
            if empty > MAX_EMPTY {
                let what = format!("the listing does not go on: {MAX_EMPTY} pages without a key");
                return Err(Fault::new(Kind::Other, what, "check the store"));
            }
            level.window.extend(page.objects);
            level.is_whole = page.next.is_none();
            level.token = page.next;
        }
        Ok(())
    }

    /// Keys that are held.
    #[cfg(test)]
    pub(crate) fn at_hand(&self) -> usize {
        self.levels.iter().map(|level| level.window.len()).sum()
    }

    fn advance(&mut self) -> Result<Option<Object>, Fault> {
        loop {
            self.fill()?;
            let Some(level) = self.levels.last_mut() else { return Ok(None) };
            let Some(front) = level.window.front() else {
                self.levels.pop();
                continue;
            };
            level.walked.retain(|folder| front.key.starts_with(folder.as_str()));
            level.absent.retain(|folder| front.key.starts_with(folder.as_str()));
            let inside = |folder: &&String| front.key.as_bytes().get(folder.len()) == Some(&b'/');
            if let Some(folder) = level.walked.iter().find(inside).cloned() {
                level.leave_out(&format!("{folder}/"));
                continue;
            }
            let is_open = |folder: &&str| {
                !Level::has(&level.walked, folder) && !Level::has(&level.absent, folder)
            };
            let Some(folder) = before(&front.key, level.prefix.len()).find(is_open) else {
                let Some(object) = level.window.pop_front() else { continue };
                level.after.clone_from(&object.key);
                if object.is_marker() {
                    continue;
                }
                return Ok(Some(object));
            };
            let (folder, inside) = (folder.to_owned(), format!("{folder}/"));
            let is_there = match level.knows(&inside) {
                Some(known) => known,
                None => self.store.lister().has_any(&self.bucket, &inside)?,
            };
            if is_there {
                level.walked.push(folder);
                let mut first = Level::of(inside);
                if let Some(all) = level.all_of(&first.prefix) {
                    (first.window, first.is_whole) = (all, true);
                }
                self.levels.push(first);
                if let Some(outer) = self.levels.len().checked_sub(KEPT + 1) {
                    self.levels[outer].forget();
                }
            } else {
                level.absent.push(folder);
            }
        }
    }

    /// Fetches the first bytes of what comes next, if those of what was shown were read.
    fn look_ahead(&self) {
        let Some(level) = self.levels.last() else { return };
        if self.shown.as_ref().is_some_and(|shown| self.store.was_opened(&self.bucket, shown)) {
            for object in level.window.iter().take(AHEAD) {
                self.store.fetch_head(&self.bucket, object);
            }
        }
    }
}

impl Level {
    /// Leaves out a folder that was walked before; its prefix ends with a slash.
    fn leave_out(&mut self, folder: &str) {
        while let Some(object) = self.window.front().filter(|o| o.key.starts_with(folder)) {
            self.after.clone_from(&object.key);
            self.window.pop_front();
        }
        if self.window.is_empty() && !self.is_whole {
            let end = format!("{folder}{LAST}");
            if end > self.listed {
                (self.listed, self.token) = (end, None);
            }
        }
    }
}

impl Iterator for Walk {
    type Item = Result<Object, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(fault) = self.store.lost() {
            return self.levels.drain(..).next().map(|_| Err(fault));
        }
        self.look_ahead();
        let next = self.advance();
        if let Err(fault) = &next {
            self.store.lose(fault);
            self.levels.clear();
        }
        self.shown = next.as_ref().ok().and_then(Clone::clone);
        if let Some(shown) = &self.shown {
            self.store.shown(&self.bucket, shown);
        }
        next.transpose()
    }
}
