//! The picture of an alignment: matched peaks, time in the item against time in the recording.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::layout::{BLUE, GREY, LINE, Layout, MARGIN, RULE, SHADE};
use super::structure::Role;
use crate::base::thousands;
use crate::record::Evidence;
use crate::wording::clock;

/// Height of the picture if the page has room, and the least height. Chosen by eye.
const HEIGHT: f32 = 120.0;
const LEAST_HEIGHT: f32 = 50.0;
/// Height of the text above and below it.
const AROUND: f32 = 92.0;
/// Side of the square of a peak. Chosen by eye.
const DOT_SIDE: f32 = 2.6;
/// The packed time of the end of a file: 12 bits (see [`Evidence::dots`]).
const PACKED_END: f32 = 4_095.0;
const SMALL: f32 = 7.5;

/// Adds the picture; nothing if there are no peaks to draw.
pub(super) fn draw(layout: &mut Layout, evidence: &Evidence, item_seconds: f64) {
    let dots = unpack(&evidence.dots);
    if dots.is_empty() {
        return;
    }
    layout.need(LEAST_HEIGHT + AROUND);
    let height = (layout.room() - AROUND).min(HEIGHT);
    layout.subheading("Time against time");
    let counts = (thousands(evidence.peaks_met), thousands(evidence.peaks));
    layout.paragraph(
        &format!(
            "Of {1} strong peaks of the item in the spans, {0} match a peak of the recording; {2} of them are drawn. The same music \
             gives a straight line; matches by coincidence are scattered.",
            counts.0,
            counts.1,
            dots.len()
        ),
        GREY,
    );
    let words = "Matched peaks: time in the item to the right, time in the recording upwards.";
    layout.structure.begin(Role::Picture(words.to_owned()));
    let (x, y) = (MARGIN, layout.y + 6.0);
    let (item, recording) = (extent(&dots, |dot| dot.0), extent(&dots, |dot| dot.1));
    let told = |(from, to): (f32, f32), seconds: f64| {
        format!("{} to {}", clock(f64::from(from) * seconds), clock(f64::from(to) * seconds))
    };
    let small = (SMALL, false, GREY);
    let up = format!("up: the recording, {}", told(recording, evidence.recording_seconds));
    layout.text_at((x, y), small, &up);
    let top = y + 5.0;
    layout.area((x, top), (LINE, height), SHADE);
    layout.area((x, top + height), (LINE, 0.5), RULE);
    layout.area((x, top), (0.5, height), RULE);
    let share = |at: f32, (from, to): (f32, f32)| (at - from) / (to - from);
    for dot in &dots {
        let right = share(dot.0, item) * (LINE - DOT_SIDE);
        let down = (1.0 - share(dot.1, recording)) * (height - DOT_SIDE);
        layout.area((x + right, top + down), (DOT_SIDE, DOT_SIDE), BLUE);
    }
    let right = format!("to the right: the item, {}", told(item, item_seconds));
    layout.text_at((x, top + height + 10.0), small, &right);
    layout.structure.end();
    layout.y = top + height + 26.0;
}

/// The smallest and the largest coordinate of the dots; (0, 1) if they do not differ.
fn extent(dots: &[(f32, f32)], of: fn(&(f32, f32)) -> f32) -> (f32, f32) {
    let least = dots.iter().map(of).fold(1.0, f32::min);
    let most = dots.iter().map(of).fold(0.0, f32::max);
    if most > least { (least, most) } else { (0.0, 1.0) }
}

/// Unpacks dots as shares of item and of recording; empty if the text is not base64.
fn unpack(dots: &str) -> Vec<(f32, f32)> {
    let bytes = STANDARD.decode(dots).unwrap_or_default();
    let (words, _) = bytes.as_chunks::<4>();
    let share = |word: u32| (word & 0xFFF) as f32 / PACKED_END;
    words
        .iter()
        .map(|word| u32::from_be_bytes(*word))
        .map(|word| (share(word >> 20), share(word >> 8)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_unpacked_as_they_were_packed_and_other_text_gives_none() {
        let packed = STANDARD.encode([0xFF, 0xF0, 0x00, 0x12, 0x00, 0x0F, 0xFF, 0x34, 0x56]);
        assert_eq!(unpack(&packed), [(1.0, 0.0), (0.0, 1.0)]);
        assert_eq!(unpack("=cmd()"), []);
        assert_eq!(unpack(""), []);
        assert_eq!(extent(&[(0.5, 0.0), (0.25, 0.0)], |dot| dot.0), (0.25, 0.5));
        assert_eq!(extent(&[(0.5, 0.0)], |dot| dot.1), (0.0, 1.0));
    }
}
