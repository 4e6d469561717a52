//! Decompression of gzip, bzip2, xz, Zstandard, lzip, LZMA and LZ4 streams, and limits on what they may decompress to.
//!
//! Each may be several members (frames) one after the other, which are read as one stream.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lz4_flex::frame::FrameDecoder;

/// Largest Zstandard window, as a power of two: 128 MiB, the limit of the `zstd` program without `--long` or `--memory`.
const WINDOW_LOG: u32 = 27;

/// Largest dictionary of lzip, as a power of two: 32 MiB, that of `lzip -9`, and what is left for other programs.
const LZIP_LOG: u8 = 26;

/// Memory for xz: three times the 65 MiB that a file of `xz -9`, the highest preset, needs.
const XZ_MEMORY_KIB: u32 = 192 << 10;

/// A compression format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Lzip,
    /// LZMA alone, as programs wrote it before xz.
    Lzma,
    Lz4,
}

impl Codec {
    /// Its name in the field `containers` of records.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Lzip => "lzip",
            Self::Lzma => "lzma",
            Self::Lz4 => "lz4",
        }
    }

    /// Decompresses a stream. The table at the end of a seekable Zstandard file is a skippable frame.
    pub(crate) fn unpack<'r>(
        self,
        mut packed: impl BufRead + 'r,
    ) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, XZ_MEMORY_KIB)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
                decoder.window_log_max(WINDOW_LOG)?;
                Box::new(decoder)
            }
            Self::Lzip => {
                // The base of the dictionary as a power of two: of the first member, as others are made alike. The format allows
                // 512 MiB.
                let coded = packed.fill_buf()?.get(5).copied();
                if coded.is_some_and(|coded| coded & 0x1f > LZIP_LOG) {
                    let message = "its dictionary is larger than that of lzip -9";
                    return Err(io::Error::new(io::ErrorKind::OutOfMemory, message));
                }
                Box::new(lzma_rust2::LzipReader::new(packed))
            }
            Self::Lzma => {
                Box::new(lzma_rust2::LzmaReader::new_mem_limit(packed, XZ_MEMORY_KIB, None)?)
            }
            Self::Lz4 => Box::new(Lz4 { frame: Some(FrameDecoder::new(packed)) }),
        })
    }
}

/// Frames of LZ4 and what is skipped between them. Each frame has a decoder of its own: that of the crate keeps the length of the
/// blocks of its first frame.
struct Lz4<R: BufRead> {
    /// `None` behind an error.
    frame: Option<FrameDecoder<R>>,
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(mut frame) = self.frame.take() else { return Ok(0) };
            let read = frame.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.frame = Some(frame);
                return Ok(read);
            }
            // The end of a frame, or of all.
            let mut packed = frame.into_inner();
            match packed.fill_buf()? {
                [] => return Ok(0),
                [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                    let mut head = [0; 8];
                    packed.read_exact(&mut head)?;
                    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
                    let skipped =
                        io::copy(&mut (&mut packed).take(length.into()), &mut io::sink())?;
                    if skipped < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                _ => {}
            }
            self.frame = Some(FrameDecoder::new(packed));
        }
    }
}

/// Whether decompression failed because the stream needs a larger dictionary or window than is allowed here.
pub(crate) fn exceeds_memory(error: &io::Error) -> bool {
    exceeds_xz_memory(error) || exceeds_zstd_window(error)
}

fn exceeds_xz_memory(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}

/// The crate `zstd` gives the name of the error as text only.
fn exceeds_zstd_window(error: &io::Error) -> bool {
    error.to_string().contains("Frame requires too much memory")
}

/// How many bytes a file on disk has decompressed to so far, and the most that it may. Clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    bytes: Arc<AtomicU64>,
    most: u64,
}

/// A file decompresses to more than its allowance.
#[derive(Debug, thiserror::Error)]
#[error("it unpacks to more than {most} bytes")]
pub(crate) struct Bomb {
    most: u64,
}

impl Bomb {
    /// Whether an error of a stream is one of these.
    pub(crate) fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Self>)
    }
}

/// Something that could be unpacked, but not within the limits here. The text completes a sentence that begins with its name.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(String);

impl Refused {
    /// As an error of a stream.
    pub(crate) fn error(why: String) -> io::Error {
        io::Error::other(Self(why))
    }

