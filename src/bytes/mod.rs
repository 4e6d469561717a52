//! The bytes of an item, wherever they lie: a file, a stretch of one, volumes one behind the other, or memory.
//!
//! All of them can be read from any place, any number of times. What comes as a stream is taken into
//! memory first, within a budget that all items in flight share.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

pub(crate) mod codecs;

use codecs::{Allowance, Codec, buffered};

/// Bytes that memory is first asked for where the length is not known.
const FIRST_BYTES: u64 = 1 << 20;
/// How often somebody who waits for memory looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(50);

/// Where the bytes of an item are.
#[derive(Debug, Clone)]
pub enum Bytes {
    /// A whole file on disk.
    File(PathBuf),
    /// A stretch of a file on disk.
    Range {
        /// The file.
        path: PathBuf,
        /// Bytes before the stretch.
        offset: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// A stretch of files that lie one behind the other.
    Volumes {
        /// The files.
        volumes: Arc<[Volume]>,
        /// Bytes before the stretch.
        offset: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// Memory.
    Memory(Arc<Buffer>),
    /// A text or database that lies compressed. It may have any length and is unpacked anew each time it is streamed; only
    /// its first bytes can be read anywhere.
    Text(Arc<PackedText>),
}

/// A file that what comes before it goes on in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A compressed text or database.
#[derive(Debug)]
pub struct PackedText {
    pub(crate) head: Vec<u8>,
    pub(crate) packed: Bytes,
    pub(crate) codec: Codec,
    /// What it may unpack to, in bytes.
    pub(crate) most: u64,
}

impl From<&Path> for Bytes {
    fn from(path: &Path) -> Self {
        Self::File(path.to_path_buf())
    }
}

impl Bytes {
    /// Streams all of them from the front.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn stream(&self) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Self::Text(text) => {
                let packed = buffered(text.packed.open()?);
                Ok(Box::new(Allowance::new(text.most).count(text.codec.unpack(packed)?)))
            }
            other => Ok(Box::new(other.open()?)),
        }
    }

    /// Opens them for reading: of a compressed text the first bytes.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn open(&self) -> io::Result<Reader> {
        let (inner, start, length) = match self {
            Self::File(path) => {
                let file = File::open(path)?;
                let length = file.metadata()?.len();
                (Inner::File(file), 0, length)
            }
            Self::Range { path, offset, length } => {
                let mut file = File::open(path)?;
                let left = file.metadata()?.len().saturating_sub(*offset);
                file.seek(SeekFrom::Start(*offset))?;
                (Inner::File(file), *offset, left.min(*length))
            }
            Self::Volumes { volumes, offset, length } => {
                let whole = volumes.iter().fold(0_u64, |sum, v| sum.saturating_add(v.bytes));
                let left = whole.saturating_sub(*offset);
                let volumes = OpenVolumes { volumes: Arc::clone(volumes), open: None };
                (Inner::Volumes(volumes), *offset, left.min(*length))
            }
            Self::Memory(buffer) => {
                (Inner::Memory(Arc::clone(buffer)), 0, buffer.bytes.len() as u64)
            }
            Self::Text(text) => return Self::of_memory(text.head.clone()).open(),
        };
        Ok(Reader { inner, start, length, position: 0 })
    }

    /// Bytes in memory that no budget counts.
    pub fn of_memory(bytes: Vec<u8>) -> Self {
        Self::Memory(Budget::uncounted(bytes))
    }

    /// A stretch of these bytes, if it can be had without copying.
    pub fn slice(&self, offset: u64, length: u64) -> Option<Self> {
        match self {
            Self::File(path) => Some(Self::Range { path: path.clone(), offset, length }),
            Self::Range { path, offset: start, length: whole } => {
                offset.checked_add(length).filter(|end| end <= whole)?;
                Some(Self::Range { path: path.clone(), offset: start.checked_add(offset)?, length })
            }
            Self::Volumes { volumes, offset: start, length: whole } => {
                offset.checked_add(length).filter(|end| end <= whole)?;
                let (volumes, offset) = (Arc::clone(volumes), start.checked_add(offset)?);
                Some(Self::Volumes { volumes, offset, length })
            }
            Self::Memory(_) | Self::Text(_) => None,
        }
    }

    /// Gives the memory up for lost, so that nobody waits for it: whoever reads it hangs.
    pub fn forfeit(&self) {
        if let Self::Memory(buffer) = self {
            buffer.permit.release();
        }
    }
}

