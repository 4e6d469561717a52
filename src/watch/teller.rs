//! Tells the events of a home, each once.

use std::io;
use std::path::Path;

use super::command::{Command, CommandError};
use crate::record::{DecisionState, Event, json};
use crate::results::{Outbox, ResultsError, Untold};
use crate::review::{Decisions, ReviewError, ReviewStore};

/// Why events cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TellError {
    /// The results cannot be read or written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// Decisions cannot be read.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// Nobody reads standard output.
    #[error("nobody reads standard output any more; what was not told is told by the next start")]
    Closed,
    /// Standard output cannot be written.
    #[error("standard output cannot be written")]
    Print(#[source] io::Error),
}

impl From<io::Error> for TellError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Print(error),
        }
    }
}

/// Who is told.
pub struct Channels<'a> {
    /// Prints an event, if it is to be printed.
    #[allow(clippy::type_complexity, reason = "a name for it would say no more")]
    pub print: Option<Box<dyn FnMut(&Event) -> io::Result<()> + 'a>>,
    /// The command that gets the findings.
    pub command: Option<Command>,
}

impl std::fmt::Debug for Channels<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let print = self.print.is_some();
        f.debug_struct("Channels").field("print", &print).field("command", &self.command).finish()
    }
}

/// What became of an event.
#[derive(Debug)]
pub enum Told {
    /// There is none.
    Nothing,
    /// It was told, or need not be told: a person has dismissed the finding.
    Done,
    /// The command did not take it. It is handed to it again.
    Failed {
        /// Its id.
        event_id: String,
        /// How often it was handed over.
        attempt: u32,
        /// What the command did.
        error: CommandError,
    },
}

/// Tells the events of a home. The process that has one holds the lock [`super::Role::Tell`].
#[derive(Debug)]
pub struct Teller {
    outbox: Outbox,
    reviews: ReviewStore,
    decisions: Decisions,
    /// Number of the last decision that is known.
    decided: i64,
    /// What was done and could not be written yet: as long as this process lives it is not done again.
    unwritten: Option<Done>,
}

/// What was done with the event of this number.
#[derive(Debug, Clone, Copy)]
enum Done {
    Printed(i64),
    Told(i64),
}

impl Teller {
    /// Opens the events of a home.
    ///
    /// # Errors
    ///
    /// If its results or decisions cannot be opened.
    pub fn open(home: &Path) -> Result<Self, TellError> {
        let (outbox, reviews) = (Outbox::open(home)?, ReviewStore::open(home)?);
        let decisions = Decisions::default();
        Ok(Self { outbox, reviews, decisions, decided: 0, unwritten: None })
    }

    /// Prints the next event, if events are to be printed. `now`: seconds since 1970.
    ///
    /// # Errors
    ///
    /// If the results cannot be read or written, or nobody reads what is printed. The event is then told again.
    pub fn print_next(&mut self, to: &mut Channels, now: i64) -> Result<Told, TellError> {
        self.write(now)?;
        if to.print.is_none() {
            return Ok(Told::Nothing);
        }
        let Some(Untold { number, mut event, prints, .. }) = self.outbox.to_print()? else {
            return Ok(Told::Nothing);
        };
        if self.is_dismissed(&mut event)? {
            return self.done(Done::Told(number), now);
        }
        self.outbox.begin_print(number)?;
        event.set_attempt(prints + 1);
        if let Some(print) = &mut to.print {
            print(&event)?;
        }
        let is_handed = to.command.is_some() && matches!(event, Event::Finding(_));
        self.done(if is_handed { Done::Printed(number) } else { Done::Told(number) }, now)
    }

    /// Hands the next finding to the command, if there is one. `now`: seconds since 1970.
    ///
    /// # Errors
    ///
    /// If the results cannot be read or written. The event is then told again.
    pub fn hand_next(&mut self, to: &Channels, now: i64) -> Result<Told, TellError> {
        self.write(now)?;
        if to.command.is_none() {
            return Ok(Told::Nothing);
        }
        let Some(Untold { number, mut event, hands, .. }) = self.outbox.to_hand()? else {
            return Ok(Told::Nothing);
        };
        // Where events are printed, this is the end of a run that is printed first.
        let is_finding = matches!(event, Event::Finding(_));
        if !is_finding && to.print.is_some() {
            return Ok(Told::Nothing);
        }
        if !is_finding || self.is_dismissed(&mut event)? {
            return self.done(Done::Told(number), now);
        }
        self.outbox.begin_hand(number)?;
        event.set_attempt(hands + 1);
        if let Some(command) = &to.command
            && let Err(error) = command.run(&(json(&event) + "\n"))
        {
            let event_id = event.event_id().to_owned();
            return Ok(Told::Failed { event_id, attempt: hands + 1, error });
        }
        self.done(Done::Told(number), now)
    }

    /// The id of the event that is handed over next.
    ///
    /// # Errors
    ///
    /// If the results cannot be read.
    pub fn next_to_hand(&self) -> Result<Option<String>, TellError> {
        let next = self.outbox.to_hand()?;
        Ok(next.map(|untold| untold.event.event_id().to_owned()))
    }

    fn done(&mut self, done: Done, now: i64) -> Result<Told, TellError> {
        self.unwritten = Some(done);
        self.write(now)?;
        Ok(Told::Done)
    }

