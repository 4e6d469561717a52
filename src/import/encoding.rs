//! Decodes texts of any encoding to UTF-8, and bounds the length of a row.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek as _, SeekFrom};
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, UTF_8, UTF_16BE, UTF_16LE};

use super::{Problem, Spot};
use crate::base::open_file;

/// An encoding of text.
pub type Encoding = &'static encoding_rs::Encoding;

/// Bytes at the front of a file in which the XML declaration, or UTF-16 without a mark, is searched for. A guess.
const HEAD: usize = 1_024;
/// Bytes that are decoded at a time. A guess.
const BLOCK: usize = 1 << 16;

/// Blocks of a file by which its encoding is guessed: 4 MiB, which take a few hundredths of a second. A guess.
const GUESSED_BLOCKS: usize = 64;

/// The encoding of a text, and whether that is only guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) encoding: Encoding,
    pub(crate) is_guess: bool,
}

impl Told {
    const fn sure(encoding: Encoding) -> Self {
        Self { encoding, is_guess: false }
    }

    /// The warning about a guess.
    pub(crate) fn warning(self) -> Option<Problem> {
        let why = format!(
            "does not tell its encoding: it is read as {}, a guess by its letters; if names come out wrong, give the right \
             one with --encoding",
            self.encoding.name()
        );
        self.is_guess.then(|| Problem::warning(Spot::default(), why))
    }
}

/// Opens a text file, and returns its text in UTF-8 and its encoding. If no encoding is given, it is detected.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) fn open(path: &Path, encoding: Option<Encoding>) -> io::Result<(Utf8, Told)> {
    let mut file = open_file(path)?;
    let told = match encoding {
        Some(encoding) => Told::sure(encoding),
        None => sniff(&mut file)?,
    };
    file.seek(SeekFrom::Start(0))?;
    Ok((Utf8::new(file, told.encoding), told))
}

/// Detects the encoding: by the byte-order mark, else the XML declaration, else UTF-8 if all of the file is valid, else as the
/// crate `chardetng` guesses by which letters follow each other: code pages of Windows, Shift JIS, GBK and others.
fn sniff(file: &mut File) -> io::Result<Told> {
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head)?;
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(&head) {
        return Ok(Told::sure(encoding));
    }
    if let Some(encoding) = utf16(&head).or_else(|| declared(&head)) {
        return Ok(Told::sure(encoding));
    }
    file.seek(SeekFrom::Start(0))?;
    if is_utf8(file)? {
        return Ok(Told::sure(UTF_8));
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(Told { encoding: guess(file)?, is_guess: true })
}

/// Guesses the encoding of a text that is not UTF-8.
fn guess(file: &mut File) -> io::Result<Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let mut block = vec![0; BLOCK];
    for _ in 0..GUESSED_BLOCKS {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        detector.feed(&block[..read], false);
    }
    detector.feed(&[], true);
    Ok(detector.guess(None, Utf8Detection::Deny))
}

/// Detects UTF-16 without a mark: in Western text, every second byte is zero. The share of 7 in 10 is a guess.
fn utf16(head: &[u8]) -> Option<Encoding> {
    let (pairs, _) = head.as_chunks::<2>();
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    let most = |count: usize| 10 * count > 7 * pairs.len() && !pairs.is_empty();
    if most(zeros(1)) && zeros(0) == 0 {
        Some(UTF_16LE)
    } else if most(zeros(0)) && zeros(1) == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The encoding of an XML declaration such as `<?xml version="1.0" encoding="ISO-8859-1"?>`.
fn declared(head: &[u8]) -> Option<Encoding> {
    let head = String::from_utf8_lossy(head);
    let declaration = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value[1..].split(quote).next()?;
    // A text that declares UTF-16 in single bytes was converted, and kept its declaration.
    encoding_rs::Encoding::for_label(name.as_bytes())
        .filter(|encoding| *encoding != UTF_8 && encoding.is_ascii_compatible())
}

/// Whether all of a file is valid UTF-8.
fn is_utf8(file: &mut File) -> io::Result<bool> {
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut block = vec![0; BLOCK];
    let mut out = vec![0; 3 * BLOCK + 16];
    loop {
        let read = file.read(&mut block)?;
        let last = read == 0;
        let (result, ..) =
            decoder.decode_to_utf8_without_replacement(&block[..read], &mut out, last);
        if !matches!(result, encoding_rs::DecoderResult::InputEmpty) {
            return Ok(false);
        }
        if last {
            return Ok(true);
        }
    }
}

/// Reads a text file as UTF-8. Bytes that are not valid in its encoding become U+FFFD.
pub(crate) struct Utf8 {
    file: File,
    decoder: Decoder,
    block: Vec<u8>,
    /// The decoded text of the last block, and how much of it was read.
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Utf8 {
    fn new(file: File, encoding: Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { file, decoder, block: vec![0; BLOCK], text: Vec::new(), at: 0, ended: false }
    }

    /// Decodes the next block.
    fn fill(&mut self) -> io::Result<()> {
        let read = self.file.read(&mut self.block)?;
        self.ended = read == 0;
        let most = self.decoder.max_utf8_buffer_length(read).unwrap_or(4 * BLOCK);
        self.text.resize(most, 0);
        let (result, _, written, _) =
            self.decoder.decode_to_utf8(&self.block[..read], &mut self.text, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty, "there is room for all of it");
        self.text.truncate(written);
        self.at = 0;
        Ok(())
    }
}

impl Read for Utf8 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            self.fill()?;
        }
        let left = &self.text[self.at..];
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

/// A reader that fails after `limit` bytes without a [`Renew::renew`].
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    inner: R,
    limit: usize,
    left: std::rc::Rc<std::cell::Cell<usize>>,
}