/// Reads the bytes of an item, from any place.
#[derive(Debug)]
pub struct Reader {
    inner: Inner,
    start: u64,
    length: u64,
    position: u64,
}

#[derive(Debug)]
enum Inner {
    File(File),
    Volumes(OpenVolumes),
    Memory(Arc<Buffer>),
}

/// Volumes, of which one is open at a time.
#[derive(Debug)]
struct OpenVolumes {
    volumes: Arc<[Volume]>,
    open: Option<OpenVolume>,
}

#[derive(Debug)]
struct OpenVolume {
    file: File,
    /// Where it lies among the bytes of all volumes.
    span: Range<u64>,
    /// Where the next byte that the file gives lies among them.
    next: u64,
}

impl OpenVolumes {
    /// Reads from byte `at` of all of them on, as far as one of them goes.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.open.as_ref().is_some_and(|open| open.span.contains(&at)) {
            let mut begin = 0;
            let spans = self.volumes.iter().map(|Volume { path, bytes }| {
                let span = begin..begin + bytes;
                begin = span.end;
                (path, span)
            });
            let Some((path, span)) = spans.into_iter().find(|(_, span)| span.contains(&at)) else {
                return Ok(0);
            };
            self.open = Some(OpenVolume { file: File::open(path)?, next: span.start, span });
        }
        let Some(OpenVolume { file, span, next }) = &mut self.open else { return Ok(0) };
        if *next != at {
            file.seek(SeekFrom::Start(at - span.start))?;
            *next = at;
        }
        let left = usize::try_from(span.end - at).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let read = file.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            let message = "one of its volumes is shorter than it was";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        *next += read as u64;
        Ok(read)
    }
}

impl Reader {
    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = match &mut self.inner {
            Inner::File(file) => file.read(&mut buffer[..most])?,
            Inner::Volumes(volumes) => {
                volumes.read(self.start.saturating_add(self.position), &mut buffer[..most])?
            }
            Inner::Memory(memory) => {
                let at = self.position as usize;
                // Nothing is left behind the end.
                let from = memory.bytes.get(at..at + most).unwrap_or_default();
                buffer[..from.len()].copy_from_slice(from);
                from.len()
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        let target =
            target.and_then(|position| Some((position, position.checked_add(self.start)?)));
        let (position, in_file) = target.ok_or(io::ErrorKind::InvalidInput)?;
        if let Inner::File(file) = &mut self.inner {
            file.seek(SeekFrom::Start(in_file))?;
        }
        self.position = position;
        Ok(position)
    }
}

/// Memory of one item, counted in a budget until it is dropped.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    permit: Permit,
}

impl Buffer {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }
}

/// The memory that items in flight may take together.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    left: Mutex<u64>,
    freed: Condvar,
}

/// What came of reading a stream into memory.
#[derive(Debug)]
pub(crate) enum Filled {
    /// All of it.
    Whole(Arc<Buffer>),
    /// It broke: what came before, and why.
    Broken(Arc<Buffer>, io::Error),
    /// It is longer than the limit.
    TooLong,
    /// Nobody wants it any more.
    Over,
}

