//! The process that unpacks members, seen from the scan: it is started when the first compressed member comes, and killed when it
//! hangs, when a member is left half read, and at the end of the archive.

use std::io::{self, ErrorKind, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use super::super::stretches::stretches;
use super::headers::{Algorithm, Packed};
use super::program::{MAX_BLOCK_BYTES, Request, WHOLE};
use crate::bytes::Bytes;
use crate::bytes::codecs::Refused;
use crate::record::FailureKind;

/// Largest dictionary, as of 7z files: RAR makes 32 MiB by default, and 1 GiB at most in its usual dialogue.
const MAX_DICTIONARY_BYTES: u64 = 256 << 20;
/// Most packed bytes of a member of RAR 1.5 to 4, which `rars` reads into memory.
const MAX_PACKED_BYTES: u64 = 384 << 20;
/// Longest time that is waited for a member: a fixed one, and one more second for this many bytes of it. A guess, some hundred times
/// what it takes.
const WAIT: Duration = Duration::from_secs(60);
const BYTES_A_SECOND: u64 = 256 << 10;
/// How often waiting is counted. A guess.
const TICK: Duration = Duration::from_millis(100);
/// Most members of an archive that may take too long; further ones are not tried. A guess.
const MAX_SLOW: u32 = 3;
/// Blocks that wait to be read. A guess.
const QUEUE: usize = 8;

/// The program that unpacks, and its arguments.
static UNPACKER: OnceLock<(PathBuf, Vec<String>)> = OnceLock::new();

/// Names the program that unpacks compressed members of RAR archives: run with `arguments`, it has to call
/// [`unpack_rar`](super::unpack_rar) on its standard input and output. The first call counts. Without one, such members are
/// reported and not read.
pub fn set_unpacker(program: PathBuf, arguments: &[&str]) {
    let arguments = arguments.iter().map(ToString::to_string).collect();
    // A second call comes too late, as the documentation says.
    let _ = UNPACKER.set((program, arguments));
}

/// Unpacks the members of one archive, in their order.
#[derive(Debug)]
pub(super) struct Unrar {
    /// The program, and its arguments.
    program: Option<(PathBuf, Vec<String>)>,
    /// How long a short member may take.
    wait: Duration,
    process: Option<Process>,
    /// Why members that go on with the dictionary of others cannot be unpacked now.
    lost: Option<String>,
    /// A member was begun, so that there is a dictionary or a reason why there is none.
    has_state: bool,
    slow: u32,
}

impl Unrar {
    pub(super) fn new() -> Self {
        Self::with(UNPACKER.get().cloned(), WAIT)
    }

    fn with(program: Option<(PathBuf, Vec<String>)>, wait: Duration) -> Self {
        Self { program, wait, process: None, lost: None, has_state: false, slow: 0 }
    }

    pub(super) fn has_state(&self) -> bool {
        self.has_state
    }

    /// Says that the dictionary is lost: what goes on with it cannot be unpacked.
    pub(super) fn lose(&mut self, why: &str) {
        self.has_state = true;
        self.lost.get_or_insert_with(|| why.to_owned());
    }

    /// Whether a member can be unpacked, else the kind of failure and its message.
    pub(super) fn check(
        &mut self,
        how: Packed,
        unpacked: u64,
        packed: &[(u64, u64)],
    ) -> Result<(), (FailureKind, String)> {
        let unsupported = |why: String| {
            Err((FailureKind::Unsupported, format!("{why}; unpack it and scan the folder")))
        };
        if !how.is_solid {
            self.lost = None;
        }
        if let Some(why) = &self.lost {
            let message =
                format!("goes on with what members before it hold, and that is not known ({why})");
            return unsupported(message);
        }
        let bytes = packed.iter().fold(0_u64, |sum, (_, length)| sum.saturating_add(*length));
        let is_streamed = matches!(how.algorithm, Algorithm::Rar50 | Algorithm::Rar70);
        // Before RAR 2.9 the whole member is held, too.
        let is_held = matches!(how.algorithm, Algorithm::Rar15 | Algorithm::Rar20);
        let held = bytes.saturating_add(if is_held { unpacked } else { 0 });
        if how.dictionary > MAX_DICTIONARY_BYTES || (!is_streamed && held > MAX_PACKED_BYTES) {
            let most = if is_streamed { MAX_DICTIONARY_BYTES } else { MAX_PACKED_BYTES } >> 20;
            return unsupported(format!("needs more than {most} MiB of memory to unpack"));
        }
        if self.slow >= MAX_SLOW {
            return unsupported(format!(
                "is compressed, and unpacking {MAX_SLOW} members of this archive took too long"
            ));
        }
        if self.process.is_none() && bytes > 0 {
            match Process::start(self.program.as_ref()) {
                Ok(process) => self.process = Some(process),
                Err(error) => {
                    return unsupported(format!(
                        "is compressed, and the process that unpacks RAR cannot be started ({error})"
                    ));
                }
            }
        }
        Ok(())
    }

    /// A stream of a member that [`Unrar::check`] allows.
    pub(super) fn member(
        &mut self,
        how: Packed,
        unpacked: u64,
        bytes: Bytes,
        packed: Vec<(u64, u64)>,
    ) -> Unpacking<'_> {
        self.has_state = true;
        let length = packed.iter().fold(0_u64, |sum, (_, length)| sum.saturating_add(*length));
        let request = Request { how, unpacked, packed: length };
        let patience = self.wait + Duration::from_secs(unpacked / BYTES_A_SECOND);
        let state =
            if length == 0 { State::Ended } else { State::New(Job { request, bytes, packed }) };
        Unpacking { unrar: self, state, block: Vec::new(), at: 0, patience, left: patience }
    }

    /// Ends a process that is still at a member nobody reads.
    pub(super) fn leave(&mut self) {
        if self.process.as_ref().is_some_and(|process| process.is_busy) {
            self.process = None;
            self.lose("a member before it was not read to its end");
        }
    }
}

