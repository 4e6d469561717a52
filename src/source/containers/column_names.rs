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
const RATES: [&str; 12] = [
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

/// How unlikely it is that something called `name` is the sample rate of samples called `array`; `None` if it is not called like a rate.
/// A name in use counts, also behind the name of these samples, as in `audio_sr`; after all of those, one behind a name of others.
pub(super) fn rank_of_rate(name: &str, array: &str) -> Option<usize> {
    let place = |name: &str| RATES.iter().position(|rate| name.eq_ignore_ascii_case(rate));
    let behind = |front: &str| {
        let (before, rest) = name.split_at_checked(front.len())?;
        let is_behind = !front.is_empty() && before.eq_ignore_ascii_case(front);
        place(rest.strip_prefix(['_', '-', '.', ' ']).unwrap_or(rest)).filter(|_| is_behind)
    };
    let of_others = || ARRAYS.iter().filter_map(|other| behind(other)).min();
    place(name)
        .map(|place| 2 * place)
        .or_else(|| behind(array).map(|place| 2 * place + 1))
        .or_else(|| of_others().map(|place| 2 * RATES.len() + place))
}

/// Whether something may be a sample rate of some samples, by its name.
pub(super) fn may_be_rate(name: &str) -> bool {
    RATES.iter().any(|rate| {
        let end = name.len().checked_sub(rate.len()).and_then(|from| name.get(from..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(rate))
    })
}

/// The likeliest of several named sample rates for samples called `array`.
pub(super) fn likeliest_rate<'r>(
    rates: impl IntoIterator<Item = (&'r str, u32)>,
    array: &str,
) -> Option<u32> {
    let ranked = rates.into_iter().filter_map(|(name, hz)| Some((rank_of_rate(name, array)?, hz)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, hz)| hz)
}

/// A rate in Hz that is stored as floating point; `None` if it is 0 or not a whole number.
pub(super) fn whole_rate(rate: f64) -> Option<u32> {
    let is_whole = rate > 0.0 && rate <= f64::from(u32::MAX) && rate.fract() == 0.0;
    is_whole.then_some(rate as u32)
}

/// Whether a column of text may hold sound, by its name.
pub(super) fn is_encoded(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENCODED.iter().any(|word| name.contains(word))
}

/// The leaf that holds the sample rate of a list: the likeliest by its name of those beside it.
pub(super) fn rate_of(leaves: &[Leaf], name: &[Rc<str>], array: &str) -> Option<usize> {
    let ranked = leaves.iter().enumerate().filter_map(|(place, leaf)| {
        let (own, around) = leaf.path.split_last()?;
        let is_number = leaf.lists == 0 && matches!(leaf.form, Form::Whole | Form::Float);
        let rank = rank_of_rate(own, array).filter(|_| is_number && around == name)?;
        Some((rank, place))
    });
    ranked.min().map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_name_of_a_rate_counts_wherever_it_stands_and_other_rates_are_none() {
        let of = |names: &[&'static str]| {
            likeliest_rate(names.iter().zip(1..).map(|(&name, hz)| (name, hz)), "audio")
        };
        for (names, found) in [
            (&["bit_rate", "sampling_rate"][..], Some(2)),
            (&["frame_rate", "rate", "Sample_Rate"], Some(3)),
            (&["rate", "speech_sr", "audio_sr"], Some(1)),
            (&["speech_sr", "audio_sr"], Some(2)),
            (&["audioSampleRate", "speech.rate"], Some(1)),
            (&["speech_fs"], Some(1)),
            (&["speech_sampling_rate", "hz"], Some(2)),
            (
                &["bit_rate", "learning_rate", "audio", "rates", "audio_bit_rate", "_sr", "éa_sr"],
                None,
            ),
        ] {
            assert_eq!(of(names), found, "{names:?}");
        }
    }

    #[test]
    fn a_rate_of_nothing_or_of_a_fraction_is_none() {
        for (stated, found) in [
            (16_000.0, Some(16_000)),
            (0.0, None),
            (-1.0, None),
            (0.5, None),
            (1e12, None),
            (f64::NAN, None),
        ] {
            assert_eq!(whole_rate(stated), found, "{stated}");
        }
    }
}
