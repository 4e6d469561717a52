//! `leakhound watch`: scans what comes to rest in folders, and tells what is new.

mod hand;
mod tell;

use std::fmt::Display;
use std::sync::atomic::Ordering;
use std::time::Duration;

use leakhound::results::{Outbox, Run};
use leakhound::scan::Progress;
use leakhound::session::{Observer, ScanEnd, Session, Settings, Watcher, Watching};
use leakhound::source::ScanLimits;
use leakhound::watch::{Command, Patience};
use leakhound::wording::visible;

use self::hand::Hand;
pub(crate) use self::tell::run as tell;
use crate::args::{self, Global};
use crate::exit::{Exit, UsageError};
use crate::progress::Meter;
use crate::setup;

pub(crate) fn run(global: &Global, command: &args::Watch) -> anyhow::Result<Exit> {
    let settings = Settings {
        limits: ScanLimits::from(&command.limits),
        hash_containers: command.hashing.hash_containers,
        ..command.search.put_into(setup::settings(global))
    };
    let args::Watching { on_finding, command_timeout, settle, stalled, poll, gather } =
        &command.watching;
    if let Some(words) = on_finding {
        let command = parsed(words, *command_timeout)?;
        if !command.is_there() {
            let what = format!("there is no program {}; check --on-finding", command.program());
            return Err(UsageError(what).into());
        }
    }
    let session = setup::session_with(global, settings)?;
    setup::stop_on_signals(session.stop_flag())?;
    let seconds = |number: u32| Duration::from_secs(u64::from(number));
    let watching = Watching {
        patience: Patience { settle: seconds(*settle), stalled: seconds(*stalled) * 3_600 },
        poll: seconds(*poll),
        gather: seconds(*gather) * 60,
        once: command.once,
    };
    let tells = command.json || on_finding.is_some() || !global.quiet;
    let hand = tells.then(|| Hand::new(session.home(), global, command)).transpose()?;
    let mut guard = Guard { session: &session, global, hand, meter: None, failed: None };
    let end = session.watch(&command.paths, watching, &mut guard)?;
    let Guard { hand, failed, .. } = guard;
    if let Some(error) = failed {
        return Err(error);
    }
    let is_stopped = session.stop_flag().load(Ordering::Relaxed);
    if let Some(hand) = hand {
        hand.finish(&session.stop_flag(), seconds(*command_timeout))?;
    }
    if is_stopped || session.stop_flag().load(Ordering::Relaxed) {
        return Ok(Exit::Stopped);
    }
    conclude(&session, end.as_ref())
}

/// The exit code of a watch that ended by itself.
fn conclude(session: &Session, end: Option<&ScanEnd>) -> anyhow::Result<Exit> {
    let Some(ScanEnd { run, .. }) = end else { return Ok(Exit::Clear) };
    if Outbox::open(session.home())?.news_of(run.run_id)? > 0 {
        return Ok(Exit::Found);
    }
    let counts = session.counts(run)?;
    Ok(if counts.failed + counts.partial > 0 { Exit::Incomplete } else { Exit::Clear })
}

/// The command that a user wrote, taken apart as a shell would.
fn parsed(words: &str, seconds: u32) -> anyhow::Result<Command> {
    let limit = Duration::from_secs(u64::from(seconds));
    let command = shlex::split(words).and_then(|words| Command::new(words, limit));
    command.ok_or_else(|| {
        let what = "--on-finding is no command; write a program and its arguments, such as \
                    'notify --team legal'";
        UsageError(what.into()).into()
    })
}

/// Follows the watch: shows how far a scan is, and keeps the process alive that tells.
struct Guard<'a> {
    session: &'a Session,
    global: &'a Global,
    hand: Option<Hand>,
    meter: Option<Meter>,
    failed: Option<anyhow::Error>,
}

impl Guard<'_> {
    fn say(&self, line: &str) {
        let line = visible(line);
        match &self.meter {
            Some(meter) => meter.print(&line),
            None => eprintln!("leakhound: {line}"),
        }
    }

    /// Ends the watch if nobody can be told any more.
    fn check(&mut self) {
        if let Some(hand) = &mut self.hand
            && self.failed.is_none()
            && let Err(error) = hand.keep_alive()
        {
            self.failed = Some(error);
            self.session.stop_flag().store(true, Ordering::Relaxed);
        }
    }
}

impl Observer for Guard<'_> {
    fn begun(&mut self, run: &Run, goes_on: bool) {
        let mut meter = Meter::new(self.global.quiet);
        meter.begun(run, goes_on);
        self.meter = Some(meter);
    }

    fn progress(&mut self, progress: &Progress) {
        if let Some(meter) = &mut self.meter {
            meter.scan(progress);
        }
        self.check();
    }
}

impl Watcher for Guard<'_> {
    fn is_over(&mut self) -> bool {
        self.check();
        self.failed.is_some()
    }

    fn waits(&mut self, why: &dyn Display) {
        self.close();
        self.say(&format!("{why}; waits until that has passed, and goes on"));
    }

    fn goes_on(&mut self) {
        self.say("goes on");
    }

    fn scanned(&mut self, _: &ScanEnd) {
        self.close();
    }
}

impl Guard<'_> {
    /// Takes the live line away.
    fn close(&mut self) {
        if let Some(meter) = self.meter.take() {
            meter.finish();
        }
    }
}
