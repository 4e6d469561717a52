//! The hidden command by which `leakhound watch` tells what was found.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use leakhound::record::{Event, Found, RunEnd, Tally};
use leakhound::watch::{Channels, HomeLock, LockError, Role, TellError, Teller, Told, is_passing};
use leakhound::wording::{counted, plural, visible};

use super::parsed;
use crate::args::{Global, Tell};
use crate::exit::Exit;
use crate::{home, setup, show};

/// How often it looks for something to tell. A guess.
const TICK: Duration = Duration::from_millis(200);
/// Time from the first failure of the command to the next attempt; it doubles with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// It waits so long for another process to end its telling before it says so. A guess.
const SILENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(global: &Global, command: &Tell) -> anyhow::Result<Exit> {
    // Whoever asks the watch to end, asks the watch alone. An event is told to its end.
    ctrlc::set_handler(|| {})?;
    let orders = Orders::listen();
    let home = home::place(global)?;
    let Some(_lock) = locked(&home, &orders)? else { return Ok(Exit::Clear) };
    let line: Option<fn(&Event) -> std::io::Result<String>> = match (command.json, command.text) {
        (true, _) => Some(|event| Ok(serde_json::to_string(event)? + "\n")),
        (false, true) => Some(|event| Ok(text(event))),
        (false, false) => None,
    };
    let once = command.once;
    let words = command.on_finding.as_deref();
    let command = words.map(|words| parsed(words, command.command_timeout)).transpose()?;
    let mut desk = Desk {
        orders,
        once,
        failures: 0,
        next: None,
        tried: HashSet::new(),
        said: Cell::new(false),
    };
    let mut channels = Channels { print: None, command };
    if let Some(line) = line {
        let mut paper = Paper::default();
        channels.print = Some(Box::new(move |event| {
            paper.print(event.event_id(), line(event)?, &mut std::io::stdout().lock())
        }));
    }
    let mut teller = None;
    loop {
        let result = match &mut teller {
            Some(teller) => desk.tell(teller, &mut channels),
            None => Teller::open(&home).map(|opened| {
                teller = Some(opened);
                Step::Again
            }),
        };
        match result {
            Ok(Step::Over) => return Ok(Exit::Clear),
            Ok(Step::Again) => desk.said.set(false),
            Ok(Step::Rest) => std::thread::sleep(TICK),
            Err(error) if is_passing(&error) && desk.orders.get() == GO_ON => {
                desk.waits(&error);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

const GO_ON: u8 = 0;
const END: u8 = 1;
const NOW: u8 = 2;

/// What the watch has ordered: to go on, to end once all is told, or to end now. It ends now if the watch was killed, too.
struct Orders(Arc<AtomicU8>);

impl Orders {
    fn listen() -> Self {
        let orders = Arc::new(AtomicU8::new(GO_ON));
        let heard = Arc::clone(&orders);
        std::thread::spawn(move || {
            let mut line = String::new();
            if std::io::stdin().lock().read_line(&mut line).is_ok() && line == super::hand::END {
                heard.store(END, Ordering::Relaxed);
                // Until the watch ends, which it may before all is told.
                let _ = std::io::stdin().lock().read_line(&mut line);
            }
            heard.store(NOW, Ordering::Relaxed);
        });
        Self(orders)
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Takes the lock, once the process of an earlier watch has told what it was telling. `None` if the watch ended meanwhile.
fn locked(home: &Path, orders: &Orders) -> anyhow::Result<Option<HomeLock>> {
    let (began, mut is_said) = (Instant::now(), false);
    loop {
        match HomeLock::take(home, Role::Tell) {
            Ok(lock) => return Ok(Some(lock)),
            Err(LockError::Taken { process, .. }) => {
                if orders.get() == NOW {
                    return Ok(None);
                }
                if began.elapsed() > SILENCE && !is_said {
                    is_said = true;
                    eprintln!(
                        "leakhound: an earlier watch{process} still tells what it found; waits for it"
                    );
                }
            }
            Err(error) if is_passing(&error) && orders.get() == GO_ON => {}
            Err(error) => return Err(error.into()),
        }
        std::thread::sleep(TICK);
    }
}

/// What to do next.
enum Step {
    Again,
    Rest,
    Over,
}

/// Decides when what is told.
struct Desk {
    orders: Orders,
    /// Whether the watch ends by itself: each finding is then handed over once.
    once: bool,
    /// How often the command failed in a row.
    failures: u32,
    /// When the command is run again.
    next: Option<Instant>,
    /// What the command did not take, if each finding is handed over once.
    tried: HashSet<String>,
    /// Whether it was said that something has to pass.
    said: Cell<bool>,
}

impl Desk {
    fn tell(&mut self, teller: &mut Teller, channels: &mut Channels) -> Result<Step, TellError> {
        let orders = self.orders.get();
        if orders == NOW {
            return Ok(Step::Over);
        }
        if let Told::Done = teller.print_next(channels, setup::now())? {
            return Ok(Step::Again);
        }
        let rest = || if orders == END { Step::Over } else { Step::Rest };
        if self.once && teller.next_to_hand()?.is_none_or(|id| self.tried.contains(&id))
            || self.next.is_some_and(|next| Instant::now() < next)
        {
            return Ok(rest());
        }
        match teller.hand_next(channels, setup::now())? {
            Told::Nothing => Ok(rest()),
            Told::Done => {
                (self.failures, self.next) = (0, None);
                Ok(Step::Again)
            }
            Told::Failed { event_id, attempt, error } => {
                let when = if self.once {
                    self.tried.insert(event_id.clone());
                    "at the next start".to_owned()
                } else {
                    format!("in {}", counted(self.wait().as_secs() / 60, "minute"))
                };
                eprintln!(
                    "leakhound: the command of --on-finding {error}, for {event_id}, attempt {attempt}; \
                     it is run again {when}"
                );
                Ok(Step::Again)
            }
        }
    }

    /// The wait after a failure of the command.
    fn wait(&mut self) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(6)).min(LONGEST_PAUSE);
        self.failures += 1;
        self.next = Some(Instant::now() + pause);
        pause
    }

    /// Waits for something to pass, which is said once.
    fn waits(&self, error: &TellError) {
        if !self.said.replace(true) {
            let line = format!("{error}; tells what was found once that has passed");
            eprintln!("leakhound: {}", visible(&line));
        }
        std::thread::sleep(TICK * 10);
    }
}

/// What is printed, and how far: on a full disk a line may break off, and its rest follows once there is room.
#[derive(Debug, Default)]
struct Paper {
    event_id: String,
    rest: Vec<u8>,
    /// Whether what was printed is perhaps not out of this process yet.
    is_open: bool,
}

impl Paper {
    /// Prints and flushes, so that what is marked as printed is out of this process.
    fn print(
        &mut self,
        event_id: &str,
        text: String,
        out: &mut dyn std::io::Write,
    ) -> std::io::Result<()> {
        if self.is_open && self.event_id == event_id {
            // The line of the attempt that broke off.
            return self.go_on(out);
        }
        if self.is_open {
            self.go_on(out)?;
        }
        (self.event_id, self.rest, self.is_open) = (event_id.to_owned(), text.into_bytes(), true);
        self.go_on(out)
    }

    fn go_on(&mut self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        while !self.rest.is_empty() {
            match out.write(&self.rest) {
                Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(taken) => drop(self.rest.drain(..taken)),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        out.flush()?;
        self.is_open = false;
        Ok(())
    }
}

/// An event for people.
fn text(event: &Event) -> String {
    match event {
        Event::Finding(found) => {
            let Found { item, finding, .. } = &**found;
            let mut out = format!("{:<8}{}\n", found.verdict.as_str(), visible(&item.path));
            out += &show::finding(finding);
            if let Some(torrent) = &item.torrent {
                out += &format!("        {}\n", visible(&torrent.describe()));
            }
            out + "\n"
        }
        Event::Run(RunEnd { run_id, roots, items, .. }) => {
            let Tally { all, matched, suspect, not_read, unfinished, .. } = *items;
            let mut out = format!(
                "run {run_id} of {}: {}, {}, {}, {not_read} not read",
                visible(&roots.join(", ")),
                counted(all, "item"),
                plural(matched, "match", "matches"),
                counted(suspect, "suspect"),
            );
            if unfinished > 0 {
                out += &format!(", {unfinished} not finished yet");
            }
            out + "\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        held: Vec<u8>,
        room: usize,
    }

    impl std::io::Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let taken = bytes.len().min(self.room - self.held.len());
            self.held.extend_from_slice(&bytes[..taken]);
            if taken > 0 { Ok(taken) } else { Err(std::io::ErrorKind::StorageFull.into()) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_broke_off_on_a_full_disk_is_ended_and_not_begun_again() {
        let (mut disk, mut paper) = (Disk { held: Vec::new(), room: 4 }, Paper::default());
        let first = || "{\"attempt\":1}\n".to_owned();
        for _ in 0..2 {
            let full = paper.print("e-1", first(), &mut disk).unwrap_err();
            assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        }
        disk.room = 100;
        paper.print("e-1", "{\"attempt\":3}\n".to_owned(), &mut disk).unwrap();
        paper.print("e-2", first(), &mut disk).unwrap();
        assert_eq!(String::from_utf8(disk.held.clone()).unwrap(), first() + &first());
        // One that is no longer to be told is ended before the next.
        disk.room = disk.held.len() + 4;
        paper.print("e-3", first(), &mut disk).unwrap_err();
        disk.room = 100;
        paper.print("e-4", first(), &mut disk).unwrap();
        assert_eq!(String::from_utf8(disk.held).unwrap(), first().repeat(4));
    }
}
