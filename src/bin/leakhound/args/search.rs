//! How items are searched: arguments of `scan` and `query`.

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, TypedValueParser};
use leakhound::matching::verdict::VerdictConfig;
use leakhound::scan::Mode;
use leakhound::session::Settings;

use super::choice::choice;

/// How items are searched, and in which catalogue.
#[derive(Debug, ClapArgs)]
pub(crate) struct Search {
    #[command(flatten)]
    pub(crate) matching: Matching,
    #[command(flatten)]
    pub(crate) catalogue: super::CatalogueFile,
}

/// How items are searched, and which false-alarm probabilities make a match or a suspect.
#[derive(Debug, ClapArgs)]
pub(crate) struct Matching {
    /// How thoroughly each item is searched
    #[arg(long, env = "LEAKHOUND_MODE", hide_env = true, default_value_t, value_parser = modes())]
    pub(crate) mode: Mode,
    /// An item is a match if its false-alarm probability is below this
    #[arg(long, env = "LEAKHOUND_MATCH_BELOW", hide_env = true, value_name = "P", default_value = "1e-6", value_parser = probability)]
    pub(crate) match_below: f64,
    /// An item is a suspect if its false-alarm probability is below this
    #[arg(long, env = "LEAKHOUND_SUSPECT_BELOW", hide_env = true, value_name = "P", default_value = "1e-3", value_parser = probability)]
    pub(crate) suspect_below: f64,
    /// Country where the items are offered, two letters (ISO 3166); findings of recordings that the label has no rights
    /// to there are shown as permitted
    #[arg(long, env = "LEAKHOUND_TERRITORY", hide_env = true, value_name = "CC", value_parser = territory)]
    pub(crate) territory: Option<String>,
}

impl Search {
    /// Puts itself into the settings of a session.
    pub(crate) fn put_into(&self, settings: Settings) -> Settings {
        let Self { matching, catalogue } = self;
        let Matching { mode, match_below, suspect_below, territory } = matching;
        let settings = catalogue.put_into(settings);
        let verdict = VerdictConfig { match_below: *match_below, suspect_below: *suspect_below };
        Settings { mode: *mode, verdict, territory: territory.clone(), ..settings }
    }
}

/// The modes, with what each costs and misses.
fn modes() -> impl TypedValueParser<Value = Mode> {
    choice(Mode::ALL, |mode| {
        PossibleValue::new(mode.as_str()).help(match mode {
            Mode::Probe => {
                "3 windows of 8 s of each item, as released; the whole item, as in full mode, if they contain a \
                 recording, if it is short, or if it cannot be sought in. Costs a quarter of full where nothing is \
                 found. Misses passages between the windows, and changes of speed, tempo or pitch"
            }
            Mode::Identity => {
                "Each whole item, as released only. Costs nine tenths of full. Misses changes of speed, tempo or pitch"
            }
            Mode::Full => {
                "Each whole item, as released and with changed speed, tempo or pitch. Misses tempo and pitch changed \
                 by different amounts"
            }
            Mode::Thorough => {
                "As full, and with tempo and pitch changed by different amounts. Costs several times as much"
            }
        })
    })
}

/// Two letters, in capitals.
fn territory(text: &str) -> Result<String, String> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("name a country by two letters, such as DE".into())
    }
}

/// A number between 0 and 1, neither of them included.
fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(p) if p > 0.0 && p < 1.0 => Ok(p),
        _ => Err("a probability is a number between 0 and 1, such as 1e-6".into()),
    }
}
