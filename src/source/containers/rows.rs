//! The failures of containers in words.
//!
//! A message completes a sentence that begins with the path: `x.zip is cut off (…)`. Each names its remedy.

use std::io;

use crate::bytes::codecs::{Bomb, Refused, exceeds_memory};
use crate::record::FailureKind;
use crate::source::ScanLimits;

/// The kind of a failure and its message.
pub(super) type Row = (FailureKind, String);

const MIB: u32 = 20;

pub(super) fn not_read(what: &str, remedy: &str) -> Row {
    (FailureKind::ContainerUnsupported, format!("is {what}, which is not read here; {remedy}"))
}

pub(super) fn too_deep(max_depth: usize) -> Row {
    let message = format!(
        "lies in {max_depth} containers, which is as deep as they are opened; allow more with --max-depth, or unpack it \
         and scan what it holds"
    );
    (FailureKind::ContainerTooDeep, message)
}

pub(super) fn empty(kind: &str) -> Row {
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    let message =
        format!("is {article} {kind} file without members; fetch it again if it should have some");
    (FailureKind::ContainerEmpty, message)
}

pub(super) fn empty_table(kind: &str) -> Row {
    let message = format!(
        "is a table ({kind}) without sound in any row; fetch it again if it should have some"
    );
    (FailureKind::ContainerEmpty, message)
}

pub(super) fn too_many_members(limits: &ScanLimits) -> Row {
    let message = format!(
        "holds more than {} members; the others were not looked at: allow more with --max-members, or unpack it and scan \
         the folder",
        limits.max_members
    );
    (FailureKind::ContainerMembers, message)
}

/// A file on disk of `size_bytes` that decompresses to more than it may.
pub(super) fn bomb(limits: &ScanLimits, size_bytes: u64) -> Row {
    let message = format!(
        "unpacks to more than {} times its {size_bytes} bytes and {} MiB; the rest was not looked at: if it can be \
         trusted, allow more with --max-ratio",
        limits.max_ratio,
        limits.ratio_slack_bytes >> MIB
    );
    (FailureKind::ContainerBomb, message)
}

/// A compressed container in a container that has to be read from its end.
pub(super) fn too_large_to_hold(limits: &ScanLimits) -> Row {
    let message = format!(
        "lies compressed and takes more than the {} MiB of memory that containers in containers may; unpack it and scan \
         what it holds",
        limits.max_container_bytes >> MIB
    );
    (FailureKind::ContainerUnsupported, message)
}

pub(super) fn item_too_large(limit_bytes: u64) -> Row {
    let message = format!(
        "lies compressed and is longer than {} MiB, the most that is held in memory; allow more with --max-item, or \
         unpack it and scan the file",
        limit_bytes >> MIB
    );
    (FailureKind::TooLarge, message)
}

/// A member of which not a byte can be read.
pub(super) fn damaged_member(error: &io::Error) -> Row {
    if Refused::is(error) {
        return (FailureKind::Unsupported, format!("{error}; unpack it and scan the folder"));
    }
    if exceeds_memory(error) {
        let message = format!(
            "needs more memory to unpack than is allowed here ({error}); unpack it and scan the folder"
        );
        return (FailureKind::Unsupported, message);
    }
    (FailureKind::Damaged, format!("is damaged in its container ({error}); fetch it again"))
}

/// A container that cannot be read further. [`Bomb`]s have a row of their own.
pub(super) fn broken(error: &io::Error) -> Row {
    debug_assert!(!Bomb::is(error), "told by `bomb`");
    if error.raw_os_error().is_some() {
        let message = format!(
            "could not be read to its end ({error}); check the medium that it is on and scan again"
        );
        return (FailureKind::Io, message);
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return truncated(&error.to_string());
    }
    if exceeds_memory(error) {
        let message = format!(
            "needs more memory to unpack than its program takes by default ({error}); unpack it by `zstd -d --long=31` \
             or `xz -d`, and scan what it holds"
        );
        return (FailureKind::ContainerUnsupported, message);
    }
    let message = format!(
        "is damaged ({error}); what came before was looked at, the rest was not: fetch it again"
    );
    (FailureKind::ContainerDamaged, message)
}

pub(super) fn truncated(why: &str) -> Row {
    let message = format!(
        "is cut off ({why}); what came before was looked at, the rest is missing: fetch it again"
    );
    (FailureKind::ContainerTruncated, message)
}

/// The note of an item whose end is missing in its container.
pub(super) fn missing_note(missing: u64, length: u64) -> String {
    format!("its container is damaged: {missing} of {length} bytes are missing")
}