/// What is to be unpacked.
#[derive(Debug)]
struct Job {
    request: Request,
    bytes: Bytes,
    packed: Vec<(u64, u64)>,
}

#[derive(Debug)]
enum State {
    New(Job),
    Running,
    Ended,
}

/// A member that is unpacked as it is read.
#[derive(Debug)]
pub(super) struct Unpacking<'u> {
    unrar: &'u mut Unrar,
    state: State,
    block: Vec<u8>,
    /// Bytes of the block that are read.
    at: usize,
    /// How long is waited in all, and how long yet.
    patience: Duration,
    left: Duration,
}

impl Read for Unpacking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.at == self.block.len() {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::New(job) => match &mut self.unrar.process {
                    Some(process) => process.begin(job)?,
                    None => return Err(ErrorKind::BrokenPipe.into()),
                },
                State::Running => {}
            }
            self.state = State::Running;
            match self.next() {
                Ok(Some(block)) => (self.block, self.at) = (block, 0),
                Ok(None) => self.state = State::Ended,
                Err(error) => {
                    self.state = State::Ended;
                    self.unrar.lose(&error.to_string());
                    return Err(error);
                }
            }
        }
        let count = buffer.len().min(self.block.len() - self.at);
        buffer[..count].copy_from_slice(&self.block[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

impl Unpacking<'_> {
    /// The next block, `None` at the end of the member.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(process) = &mut self.unrar.process else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        loop {
            match process.blocks.recv_timeout(TICK.min(self.left)) {
                Ok(Said::Block(block)) => return Ok(Some(block)),
                Ok(Said::End(WHOLE, _)) => {
                    process.is_busy = false;
                    return Ok(None);
                }
                Ok(Said::End(_, message)) => {
                    process.is_busy = false;
                    return Err(io::Error::new(ErrorKind::InvalidData, message));
                }
                // The time in which somebody else keeps the scan waiting is not counted.
                Err(RecvTimeoutError::Timeout) => {
                    self.left = self.left.saturating_sub(TICK);
                    if self.left.is_zero() {
                        self.unrar.process = None;
                        self.unrar.slow += 1;
                        let seconds = self.patience.as_secs();
                        return Err(Refused::error(format!(
                            "took more than {seconds} seconds to unpack and was given up"
                        )));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let why = process.child.ended();
                    self.unrar.process = None;
                    return Err(Refused::error(format!(
                        "could not be unpacked: the process that does it ended ({why}), by damage or because it needs \
                         more memory than it is given"
                    )));
                }
            }
        }
    }
}

/// A child that is killed and waited for when dropped.
#[derive(Debug)]
struct Reaped(Child);

