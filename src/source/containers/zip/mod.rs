//! Zip files, including those of more than 4 GiB (zip64).
//!
//! The directory at the end is read entry by entry, so that its length costs no memory. Members that are stored uncompressed
//! are not copied: they are read from their place in the file. Without a directory, as in a file that is cut off, members
//! are read one after the other from the front.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `end` | the end of the file, where its directory is stated |
//! | `member` | one member |
//! | `methods` | methods of compression that the crate reads without a limit |
//! | `order` | the order of the entries of a directory |
//! | `salvage` | a file without a directory |
//! | `told` | what is told of the file as a whole |
//! | `volumes` | files that `zip -s` split |

mod end;
mod member;
mod methods;
mod order;
mod salvage;
mod told;
mod volumes;

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use zip::read::Config;
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

pub(in crate::source) use self::end::{has_directory, is_behind};
use self::member::member;
use self::order::Order;
use self::salvage::salvage;
use self::told::{broken, incomplete, overlapping};
use self::volumes::Joined;
pub(in crate::source) use self::volumes::volumes_before;
use super::held::Together;
use super::traversal::{At, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::section::Section;

/// Shows the members of a zip file.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let open = || bytes.open_stored().map(BufReader::new);
    let opened = open().and_then(|mut first| {
        let has_directory = has_directory(&mut first)?;
        Ok((first, open()?, has_directory))
    });
    let (directory, mut body, has_directory) = match opened {
        Ok(readers) => readers,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    if !has_directory {
        return salvage(unpacker, at, body, &ZipError::FileNotFound);
    }
    let before = volumes::volumes_before(bytes).unwrap_or(0);
    let directory = match bytes {
        _ if before == 0 => Ok(Either::Whole(directory)),
        Bytes::Volumes { volumes, .. } => {
            let most = unpacker.costs.limits.max_directory_bytes;
            volumes::directory(bytes, volumes, most).map(Either::Joined)
        }
        _ => return incomplete(unpacker, at, before),
    };
    let directory = match directory {
        Ok(directory) => directory,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let mut archive = match ZipIterable::try_new(directory, Config::default()) {
        Ok(archive) => archive,
        Err(ZipError::UnsupportedArchive(what)) => {
            let message = format!(
                "is a zip file of a form that is not read here ({what}); unpack it and scan the folder"
            );
            return unpacker.row(&at.place, FailureKind::ContainerUnsupported, message);
        }
        Err(error) => return salvage(unpacker, at, body, &error),
    };
    let entries = match archive.files() {
        Ok(entries) => entries,
        Err(error) => return salvage(unpacker, at, body, &error),
    };
    let whole = body.get_ref().length();
    // Each section reads the directory from its front, which numbers members, and opens its own members only.
    let section = unpacker.section(at).unwrap_or(Section { from: 0, to: u64::MAX });
    let (mut passed, mut count, mut last) = (0_u64, 0_u64, None);
    let mut first = u64::MAX;
    let mut order = Order::default();
    for entry in entries {
        if count >= section.to {
            return unpacker.section_ends();
        }
        // What is wrong before a section is told by the one that it is in.
        let is_before = count < section.from;
        let entry = match entry {
            Ok(entry) => entry,
            Err(_) if is_before => return ControlFlow::Continue(()),
            Err(error) => return broken(unpacker, at, &error),
        };
        passed = passed.saturating_add(entry.compressed_size());
        if passed > whole {
            if is_before {
                return ControlFlow::Continue(());
            }
            return overlapping(unpacker, at, passed, whole);
        }
        if at.depth == 1 && !is_before {
            unpacker.passed_to(passed);
        }
        (count, last) = (count + 1, Some(entry.central_header_start()));
        first = first.min(entry.header_start());
        let Some(nth) = order.nth(entry.header_start()) else {
            if is_before {
                return ControlFlow::Continue(());
            }
            let message =
                "has a directory without any order; unpack it with care and scan the folder";
            return unpacker.row(&at.place, FailureKind::ContainerDamaged, message.to_owned());
        };
        if !is_before {
            member(unpacker, at, entry, nth, bytes, &mut body)?;
        }
    }
    unpacker.section_ends()?;
    if before > 0 {
        return ControlFlow::Continue(());
    }
    if last.is_some_and(|last| another_follows(&mut body, last).unwrap_or(false)) {
        let message = format!(
            "has a directory with more members than the {count} that the end of the file states; those were looked at, the \
             others were not: unpack it and scan the folder"
        );
        return unpacker.row(&at.place, FailureKind::ContainerDamaged, message);
    }
    // A split archive begins with a signature of 4 bytes, one that unpacks itself with a program.
    if count > 0 && first > 4 && begins_as_zip(&mut body).unwrap_or(true) {
        let message = format!(
            "begins with {first} bytes of members that its directory does not name, as one archive behind another does; \
             they were not looked at: unpack it and scan the folder"
        );
        return unpacker.row(&at.place, FailureKind::ContainerDamaged, message);
    }
    ControlFlow::Continue(())
}

/// The numbers of the entries at which a zip file may be cut into sections of some `target` bytes; none if its directory cannot
/// be read to its end, or states more than the file has.
pub(super) fn cuts(bytes: &Bytes, target: u64) -> Vec<(u64, u64)> {
    let open = || bytes.open_stored().map(BufReader::new);
    let mut cuts = Vec::new();
    let Ok(mut directory) = open() else { return cuts };
    if !has_directory(&mut directory).unwrap_or(false) {
        return cuts;
    }
    if volumes::volumes_before(bytes).map_or(true, |before| before > 0) {
        return cuts;
    }
    let whole = directory.get_ref().length();
    let Ok(mut archive) = ZipIterable::try_new(directory, Config::default()) else { return cuts };
    let Ok(entries) = archive.files() else { return cuts };
    let (mut passed, mut last, mut together) = (0_u64, 0_u64, Together::default());
    for (number, entry) in (0_u64..).zip(entries) {
        let Ok(entry) = entry else { return Vec::new() };
        together.add(entry.name_raw(), number);
        if passed - last >= target {
            cuts.push((number, passed - last));
            last = passed;
        }
        passed = passed.saturating_add(entry.compressed_size());
        if passed > whole {
            return Vec::new();
        }
    }
    together.spared(cuts)
}

/// Whether the first bytes are those of a zip file, not of a program or picture in front of one.
fn begins_as_zip(body: &mut BufReader<Reader>) -> std::io::Result<bool> {
    let mut mark = [0; 2];
    body.seek(SeekFrom::Start(0))?;
    body.read_exact(&mut mark)?;
    Ok(mark == *b"PK")
}

/// What a directory is read from.
enum Either {
    Whole(BufReader<Reader>),
    /// Volumes, with a directory that was written for them.
    Joined(Joined),
}

impl Read for Either {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Whole(whole) => whole.read(buffer),
            Self::Joined(joined) => joined.read(buffer),
        }
    }
}

impl Seek for Either {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::Whole(whole) => whole.seek(to),
            Self::Joined(joined) => joined.seek(to),
        }
    }
}

/// Whether another entry follows the one at `header` in the directory. The end of the file may state fewer than there are:
/// some programs do beyond 65,535.
fn another_follows(body: &mut BufReader<Reader>, header: u64) -> std::io::Result<bool> {
    let mut entry = [0; 46];
    body.seek(SeekFrom::Start(header))?;
    body.read_exact(&mut entry)?;
    let lengths = entry[28..34].as_chunks::<2>().0;
    let behind: i64 = lengths.iter().map(|length| i64::from(u16::from_le_bytes(*length))).sum();
    let mut mark = [0; 4];
    body.seek_relative(behind)?;
    body.read_exact(&mut mark)?;
    Ok(mark == *b"PK\x01\x02")
}
