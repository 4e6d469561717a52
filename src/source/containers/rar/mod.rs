//! RAR archives, of one volume or several.
//!
//! The headers are read here, so that each member has its row whatever its packing. Stored members are read from their place, in
//! several volumes if need be. Compressed ones are unpacked by `rars` in a process of its own, which gets their packed bytes
//! and nothing else; lengths and checksums are compared here.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `mod` | through the volumes, member by member |
//! | `volume` | where volumes begin, and what they say of themselves |
//! | `headers`, `rar4`, `rar5` | headers of both generations |
//! | `process` | the process that unpacks, seen from here |
//! | `program` | what runs in it |

mod headers;
mod process;
mod program;
mod rar4;
mod rar5;
pub(super) mod volume;

use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

use self::headers::{Header, Kind, Main, Packing, Piece, Version};
use self::process::Unrar;
pub use self::process::set_unpacker;
pub use self::program::unpack_rar;
pub(in crate::source) use self::volume::{Volume, is_whole, volume};
use self::volume::{header, mark_at, volumes};
use super::rows::missing_note;
use super::stretches::stretches;
use super::sum::Summed;
use super::traversal::{At, Member, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::name::shown_name;
use crate::source::volume_names::{after_rar, before_rar};
use crate::source::{Extent, Place, To};
use crate::wording::visible;

/// Shows the members of a RAR archive.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let mut reader = match bytes.open_stored().map(BufReader::new) {
        Ok(reader) => reader,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let ends = std::mem::take(&mut unpacker.beside.volume_ends);
    let volumes = match volumes(bytes, &ends, &mut reader) {
        Ok(volumes) => volumes,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let unrar = Unrar::new();
    let main = Main::default();
    let mut walk = Walk { at, bytes, volumes: &volumes, unrar, open: None, main };
    walk.all(unpacker, &mut reader)
}

struct Walk<'a> {
    at: &'a At,
    bytes: &'a Bytes,
    volumes: &'a [(u64, u64)],
    unrar: Unrar,
    /// A member that goes on in the next volume.
    open: Option<Whole>,
    main: Main,
}

/// A member, with all that is there of it.
#[derive(Debug)]
struct Whole {
    /// Its last header so far.
    piece: Piece,
    /// Stretches of the archive that its packed bytes are in.
    packed: Vec<(u64, u64)>,
    /// What is not there of it, in words.
    missing: Option<String>,
}

