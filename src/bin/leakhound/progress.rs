//! Progress on standard error: a live line on a terminal, plain lines elsewhere, nothing with --quiet.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};
use leakhound::results::Run;
use leakhound::scan::Progress;
use leakhound::session::Observer;
use leakhound::wording::{counted, plural, thousands};

/// Time between plain lines. A guess: a log of an hour has 360 of them.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Shows the progress of a command. Of a scan it is the observer.
pub(crate) struct Meter {
    kind: DisplayKind,
    started: Instant,
}

enum DisplayKind {
    Quiet,
    Live(ProgressBar),
    Plain { last: Instant },
}

impl Observer for Meter {
    fn begun(&mut self, run: &Run, goes_on: bool) {
        if goes_on {
            self.print(&format!("run {} goes on where it stopped", run.run_id));
        }
    }

    fn progress(&mut self, progress: &Progress) {
        self.scan(progress);
    }
}

impl Meter {
    pub(crate) fn new(quiet: bool) -> Self {
        let started = Instant::now();
        let kind = if quiet {
            DisplayKind::Quiet
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            if bar.is_hidden() {
                // A terminal whose cursor cannot be moved (TERM=dumb) gets lines, as a file does.
                DisplayKind::Plain { last: started }
            } else {
                bar.enable_steady_tick(Duration::from_millis(120));
                DisplayKind::Live(bar)
            }
        } else {
            DisplayKind::Plain { last: started }
        };
        Self { kind, started }
    }

    /// Shows the progress of a scan.
    pub(crate) fn scan(&mut self, progress: &Progress) {
        let elapsed = self.started.elapsed();
        let width = match &self.kind {
            DisplayKind::Live(_) => terminal_size_of(&std::io::stderr()),
            _ => usize::MAX,
        };
        self.show(|| fitted(&scan_parts(progress, elapsed), width));
    }

    /// Shows the progress of any other command. `line` is only called when a line is due.
    pub(crate) fn show(&mut self, line: impl FnOnce() -> String) {
        match &mut self.kind {
            DisplayKind::Quiet => {}
            DisplayKind::Live(bar) => bar.set_message(line()),
            DisplayKind::Plain { last } => {
                if last.elapsed() >= PLAIN_EVERY {
                    *last = Instant::now();
                    eprintln!("{}", line());
                }
            }
        }
    }

    /// Prints a line above the live one.
    pub(crate) fn print(&self, line: &str) {
        match &self.kind {
            DisplayKind::Quiet => {}
            DisplayKind::Live(bar) => bar.println(line),
            DisplayKind::Plain { .. } => eprintln!("{line}"),
        }
    }

    /// Time since the command began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Removes the live line.
    pub(crate) fn finish(self) {
        if let DisplayKind::Live(bar) = self.kind {
            bar.finish_and_clear();
        }
    }
}

/// Columns that a live line may take on the terminal behind `stream`.
fn terminal_size_of(stream: &std::io::Stderr) -> usize {
    /// What the spinner and the space behind it take.
    const SPINNER: usize = 2;
    let size = terminal_size::terminal_size_of(stream);
    size.map_or(usize::MAX, |(width, _)| usize::from(width.0).saturating_sub(SPINNER))
}

/// As many of the parts as fit, the first in any case. On a narrow terminal the last are left out, whole.
fn fitted(parts: &[String], width: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let longer = if line.is_empty() { part.clone() } else { format!("{line}, {part}") };
        if !line.is_empty() && longer.chars().count() > width {
            break;
        }
        line = longer;
    }
    line
}

/// How far a scan is, what matters most first.
fn scan_parts(progress: &Progress, elapsed: Duration) -> Vec<String> {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let read = progress.bytes + progress.bytes_in_containers;
    let items = counted(progress.items, "item");
    let mut parts = vec![match progress.total {
        Some((files, _)) => format!("{items} of {}", counted(files, "file")),
        None => items,
    }];
    let fresh = read.saturating_sub(progress.skipped_bytes) as f64;
    if let Some((_, bytes)) = progress.total
        && fresh > 0.0
    {
        let left = bytes.saturating_sub(read) as f64 * seconds / fresh;
        let left = Duration::try_from_secs_f64(left).unwrap_or_default();
        parts.push(format!("{} left", HumanDuration(left)));
    }
    parts.push(plural(progress.matched, "match", "matches"));
    parts.push(counted(progress.suspect, "suspect"));
    parts.push(format!("{} not read", thousands(progress.failed)));
    parts.push(match progress.total {
        Some((_, bytes)) => format!("{} of {}", HumanBytes(read), HumanBytes(bytes)),
        None => HumanBytes(read).to_string(),
    });
    parts.push(format!(
        "{:.1} h of audio at {:.0}× real time",
        progress.audio_seconds / 3_600.0,
        progress.audio_seconds / seconds
    ));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_whole_parts_of_the_line_the_first_in_any_case() {
        let progress = Progress {
            items: 3,
            matched: 1,
            bytes: 1 << 20,
            total: Some((10, 4 << 20)),
            ..Progress::default()
        };
        let parts = scan_parts(&progress, Duration::from_secs(60));
        let whole = fitted(&parts, usize::MAX);
        assert!(
            whole.starts_with(
                "3 items of 10 files, 3 minutes left, 1 match, 0 suspects, 0 not read, "
            ),
            "{whole}"
        );
        assert_eq!(fitted(&parts, 40), "3 items of 10 files, 3 minutes left");
        assert_eq!(fitted(&parts, 5), "3 items of 10 files");
    }
}
