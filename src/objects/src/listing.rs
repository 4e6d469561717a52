//! Pages of the listing, and what those that were read last tell of single keys.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::answers::{Page, page};
use crate::client::{Ask, Client};
use crate::fault::{Fault, Kind};

/// Keys of a page, the most that a store gives.
const PAGE_KEYS: usize = 1_000;
/// Keys that are listed to learn of one: those that begin alike are often asked for next.
const FEW_KEYS: usize = 20;
/// Stretches of the listing that are remembered. With pages of 1,000 keys of 100 bytes that is some 4 MiB.
const REMEMBERED: usize = 16;

/// An object as a listing has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size, in bytes.
    pub size: u64,
    /// Its entity tag, without quotes: it changes with the bytes.
    pub etag: String,
    /// When it was written, in seconds since 1970.
    pub modified: i64,
}

impl Object {
    /// A number that is other for an object in another state: of its tag.
    pub fn state(&self) -> u64 {
        let digest = Sha256::digest(self.etag.as_bytes());
        let (first, _) = digest.split_first_chunk::<8>().expect("a digest has 32 bytes");
        u64::from_le_bytes(*first)
    }

    /// Whether it only marks a folder, as consoles make them.
    pub fn is_marker(&self) -> bool {
        self.size == 0 && self.key.ends_with('/')
    }
}

/// Everything in a stretch of the listing.
#[derive(Debug)]
struct Stretch {
    bucket: String,
    /// The first key that would be in it, and the first behind.
    from: Vec<u8>,
    to: Option<Vec<u8>>,
    objects: Arc<[Object]>,
}

/// Lists, and remembers.
#[derive(Debug)]
pub(crate) struct Lister {
    client: Arc<Client>,
    recent: Mutex<VecDeque<Stretch>>,
    page_keys: usize,
}

/// The first text behind all that begin with `prefix`; `None` if there is no such thing.
fn behind(prefix: &str) -> Option<Vec<u8>> {
    let mut bytes = prefix.as_bytes().to_vec();
    // No byte of a text is 255.
    *bytes.last_mut()? += 1;
    Some(bytes)
}