impl Walk<'_> {
    fn all(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        reader: &mut BufReader<Reader>,
    ) -> ControlFlow<()> {
        let mut goes_on = false;
        for (number, &volume) in self.volumes.iter().enumerate() {
            goes_on = self.volume(unpacker, reader, number, volume)?;
        }
        if let Some(mut open) = self.open.take() {
            open.missing = Some(format!("its end lies in {}, which is missing", self.behind()));
            self.member(unpacker, open)?;
            goes_on = true;
        }
        if goes_on {
            return unpacker.truncated(&self.at.place, &format!("{} is missing", self.behind()));
        }
        ControlFlow::Continue(())
    }

    /// Reads a volume. Whether the archive goes on behind it.
    fn volume(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        reader: &mut BufReader<Reader>,
        number: usize,
        (begin, end): (u64, u64),
    ) -> ControlFlow<(), bool> {
        let Ok(Some((version, mark))) = mark_at(reader, begin) else {
            unpacker.truncated(&self.at.place, "its first bytes are missing")?;
            return ControlFlow::Continue(false);
        };
        let mut at = begin + mark;
        // A volume has at least a header.
        let (mut is_first, mut is_cut) = (true, at >= end);
        while at < end {
            if self.at.depth == 1 {
                unpacker.passed_to(at);
            }
            if unpacker.visit.is_over() {
                return ControlFlow::Break(());
            }
            let placed = match header(version, reader, at) {
                Ok(placed) => placed,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    is_cut = true;
                    break;
                }
                Err(error) => {
                    unpacker.broken(&self.at.place, &error)?;
                    return ControlFlow::Continue(false);
                }
            };
            is_cut = placed.next > end;
            match placed.header {
                Header::Encryption => {
                    let message = "has encrypted headers: neither names nor members can be read; unpack it with its \
                         password and scan the folder";
                    unpacker.row(&self.at.place, FailureKind::Encrypted, message.to_owned())?;
                    return ControlFlow::Continue(false);
                }
                Header::Main(main) => {
                    if number == 0 {
                        self.main = main;
                        self.first(unpacker, version)?;
                    }
                }
                Header::Member(piece) => {
                    let is_continued = is_first && number > 0;
                    self.piece(unpacker, *piece, end, is_continued)?;
                    is_first = false;
                }
                Header::End(goes_on) => return ControlFlow::Continue(goes_on),
                Header::Other => {}
            }
            at = placed.next;
        }
        // Before RAR 3 no header ends a volume.
        if is_cut || version == Version::Five {
            let is_one_of_several =
                self.volumes.len() > 1 || matches!(self.bytes, Bytes::Volumes { .. });
            let which =
                if is_one_of_several { format!("volume {}, ", number + 1) } else { String::new() };
            let why = format!("{which}after byte {}", end - begin);
            unpacker.truncated(&self.at.place, &why)?;
        }
        ControlFlow::Continue(false)
    }

    /// Tells that an archive begins with a volume that is not its first.
    fn first(&self, unpacker: &mut Unpacker<'_>, version: Version) -> ControlFlow<()> {
        let is_later = match version {
            Version::Five => self.main.number.is_some_and(|number| number > 0),
            Version::Four => self.main.is_volume && self.before_first().is_some(),
        };
        if !is_later {
            return ControlFlow::Continue(());
        }
        unpacker.truncated(&self.at.place, &format!("{} is missing", self.before()))
    }

    /// The name of the volume before the first that is there.
    fn before(&self) -> String {
        self.before_first().map_or("the volume before it".to_owned(), |path| shown_name(&path))
    }

    /// The path of that volume, if the name of the first that is there has a number.
    fn before_first(&self) -> Option<PathBuf> {
        before_rar(&self.at.place.locator.file).filter(|_| self.at.depth == 1)
    }

    /// The name of the volume behind the last that is there.
    fn behind(&self) -> String {
        let last = match self.bytes {
            Bytes::Volumes { volumes, .. } => volumes.last().map(|volume| &*volume.path),
            _ => Some(&*self.at.place.locator.file),
        };
        let path = last.filter(|_| self.at.depth == 1).and_then(after_rar);
        path.map_or("the next volume".to_owned(), |path| shown_name(&path))
    }

    /// Takes what a volume that ends at byte `end` has of a member.
    fn piece(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        mut piece: Piece,
        end: u64,
        is_continued: bool,
    ) -> ControlFlow<()> {
        piece.packed.1 = piece.packed.1.min(end.saturating_sub(piece.packed.0));
        let mut open = self.open.take();
        let belongs = |open: &Whole| open.piece.name == piece.name;
        let continued = open.take_if(|open| piece.goes_before && is_continued && belongs(open));
        let whole = if let Some(mut whole) = continued {
            whole.packed.push(piece.packed);
            Whole { piece, ..whole }
        } else {
            let front = || format!("its first bytes lie in {}, which is missing", self.before());
            let missing = piece.goes_before.then(front);
            Whole { packed: vec![piece.packed], piece, missing }
        };
        if let Some(mut open) = open {
            open.missing = Some("the next volume does not go on with it".to_owned());
            self.member(unpacker, open)?;
        }
        if whole.piece.goes_on {
            self.open = Some(whole);
            return ControlFlow::Continue(());
        }
        self.member(unpacker, whole)
    }

    /// Shows a member.
    fn member(&mut self, unpacker: &mut Unpacker<'_>, whole: Whole) -> ControlFlow<()> {
        let Whole { piece, packed, .. } = &whole;
        let there = packed.iter().fold(0_u64, |sum, (_, length)| sum.saturating_add(*length));
        let length = match piece.packing {
            Packing::Stored => piece.unpacked.unwrap_or(there).max(there),
            _ => there,
        };
        // A header that calls it a folder does not make one of a member with bytes.
        let is_folder =
            piece.kind == Kind::Folder && length == 0 && piece.unpacked.unwrap_or(0) == 0;
        let extent = Extent { offset: packed[0].0, length };
        let place = self.at.member(To::Member { name: piece.name.clone(), nth: 1 }, Some(extent));
        let refused = match (&piece.kind, piece.packing) {
            _ if is_folder => return ControlFlow::Continue(()),
            (Kind::Link(to) | Kind::Copy(to), _) => {
                Some((FailureKind::NotAudio, reference(&piece.kind, to)))
            }
            _ if piece.is_encrypted => {
                let message = "is encrypted; unpack it with its password and scan the folder";
                Some((FailureKind::Encrypted, message.to_owned()))
            }
            (_, Packing::Unknown(version)) => {
                let message = format!(
                    "is compressed by a method that is not read here (version {version}); unpack it and scan the folder"
                );
                Some((FailureKind::Unsupported, message))
            }
            _ => None,
        };
        if let Some((kind, message)) = refused {
            // What is not unpacked leaves no dictionary to those behind it.
            if matches!(piece.kind, Kind::File | Kind::Folder) {
                self.unrar.lose("a member before it was not unpacked");
            }
            unpacker.counted()?;
            return unpacker.row(&place, kind, message);
        }
        match piece.packing {
            Packing::Packed(how) => self.packed(unpacker, place, whole, how),
            _ => self.stored(unpacker, place, &whole, there),
        }
    }

    fn stored(
        &self,
        unpacker: &mut Unpacker<'_>,
        mut place: Place,
        whole: &Whole,
        there: u64,
    ) -> ControlFlow<()> {
        let mut notes = Vec::new();
        let length = whole.piece.unpacked.unwrap_or(there).max(there);
        if there < length {
            notes.push(missing_note(length - there, length));
        }
        notes.extend(whole.missing.clone());
        let declared = Some(there);
        let bytes = self.bytes.pieces(&whole.packed);
        if let Some(Bytes::Range { offset, .. }) = &bytes {
            place.offset = Some(*offset);
        }
        let mut stream = match stretches(self.bytes, &whole.packed) {
            Ok(stream) => stream,
            Err(error) => return unpacker.broken(&place, &error),
        };
        let (depth, stream) = (self.at.depth, &mut stream as &mut dyn Read);
        unpacker.member(Member { place, depth, stream, declared, bytes, notes })
    }

    fn packed(
        &mut self,
        unpacker: &mut Unpacker<'_>,
        place: Place,
        whole: Whole,
        how: headers::Packed,
    ) -> ControlFlow<()> {
        let Whole { piece, packed, missing } = whole;
        // The flag of a member has no meaning before RAR 2: there the whole archive is solid.
        let is_old = how.algorithm == headers::Algorithm::Rar15;
        let is_solid =
            if is_old { self.main.is_solid && self.unrar.has_state() } else { how.is_solid };
        let how = headers::Packed { is_solid, ..how };
        let refused = match (&missing, piece.unpacked) {
            (Some(missing), _) => {
                let message = format!("is compressed, and {missing}; fetch it and scan again");
                Err((FailureKind::Damaged, message))
            }
            (None, None) => {
                let message = "does not state its length, as archives made from a stream; unpack it and scan the folder";
                Err((FailureKind::Unsupported, message.to_owned()))
            }
            (None, Some(unpacked)) => self.unrar.check(how, unpacked, &packed).map(|()| unpacked),
        };
        let unpacked = match refused {
            Ok(unpacked) => unpacked,
            Err((kind, message)) => {
                self.unrar.lose("a member before it was not unpacked");
                unpacker.counted()?;
                return unpacker.row(&place, kind, message);
            }
        };
        let stream = self.unrar.member(how, unpacked, self.bytes.clone(), packed);
        let mut stream = unpacker.limited(Summed::new(stream, unpacked, piece.crc32, piece.blake2));
        let (depth, declared) = (self.at.depth, Some(unpacked));
        let (bytes, notes) = (None, Vec::new());
        let read = &mut stream as &mut dyn Read;
        unpacker.member(Member { place, depth, stream: read, declared, bytes, notes })?;
        // Members behind it go on with its dictionary.
        if self.main.is_solid {
            unpacker.drain(&mut stream)?;
        }
        drop(stream);
        self.unrar.leave();
        ControlFlow::Continue(())
    }
}

/// What a member without bytes of its own refers to.
fn reference(kind: &Kind, to: &[u8]) -> String {
    let what = if matches!(kind, Kind::Copy(_)) { "a copy of" } else { "a link to" };
    if to.is_empty() {
        return "is a link, which is not followed".to_owned();
    }
    let to = visible(&String::from_utf8_lossy(to)).into_owned();
    format!("is {what} {to}, which is looked at under its own name if it is there")
}
