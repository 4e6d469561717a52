//! A store of objects: what is asked of it, what is remembered of it, and whether it can still be asked.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use sha2::{Digest as _, Sha256};

use crate::cache::{BLOCK_BYTES, Cache, Found, Id};
use crate::client::{Ask, Client, Traffic};
use crate::config::Config;
use crate::fault::{Fault, Kind};
use crate::listing::{Lister, Object};
use crate::reader::Reader;
use crate::walk::Walk;

/// Objects whose state is remembered from when they were listed or opened, so that all that is read of one is of one state. More
/// than are ever in flight: what is read at a time are some for each thread.
const PINNED: usize = 8_192;
/// Objects that could not be read which are remembered; with more the store is taken to fail as a whole.
const MAX_BROKEN: usize = 1_000;
/// Threads that fetch the first bytes of objects ahead, and how many may wait for them.
const AHEAD_THREADS: usize = 8;
const AHEAD_WAITING: usize = 64;
/// Objects that are fetched whole at once, in blocks.
const SHORT_BLOCKS: u64 = 4;
/// Longest key, in bytes, by S3's own rule.
const MAX_KEY_BYTES: usize = 1_024;

/// A store of objects. Everything is asked of it through an [`Arc`], by any number of threads.
#[derive(Debug)]
pub struct Store {
    client: Arc<Client>,
    lister: Lister,
    cache: Cache,
    memory: Mutex<Memory>,
    ahead: OnceLock<SyncSender<(Arc<str>, Arc<Object>, Id)>>,
}

#[derive(Debug, Default)]
struct Memory {
    pins: HashMap<Id, Pin>,
    by_age: BTreeMap<u64, Id>,
    now: u64,
    /// What could not be read, though the store answers.
    broken: HashMap<Id, Fault>,
    lost: Option<Fault>,
}

#[derive(Debug)]
struct Pin {
    object: Arc<Object>,
    asked: u64,
    was_opened: bool,
}

/// A name for something of a bucket.
fn id(parts: &[&str]) -> Id {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    let digest = digest.finalize();
    let (first, _) = digest.split_first_chunk::<16>().expect("a digest has 32 bytes");
    u128::from_le_bytes(*first)
}

fn state_id(bucket: &str, object: &Object) -> Id {
    id(&[bucket, &object.key, &object.etag, &object.size.to_string()])
}

impl Store {
    /// A store that is asked as `config` says. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// If the certificates that it names cannot be read.
    pub fn new(config: Config) -> Result<Arc<Self>, Fault> {
        let cache = Cache::new(config.cache_bytes);
        let client = Arc::new(Client::new(config)?);
        let lister = Lister::new(Arc::clone(&client));
        Ok(Arc::new(Self {
            client,
            lister,
            cache,
            memory: Mutex::default(),
            ahead: OnceLock::new(),
        }))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lister(&self) -> &Lister {
        &self.lister
    }

    #[cfg(test)]
    pub(crate) fn with_pages_of(config: Config, keys: usize) -> Arc<Self> {
        let mut store = Arc::into_inner(Self::new(config).expect("a store")).expect("one owner");
        store.lister = Lister::new(Arc::clone(&store.client)).with_pages_of(keys);
        Arc::new(store)
    }

    /// What was asked so far.
    pub fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// Why nothing more can be had from the store, if so.
    pub fn lost(&self) -> Option<Fault> {
        self.memory().lost.clone()
    }

    /// Begins anew: what was listed before is asked for again, and what went wrong may go well.
    pub fn renew(&self) {
        self.lister.forget();
        *self.memory() = Memory::default();
    }

    /// Remembers that the store cannot be asked any more.
    pub(crate) fn lose(&self, fault: &Fault) {
        self.memory().lost.get_or_insert_with(|| fault.clone());
    }

    fn is_there(&self) -> Result<(), Fault> {
        self.lost().map_or(Ok(()), Err)
    }

    /// A listing that fails leaves nothing to go by: what it would have told is neither there nor not there.
    fn listed<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(fault) = &result {
            self.lose(fault);
        }
        result
    }