impl Budget {
    /// One of so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self(Arc::new(Shared { left: Mutex::new(bytes), freed: Condvar::new() }))
    }

    /// Reads a stream to its end, `limit` bytes at most. Waits where there is no memory left, until
    /// `over`. One thread at a time may fill; `limit` has to be less than the budget.
    pub(crate) fn fill(
        &self,
        stream: &mut dyn Read,
        declared: Option<u64>,
        limit: u64,
        over: &dyn Fn() -> bool,
    ) -> Filled {
        if declared.is_some_and(|declared| declared > limit) {
            return Filled::TooLong;
        }
        let permit = Permit { shared: Arc::clone(&self.0), bytes: AtomicU64::new(0) };
        let mut bytes = Vec::new();
        // One more, so that the end of a stream is met without growing.
        let mut room = declared.map_or(FIRST_BYTES, |declared| declared + 1).min(limit + 1);
        let end = loop {
            if !permit.grow_to(room, over) {
                return Filled::Over;
            }
            bytes.reserve_exact(room as usize - bytes.len());
            let wanted = room - bytes.len() as u64;
            match (&mut *stream).take(wanted).read_to_end(&mut bytes) {
                Ok(read) if (read as u64) < wanted => break Ok(()),
                Ok(_) if bytes.len() as u64 > limit => return Filled::TooLong,
                Ok(_) => room = (2 * room).min(limit + 1),
                Err(error) => break Err(error),
            }
        };
        bytes.shrink_to_fit();
        permit.shrink_to(bytes.len() as u64);
        let buffer = Arc::new(Buffer { bytes, permit });
        match end {
            Ok(()) => Filled::Whole(buffer),
            Err(error) => Filled::Broken(buffer, error),
        }
    }

    /// Memory that no budget counts, for what one reader holds by itself.
    fn uncounted(bytes: Vec<u8>) -> Arc<Buffer> {
        let shared = Self::new(0).0;
        Arc::new(Buffer { bytes, permit: Permit { shared, bytes: AtomicU64::new(0) } })
    }
}

/// A share of the budget.
#[derive(Debug)]
struct Permit {
    shared: Arc<Shared>,
    bytes: AtomicU64,
}

impl Permit {
    fn grow_to(&self, bytes: u64, over: &dyn Fn() -> bool) -> bool {
        let more = bytes.saturating_sub(self.bytes.load(Ordering::Relaxed));
        let mut left = self.shared.left.lock().unwrap_or_else(PoisonError::into_inner);
        while *left < more {
            if over() {
                return false;
            }
            let waited = self.shared.freed.wait_timeout(left, TICK);
            left = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *left -= more;
        self.bytes.fetch_add(more, Ordering::Relaxed);
        true
    }

    fn shrink_to(&self, bytes: u64) {
        let held = self.bytes.swap(bytes, Ordering::Relaxed);
        self.give_back(held.saturating_sub(bytes));
    }

    fn release(&self) {
        let held = self.bytes.swap(0, Ordering::Relaxed);
        self.give_back(held);
    }

    fn give_back(&self, bytes: u64) {
        *self.shared.left.lock().unwrap_or_else(PoisonError::into_inner) += bytes;
        self.shared.freed.notify_all();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn whole(filled: Filled) -> Arc<Buffer> {
        match filled {
            Filled::Whole(buffer) => buffer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stretch_of_a_file_and_memory_read_and_seek_alike() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"junkpayloadjunk").unwrap();
        let file = Bytes::File(file.path().into());
        let range = file.slice(4, 7).unwrap();
        let memory = Bytes::of_memory(b"payload".to_vec());
        for bytes in [range.clone(), memory] {
            let mut reader = bytes.open().unwrap();
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!((text.as_str(), reader.length()), ("payload", 7));
            assert_eq!(reader.seek(SeekFrom::End(-4)).unwrap(), 3);
            text.clear();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!(text, "load");
            reader.seek(SeekFrom::Start(99)).unwrap();
            assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
            assert!(reader.seek(SeekFrom::Current(-100)).is_err());
        }
        let inner = range.slice(3, 4).unwrap();
        assert!(matches!(inner, Bytes::Range { offset: 7, length: 4, .. }));
        assert!(range.slice(3, 5).is_none() && range.slice(u64::MAX, 2).is_none());
    }

    #[test]
    fn a_stretch_behind_the_end_of_its_file_is_cut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let range = Bytes::File(file.path().into()).slice(10, 5).unwrap();
        assert_eq!(range.open().unwrap().length(), 0);
    }

    #[test]
    fn volumes_read_and_seek_as_one_file_and_tell_when_one_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let volume = |(at, text): (usize, &&str)| {
            let path = folder.path().join(at.to_string());
            std::fs::write(&path, text).unwrap();
            Volume { path, bytes: text.len() as u64 }
        };
        let volumes: Arc<[Volume]> =
            ["abcd", "efgh", "ij"].iter().enumerate().map(volume).collect();
        let all = Bytes::Volumes { volumes: Arc::clone(&volumes), offset: 0, length: 10 };
        let text = |bytes: &Bytes| io::read_to_string(bytes.open().unwrap());
        assert_eq!(text(&all).unwrap(), "abcdefghij");
        let inner = all.slice(3, 6).unwrap();
        assert_eq!(text(&inner).unwrap(), "defghi");
        assert_eq!(text(&inner.slice(1, 4).unwrap()).unwrap(), "efgh");
        assert!(inner.slice(3, 4).is_none());
        let mut reader = all.open().unwrap();
        let mut byte = [0];
        for at in [9, 0, 4, 3, 8, 7] {
            reader.seek(SeekFrom::Start(at)).unwrap();
            reader.read_exact(&mut byte).unwrap();
            assert_eq!(byte[0], b"abcdefghij"[at as usize]);
        }
        std::fs::write(&volumes[1].path, "ef").unwrap();
        let error = text(&all).unwrap_err();
        assert!(error.to_string().contains("shorter than it was"), "{error}");
    }

