//! Objects of the store, by their paths.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use objects::{Config, Fault, Object, Store};

use super::key::{key_of, path_of, typed};
use super::{File, Kind, Metadata, StoreFault};

pub use objects::Traffic;

/// The store, once the user has named something of it, and the buckets that were named.
static ASKED: Mutex<Asked> =
    Mutex::new(Asked { store: None, buckets: BTreeSet::new(), refused: None });

struct Asked {
    store: Option<Arc<Store>>,
    buckets: BTreeSet<String>,
    /// Why there is no store.
    refused: Option<Fault>,
}

fn asked() -> MutexGuard<'static, Asked> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<&Fault> for StoreFault {
    fn from(fault: &Fault) -> Self {
        let is_usage = fault.kind == objects::Kind::Missing;
        Self { what: fault.what.clone(), remedy: fault.remedy.clone(), is_usage }
    }
}

fn told(what: String, remedy: &str) -> io::Error {
    io::Error::other(StoreFault { what, remedy: remedy.to_owned(), is_usage: true })
}

/// The path that a user named, whose bucket may be asked for from now on.
pub(super) fn named(path: &Path) -> io::Result<PathBuf> {
    let named = typed(path).and_then(|path| Some((key_of(&path)?.0, path)));
    let Some((bucket, path)) = named else {
        let what = format!("{} names no object", path.display());
        return Err(told(what, "write it as s3://BUCKET/KEY"));
    };
    let mut asked = asked();
    if asked.store.is_none() {
        let store = Config::from_environment().and_then(Store::new);
        asked.refused = store.as_ref().err().cloned();
        asked.store = Some(store?);
    }
    asked.buckets.insert(bucket);
    Ok(path)
}

/// The store, and bucket and key of a path in it.
fn placed(path: &Path) -> io::Result<(Arc<Store>, String, String)> {
    let Some((bucket, key)) = key_of(path) else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let asked = asked();
    if let Some(store) = asked.store.as_ref().filter(|_| asked.buckets.contains(&bucket)) {
        return Ok((Arc::clone(store), bucket, key));
    }
    Err(match &asked.refused {
        Some(fault) => fault.clone().into(),
        None => told(format!("the bucket {bucket} was not named"), "name it to read it"),
    })
}

fn of_object(object: &Object) -> Metadata {
    let written_ns = object.modified.saturating_mul(1_000_000_000);
    // A time alone, in seconds, would not tell two states apart that were written at once.
    Metadata {
        kind: Kind::File,
        bytes: object.size,
        modified_ns: written_ns ^ (object.state() as i64),
    }
}

/// The metadata of an object.
pub(super) fn file(path: &Path) -> io::Result<Metadata> {
    let (store, bucket, key) = placed(path)?;
    match store.object(&bucket, &key)? {
        Some(object) => Ok(of_object(&object)),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// The same, or that of a folder of objects.
pub(super) fn metadata(path: &Path) -> io::Result<Metadata> {
    let (store, bucket, key) = placed(path)?;
    let folder = Metadata { kind: Kind::Folder, bytes: 0, modified_ns: 0 };
    if key.is_empty() {
        // One without objects is a folder as well; that there is none is a fault.
        store.has_any(&bucket, "")?;
        return Ok(folder);
    }
    if let Some(object) = store.object(&bucket, &key)? {
        return Ok(of_object(&object));
    }
    if store.has_any(&bucket, &format!("{key}/"))? {
        return Ok(folder);
    }
    Err(io::ErrorKind::NotFound.into())
}

pub(super) fn open(path: &Path) -> io::Result<File> {
    let (store, bucket, key) = placed(path)?;
    Ok(File::Object(Box::new(store.open(&bucket, &key)?)))
}

fn prefix_of(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}/") }
}

pub(super) fn each_name(folder: &Path, each: &mut dyn FnMut(OsString, bool)) -> io::Result<()> {
    let (store, bucket, key) = placed(folder)?;
    store.names(&bucket, &prefix_of(&key), &mut |name| match name.strip_suffix('/') {
        Some(name) => each(name.into(), true),
        None => each(name.into(), false),
    })?;
    Ok(())
}

pub(super) fn put(path: &Path, file: &mut fs::File) -> io::Result<()> {
    let (store, bucket, key) = placed(path)?;
    store.put(&bucket, &key, file)?;
    Ok(())
}

pub(super) fn fault_of(error: &io::Error) -> Option<StoreFault> {
    Fault::of(error).map(Into::into)
}

/// The objects at and below a path that sort behind `after`, in the order of their paths. It ends early if the store is lost.
pub(crate) fn objects_behind(
    root: &Path,
    after: Option<&Path>,
) -> impl Iterator<Item = (PathBuf, Metadata)> + Send + use<> {
    let place = placed(root).ok();
    let after = after.filter(|after| *after >= root).map(Path::to_path_buf);
    let (own, walk) = match place {
        None => (None, None),
        Some((store, bucket, key)) => {
            let own = after.is_none() && !key.is_empty();
            let own = own.then(|| store.object(&bucket, &key).ok().flatten()).flatten();
            let behind = after.as_ref().filter(|after| *after != root);
            let behind = behind.and_then(|after| key_of(after)).map(|(_, key)| key);
            // A path behind all of the root's is no key below it.
            let is_over = after.is_some_and(|after| !after.starts_with(root));
            let walk = (!is_over).then(|| store.walk(&bucket, &prefix_of(&key), behind.as_deref()));
            (own.map(|own| (own.as_ref().clone(), bucket.clone())), walk.map(|walk| (walk, bucket)))
        }
    };
    let placed =
        |(object, bucket): (Object, String)| (path_of(&bucket, &object.key), of_object(&object));
    let below = walk.into_iter().flat_map(|(walk, bucket)| {
        // What went wrong is remembered: see [`lost`].
        walk.map_while(Result::ok).map(move |object| (object, bucket.clone()))
    });
    own.into_iter().chain(below).map(placed)
}

/// Begins anew with the store: what was listed is listed again, and what went wrong may go well.
pub fn begin() {
    if let Some(store) = &asked().store {
        store.renew();
    }
}

/// Why nothing more can be had from the store, if so. What was read of it since may be incomplete.
pub fn lost() -> Option<StoreFault> {
    asked().store.as_ref()?.lost().as_ref().map(Into::into)
}

/// What was asked of the store so far.
pub fn traffic() -> Traffic {
    asked().store.as_ref().map(|store| store.traffic()).unwrap_or_default()
}