    /// The object with a key, as it was when it was listed or opened first; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the store does not tell.
    pub fn object(&self, bucket: &str, key: &str) -> Result<Option<Arc<Object>>, Fault> {
        self.is_there()?;
        if let Some(pinned) = self.memory().pinned(id(&[bucket, key])) {
            return Ok(Some(pinned));
        }
        let found = self.listed(self.lister.object(bucket, key))?;
        Ok(found.map(|object| self.pin(bucket, object)))
    }

    /// Whether any key begins with `prefix`, which ends with a slash or is empty.
    ///
    /// # Errors
    ///
    /// If the store does not tell.
    pub fn has_any(&self, bucket: &str, prefix: &str) -> Result<bool, Fault> {
        self.is_there()?;
        self.listed(self.lister.has_any(bucket, prefix))
    }

    /// Calls `each` with the names of what lies directly in a folder, whose prefix ends with a slash or is empty; folders in it end
    /// with a slash.
    ///
    /// # Errors
    ///
    /// If the store does not tell.
    pub fn names(
        &self,
        bucket: &str,
        prefix: &str,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), Fault> {
        self.is_there()?;
        self.listed(self.lister.names(bucket, prefix, each))
    }

    /// The objects below a prefix, which ends with a slash or is empty, in the order of a walk; if `after` is given, which begins with
    /// the prefix, those behind that key.
    pub fn walk(self: &Arc<Self>, bucket: &str, prefix: &str, after: Option<&str>) -> Walk {
        Walk::new(Arc::clone(self), bucket, prefix, after)
    }

    /// Opens an object, in the state in which it was listed.
    ///
    /// # Errors
    ///
    /// If it is not there, or the store does not tell.
    pub fn open(self: &Arc<Self>, bucket: &str, key: &str) -> Result<Reader, Fault> {
        let Some(object) = self.object(bucket, key)? else {
            return Err(Fault::new(Kind::Missing, "there is no such object", "check its name"));
        };
        if let Some(pin) = self.memory().pins.get_mut(&id(&[bucket, key])) {
            pin.was_opened = true;
        }
        let id = state_id(bucket, &object);
        Ok(Reader::new(Arc::clone(self), bucket, object, id))
    }

