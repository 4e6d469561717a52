//! Columns that may hold sound and are not read.

use super::column_leaf::{Cells, Form, Leaf, Sound, joined};
use super::column_names::{ARRAYS, SURE, is_one_of, rate_of};

/// Most columns of sound that are read; more are reported. A guess.
pub(super) const MAX_SOUNDS: usize = 256;
/// Most columns that are named in a message.
const MAX_NAMED: usize = 5;

/// Columns that may hold sound and are not read, in words; and whether any is certain to hold bytes or samples.
pub(super) fn unread(leaves: &[Leaf], sounds: &[Sound], beyond: bool) -> Option<(String, bool)> {
    // A list that is called like sound, or has a rate beside it: `array` alone may be anything.
    let is_samples = |leaf: &Leaf| {
        let own = leaf.path.iter().position(|part| is_one_of(part, &ARRAYS));
        own.is_some_and(|own| {
            let (name, array) = (&leaf.path[..own], &leaf.path[own]);
            is_one_of(array, &SURE) || rate_of(leaves, name, array).is_some()
        })
    };
    let is_read = |place: usize| {
        sounds
            .iter()
            .any(|sound| matches!(sound.cells, Cells::Samples { array, .. } if array == place))
    };
    let is_lost = |(place, leaf): &(usize, &Leaf)| match leaf.form {
        Form::Unread | Form::Fixed => true,
        // A list of lists of files in one row.
        Form::Bytes => leaf.lists > 1,
        // Samples without a rate.
        Form::Float | Form::Whole | Form::Other => {
            leaf.lists > 0 && is_samples(leaf) && !is_read(*place)
        }
        Form::Text => false,
    };
    let lost: Vec<_> = leaves
        .iter()
        .enumerate()
        .filter(is_lost)
        .take(MAX_NAMED + 1)
        .map(|(_, leaf)| leaf)
        .collect();
    let loses_sound = beyond || lost.iter().any(|leaf| leaf.form != Form::Unread);
    let lost: Vec<String> = lost.into_iter().map(|leaf| joined(&leaf.path)).collect();
    if lost.is_empty() && !beyond {
        return None;
    }
    let mut words = Vec::new();
    if !lost.is_empty() {
        let more = if lost.len() > MAX_NAMED { " and others" } else { "" };
        let named =
            crate::wording::visible(&lost[..lost.len().min(MAX_NAMED)].join(", ")).to_string();
        words.push(format!(
            "columns that are not read here ({named}{more}), being of another type or without a sample rate"
        ));
    }
    if beyond {
        words
            .push(format!("more than {MAX_SOUNDS} columns of sound, of which only these are read"));
    }
    let told = format!(
        "has {}; write it again with one row for each sound: a file, or mono samples and a column sampling_rate",
        words.join(" and ")
    );
    Some((told, loses_sound))
}