/// Renews the limit of a [`Bounded`] that a parser owns.
#[derive(Debug, Clone)]
pub(crate) struct Renew {
    limit: usize,
    left: std::rc::Rc<std::cell::Cell<usize>>,
}

impl Renew {
    /// Allows `limit` more bytes.
    pub(crate) fn renew(&self) {
        self.left.set(self.limit);
    }
}

impl<R> Bounded<R> {
    /// Bounds a reader. A parser with a buffer of its own may have read ahead, so that a row may be longer by that buffer.
    pub(crate) fn new(inner: R, limit: usize) -> (Self, Renew) {
        let left = std::rc::Rc::new(std::cell::Cell::new(limit));
        let renew = Renew { limit, left: std::rc::Rc::clone(&left) };
        (Self { inner, limit, left }, renew)
    }

    fn too_long(&self) -> io::Error {
        io::Error::other(format!(
            "a row or element has more than {} bytes; is a quote missing?",
            self.limit
        ))
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(self.too_long());
        }
        let most = out.len().min(left);
        let read = self.inner.read(&mut out[..most])?;
        self.left.set(left.saturating_sub(read));
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(self.too_long());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, read: usize) {
        self.left.set(self.left.get().saturating_sub(read));
        self.inner.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, &'static str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, bytes).unwrap();
        let (mut reader, told) = open(&path, None).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        (text, told.encoding.name())
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn the_encoding_of_a_text_is_detected() {
        let text = "title;artist\nÄrger – naïve;Jürgen\n";
        let plain = (text.to_owned(), "UTF-8");
        assert_eq!(decoded(text.as_bytes()), plain);
        assert_eq!(decoded(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), plain);
        let little = utf16(&format!("\u{FEFF}{text}"), u16::to_le_bytes);
        assert_eq!(decoded(&little), (text.to_owned(), "UTF-16LE"));
        assert_eq!(decoded(&utf16(text, u16::to_be_bytes)), (text.to_owned(), "UTF-16BE"));
        let western = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        assert_eq!(decoded(&western), (text.to_owned(), "windows-1252"));
        let xml = "<?xml version=\"1.0\" encoding=\"ISO-8859-2\"?>\n<a>Łódź</a>";
        let latin2 = encoding_rs::ISO_8859_2.encode(xml).0.into_owned();
        assert_eq!(decoded(&latin2), (xml.to_owned(), "ISO-8859-2"));
    }

    #[test]
    fn code_pages_are_told_apart_by_their_letters() {
        for (encoding, text) in [
            (encoding_rs::WINDOWS_1251, "исполнитель;название\nЗемфира;Ариведерчи\n"),
            (encoding_rs::SHIFT_JIS, "アーティスト;曲名\n宇多田ヒカル;光\n"),
            (encoding_rs::WINDOWS_1250, "wykonawca\nMyslovitz – Długość dźwięku samotności\n"),
            (encoding_rs::WINDOWS_1254, "sanatçı\nBarış Manço – Gülpembe\n"),
        ] {
            assert_eq!(decoded(&encoding.encode(text).0), (text.to_owned(), encoding.name()));
        }
    }

    #[test]
    fn a_long_text_is_read_whole_across_blocks() {
        let text = "ä–€𝄞".repeat(40_000);
        assert_eq!(decoded(text.as_bytes()).0, text);
        assert_eq!(decoded(&utf16(&format!("\u{FEFF}{text}"), u16::to_be_bytes)).0, text);
    }

    #[test]
    fn a_row_that_is_too_long_is_not_read_to_its_end() {
        let (mut bounded, renew) = Bounded::new(io::repeat(b'x'), 100);
        let mut block = [0; 64];
        for _ in 0..10 {
            renew.renew();
            assert_eq!(bounded.read(&mut block).unwrap(), 64);
        }
        let told = io::copy(&mut bounded, &mut io::sink()).unwrap_err().to_string();
        assert!(told.contains("100 bytes"), "{told}");
    }
}
