//! How items are searched: arguments of `scan` and `query`.

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, TypedValueParser};
use leakhound::matching::verdict::VerdictConfig;
use leakhound::scan::Mode;

use super::choice::choice;
use crate::exit::UsageError;
use crate::setup::Searching;

/// How items are searched, and where the lines between match, suspect and clear are drawn.
#[derive(Debug, ClapArgs)]
pub(crate) struct Search {
    /// How much of each item is searched
    #[arg(long, default_value_t, value_parser = modes())]
    pub(crate) mode: Mode,
    /// False-alarm probability of an item below which it is a match
    #[arg(long, value_name = "P", default_value = "1e-6", value_parser = probability)]
    pub(crate) match_below: f64,
    /// … below which it is a suspect
    #[arg(long, value_name = "P", default_value = "1e-3", value_parser = probability)]
    pub(crate) suspect_below: f64,
    /// Country where the items are offered, two letters (ISO 3166): what the label has no rights in there is shown
    /// as permitted
    #[arg(long, value_name = "CC", value_parser = territory)]
    pub(crate) territory: Option<String>,
}

impl Search {
    /// The same for the library.
    ///
    /// # Errors
    ///
    /// If a match would need less certainty than a suspect.
    pub(crate) fn searching(&self) -> Result<Searching, UsageError> {
        let Self { mode, match_below, suspect_below, territory } = self;
        let (mode, match_below, suspect_below) = (*mode, *match_below, *suspect_below);
        if match_below > suspect_below {
            return Err(UsageError(format!(
                "--match-below {match_below:e} is above --suspect-below {suspect_below:e}; a match \
                 has to be more certain than a suspect"
            )));
        }
        let verdict = VerdictConfig { match_below, suspect_below };
        Ok(Searching { mode, verdict, territory: territory.clone() })
    }
}

fn modes() -> impl TypedValueParser<Value = Mode> {
    choice(Mode::ALL, |mode| {
        PossibleValue::new(mode.as_str()).help(match mode {
            Mode::Probe => {
                "3 windows of 8 s of each item, as released; the whole of it, as in full mode, if they hold \
                 anything, if it is short, or if it cannot be sought in. Costs a tenth of full where nothing is \
                 found. Misses passages between the windows, and what was changed in speed, tempo or pitch"
            }
            Mode::Identity => {
                "Each item whole, as released only. Costs four fifths of full. Misses what was changed in speed, \
                 tempo or pitch"
            }
            Mode::Full => {
                "Each item whole, as released and at changed speed, tempo or pitch. Misses tempo and pitch changed \
                 by different amounts"
            }
            Mode::Thorough => {
                "As full, and at tempo and pitch changed by different amounts. Costs several times as much"
            }
        })
    })
}

fn territory(text: &str) -> Result<String, String> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("a territory is two letters, such as DE".into())
    }
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if p > 0.0 && p < 1.0 => Ok(p),
        _ => Err("a probability is a number above 0 and below 1, such as 1e-6".into()),
    }
}
