//! What the traversal and the readers of formats hand each other.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::limits::bounded;
use crate::bytes::{Bytes, Reader};
use crate::sniff::container::ContainerKind;
use crate::source::{Extent, Place, To};

/// What a container is read from.
pub(super) enum Input<'r> {
    /// Bytes that can be read from any position, any number of times.
    Stored(Bytes),
    /// A stream that is read once, from its front to its end.
    Stream(&'r mut dyn Read),
}

/// Where the reader is.
#[derive(Debug, Clone)]
pub(super) struct At {
    /// The container's own place.
    pub(super) place: Place,
    /// Kinds of the containers that its members lie in, the outermost first and its own last: `gzip/tar`.
    pub(super) inside: String,
    /// The number of those containers.
    pub(super) depth: usize,
}

impl At {
    /// A place whose kind of container is not known yet.
    pub(super) fn of(place: Place, depth: usize) -> Self {
        Self { inside: place.containers.clone(), place, depth }
    }

    /// The place of a member.
    pub(super) fn member(&self, to: To, extent: Option<Extent>) -> Place {
        let to = match to {
            To::Member { name, nth } => To::Member { name: bounded(name), nth },
            other => other,
        };
        Place {
            locator: self.place.locator.step(to, extent),
            stamp: self.place.stamp,
            containers: self.inside.clone(),
            offset: None,
        }
    }

    /// The same place as a container of this kind.
    pub(super) fn opened(&self, kind: ContainerKind) -> Self {
        let between = if self.inside.is_empty() { "" } else { "/" };
        let inside = format!("{}{between}{}", self.inside, kind.as_str());
        Self { place: self.place.clone(), inside, depth: self.depth + 1 }
    }
}

/// One member of a container, about to be looked at.
pub(super) struct Member<'r> {
    pub(super) place: Place,
    pub(super) depth: usize,
    /// Its bytes, from its front.
    pub(super) stream: &'r mut dyn Read,
    /// Its length in bytes as the container states it, which may be wrong.
    pub(super) declared: Option<u64>,
    /// Its bytes in the container, if they are stored uncompressed.
    pub(super) bytes: Option<Bytes>,
    pub(super) notes: Vec<String>,
}

/// What was found behind the first bytes of a member.
pub(super) enum Hidden {
    /// An archive, which was opened, or what is too large to be searched, which was told.
    Opened,
    Nothing,
    /// Nothing in what was read of a stream, which may have broken off.
    NothingIn(Reader, Option<io::Error>),
}

/// A stream that counts the bytes read from it.
pub(super) struct Positioned<R> {
    pub(super) stream: R,
    pub(super) position: Option<Arc<AtomicU64>>,
}

impl<R: Read> Read for Positioned<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        if let Some(position) = &self.position {
            position.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(read)
    }
}

/// A stream that fails once with an error that came before, or is empty.
pub(super) struct Failing(pub(super) Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// How many bytes of a stretch are there; 0 if it cannot be opened.
pub(super) fn length_of(bytes: &Bytes) -> u64 {
    bytes.length().ok().flatten().unwrap_or(0)
}
