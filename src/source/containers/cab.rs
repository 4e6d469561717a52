//! CAB archives: stored, MSZIP and LZX, each folder unpacked once, from its front.

use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;

use super::cab_folder::{Folder, Method};
use super::fields::{bytes_at, damaged, number};
use super::traversal::{At, Member, Unpacker};
use crate::bytes::{Bytes, Reader};
use crate::record::FailureKind;
use crate::source::{Extent, Place, To};

/// Longest name. The format allows 256 bytes.
const MAX_NAME_BYTES: usize = 4_096;
/// Numbers that stand for a folder which begins in the cabinet before, or goes on in the next.
const BEFORE: u16 = 0xfffd;
const BEHIND: u16 = 0xfffe;
const BOTH: u16 = 0xffff;

/// What the first header says.
struct Cabinet {
    folders: Vec<Folder>,
    /// Where the list of files begins, and their number.
    files: (u64, u16),
    /// Names of the cabinets before and behind.
    before: Option<String>,
    behind: Option<String>,
    /// Length in bytes.
    length: u64,
}

/// A file in a folder.
#[derive(Debug)]
struct File {
    name: Vec<u8>,
    length: u64,
    /// Byte position in the unpacked folder.
    offset: u64,
    folder: u16,
    /// Byte position of its entry, which tells files of one name apart.
    entry: u64,
}

/// Shows the files in a CAB archive.
pub(super) fn walk(unpacker: &mut Unpacker<'_>, at: &At, bytes: &Bytes) -> ControlFlow<()> {
    let opened = bytes.open_stored().map(BufReader::new).and_then(|mut reader| {
        let cabinet = cabinet(&mut reader)?;
        let (files, damage) = files(&mut reader, cabinet.files);
        Ok((reader, cabinet, files, damage))
    });
    let (mut reader, cabinet, files, damage) = match opened {
        Ok(opened) => opened,
        Err(error) => return unpacker.broken(&at.place, &error),
    };
    let mut files_of: Vec<Vec<&File>> = vec![Vec::new(); cabinet.folders.len()];
    for file in &files {
        let folder = match file.folder {
            BEHIND => files_of.last_mut(),
            number => files_of.get_mut(usize::from(number)),
        };
        if let Some(folder) = folder {
            folder.push(file);
        }
    }
    for (folder, mut own) in cabinet.folders.iter().zip(files_of) {
        own.sort_by_key(|file| (file.offset, file.entry));
        in_folder(unpacker, at, folder, &own, &cabinet, &mut reader)?;
    }
    for file in &files {
        let is_lost = match file.folder {
            BEHIND => cabinet.folders.is_empty(),
            number => usize::from(number) >= cabinet.folders.len(),
        };
        if is_lost {
            let message = match file.folder {
                BEFORE | BOTH => format!(
                    "begins in the cabinet {}, and files across cabinets are not read here; unpack them together and scan \
                     the folder",
                    cabinet.before.as_deref().unwrap_or("before this one")
                ),
                _ => "lies in a folder that its cabinet does not have; fetch it again".to_owned(),
            };
            unpacker.counted()?;
            unpacker.row(&place(at, file), FailureKind::Damaged, message)?;
        }
    }
    if let Some(error) = damage {
        return unpacker.broken(&at.place, &error);
    }
    let missing = cabinet.length.saturating_sub(reader.get_ref().length());
    if missing > 0 {
        return unpacker.truncated(&at.place, &format!("{missing} bytes are missing"));
    }
    ControlFlow::Continue(())
}

/// Whether a cabinet is as long as it says.
pub(in crate::source) fn is_whole(bytes: &Bytes) -> io::Result<bool> {
    let mut reader = BufReader::new(bytes.open_stored()?);
    let head = bytes_at(&mut reader, 0, 12)?;
    Ok(number(&head, 8, 4) <= reader.get_ref().length())
}