    #[test]
    fn memory_is_counted_until_it_is_dropped_and_lengths_may_lie() {
        let budget = Budget::new(5 << 20);
        let left = |budget: &Budget| *budget.0.left.lock().unwrap();
        let never = || false;
        for declared in [None, Some(3), Some(5), Some(1 << 20)] {
            let buffer = whole(budget.fill(&mut &b"hello"[..], declared, 2 << 20, &never));
            assert_eq!(buffer.as_slice(), b"hello");
            assert_eq!(left(&budget), (5 << 20) - 5);
            drop(buffer);
            assert_eq!(left(&budget), 5 << 20);
        }
        let long = vec![7; 3 << 20];
        let buffer = whole(budget.fill(&mut &long[..], None, 3 << 20, &never));
        assert_eq!(buffer.as_slice(), long);
        let bytes = Bytes::Memory(buffer);
        bytes.forfeit();
        assert_eq!(left(&budget), 5 << 20);
        drop(bytes);
        assert_eq!(left(&budget), 5 << 20);
    }

    #[test]
    fn what_is_longer_than_the_limit_is_refused_whatever_it_declares() {
        let budget = Budget::new(1 << 20);
        let never = || false;
        for declared in [None, Some(4), Some(9)] {
            let filled = budget.fill(&mut io::repeat(0), declared, 8, &never);
            assert!(matches!(filled, Filled::TooLong));
        }
        whole(budget.fill(&mut io::repeat(0).take(8), None, 8, &never));
        assert_eq!(*budget.0.left.lock().unwrap(), 1 << 20);
    }

    #[test]
    fn somebody_who_waits_for_memory_gets_it_once_it_is_free_or_gives_up() {
        let budget = Budget::new(100);
        let held = whole(budget.fill(&mut &[1; 80][..], Some(80), 99, &|| false));
        assert!(matches!(budget.fill(&mut &[1; 80][..], Some(80), 99, &|| true), Filled::Over));
        let other = budget.clone();
        let waiting = std::thread::spawn(move || {
            matches!(other.fill(&mut &[1; 80][..], Some(80), 99, &|| false), Filled::Whole(_))
        });
        std::thread::sleep(Duration::from_millis(20));
        drop(held);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_stream_that_breaks_leaves_what_came_before() {
        struct Breaks;
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("torn"))
            }
        }
        let budget = Budget::new(100);
        let filled = budget.fill(&mut b"abc".chain(Breaks), None, 99, &|| false);
        let Filled::Broken(buffer, error) = filled else { panic!("{filled:?}") };
        assert_eq!((buffer.as_slice(), error.to_string().as_str()), (&b"abc"[..], "torn"));
    }
}
