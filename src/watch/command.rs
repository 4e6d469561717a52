//! Runs a command for an event: the event on its standard input, within a time, and never by a shell.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is checked whether a command has ended. A guess.
const TICK: Duration = Duration::from_millis(10);

/// Why a command did not take an event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It cannot be started.
    #[error("cannot be started ({0})")]
    Start(#[source] std::io::Error),
    /// It ended with another code than 0.
    #[error("ended with {0}")]
    Ended(ExitStatus),
    /// It took too long and was ended.
    #[error("took longer than {} s and was ended", .0.as_secs_f64())]
    Slow(Duration),
}

/// A command: a program with its arguments, which the user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    program: String,
    arguments: Vec<String>,
    limit: Duration,
}

impl Command {
    /// The command of these words; `None` if there are none. It may take `limit`.
    pub fn new(words: Vec<String>, limit: Duration) -> Option<Self> {
        let mut words = words.into_iter();
        Some(Self { program: words.next()?, arguments: words.collect(), limit })
    }

    /// The name of its program.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Whether there is such a program, at its path or in one of the folders of `PATH`.
    pub fn is_there(&self) -> bool {
        let name = Path::new(&self.program);
        if name.components().count() > 1 {
            return name.is_file();
        }
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).any(|folder| {
            let file = folder.join(name);
            file.is_file() || cfg!(windows) && file.with_extension("exe").is_file()
        })
    }

    /// Runs it with `line` on its standard input. What it prints is dropped; its errors go where ours do.
    ///
    /// # Errors
    ///
    /// If it cannot be started, does not end with 0, or takes too long.
    pub fn run(&self, line: &str) -> Result<(), CommandError> {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::null());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt as _;
            // A group of its own, so that it can be ended with all that it started.
            command.process_group(0);
        }
        let mut child = command.spawn().map_err(CommandError::Start)?;
        if let Some(mut stdin) = child.stdin.take() {
            let line = line.to_owned();
            // An error only means that it does not read on. The thread ends with the process.
            thread::spawn(move || drop(stdin.write_all(line.as_bytes())));
        }
        let began = Instant::now();
        loop {
            match child.try_wait().map_err(CommandError::Start)? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(CommandError::Ended(status)),
                None if began.elapsed() >= self.limit => {
                    end(&mut child);
                    return Err(CommandError::Slow(self.limit));
                }
                None => thread::sleep(TICK),
            }
        }
    }
}

/// Ends a process and what it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // Both fail only if it has ended.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, seconds: u64) -> Command {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        Command::new(words, Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn the_line_comes_on_standard_input_and_no_shell_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let line = "{\"path\":\"$(touch /tmp/x); `id`\"}\n";
        shell(&format!("cat >{}", out.display()), 30).run(line).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), line);
        // More than a pipe holds, and a command that reads nothing of it.
        shell("exit 0", 30).run(&"x".repeat(1 << 20)).unwrap();
    }

    #[test]
    fn a_command_that_fails_hangs_or_is_not_there_is_told() {
        let told = shell("exit 3", 30).run("").unwrap_err().to_string();
        assert!(told.contains("exit status: 3"), "{told}");
        let began = Instant::now();
        // What it starts is ended, too.
        let told = shell("sleep 600 & wait", 1).run("").unwrap_err().to_string();
        assert_eq!(told, "took longer than 1 s and was ended");
        assert!(began.elapsed() < Duration::from_secs(20));
        let none = Command::new(vec!["/no/such/program".into()], Duration::from_secs(1)).unwrap();
        assert!(!none.is_there() && shell("", 1).is_there());
        assert!(none.run("").unwrap_err().to_string().starts_with("cannot be started"));
        assert_eq!(Command::new(Vec::new(), Duration::from_secs(1)), None);
    }
}