    /// Writes a file as an object, which appears whole or not at all.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or the store does not take it.
    pub fn put(&self, bucket: &str, key: &str, file: &mut File) -> Result<(), Fault> {
        self.is_there()?;
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            let what = format!("a key has {} bytes", key.len());
            return Err(Fault::new(Kind::Other, what, "name one of 1 to 1,024 bytes"));
        }
        let put = self.client.put(bucket, key, file);
        self.lister.forget();
        self.memory().unpin(id(&[bucket, key]));
        if let Err(fault) = put.as_ref()
            && fault.is_of_the_store()
        {
            self.lose(fault);
        }
        put
    }

    fn pin(&self, bucket: &str, object: Object) -> Arc<Object> {
        let name = id(&[bucket, &object.key]);
        let object = Arc::new(object);
        self.memory().pin(name, Arc::clone(&object));
        object
    }

    /// Remembers an object that a walk shows.
    pub(crate) fn shown(&self, bucket: &str, object: &Object) {
        self.pin(bucket, object.clone());
    }

    pub(crate) fn was_opened(&self, bucket: &str, object: &Object) -> bool {
        self.memory().pins.get(&id(&[bucket, &object.key])).is_some_and(|pin| pin.was_opened)
    }

    /// A block of an object, and whether it was fetched now, with up to `run` blocks in all.
    pub(crate) fn block(
        &self,
        (bucket, object, id): (&str, &Object, Id),
        block: u64,
        run: u64,
    ) -> Result<(Arc<[u8]>, bool), Fault> {
        let end = object.size.div_ceil(BLOCK_BYTES);
        let run =
            if end <= SHORT_BLOCKS { SHORT_BLOCKS } else { run.min(self.cache.longest_run()) };
        let claim = match self.cache.find(id, block, run, end) {
            Found::There(bytes) => return Ok((bytes, false)),
            Found::Claimed(claim) => claim,
        };
        {
            let memory = self.memory();
            if let Some(fault) = memory.lost.as_ref().or_else(|| memory.broken.get(&id)) {
                return Err(fault.clone());
            }
        }
        let range =
            (claim.blocks.start * BLOCK_BYTES, (claim.blocks.end * BLOCK_BYTES).min(object.size));
        let ask =
            Ask { bucket, key: &object.key, query: &[], range: Some(range), etag: &object.etag };
        match self.client.stretch(ask, object.size) {
            Ok(bytes) => Ok((claim.fill(&bytes), true)),
            Err(fault) => Err(self.broken(bucket, id, fault)),
        }
    }

    /// What it means that an object cannot be read: for the object, if the store answers otherwise, else for all.
    fn broken(&self, bucket: &str, id: Id, fault: Fault) -> Fault {
        if fault.is_of_the_store() {
            self.lose(&fault);
            return fault;
        }
        if fault.kind == Kind::Failing
            && let Err(of_store) = self.lister.is_answered(bucket)
        {
            self.lose(&of_store);
            return of_store;
        }
        let mut memory = self.memory();
        memory.broken.insert(id, fault.clone());
        if memory.broken.len() > MAX_BROKEN {
            let what = format!(
                "more than {MAX_BROKEN} objects cannot be read, the last since {}",
                fault.what
            );
            let of_store = Fault { kind: Kind::Failing, what, remedy: fault.remedy.clone() };
            memory.lost.get_or_insert(of_store);
        }
        fault
    }

    /// Fetches the first bytes of an object while others are read.
    pub(crate) fn fetch_head(self: &Arc<Self>, bucket: &str, object: &Object) {
        let id = state_id(bucket, object);
        if object.size == 0 || self.cache.has(id, 0) {
            return;
        }
        let sender = self.ahead.get_or_init(|| {
            let (sender, jobs) = sync_channel::<(Arc<str>, Arc<Object>, Id)>(AHEAD_WAITING);
            let jobs = Arc::new(Mutex::new(jobs));
            for _ in 0..AHEAD_THREADS {
                let (store, jobs) = (Arc::downgrade(self), Arc::clone(&jobs));
                // Without them everything is fetched when its turn comes.
                let _ = std::thread::Builder::new().name("read-ahead".into()).spawn(move || {
                    loop {
                        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        let (Ok((bucket, object, id)), Some(store)) = (job, Weak::upgrade(&store))
                        else {
                            return;
                        };
                        // Who reads it is told what is wrong.
                        let _ = store.block((&bucket, &object, id), 0, 1);
                    }
                });
            }
            sender
        });
        // If they have enough to do, it is left.
        let _ = sender.try_send((bucket.into(), Arc::new(object.clone()), id));
    }
}

impl Memory {
    fn pinned(&mut self, name: Id) -> Option<Arc<Object>> {
        self.now += 1;
        let pin = self.pins.get_mut(&name)?;
        self.by_age.remove(&pin.asked);
        pin.asked = self.now;
        self.by_age.insert(self.now, name);
        Some(Arc::clone(&pin.object))
    }

    fn pin(&mut self, name: Id, object: Arc<Object>) {
        self.unpin(name);
        self.now += 1;
        self.pins.insert(name, Pin { object, asked: self.now, was_opened: false });
        self.by_age.insert(self.now, name);
        while self.pins.len() > PINNED
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.pins.remove(&oldest);
        }
    }

    fn unpin(&mut self, name: Id) {
        if let Some(old) = self.pins.remove(&name) {
            self.by_age.remove(&old.asked);
        }
    }
}
