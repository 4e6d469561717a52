//! The process that tells what was found. It is our own program with a hidden command: it is not killed with the scan, so that it
//! can say of each event whether it was told.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::args::{Global, TELL, Watch};

/// The line by which the process is told to end once everything is told. At the end of its standard input it ends at once.
pub(super) const END: &str = "end\n";
/// How much longer than its command the process may take to end. A guess.
const GRACE: Duration = Duration::from_secs(10);
/// How often it is checked whether it has ended. A guess.
const TICK: Duration = Duration::from_millis(20);
/// A process that was killed is started again after this time. A guess.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Hand {
    command: Command,
    child: Child,
    started: Instant,
}

impl Hand {
    /// Starts the process.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(super) fn new(home: &Path, global: &Global, watch: &Watch) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        command.arg("--home").arg(std::path::absolute(home)?).arg(TELL).stdin(Stdio::piped());
        if watch.json {
            command.arg("--json");
        } else if !global.quiet {
            command.arg("--text");
        }
        if watch.once {
            command.arg("--once");
        }
        if let Some(words) = &watch.watching.on_finding {
            command.arg(format!("--on-finding={words}"));
            command.arg(format!("--command-timeout={}", watch.watching.command_timeout));
        }
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt as _;
            // What ends our group does not end it.
            command.process_group(0);
        }
        let child = start(&mut command)?;
        Ok(Self { command, child, started: Instant::now() })
    }

    /// Starts the process again if it was killed.
    ///
    /// # Errors
    ///
    /// If it ended because it can tell nobody; it has said why.
    pub(super) fn keep_alive(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        is_well(status)?;
        if self.started.elapsed() > AGAIN {
            self.child = start(&mut self.command)?;
            self.started = Instant::now();
        }
        Ok(())
    }

    /// Ends the process: once everything is told, or if `stop` is raised, soon. An event that it is telling it tells to its end,
    /// which takes at most `limit`.
    ///
    /// # Errors
    ///
    /// If it ended because it can tell nobody.
    pub(super) fn finish(mut self, stop: &AtomicBool, limit: Duration) -> anyhow::Result<()> {
        let mut stdin = self.child.stdin.take();
        if !stop.load(Ordering::Relaxed)
            && let Some(stdin) = &mut stdin
        {
            // It fails only if the process has ended.
            let _ = stdin.write_all(END.as_bytes());
        }
        let mut stopping: Option<Instant> = None;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return is_well(status);
            }
            if stop.load(Ordering::Relaxed) {
                drop(stdin.take());
                let since = *stopping.get_or_insert_with(Instant::now);
                if since.elapsed() > limit + GRACE {
                    // It ends by itself once whoever reads its output goes on.
                    return Ok(());
                }
            }
            std::thread::sleep(TICK);
        }
    }
}

fn start(command: &mut Command) -> anyhow::Result<Child> {
    command.spawn().context("cannot start the process that tells what was found")
}

/// Whether a process that ended was merely killed.
fn is_well(status: ExitStatus) -> anyhow::Result<()> {
    match status.code() {
        Some(0) | None => Ok(()),
        Some(_) => {
            Err(anyhow::anyhow!("what is found cannot be told; mend what the line above says"))
        }
    }
}
