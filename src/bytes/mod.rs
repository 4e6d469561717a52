//! The bytes of an item, wherever they are stored: a file, a stretch of one, the parts of a split archive, or memory.
//!
//! Stored bytes can be read from any position, any number of times, with one exception: a compressed text can only be
//! streamed from its front. Members that a container gives only as a stream are read into memory first, within a budget
//! that all items in flight share.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `mod` | where the bytes of an item are |
//! | `reader` | reading them from any position |
//! | `budget` | the memory that items in flight share |
//! | `codecs` | decompression, and how much a file may decompress to |

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod budget;
pub(crate) mod codecs;
mod reader;

pub(crate) use budget::Filled;
pub use budget::{Budget, Buffer};
use codecs::{Allowance, Codec, buffered};
pub use reader::{Reader, Volume};

use crate::base::open_file;

/// Where the bytes of an item are.
#[derive(Debug, Clone)]
pub enum Bytes {
    /// A whole file on disk.
    File(PathBuf),
    /// A stretch of a file on disk.
    Range {
        /// The file.
        path: PathBuf,
        /// Byte position of the stretch in the file.
        offset: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// A stretch of the parts of a split archive, taken as one file.
    Volumes {
        /// The parts, in order.
        volumes: Arc<[Volume]>,
        /// Byte position of the stretch in all parts together.
        offset: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// Memory.
    Memory(Arc<Buffer>),
    /// A compressed text or database. It may be of any length, is decompressed again each time it is streamed, and
    /// cannot be read from other positions.
    Text(Arc<PackedText>),
}

/// A compressed text or database.
#[derive(Debug)]
pub struct PackedText {
    /// Its first bytes, decompressed.
    pub(crate) head: Vec<u8>,
    pub(crate) packed: Bytes,
    pub(crate) codec: Codec,
    /// The most that it may decompress to, in bytes.
    pub(crate) most: u64,
}

impl From<&Path> for Bytes {
    fn from(path: &Path) -> Self {
        Self::File(path.to_path_buf())
    }
}

impl Bytes {
    /// Streams all bytes from the front.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened, or the header of a compressed text is damaged.
    pub fn stream(&self) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Self::Text(text) => {
                let packed = buffered(text.packed.stream()?);
                Ok(Box::new(Allowance::new(text.most).count(text.codec.unpack(packed)?)))
            }
            other => Ok(Box::new(other.open_stored()?)),
        }
    }

    /// Opens the bytes for reading from any position; `None` for a compressed text, which can only be [streamed](Self::stream).
    ///
    /// # Errors
    ///
    /// If a file cannot be opened.
    pub fn open_seekable(&self) -> io::Result<Option<Reader>> {
        match self {
            Self::Text(_) => Ok(None),
            stored => stored.open_stored().map(Some),
        }
    }

    /// The same for callers that are never given a compressed text: for one, it is an error.
    pub(crate) fn open_stored(&self) -> io::Result<Reader> {
        match self {
            Self::File(path) => Reader::of_file(open_file(path)?, 0, u64::MAX),
            Self::Range { path, offset, length } => {
                Reader::of_file(open_file(path)?, *offset, *length)
            }
            Self::Volumes { volumes, offset, length } => {
                Ok(Reader::of_volumes(volumes, *offset, *length))
            }
            Self::Memory(buffer) => Ok(Reader::of_memory(buffer)),
            Self::Text(_) => {
                let message = "a compressed text can only be read from its front";
                Err(io::Error::new(io::ErrorKind::NotSeekable, message))
            }
        }
    }

    /// The first `most` bytes, or fewer if there are fewer. Of a compressed text that is damaged early, those before the damage.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened or read.
    pub fn head(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        match self {
            Self::Text(text) if text.head.len() as u64 >= most => {
                head.extend_from_slice(&text.head[..most as usize]);
            }
            Self::Text(text) => {
                let read = self.stream().and_then(|text| text.take(most).read_to_end(&mut head));
                if read.is_err() && head.len() < text.head.len() {
                    head.clone_from(&text.head);
                }
            }
            stored => {
                stored.open_stored()?.take(most).read_to_end(&mut head)?;
            }
        }
        Ok(head)
    }

    /// Length in bytes; `None` for a compressed text, whose length is only known at its end.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened.
    pub fn length(&self) -> io::Result<Option<u64>> {
        Ok(self.open_seekable()?.map(|reader| reader.length()))
    }

    /// Bytes in memory that no budget counts.
    pub fn of_memory(bytes: Vec<u8>) -> Self {
        Self::Memory(Buffer::uncounted(bytes))
    }

    /// A stretch of these bytes; `None` if it is not inside them or would have to be copied.
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

    /// Several stretches of these bytes in a row, each an offset and a length; `None` if one is not inside them, or would have
    /// to be copied.
    pub(crate) fn pieces(&self, pieces: &[(u64, u64)]) -> Option<Self> {
        if let [(offset, length)] = *pieces {
            return self.slice(offset, length);
        }
        let slice = |&(offset, length): &(u64, u64)| self.slice(offset, length);
        Self::in_a_row(&pieces.iter().map(slice).collect::<Option<Vec<_>>>()?)
    }