impl Lister {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client, recent: Mutex::default(), page_keys: PAGE_KEYS }
    }

    /// Pages of another length, so that tests need not make a thousand objects.
    #[cfg(test)]
    pub(crate) fn with_pages_of(mut self, keys: usize) -> Self {
        self.page_keys = keys;
        self
    }

    /// The page of the keys that begin with `prefix` and sort behind `after`; `token` is what the page before said of the next.
    pub(crate) fn page(
        &self,
        bucket: &str,
        prefix: &str,
        after: &str,
        token: Option<&str>,
    ) -> Result<Page, Fault> {
        self.keys(bucket, prefix, after, token, self.page_keys)
    }

    fn keys(
        &self,
        bucket: &str,
        prefix: &str,
        after: &str,
        token: Option<&str>,
        most: usize,
    ) -> Result<Page, Fault> {
        let most = most.to_string();
        let mut query = vec![("list-type", "2"), ("encoding-type", "url"), ("max-keys", &most)];
        if !prefix.is_empty() {
            query.push(("prefix", prefix));
        }
        match token {
            Some(token) => query.push(("continuation-token", token)),
            None if !after.is_empty() => query.push(("start-after", after)),
            None => {}
        }
        let ask = Ask { bucket, query: &query, ..Ask::default() };
        let page = self.client.listing(ask, &|text| page(text, prefix, after))?;
        self.remember(bucket, prefix, after, &page);
        Ok(page)
    }

    fn remember(&self, bucket: &str, prefix: &str, after: &str, page: &Page) {
        let from = if after.is_empty() || after < prefix {
            prefix.as_bytes().to_vec()
        } else {
            [after.as_bytes(), &[0]].concat()
        };
        let to = match (&page.next, page.objects.last()) {
            (Some(_), Some(last)) => Some([last.key.as_bytes(), &[0]].concat()),
            // It says nothing.
            (Some(_), None) => return,
            (None, _) => behind(prefix),
        };
        let objects = page.objects.clone().into();
        let stretch = Stretch { bucket: bucket.to_owned(), from, to, objects };
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_front(stretch);
        recent.truncate(REMEMBERED);
    }

    /// Keys that are to be at hand before the next is judged: nearly all that matters for it is seen among so many.
    pub(crate) fn at_hand(&self) -> usize {
        self.page_keys / 5
    }

    /// Whether the store answers at all.
    pub(crate) fn is_answered(&self, bucket: &str) -> Result<(), Fault> {
        let query = [("list-type", "2"), ("max-keys", "1")];
        let ask = Ask { bucket, query: &query, ..Ask::default() };
        self.client.listing(ask, &|_| Ok(()))
    }

    /// Forgets what was listed.
    pub(crate) fn forget(&self) {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The object with a key.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> Result<Option<Object>, Fault> {
        if key.is_empty() {
            return Ok(None);
        }
        if let Some(known) = self.known(bucket, key) {
            return Ok(known);
        }
        // The key itself is the first that begins with it.
        let page = self.keys(bucket, key, "", None, FEW_KEYS)?;
        Ok(page.objects.into_iter().next().filter(|object| object.key == key))
    }

    /// What the remembered stretches say of a key; `None` if they do not reach it.
    fn known(&self, bucket: &str, key: &str) -> Option<Option<Object>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let stretch = recent.iter().find(|stretch| stretch.holds(bucket, key.as_bytes()))?;
        let found = stretch.objects.binary_search_by(|object| object.key.as_str().cmp(key));
        Some(found.ok().map(|at| stretch.objects[at].clone()))
    }

    /// Whether any key begins with `prefix`, which ends with a slash or is empty.
    pub(crate) fn has_any(&self, bucket: &str, prefix: &str) -> Result<bool, Fault> {
        if let Some(known) = self.known_any(bucket, prefix) {
            return Ok(known);
        }
        Ok(!self.keys(bucket, prefix, "", None, FEW_KEYS)?.objects.is_empty())
    }

    fn known_any(&self, bucket: &str, prefix: &str) -> Option<bool> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let stretch = recent.iter().find(|stretch| stretch.holds(bucket, prefix.as_bytes()))?;
        let at = stretch.objects.partition_point(|object| object.key.as_str() < prefix);
        match stretch.objects.get(at) {
            Some(object) => Some(object.key.starts_with(prefix)),
            None => match (&stretch.to, behind(prefix)) {
                (None, _) => Some(false),
                (Some(to), Some(end)) if *to >= end => Some(false),
                _ => None,
            },
        }
    }

    /// Calls `each` with the names of what lies directly in a folder; its prefix ends with a slash or is empty. Folders end with a
    /// slash.
    pub(crate) fn names(
        &self,
        bucket: &str,
        prefix: &str,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), Fault> {
        let most = self.page_keys.to_string();
        let mut token: Option<String> = None;
        loop {
            let mut query = vec![
                ("list-type", "2"),
                ("encoding-type", "url"),
                ("max-keys", &*most),
                ("delimiter", "/"),
            ];
            if !prefix.is_empty() {
                query.push(("prefix", prefix));
            }
            if let Some(token) = &token {
                query.push(("continuation-token", token));
            }
            let ask = Ask { bucket, query: &query, ..Ask::default() };
            let Page { objects, folders, next } =
                self.client.listing(ask, &|text| page(text, prefix, ""))?;
            let keys =
                objects.iter().filter(|object| !object.is_marker()).map(|object| &object.key);
            for name in keys.chain(&folders).filter_map(|key| key.strip_prefix(prefix)) {
                each(name);
            }
            match next {
                None => return Ok(()),
                Some(next) if token.as_ref() == Some(&next) => {
                    let what = "the listing does not go on: each page names the same next one";
                    return Err(Fault::new(Kind::Other, what, "check the store"));
                }
                Some(next) => token = Some(next),
            }
        }
    }
}

impl Stretch {
    fn holds(&self, bucket: &str, key: &[u8]) -> bool {
        self.bucket == bucket && *self.from <= *key && self.to.as_ref().is_none_or(|to| *key < **to)
    }
}