fn cabinet(reader: &mut BufReader<Reader>) -> io::Result<Cabinet> {
    let head = bytes_at(reader, 0, 36)?;
    let flags = number(&head, 30, 2);
    let mut at = 36;
    let (mut folder_reserve, mut block_reserve) = (0, 0);
    if flags & 4 != 0 {
        let reserve = bytes_at(reader, at, 4)?;
        (folder_reserve, block_reserve) = (u64::from(reserve[2]), usize::from(reserve[3]));
        at += 4 + number(&reserve, 0, 2);
    }
    let mut name = |reader: &mut BufReader<Reader>, is_there: bool| {
        if !is_there {
            return Ok(None);
        }
        let name = text(reader, &mut at)?;
        text(reader, &mut at)?;
        Ok::<_, io::Error>(Some(String::from_utf8_lossy(&name).into_owned()))
    };
    let before = name(reader, flags & 1 != 0)?;
    let behind = name(reader, flags & 2 != 0)?;
    let mut folders = Vec::new();
    for _ in 0..number(&head, 26, 2) {
        let entry = bytes_at(reader, at, 8)?;
        at += 8 + folder_reserve;
        folders.push(Folder {
            begin: number(&entry, 0, 4),
            blocks: number(&entry, 4, 2) as u16,
            method: Method::of(number(&entry, 6, 2) as u16),
            reserve: block_reserve,
        });
    }
    let files = (number(&head, 16, 4), number(&head, 28, 2) as u16);
    Ok(Cabinet { folders, files, before, behind, length: number(&head, 8, 4) })
}

/// Reads a text up to a zero byte, and moves `at` behind it.
fn text(reader: &mut BufReader<Reader>, at: &mut u64) -> io::Result<Vec<u8>> {
    use std::io::{BufRead as _, Seek as _, SeekFrom};
    reader.seek(SeekFrom::Start(*at))?;
    let mut text = Vec::new();
    reader.take(MAX_NAME_BYTES as u64).read_until(0, &mut text)?;
    if text.pop() != Some(0) {
        return Err(damaged("a name has no end"));
    }
    *at += text.len() as u64 + 1;
    Ok(text)
}

/// The files that are listed, and the damage that ends the list.
fn files(
    reader: &mut BufReader<Reader>,
    (mut at, count): (u64, u16),
) -> (Vec<File>, Option<io::Error>) {
    let mut files = Vec::new();
    for _ in 0..count {
        let entry = at;
        let read = bytes_at(reader, at, 16).and_then(|head| {
            at += 16;
            let mut name = text(reader, &mut at)?;
            name.iter_mut().filter(|byte| **byte == b'\\').for_each(|byte| *byte = b'/');
            Ok(File {
                name,
                length: number(&head, 0, 4),
                offset: number(&head, 4, 4),
                folder: number(&head, 8, 2) as u16,
                entry,
            })
        });
        match read {
            Ok(file) => files.push(file),
            Err(error) => return (files, Some(error)),
        }
    }
    (files, None)
}

fn place(at: &At, file: &File) -> Place {
    let extent = Extent { offset: file.entry, length: file.length };
    at.member(To::Member { name: file.name.clone(), nth: 1 }, Some(extent))
}

/// Shows the files of a folder, which are in the order of their places in it.
fn in_folder(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    folder: &Folder,
    files: &[&File],
    cabinet: &Cabinet,
    reader: &mut BufReader<Reader>,
) -> ControlFlow<()> {
    let unpacked = folder.unpack(reader);
    let mut stream = match unpacked {
        Ok(stream) => unpacker.limited(stream),
        Err(why) => {
            for file in files {
                unpacker.counted()?;
                let message = format!("{why}; unpack it and scan the folder");
                unpacker.row(&place(at, file), FailureKind::Unsupported, message)?;
            }
            return ControlFlow::Continue(());
        }
    };
    let mut position = 0;
    for file in files {
        if file.offset < position {
            unpacker.counted()?;
            let message = "overlaps the file before it in its cabinet; fetch it again";
            unpacker.row(&place(at, file), FailureKind::Damaged, message.to_owned())?;
            continue;
        }
        unpacker.drain(&mut (&mut stream).take(file.offset - position))?;
        let mut notes = Vec::new();
        if file.folder == BEHIND {
            let next = cabinet.behind.as_deref().unwrap_or("the next one");
            notes
                .push(format!("it goes on in the cabinet {next}, which is not read with this one"));
        }
        let (depth, declared, bytes) = (at.depth, Some(file.length), None);
        let mut own = (&mut stream).take(file.length);
        let read = &mut own as &mut dyn Read;
        let place = place(at, file);
        unpacker.member(Member { place, depth, stream: read, declared, bytes, notes })?;
        unpacker.drain(&mut own)?;
        position = file.offset + file.length;
    }
    ControlFlow::Continue(())
}