    /// Writes what was done.
    fn write(&mut self, now: i64) -> Result<(), ResultsError> {
        match self.unwritten {
            None => {}
            Some(Done::Printed(number)) => self.outbox.printed(number, now)?,
            Some(Done::Told(number)) => self.outbox.told(number, now)?,
        }
        self.unwritten = None;
        Ok(())
    }

    /// Gives a finding its decision. True if a person has dismissed it since.
    fn is_dismissed(&mut self, event: &mut Event) -> Result<bool, ReviewError> {
        let Event::Finding(found) = event else { return Ok(false) };
        for row in self.reviews.history_after(self.decided)? {
            self.decided = row.number;
            self.decisions.add(row.case, row.ruling);
        }
        found.finding.decision = self.decisions.of(&found.item, &found.finding);
        let decision = found.finding.decision.as_ref();
        Ok(decision.is_some_and(|decision| decision.state == DecisionState::Dismissed))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::record::fixtures::{facts, record_of};
    use crate::record::{Finding, Ground, Verdict};
    use crate::results::ResultStore;
    use crate::results::fixtures::{key, watched};
    use crate::review::{Case, Ruling};
    use std::cell::RefCell;
    use std::time::Duration;

    /// A home with a finding of each recording to tell.
    fn home(recordings: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let mut store = ResultStore::open(home.path()).unwrap();
        let found = |id: &&str| {
            let item = facts(&format!("/dump/{id}"), "aa");
            record_of(item, vec![Finding::unheard((*id).to_owned(), Verdict::Match)])
        };
        watched(&mut store, &key(&["/dump"]), recordings.iter().map(found).collect());
        home
    }

    fn command(script: &str) -> Command {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        Command::new(words, Duration::from_secs(30)).unwrap()
    }

    fn word(event: &Event) -> String {
        match event {
            Event::Finding(found) => format!("{} {}", found.finding.recording_id, found.attempt),
            Event::Run(end) => format!("run {}", end.run_id),
        }
    }

    /// Tells everything that can be told, and how often the command failed at most once each.
    fn tell(home: &Path, mut channels: Channels) -> usize {
        let mut teller = Teller::open(home).unwrap();
        while !matches!(teller.print_next(&mut channels, 7).unwrap(), Told::Nothing) {}
        let mut failed = std::collections::BTreeSet::new();
        while let Some(id) = teller.next_to_hand().unwrap() {
            if failed.contains(&id) {
                break;
            }
            match teller.hand_next(&channels, 7).unwrap() {
                Told::Nothing => break,
                Told::Done => {}
                Told::Failed { event_id, .. } => assert!(failed.insert(event_id)),
            }
        }
        failed.len()
    }

    /// What is printed, one word an event.
    fn printed(home: &Path, command: Option<Command>) -> (Vec<String>, usize) {
        let words = RefCell::new(Vec::new());
        let print = |event: &Event| {
            words.borrow_mut().push(word(event));
            Ok(())
        };
        let channels = Channels { print: Some(Box::new(print)), command };
        let failed = tell(home, channels);
        (words.into_inner(), failed)
    }

    #[test]
    fn each_event_is_printed_once_and_each_finding_goes_to_the_command_until_it_takes_it() {
        let home = home(&["r1", "r2"]);
        let given = home.path().join("given");
        let (words, failed) = printed(home.path(), Some(command("exit 1")));
        assert_eq!((words.join(", ").as_str(), failed), ("r1 1, r2 1, run 1", 2));
        // The next start tells what was not told.
        let (words, failed) =
            printed(home.path(), Some(command(&format!("cat >>{}", given.display()))));
        assert_eq!((words.len(), failed), (0, 0));
        let lines = std::fs::read_to_string(&given).unwrap();
        let lines: Vec<Event> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().map(word).collect::<Vec<_>>(), ["r1 2", "r2 2"]);
        assert_eq!(Outbox::open(home.path()).unwrap().left().unwrap(), 0);
    }

    #[test]
    fn a_command_alone_gets_the_findings_and_nothing_is_left() {
        let home = home(&["r1"]);
        let channels = Channels { print: None, command: Some(command("cat >/dev/null")) };
        assert_eq!(tell(home.path(), channels), 0);
        assert_eq!(Outbox::open(home.path()).unwrap().left().unwrap(), 0);
    }

    #[test]
    fn what_nobody_reads_is_told_by_the_next_start() {
        let home = home(&["r1"]);
        let closed = |_: &Event| Err(io::ErrorKind::BrokenPipe.into());
        let mut channels = Channels { print: Some(Box::new(closed)), command: None };
        let mut teller = Teller::open(home.path()).unwrap();
        assert!(matches!(teller.print_next(&mut channels, 7), Err(TellError::Closed)));
        assert_eq!(printed(home.path(), None).0, ["r1 2", "run 1"]);
    }

    #[test]
    fn a_finding_that_was_dismissed_before_it_was_told_is_not_told() {
        let home = home(&["r1"]);
        let untold = Outbox::open(home.path()).unwrap().to_print().unwrap().unwrap();
        let Event::Finding(found) = untold.event else { panic!("none") };
        let case = Case::new(1, &found.item, &found.finding).unwrap();
        let ruling = Ruling {
            state: Some(DecisionState::Dismissed),
            ground: Some(Ground::Licensed),
            reason: "a partner".to_owned(),
            by: "Ann".to_owned(),
            at: 1,
        };
        ReviewStore::open(home.path()).unwrap().add(&[(case, ruling)]).unwrap();
        assert_eq!(printed(home.path(), None).0, ["run 1"]);
    }
}
