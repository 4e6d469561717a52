//! ADTS: a row of frames of AAC, each with its own header. Symphonia reads rate and channels of the first one only, and gives up at a
//! header that is none: so each run of frames of one kind is a part.

use super::view::View;
use super::{Part, Parts};

/// What has to be the same in all frames of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    profile: u8,
    rate: u8,
    channels: u8,
}

/// Walks the frames from `at` on.
pub(super) fn walk(view: &mut View<'_>, at: u64, found: &mut Parts) -> u64 {
    let length = view.length();
    // The run of frames that is not yet a part, and what it has in common.
    let mut run: Option<(u64, Shape)> = None;
    let (mut next, mut end) = (at, at);
    while next < length {
        if view.is_over() {
            end = length;
            break;
        }
        let confirmed = frame(view, next).filter(|&(shape, bytes)| {
            run.is_some_and(|(_, other)| other == shape)
                || next + bytes == length
                || frame(view, next + bytes).is_some_and(|(other, _)| other == shape)
        });
        let Some((shape, bytes)) = confirmed else {
            close(&mut run, end, found);
            match view.find(b"\xff", next + 1, length, is_followed) {
                Some(place) => {
                    found.gap(end..place);
                    next = place;
                    end = place;
                    continue;
                }
                None => break,
            }
        };
        if run.is_none_or(|(_, other)| other != shape) {
            close(&mut run, next, found);
            run = Some((next, shape));
        }
        next += bytes;
        end = next.min(length);
    }
    close(&mut run, end, found);
    end
}

/// Makes a run of frames that ends at `end` a part.
fn close(run: &mut Option<(u64, Shape)>, end: u64, found: &mut Parts) {
    if let Some((start, _)) = run.take() {
        found.part(Part { range: start..end, seekable: true, whole: true, ..Part::default() });
    }
}

/// Whether a frame begins at `at`, and another one of its kind behind it.
fn is_followed(view: &mut View<'_>, at: u64) -> bool {
    let Some((shape, bytes)) = frame(view, at) else { return false };
    frame(view, at + bytes).is_some_and(|(other, _)| other == shape)
}

/// The kind and the length of the frame at `at`.
fn frame(view: &mut View<'_>, at: u64) -> Option<(Shape, u64)> {
    let [sync, second, third, fourth, fifth, sixth, _] = view.array::<7>(at)?;
    let rate = third >> 2 & 0xf;
    if sync != 0xff || second & 0xf6 != 0xf0 || rate > 12 {
        return None;
    }
    let bytes = u64::from(fourth & 3) << 11 | u64::from(fifth) << 3 | u64::from(sixth >> 5);
    let header = if second & 1 == 1 { 7 } else { 9 };
    let shape = Shape { profile: third >> 6, rate, channels: (third & 1) << 2 | fourth >> 6 };
    (bytes > header).then_some((shape, bytes))
}