    /// Several stretches of files as one; `None` if one of them would have to be copied.
    pub(crate) fn in_a_row(all: &[Self]) -> Option<Self> {
        let mut parts = Vec::new();
        for bytes in all {
            match bytes {
                Self::Range { path, offset, length } => {
                    let (path, offset, bytes) = (path.clone(), *offset, *length);
                    parts.push(Volume { path, offset, bytes });
                }
                Self::Volumes { volumes, offset, length } => {
                    let mut begin = 0_u64;
                    let end = offset.checked_add(*length)?;
                    for Volume { path, offset: at, bytes } in &**volumes {
                        let (from, to) = ((*offset).max(begin), end.min(begin + bytes));
                        if from < to {
                            let (path, offset) = (path.clone(), at + (from - begin));
                            parts.push(Volume { path, offset, bytes: to - from });
                        }
                        begin += bytes;
                    }
                }
                Self::File(_) | Self::Memory(_) | Self::Text(_) => return None,
            }
        }
        let length = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.bytes));
        Some(Self::Volumes { volumes: parts.into(), offset: 0, length })
    }

    /// Returns the memory to its budget although it is still held, so that nobody waits for a reader that hangs.
    pub fn forfeit(&self) {
        if let Self::Memory(buffer) = self {
            buffer.forfeit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek as _, SeekFrom, Write as _};

    #[test]
    fn a_stretch_of_a_file_and_memory_read_and_seek_alike() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"junkpayloadjunk").unwrap();
        let file = Bytes::File(file.path().into());
        let range = file.slice(4, 7).unwrap();
        let memory = Bytes::of_memory(b"payload".to_vec());
        for bytes in [range.clone(), memory] {
            let mut reader = bytes.open_stored().unwrap();
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
        assert_eq!(range.open_stored().unwrap().length(), 0);
    }

    #[test]
    fn volumes_read_and_seek_as_one_file_and_tell_when_one_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let volume = |(at, text): (usize, &&str)| {
            let path = folder.path().join(at.to_string());
            std::fs::write(&path, text).unwrap();
            Volume { path, offset: 0, bytes: text.len() as u64 }
        };
        let volumes: Arc<[Volume]> =
            ["abcd", "efgh", "ij"].iter().enumerate().map(volume).collect();
        let all = Bytes::Volumes { volumes: Arc::clone(&volumes), offset: 0, length: 10 };
        let text = |bytes: &Bytes| io::read_to_string(bytes.open_stored().unwrap());
        assert_eq!(text(&all).unwrap(), "abcdefghij");
        let inner = all.slice(3, 6).unwrap();
        assert_eq!(text(&inner).unwrap(), "defghi");
        assert_eq!(text(&inner.slice(1, 4).unwrap()).unwrap(), "efgh");
        assert!(inner.slice(3, 4).is_none());
        let mut reader = all.open_stored().unwrap();
        let mut byte = [0];
        for at in [9, 0, 4, 3, 8, 7] {
            reader.seek(SeekFrom::Start(at)).unwrap();
            reader.read_exact(&mut byte).unwrap();
            assert_eq!(byte[0], b"abcdefghij"[at as usize]);
        }
        std::fs::write(&volumes[1].path, "ef").unwrap();
        let error = text(&all).unwrap_err();
        assert!(error.to_string().contains("shorter than when it was listed"), "{error}");
    }

    #[test]
    fn stretches_of_a_file_or_of_volumes_read_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let volume = |name: &str, text: &str, offset| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Volume { path, offset, bytes: text.len() as u64 - offset }
        };
        let text = |bytes: &Bytes| io::read_to_string(bytes.open_stored().unwrap()).unwrap();
        let volumes: Arc<[Volume]> =
            [volume("a", "--abcd", 2), volume("b", "-efgh", 1), volume("c", "ij", 0)].into();
        let all = Bytes::Volumes { volumes: Arc::clone(&volumes), offset: 0, length: 10 };
        assert_eq!(text(&all), "abcdefghij");
        assert_eq!(text(&all.pieces(&[(1, 2), (3, 6)]).unwrap()), "bcdefghi");
        assert_eq!(text(&all.slice(2, 6).unwrap().pieces(&[(0, 3), (4, 1)]).unwrap()), "cdeg");
        assert_eq!(text(&all.pieces(&[(1, 2)]).unwrap()), "bc");
        let file = Bytes::File(volumes[0].path.clone());
        let pieces = file.pieces(&[(4, 2), (0, 3)]).unwrap();
        assert_eq!(text(&pieces), "cd--a");
        let mut reader = pieces.open_stored().unwrap();
        reader.seek(SeekFrom::Start(3)).unwrap();
        assert_eq!(io::read_to_string(&mut reader).unwrap(), "-a");
        assert!(all.pieces(&[(1, 2), (9, 2)]).is_none());
        assert!(Bytes::of_memory(vec![0; 9]).pieces(&[(1, 2), (3, 2)]).is_none());
    }

    #[test]
    fn a_compressed_text_is_streamed_whole_and_never_taken_for_its_first_bytes() {
        let plain = b"isrc,title\n".repeat(10_000);
        let packed = Bytes::of_memory(zstd::encode_all(&plain[..], 1).unwrap());
        let head = plain[..1_000].to_vec();
        let text = |packed| {
            let (head, codec, most) = (head.clone(), Codec::Zstd, 1 << 20);
            Bytes::Text(Arc::new(PackedText { head, packed, codec, most }))
        };
        let whole = text(packed.clone());
        let mut streamed = Vec::new();
        whole.stream().unwrap().read_to_end(&mut streamed).unwrap();
        assert!(streamed == plain);
        assert!(whole.open_seekable().unwrap().is_none() && whole.length().unwrap().is_none());
        assert_eq!(whole.open_stored().unwrap_err().kind(), io::ErrorKind::NotSeekable);
        assert_eq!(whole.head(500).unwrap(), plain[..500]);
        assert_eq!(whole.head(5_000).unwrap(), plain[..5_000]);
        let torn = text(Bytes::of_memory(b"no frame".to_vec()));
        assert_eq!(torn.head(5_000).unwrap(), head);
    }
}
