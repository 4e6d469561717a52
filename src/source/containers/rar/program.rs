//! The program that unpacks members of RAR archives, in a process of its own.
//!
//! It gets packed bytes and how they are packed, and gives plain ones: it opens no file and knows no name. A member is asked
//! for by 32 bytes, little-endian, followed by its packed bytes; the answer is blocks, each behind its length, and an empty one
//! followed by how it ended: a byte, and a message behind its length.

use std::io::{self, Read, Write};

use rars::codec::rar13::Unpack15;
use rars::codec::rar20::Unpack20;
use rars::codec::rar29::Unpack29;
use rars::codec::rar50::{DecodedChunk, StreamDecodeError, Unpack50Decoder};

use super::headers::{Algorithm, Packed};

/// Length of what asks for a member.
pub(super) const REQUEST_BYTES: usize = 32;
/// Longest block of an answer.
pub(super) const MAX_BLOCK_BYTES: usize = 64 << 10;
/// Longest message.
const MAX_MESSAGE_BYTES: usize = 300;
/// How a member ended: it was unpacked, or it was not.
pub(super) const WHOLE: u8 = 0;
const DAMAGED: u8 = 1;

/// What asks for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) how: Packed,
    /// Length in bytes, unpacked and packed.
    pub(super) unpacked: u64,
    pub(super) packed: u64,
}

const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Rar15, Algorithm::Rar20, Algorithm::Rar29, Algorithm::Rar50, Algorithm::Rar70];

