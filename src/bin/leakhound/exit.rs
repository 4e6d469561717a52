//! Exit codes, and the one place that prints an error.

use std::process::ExitCode;

use leakhound::cluster::ClusterError;
use leakhound::notice::{NoticeError, NoticeStoreError};
use leakhound::results::{ChoiceError, ResultsError};
use leakhound::review::{AudioError, QueueError};
use leakhound::session::SessionError;

/// How a command ended. Schedulers rely on the numbers: they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It did what was asked; a scan or query read all items and found nothing.
    Clear = 0,
    /// A scan or query found a match or a suspect, even if some items could not be read.
    Found = 1,
    /// The arguments make no sense. Clap exits with the same number.
    Usage = 2,
    /// Nothing was found, but nothing is known about some items: they could not be read, or not wholly. Or some of what was
    /// asked for is not done.
    Incomplete = 3,
    /// The command failed: nothing can be concluded.
    Failed = 4,
    /// It was stopped (Ctrl-C, SIGTERM); the same command continues where it stopped.
    Stopped = 130,
}

#[cfg(test)]
impl Exit {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Clear, Self::Found, Self::Usage, Self::Incomplete, Self::Failed, Self::Stopped];
}

/// Wrong usage that only shows when the command runs: arguments that contradict each other, or that name nothing.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// The exit code of a result. An error is printed on one line, with its causes.
pub(crate) fn report(result: anyhow::Result<Exit>) -> ExitCode {
    let exit = match result {
        Ok(exit) => exit,
        // The reader of the output closed it early, as `head` does: that is no failure.
        Err(error) if is_broken_pipe(&error) => Exit::Clear,
        Err(error) => {
            eprintln!("leakhound: {}", leakhound::wording::visible(&format!("{error:#}")));
            if is_usage(&error) { Exit::Usage } else { Exit::Failed }
        }
    };
    ExitCode::from(exit as u8)
}

/// Prints what is wrong with the arguments in one line, with the remedy; help and version as they are. `from`: the variable of the
/// environment that holds the wrong value.
pub(crate) fn report_arguments(error: &clap::Error, from: Option<&str>) -> ExitCode {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if error.use_stderr() && error.kind() != DisplayHelpOnMissingArgumentOrSubcommand {
        let mut line = arguments_line(&error.render().to_string());
        if let Some(variable) = from {
            line = format!("the variable {variable} is wrong: {line}");
        }
        eprintln!("leakhound: {}", leakhound::wording::visible(&line));
    } else {
        // Where nobody reads it nothing is lost.
        let _ = error.print();
    }
    ExitCode::from(error.exit_code() as u8)
}

/// One line of what Clap says in several: what is wrong, what was meant, and where the help is.
fn arguments_line(said: &str) -> String {
    let (what, rest) = said.split_once("\n\n").unwrap_or((said, ""));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let what = words(what.strip_prefix("error: ").unwrap_or(what));
    let tips = rest.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let meant = tips.filter(|tip| tip.contains("exist")).flat_map(|tip| ["; ", tip]);
    let meant: String = meant.collect();
    let usage = rest.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or("leakhound");
    let is_name = |word: &&str| !word.starts_with(['[', '<', '-']);
    let command = usage.split_whitespace().take_while(is_name).collect::<Vec<_>>().join(" ");
    format!("{what}{meant}; see {command} --help")
}

fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<UsageError>()
        || error.downcast_ref().is_some_and(SessionError::is_usage)
        || error.downcast_ref().is_some_and(ClusterError::is_usage)
        || error.downcast_ref().is_some_and(ChoiceError::is_usage)
        || error.downcast_ref().is_some_and(ResultsError::is_usage)
        || error.downcast_ref().is_some_and(QueueError::is_usage)
        || error.downcast_ref().is_some_and(AudioError::is_usage)
        || error.downcast_ref().is_some_and(NoticeError::is_usage)
        || error.downcast_ref().is_some_and(NoticeStoreError::is_usage)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_arguments_are_told_in_one_line_with_the_remedy() {
        let line = |words: &[&str]| {
            let parsed = <crate::args::Args as clap::Parser>::try_parse_from(words);
            arguments_line(&parsed.unwrap_err().render().to_string())
        };
        assert_eq!(
            line(&["leakhound", "scan", "--mdoe", "probe", "d"]),
            "unexpected argument '--mdoe' found; a similar argument exists: '--mode'; see leakhound scan --help"
        );
        assert_eq!(
            line(&["leakhound", "scan", "--wrong", "d"]),
            "unexpected argument '--wrong' found; see leakhound scan --help"
        );
        assert_eq!(
            line(&["leakhound", "scan"]),
            "the following required arguments were not provided: <PATH>...; see leakhound scan --help"
        );
        let value = line(&["leakhound", "scan", "--mode", "prob", "d"]);
        assert!(value.contains("[possible values: probe,") && value.contains("'probe'"), "{value}");
        assert!(!value.contains('\n'));
    }

    #[test]
    fn the_numbers_are_those_that_the_help_promises() {
        let help = <crate::args::Args as clap::CommandFactory>::command()
            .render_long_help()
            .to_string()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        for (exit, words) in [
            (Exit::Clear, "0 nothing found"),
            (Exit::Found, "1 something found"),
            (Exit::Usage, "2 wrong usage"),
            (Exit::Incomplete, "3 nothing found, but some items"),
            (Exit::Failed, "4 the command failed"),
            (Exit::Stopped, "130 stopped"),
        ] {
            assert!(help.contains(words), "{help}");
            assert!(words.starts_with(&(exit as u8).to_string()));
        }
    }

    #[test]
    fn a_broken_pipe_is_success() {
        let error = anyhow::Error::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
            .context("writing the list");
        assert!(is_broken_pipe(&error));
    }
}