    /// Whether an error of a stream is one of these.
    pub(crate) fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Self>)
    }
}

impl Allowance {
    pub(crate) fn new(most: u64) -> Self {
        Self { bytes: Arc::default(), most }
    }

    /// The most that the file may decompress to, in bytes.
    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// How many bytes the file has decompressed to so far.
    pub(crate) fn spent(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the file has decompressed to more than it may.
    pub(crate) fn is_spent(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most
    }

    /// Counts bytes that were not read through [`Allowance::count`].
    pub(crate) fn add(&self, bytes: u64) -> Result<(), Bomb> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.most {
            Err(Bomb { most: self.most })
        } else {
            Ok(())
        }
    }

    /// A stream whose bytes count against the allowance.
    pub(crate) fn count<R: Read>(&self, stream: R) -> Counted<R> {
        Counted { stream, allowance: self.clone() }
    }
}

/// A stream that fails with [`Bomb`] once the allowance is spent.
#[derive(Debug)]
pub(crate) struct Counted<R> {
    stream: R,
    allowance: Allowance,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.allowance.is_spent() {
            return Err(io::Error::other(Bomb { most: self.allowance.most }));
        }
        // One byte more than is allowed, so that exactly the allowance is not an error.
        let left = self.allowance.most.saturating_sub(self.allowance.bytes.load(Ordering::Relaxed));
        let most =
            buffer.len().min(usize::try_from(left).map_or(usize::MAX, |n| n.saturating_add(1)));
        let read = self.stream.read(&mut buffer[..most])?;
        self.allowance.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A stream with a buffer of 64 KiB.
pub(crate) fn buffered<R: Read>(stream: R) -> BufReader<R> {
    BufReader::with_capacity(64 << 10, stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn text() -> Vec<u8> {
        (0..300_000_u32).flat_map(|i| (i.wrapping_mul(i) % 977).to_le_bytes()).collect()
    }

    fn packed(codec: Codec, plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match codec {
            Codec::Gzip => {
                let mut gz = flate2::write::GzEncoder::new(&mut out, flate2::Compression::fast());
                gz.write_all(plain).unwrap();
                gz.finish().unwrap();
            }
            Codec::Bzip2 => {
                let mut bz = bzip2::write::BzEncoder::new(&mut out, bzip2::Compression::fast());
                bz.write_all(plain).unwrap();
                bz.finish().unwrap();
            }
            Codec::Zstd => out = zstd::encode_all(plain, 1).unwrap(),
            Codec::Lzip => {
                let options = lzma_rust2::LzipOptions::with_preset(1);
                let mut lzip = lzma_rust2::LzipWriter::new(&mut out, options);
                lzip.write_all(plain).unwrap();
                lzip.finish().unwrap();
            }
            Codec::Lzma => {
                let options = lzma_rust2::LzmaOptions::with_preset(1);
                let writer = lzma_rust2::LzmaWriter::new_use_header(&mut out, &options, None);
                let mut lzma = writer.unwrap();
                lzma.write_all(plain).unwrap();
                lzma.finish().unwrap();
            }
            Codec::Lz4 => {
                let mut lz4 = lz4_flex::frame::FrameEncoder::new(&mut out);
                lz4.write_all(plain).unwrap();
                lz4.finish().unwrap();
            }
            Codec::Xz => {
                // The crate only decompresses here; this file was made by `printf hello | xz`.
                assert_eq!(plain, b"hello");
                out = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\
                    \x00\x00\x74\x2f\xe5\xa3\x01\x00\x04\x68\x65\x6c\x6c\x6f\x00\x00\x00\x00\xb1\x37\
                    \xb9\xdb\xe5\xda\x1e\x9b\x00\x01\x1d\x05\xb8\x2d\x80\xaf\x1f\xb6\xf3\x7d\x01\x00\
                    \x00\x00\x00\x04\x59\x5a"
                    .to_vec();
            }
        }
        out
    }

    fn unpack(codec: Codec, packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        codec.unpack(packed)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn several_members_are_one_stream() {
        for codec in [Codec::Gzip, Codec::Bzip2, Codec::Zstd, Codec::Lzip, Codec::Lz4] {
            let twice = [packed(codec, &text()), packed(codec, b"end")].concat();
            let expected = [text(), b"end".to_vec()].concat();
            assert!(unpack(codec, &twice).unwrap() == expected, "{codec:?}");
        }
        // LZ4 has frames to be skipped as Zstandard has.
        let skipped = [&packed(Codec::Lz4, b"a")[..], b"\x51\x2a\x4d\x18\x03\0\0\0abc"].concat();
        let twice = [skipped, packed(Codec::Lz4, b"b")].concat();
        assert_eq!(unpack(Codec::Lz4, &twice).unwrap(), b"ab");
        assert!(unpack(Codec::Lzma, &packed(Codec::Lzma, &text())).unwrap() == text());
        let twice = packed(Codec::Xz, b"hello").repeat(2);
        assert_eq!(unpack(Codec::Xz, &twice).unwrap(), b"hellohello");
    }

    #[test]
    fn the_seek_table_behind_the_frames_is_skipped() {
        // One frame in the table: its sizes, then count, flags and the magic number of the footer.
        let frame = packed(Codec::Zstd, b"rows");
        let mut table = (frame.len() as u32).to_le_bytes().to_vec();
        table.extend(4_u32.to_le_bytes());
        table.extend(1_u32.to_le_bytes());
        table.push(0);
        table.extend(0x8f92_eab1_u32.to_le_bytes());
        let mut seekable = frame;
        seekable.extend(0x184d_2a5e_u32.to_le_bytes());
        seekable.extend((table.len() as u32).to_le_bytes());
        seekable.extend(table);
        assert_eq!(unpack(Codec::Zstd, &seekable).unwrap(), b"rows");
    }

    #[test]
    fn a_cut_stream_gives_its_bytes_and_then_an_error() {
        use Codec::{Bzip2, Gzip, Lz4, Lzip, Lzma, Zstd};
        for codec in [Gzip, Bzip2, Zstd, Lzip, Lzma, Lz4] {
            let whole = packed(codec, &text());
            let cut = &whole[..whole.len() * 3 / 4];
            let mut plain = Vec::new();
            let mut reader = codec.unpack(cut).unwrap();
            assert!(reader.read_to_end(&mut plain).is_err(), "{codec:?}");
            assert!(text().starts_with(&plain));
        }
        let whole = packed(Codec::Xz, b"hello");
        assert!(unpack(Codec::Xz, &whole[..whole.len() - 20]).is_err());
    }

    #[test]
    fn a_stream_ends_with_an_error_where_its_allowance_does() {
        let bomb = packed(Codec::Zstd, &vec![0; 50 << 20]);
        assert!(bomb.len() < 10_000);
        let allowance = Allowance::new(1 << 20);
        let mut reader = allowance.count(Codec::Zstd.unpack(&bomb[..]).unwrap());
        let mut plain = Vec::new();
        let error = reader.read_to_end(&mut plain).unwrap_err();
        assert!(Bomb::is(&error));
        assert!(plain.len() < 2 << 20 && allowance.is_spent());
    }

    #[test]
    fn a_stream_that_needs_more_memory_than_is_allowed_is_told_from_a_damaged_one() {
        // A window of 2^(10 + 18) bytes, then an empty last block.
        let wide = b"\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00";
        let error = unpack(Codec::Zstd, wide).unwrap_err();
        assert!(exceeds_zstd_window(&error) && exceeds_memory(&error), "{error}");
        // A dictionary of 512 MiB: property 34 in the header of the block, whose CRC-32 follows.
        let mut large = packed(Codec::Xz, b"hello");
        large[16] = 34;
        let sum = crc32fast::hash(&large[12..20]);
        large[20..24].copy_from_slice(&sum.to_le_bytes());
        let error = unpack(Codec::Xz, &large).unwrap_err();
        assert!(exceeds_xz_memory(&error) && exceeds_memory(&error), "{error}");
        // A dictionary of 512 MiB.
        let mut large = packed(Codec::Lzip, b"hello");
        large[5] = 29;
        assert!(exceeds_memory(&unpack(Codec::Lzip, &large).unwrap_err()));
        for codec in [Codec::Zstd, Codec::Xz] {
            let mut torn = packed(codec, b"hello");
            torn[8] ^= 0x55;
            assert!(!exceeds_memory(&unpack(codec, &torn).unwrap_err()), "{codec:?}");
        }
    }
}