impl Request {
    pub(super) fn to_bytes(self) -> [u8; REQUEST_BYTES] {
        let mut bytes = [0; REQUEST_BYTES];
        let place = ALGORITHMS.iter().position(|&one| one == self.how.algorithm);
        bytes[0] = place.unwrap_or_default() as u8;
        bytes[1] = self.how.is_solid.into();
        let numbers = [self.unpacked, self.how.dictionary, self.packed];
        for (to, number) in bytes[8..].chunks_exact_mut(8).zip(numbers) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn of(bytes: &[u8; REQUEST_BYTES]) -> Option<Self> {
        let [_, unpacked, dictionary, packed] = bytes.as_chunks::<8>().0 else { return None };
        let number = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        let algorithm = *ALGORITHMS.get(usize::from(bytes[0]))?;
        let how = Packed { algorithm, is_solid: bytes[1] != 0, dictionary: number(dictionary) };
        Some(Self { how, unpacked: number(unpacked), packed: number(packed) })
    }
}

/// Unpacks members of RAR archives: reads what asks for them from `input` to its end, and writes to `output`. The process in which
/// this runs should do nothing else, as the packed bytes may be hostile; see [`set_unpacker`](super::set_unpacker). On Unix its
/// memory and its processor time are limited from here on if `confined`.
///
/// # Errors
///
/// If `input` is not what asks for members, or `output` cannot be written.
pub fn unpack_rar(mut input: impl Read, mut output: impl Write, confined: bool) -> io::Result<()> {
    if confined {
        confine()?;
    }
    let mut decoder = Decoder::None;
    loop {
        let mut request = [0; REQUEST_BYTES];
        match input.read(&mut request[..1])? {
            0 => return Ok(()),
            _ => input.read_exact(&mut request[1..])?,
        }
        let request = Request::of(&request).ok_or(io::ErrorKind::InvalidData)?;
        let mut packed = (&mut input).take(request.packed);
        let mut blocks = Blocks { output: &mut output, block: Vec::new() };
        let ended = decoder.member(request, &mut packed, &mut blocks);
        blocks.flush()?;
        let (status, message) = match ended {
            Ok(()) => (WHOLE, String::new()),
            Err(message) => (DAMAGED, message),
        };
        let message = &message.as_bytes()[..message.len().min(MAX_MESSAGE_BYTES)];
        output.write_all(&0_u32.to_le_bytes())?;
        output.write_all(&[status, 0, 0, 0])?;
        output.write_all(&(message.len() as u32).to_le_bytes())?;
        output.write_all(message)?;
        output.flush()?;
        io::copy(&mut packed, &mut io::sink())?;
    }
}

/// The decompressor of the last member, whose dictionary the next may go on with.
enum Decoder {
    None,
    Old(Box<Unpack15>),
    Two(Box<Unpack20>),
    Three(Box<Unpack29>),
    Five(Box<Unpack50Decoder>),
}

impl Decoder {
    fn member(
        &mut self,
        Request { how, unpacked, packed }: Request,
        input: &mut impl Read,
        out: &mut Blocks<impl Write>,
    ) -> Result<(), String> {
        if unpacked == 0 && packed == 0 {
            return Ok(());
        }
        let length = usize::try_from(unpacked).map_err(|error| error.to_string())?;
        let dictionary = usize::try_from(how.dictionary).map_err(|error| error.to_string())?;
        let fits = matches!(
            (&self, how.algorithm),
            (Self::Old(_), Algorithm::Rar15)
                | (Self::Two(_), Algorithm::Rar20)
                | (Self::Three(_), Algorithm::Rar29)
                | (Self::Five(_), Algorithm::Rar50 | Algorithm::Rar70)
        );
        if !how.is_solid || !fits {
            *self = match how.algorithm {
                Algorithm::Rar15 => Self::Old(Box::new(Unpack15::new())),
                Algorithm::Rar20 => Self::Two(Box::new(Unpack20::new())),
                Algorithm::Rar29 => Self::Three(Box::new(Unpack29::new())),
                Algorithm::Rar50 | Algorithm::Rar70 => Self::Five(Box::new(Unpack50Decoder::new())),
            };
        }
        let text = |error: rars::codec::Error| error.to_string();
        match self {
            Self::None => Ok(()),
            Self::Old(old) => {
                old.decode_member_from_reader(input, length, how.is_solid, out).map_err(text)
            }
            Self::Two(two) => two.decode_member_from_reader(input, length, out).map_err(text),
            Self::Three(three) => three.decode_member_from_reader(input, length, out).map_err(text),
            Self::Five(five) => {
                let version = u8::from(how.algorithm == Algorithm::Rar70);
                let ended = five.decode_member_from_reader_with_dictionary_to_sink(
                    input,
                    version,
                    length,
                    dictionary,
                    how.is_solid,
                    |chunk| match chunk {
                        DecodedChunk::Bytes(bytes) => out.write_all(bytes),
                        DecodedChunk::Repeated { byte, len } => {
                            io::copy(&mut io::repeat(byte).take(len as u64), out).map(drop)
                        }
                    },
                );
                ended.map_err(|error| match error {
                    StreamDecodeError::Decode(error) => error.to_string(),
                    StreamDecodeError::FilteredMember => "its filters overlap".to_owned(),
                    StreamDecodeError::Sink(error) => error.to_string(),
                })
            }
        }
    }
}

/// Writes blocks, each behind its length.
struct Blocks<W> {
    output: W,
    block: Vec<u8>,
}

impl<W: Write> Write for Blocks<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MAX_BLOCK_BYTES - self.block.len();
        let taken = &bytes[..bytes.len().min(room)];
        self.block.extend_from_slice(taken);
        if self.block.len() == MAX_BLOCK_BYTES {
            self.flush()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.output.write_all(&(self.block.len() as u32).to_le_bytes())?;
            self.output.write_all(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }
}

/// Memory of the process, in bytes: twice the largest dictionary, as it grows by doubling, the packed bytes of a member of RAR 4,
/// and the program itself.
#[cfg(unix)]
const MAX_MEMORY_BYTES: u64 = 1 << 30;
/// Processor time of the process in seconds, should nobody end it before: at some 50 MB/s it unpacks 500 GB.
#[cfg(unix)]
const MAX_SECONDS: u64 = 10_000;

#[cfg(unix)]
fn confine() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [
        (Resource::As, MAX_MEMORY_BYTES),
        (Resource::Cpu, MAX_SECONDS),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        let done = setrlimit(resource, limit);
        // Not every system can limit its address space.
        if resource != Resource::As || cfg!(target_os = "linux") {
            done?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn confine() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_comes_back_from_its_bytes() {
        for algorithm in ALGORITHMS {
            let how = Packed { algorithm, is_solid: true, dictionary: 1 << 33 };
            let request = Request { how, unpacked: u64::MAX, packed: 7 };
            assert_eq!(Request::of(&request.to_bytes()), Some(request));
        }
        assert_eq!(Request::of(&[9; REQUEST_BYTES]), None);
    }

    #[test]
    fn a_damaged_member_is_told_and_the_next_is_read() {
        let how = Packed { algorithm: Algorithm::Rar50, is_solid: false, dictionary: 1 << 17 };
        let bad = Request { how, unpacked: 100, packed: 20 };
        let empty = Request { how, unpacked: 0, packed: 0 };
        let input = [&bad.to_bytes()[..], &[0x55; 20], &empty.to_bytes()].concat();
        let mut output = Vec::new();
        unpack_rar(&input[..], &mut output, false).unwrap();
        assert_eq!(output[..5], [0, 0, 0, 0, DAMAGED]);
        assert_eq!(output[output.len() - 12..], [0; 12]);
        assert!(unpack_rar(&[9; REQUEST_BYTES][..], io::sink(), false).is_err());
    }
}