impl Reaped {
    /// How it ended, in words. It has closed its output, so it ends now; if it does not, it is killed.
    fn ended(&mut self) -> String {
        for _ in 0..10 {
            match self.0.try_wait() {
                Ok(None) => thread::sleep(TICK / 5),
                Ok(Some(status)) => return status.to_string(),
                Err(error) => return error.to_string(),
            }
        }
        "it said what it should not".to_owned()
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        // Both fail only if the child has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the process says.
#[derive(Debug)]
enum Said {
    Block(Vec<u8>),
    /// The end of a member: how it ended, and a message.
    End(u8, String),
}

/// A running process, and the threads that write to it and read from it. These end with it.
#[derive(Debug)]
struct Process {
    child: Reaped,
    jobs: Sender<Job>,
    blocks: Receiver<Said>,
    /// It is at a member.
    is_busy: bool,
}

impl Process {
    fn start(program: Option<&(PathBuf, Vec<String>)>) -> io::Result<Self> {
        let (program, arguments) =
            program.ok_or_else(|| io::Error::other("no program is named that does it"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Reaped(command.spawn()?);
        let pipes = child.0.stdin.take().zip(child.0.stdout.take());
        let (stdin, stdout) = pipes.ok_or(ErrorKind::BrokenPipe)?;
        let (jobs, asked) = channel();
        let (full, blocks) = sync_channel(QUEUE);
        thread::Builder::new().spawn(move || write(stdin, &asked))?;
        thread::Builder::new().spawn(move || read(stdout, &full))?;
        Ok(Self { child, jobs, blocks, is_busy: false })
    }

    fn begin(&mut self, job: Job) -> io::Result<()> {
        self.is_busy = true;
        self.jobs.send(job).map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

/// Writes what is asked for, and the packed bytes. Closes the pipe if these cannot be read, so that the process does not wait for
/// them.
fn write(mut stdin: ChildStdin, jobs: &Receiver<Job>) {
    for Job { request, bytes, packed: pieces } in jobs {
        let copied = stdin
            .write_all(&request.to_bytes())
            .and_then(|()| io::copy(&mut stretches(&bytes, &pieces)?, &mut stdin));
        if !copied.is_ok_and(|count| count == request.packed) {
            return;
        }
    }
}

/// Reads what the process says, to its end.
fn read(mut stdout: ChildStdout, full: &SyncSender<Said>) {
    while let Ok(said) = said(&mut stdout) {
        if full.send(said).is_err() {
            return;
        }
    }
}

fn said(stdout: &mut impl Read) -> io::Result<Said> {
    let mut number = [0; 4];
    let mut block = |stdout: &mut dyn Read| {
        stdout.read_exact(&mut number)?;
        let length = u32::from_le_bytes(number) as usize;
        if length > MAX_BLOCK_BYTES {
            return Err(io::Error::from(ErrorKind::InvalidData));
        }
        let mut block = vec![0; length];
        stdout.read_exact(&mut block)?;
        Ok(block)
    };
    let first = block(stdout)?;
    if !first.is_empty() {
        return Ok(Said::Block(first));
    }
    let mut status = [0; 4];
    stdout.read_exact(&mut status)?;
    Ok(Said::End(status[0], String::from_utf8_lossy(&block(stdout)?).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_process_says_is_read_and_nothing_longer_than_it_may_say() {
        let said_of = |mut bytes: &[u8]| said(&mut bytes);
        assert!(matches!(said_of(b"\x02\0\0\0ab"), Ok(Said::Block(block)) if block == b"ab"));
        let end = [&[0; 4][..], &[1, 0, 0, 0], &[3, 0, 0, 0], b"why"].concat();
        assert!(matches!(said_of(&end), Ok(Said::End(1, why)) if why == "why"));
        assert!(said_of(b"\x02\0\0\0a").is_err());
        assert!(said_of(b"\xff\xff\xff\x7faaaa").is_err());
    }

    #[cfg(unix)]
    fn with_shell(script: &str) -> Unrar {
        let program = Some(("/bin/sh".into(), vec!["-c".to_owned(), script.to_owned()]));
        Unrar::with(program, Duration::from_millis(300))
    }

    #[cfg(unix)]
    fn read(unrar: &mut Unrar, is_solid: bool) -> Result<Vec<u8>, String> {
        let how = Packed { algorithm: Algorithm::Rar50, is_solid, dictionary: 1 << 20 };
        unrar.check(how, 2, &[(0, 3)]).map_err(|(_, message)| message)?;
        let bytes = Bytes::of_memory(b"abc".to_vec());
        let mut plain = Vec::new();
        let read = unrar.member(how, 2, bytes, vec![(0, 3)]).read_to_end(&mut plain);
        read.map(|_| plain).map_err(|error| error.to_string())
    }

    #[test]
    #[cfg(unix)]
    fn a_process_that_hangs_is_killed_and_after_three_members_no_more_are_tried() {
        let mut unrar = with_shell("exec sleep 600");
        let started = std::time::Instant::now();
        for _ in 0..MAX_SLOW {
            assert!(read(&mut unrar, false).unwrap_err().contains("took more than"));
            assert!(unrar.process.is_none());
            assert!(read(&mut unrar, true).unwrap_err().contains("members before it"));
        }
        assert!(read(&mut unrar, false).unwrap_err().contains("took too long"));
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    #[cfg(unix)]
    fn a_process_that_ends_or_says_nonsense_costs_its_member_only() {
        for script in ["exit 7", "printf 'xxxxyyyy'", "kill -9 $$"] {
            let mut unrar = with_shell(script);
            assert!(
                read(&mut unrar, false).unwrap_err().contains("the process that does it ended")
            );
        }
        // A block of two bytes, an empty one, and how it ended.
        let answer = r"head -c 35 > /dev/null; printf '\002\000\000\000ok\000\000\000\000\000\000\000\000\000\000\000\000'";
        let mut unrar = with_shell(answer);
        assert_eq!(read(&mut unrar, false).unwrap(), b"ok");
        let mut unrar = Unrar::with(None, WAIT);
        assert!(read(&mut unrar, false).unwrap_err().contains("no program is named"));
    }
}
