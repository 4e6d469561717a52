//! The names of samples, of their rates and of sound in text.

use std::rc::Rc;

use super::column_leaf::{Form, Leaf};

/// Names of lists of samples.
pub(super) const ARRAYS: [&str; 12] = [
    "array",
    "audio",
    "audio_array",
    "audio_data",
    "pcm",
    "raw_audio",
    "samples",
    "signal",
    "sound",
    "speech",
    "wav",
    "waveform",
];

/// Those of them that nothing but sound has.
pub(super) const SURE: [&str; 9] = [
    "audio",
    "audio_array",
    "audio_data",
    "pcm",
    "raw_audio",
    "sound",
    "speech",
    "wav",
    "waveform",
];

/// Names of their sample rate, the likelier first.
pub(super) const RATES: [&str; 12] = [
    "sampling_rate",
    "sample_rate",
    "samplerate",
    "samplingrate",
    "sampling_frequency",
    "sample_frequency",
    "frame_rate",
    "framerate",
    "rate",
    "sr",
    "fs",
    "hz",
];

/// Words in the name of a column of text whose cells may be sound in Base64.
const ENCODED: [&str; 5] = ["audio", "base64", "b64", "sound", "wav"];

/// Whether two names are the same, whatever their case.
pub(super) fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Whether something is called like samples.
pub(super) fn is_array(name: &str) -> bool {
    is_one_of(name, &ARRAYS)
}

/// Whether something is called like nothing but samples.
pub(super) fn is_sure(name: &str) -> bool {
    is_one_of(name, &SURE)
}

/// Whether something is called like a sample rate, perhaps behind a name and an underscore.
pub(super) fn is_rate(name: &str) -> bool {
    is_one_of(name, &RATES)
        || RATES.iter().any(|rate| {
            let front = name.len().checked_sub(rate.len() + 1);
            front.is_some_and(|front| {
                name.is_char_boundary(front)
                    && name[front..].starts_with('_')
                    && name[front + 1..].eq_ignore_ascii_case(rate)
            })
        })
}

/// A rate in Hz that is stored as floating point; `None` if it is not a whole number.
pub(super) fn whole_rate(rate: f64) -> Option<u32> {
    let is_whole = rate >= 0.0 && rate <= f64::from(u32::MAX) && rate.fract() == 0.0;
    is_whole.then_some(rate as u32)
}

/// Whether a column of text may hold sound, by its name.
pub(super) fn is_encoded(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENCODED.iter().any(|word| name.contains(word))
}

/// The leaf that holds the sample rate of a list: beside it, under a name in use, or one that begins with its own.
pub(super) fn rate_of(leaves: &[Leaf], name: &[Rc<str>], array: &str) -> Option<usize> {
    let is_beside = |leaf: &&(usize, &Leaf)| {
        let (_, leaf) = leaf;
        let own = leaf.path.split_last().filter(|(_, around)| *around == name);
        leaf.lists == 0 && matches!(leaf.form, Form::Whole | Form::Float) && own.is_some()
    };
    let called = |rate: &str| {
        let is_it = |leaf: &Leaf| {
            let Some(last) = leaf.path.last() else { return false };
            let prefixed = last.len() > array.len() + 1
                && last.is_char_boundary(array.len())
                && last[..array.len()].eq_ignore_ascii_case(array)
                && last.get(array.len() + 1..).is_some_and(|rest| rest.eq_ignore_ascii_case(rate));
            last.eq_ignore_ascii_case(rate) || prefixed
        };
        leaves.iter().enumerate().filter(|all| is_beside(&all)).find(|(_, leaf)| is_it(leaf))
    };
    RATES.iter().find_map(|rate| called(rate)).map(|(place, _)| place)
}
