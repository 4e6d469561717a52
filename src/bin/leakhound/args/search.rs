//! How items are searched: arguments of `scan` and `query`.

use clap::{Args as ClapArgs, ValueEnum};

/// How items are searched, and where the lines between match, suspect and clear are drawn.
#[derive(Debug, ClapArgs)]
pub(crate) struct Search {
    /// How much of each item is searched
    #[arg(long, value_enum, default_value_t = Mode::Full)]
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

/// The library's mode, with what each costs and may miss.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Mode {
    /// 3 windows of 8 s of each item, as released; the whole of it, as in full mode, if they hold
    /// anything, if it is short, or if it cannot be sought in. Costs a tenth of full where nothing
    /// is found. Misses passages between the windows, and what was changed in speed, tempo or pitch
    Probe,
    /// Each item whole, as released only. Costs four fifths of full. Misses what was changed in
    /// speed, tempo or pitch
    Identity,
    /// Each item whole, as released and at changed speed, tempo or pitch. Misses tempo and pitch
    /// changed by different amounts
    Full,
    /// As full, and at tempo and pitch changed by different amounts. Costs several times as much
    Thorough,
}

impl From<Mode> for leakhound::scan::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Probe => Self::Probe,
            Mode::Identity => Self::Identity,
            Mode::Full => Self::Full,
            Mode::Thorough => Self::Thorough,
        }
    }
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
