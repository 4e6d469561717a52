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
            bar.enable_steady_tick(Duration::from_millis(120));
            DisplayKind::Live(bar)
        } else {
            DisplayKind::Plain { last: started }
        };
        Self { kind, started }
    }

    /// Shows the progress of a scan.
    pub(crate) fn scan(&mut self, progress: &Progress) {
        let elapsed = self.started.elapsed();
        self.show(|| scan_line(progress, elapsed));
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

fn scan_line(progress: &Progress, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let read = progress.bytes + progress.bytes_in_containers;
    let items = match progress.total {
        Some((items, bytes)) => format!(
            "{} of {}, {} of {}",
            counted(progress.items, "item"),
            counted(items, "file"),
            HumanBytes(read),
            HumanBytes(bytes)
        ),
        None => format!("{}, {}", counted(progress.items, "item"), HumanBytes(read)),
    };
    let mut line = format!(
        "{items}, {:.1} h of audio at {:.0}× real time, {}, {}, {} not read",
        progress.audio_seconds / 3_600.0,
        progress.audio_seconds / seconds,
        plural(progress.matched, "match", "matches"),
        counted(progress.suspect, "suspect"),
        thousands(progress.failed),
    );
    let fresh = read.saturating_sub(progress.skipped_bytes) as f64;
    if let Some((_, bytes)) = progress.total
        && fresh > 0.0
    {
        let left = bytes.saturating_sub(read) as f64 * seconds / fresh;
        let left = Duration::try_from_secs_f64(left).unwrap_or_default();
        line += &format!(", {} left", HumanDuration(left));
    }
    line
}
