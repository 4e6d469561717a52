//! What is told of a zip file as a whole.

use std::ops::ControlFlow;

use zip::result::ZipError;

use crate::record::FailureKind;
use crate::source::containers::traversal::{At, Unpacker};
use crate::source::name::shown_name;
use crate::source::volume_names::zip_volume;
use crate::storage::plain_file;

/// Most volumes that are looked for by name. A guess.
const MAX_VOLUMES: u32 = 10_000;

/// Shows the row of the last volume of a split zip file whose others are not all there.
pub(super) fn incomplete(unpacker: &mut Unpacker<'_>, at: &At, before: u32) -> ControlFlow<()> {
    let path = &at.place.locator.file;
    let volume = |number| zip_volume(path, number).filter(|path| plain_file(path).is_none());
    let missing = (1..=before.min(MAX_VOLUMES)).find_map(volume).filter(|_| at.depth == 1);
    let missing = match missing {
        Some(path) => format!("{} is missing; fetch it", shown_name(&path)),
        None => "the others are not beside it; put them there".to_owned(),
    };
    let message = format!(
        "is the last of {} volumes of a split zip file, and {missing} and scan again",
        before.saturating_add(1)
    );
    unpacker.row(&at.place, FailureKind::ContainerTruncated, message)
}

/// Shows the row of a zip file whose members overlap, by which a short file could hold any amount.
pub(super) fn overlapping(
    unpacker: &mut Unpacker<'_>,
    at: &At,
    declared: u64,
    whole: u64,
) -> ControlFlow<()> {
    let message = format!(
        "has members that overlap: at least {declared} bytes of them in a file of {whole}; those before were looked at, \
         the rest was not: unpack it with care and scan the folder"
    );
    unpacker.row(&at.place, FailureKind::ContainerDamaged, message)
}

/// Shows the row of a zip file whose directory breaks off.
pub(super) fn broken(unpacker: &mut Unpacker<'_>, at: &At, error: &ZipError) -> ControlFlow<()> {
    let io = match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => {
            return unpacker.broken(&at.place, error);
        }
        other => std::io::Error::other(other.to_string()),
    };
    unpacker.broken(&at.place, &io)
}
