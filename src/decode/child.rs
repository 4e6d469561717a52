//! Runs an outside program under a time limit: its output in blocks, the last line of its errors.

use std::io::{self, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::DecodeError;
use super::guard::Guard;
use super::pass::Failure;

/// How often the limits are checked while a program prints nothing. A guess.
const TICK: Duration = Duration::from_millis(50);
/// Number of blocks that wait between the program and the sink. A guess.
const QUEUE: usize = 4;
/// Longest line of the error output that is kept. A guess.
const MAX_LINE_BYTES: usize = 300;

/// How a program ended.
#[derive(Debug, Default)]
pub(super) struct Exit {
    pub(super) success: bool,
    /// Number of lines about packets that could not be decoded.
    pub(super) decoding_errors: u64,
    /// Number of bytes of the audio packets that were read, if the program told it.
    pub(super) packet_bytes: Option<u64>,
    last_line: String,
}

impl Exit {
    /// The last line of the error output.
    pub(super) fn last_line(&self) -> String {
        if self.last_line.is_empty() {
            "no reason given".to_owned()
        } else {
            self.last_line.clone()
        }
    }
}

/// A child that is killed and waited for when dropped, so that neither the process nor its entry in the process table remains.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        // Both fail only if the child has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs `command` with `input` on its standard input, and hands its output to `take` in blocks of `block_bytes` (the last may be
/// shorter) until the program ends, `take` returns false, or a limit of `guard` is reached.
pub(super) fn run(
    mut command: Command,
    input: Option<impl Read + Send>,
    program: &'static str,
    block_bytes: usize,
    guard: &Guard<'_>,
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Exit, Failure> {
    let failed = |source| Failure::Stop(DecodeError::Ffmpeg { program, source });
    guard.check().map_err(Failure::Stop)?;
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    thread::scope(|scope| {
        // Declared inside the scope, so that the child is killed before the scope waits for the readers.
        let mut child = Reaped(command.spawn().map_err(failed)?);
        if let Some((mut stdin, mut input)) = child.0.stdin.take().zip(input) {
            // An error only means that the program stopped reading, or was killed.
            scope.spawn(move || drop(io::copy(&mut input, &mut stdin)));
        }
        let pipes = child.0.stdout.take().zip(child.0.stderr.take());
        let (stdout, stderr) =
            pipes.ok_or_else(|| failed(io::Error::other("its output cannot be read")))?;
        let (full, blocks) = sync_channel(QUEUE);
        let (recycle, empty) = sync_channel(QUEUE + 2);
        scope.spawn(move || read_blocks(stdout, block_bytes, &full, &empty));
        let complaints = scope.spawn(move || read_lines(stderr));
        let whole = drain(&blocks, &recycle, guard, take);
        // Ends a reader that waits to send a block.
        drop(blocks);
        let status = match whole {
            Ok(true) => wait(&mut child, guard).map_err(failed)?,
            _ => None,
        };
        drop(child);
        let mut exit = complaints.join().unwrap_or_default();
        whole.map_err(Failure::Stop)?;
        guard.check().map_err(Failure::Stop)?;
        exit.success = status.is_none_or(|status| status.success());
        Ok(exit)
    })
}

/// Waits for a program that has closed its output; `None` if a limit of `guard` is reached first.
fn wait(child: &mut Reaped, guard: &Guard<'_>) -> io::Result<Option<ExitStatus>> {
    while guard.check().is_ok() {
        if let Some(status) = child.0.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(None)
}

/// Hands blocks to `take`. True at the end of the output, false if `take` returned false.
fn drain(
    blocks: &Receiver<Vec<u8>>,
    recycle: &SyncSender<Vec<u8>>,
    guard: &Guard<'_>,
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<bool, DecodeError> {
    loop {
        guard.check()?;
        match blocks.recv_timeout(TICK) {
            Ok(block) => {
                if !take(&block) {
                    return Ok(false);
                }
                // If the queue is full, there are enough empty blocks.
                let _ = recycle.try_send(block);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(true),
        }
    }
}

/// Fills whole blocks, so that their boundaries do not depend on how the pipe delivers.
fn read_blocks(
    mut stdout: ChildStdout,
    block_bytes: usize,
    full: &SyncSender<Vec<u8>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(block_bytes, 0);
        let mut filled = 0;
        while filled < block_bytes {
            match stdout.read(&mut block[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        block.truncate(filled);
        if filled == 0 || full.send(block).is_err() || filled < block_bytes {
            return;
        }
    }
}

/// Reads the error output to its end and keeps the last line.
fn read_lines(mut stderr: ChildStderr) -> Exit {
    let mut exit = Exit::default();
    let mut line = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = match stderr.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        for &byte in &buffer[..read] {
            if byte == b'\n' {
                exit.line(&line);
                line.clear();
            } else if line.len() < MAX_LINE_BYTES {
                line.push(byte);
            }
        }
    }
    exit.line(&line);
    exit
}

impl Exit {
    fn line(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let text = text.trim();
        // The level stands behind the name of the part of ffmpeg that speaks, `[wav @ 0x…]`; the name of a file may hold such words.
        let said = text.strip_prefix('[').and_then(|said| said.split_once("] "));
        let level = said.filter(|(who, _)| who.contains(" @ ")).map_or(text, |(_, said)| said);
        if ["[verbose]", "[info]", "[warning]"].iter().any(|word| level.starts_with(word)) {
            // Of other streams it only tells what was read to find out what they are.
            self.packet_bytes = self.packet_bytes.max(packet_bytes(text));
            return;
        }
        let text = text.replace("[error] ", "").replace("[fatal] ", "");
        if text.is_empty() {
            return;
        }
        let of_a_packet = ["while decoding stream", "submitting packet to decoder"];
        self.decoding_errors += u64::from(of_a_packet.iter().any(|part| text.contains(part)));
        self.last_line = text;
    }
}

/// The bytes that a line on an input stream tells: `Input stream #0:0 (audio): 9 packets read (3762 bytes); …`.
fn packet_bytes(line: &str) -> Option<u64> {
    let (_, behind) = line.split_once("Input stream #")?;
    let (_, behind) = behind.split_once("(audio)")?;
    let (_, behind) = behind.split_once(" packets read (")?;
    behind.split_once(" bytes)")?.0.parse().ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_comes_in_whole_blocks_and_complaints_are_counted() {
        let cancel = AtomicBool::new(false);
        let guard = Guard::new(&cancel, Duration::from_secs(30), 0);
        let mut sizes = Vec::new();
        let script = "printf abcde; sleep 0.1; printf fghij; \
                      echo 'Error while decoding stream #0:0: Invalid' >&2; echo last >&2; exit 3";
        let exit = run(shell(script), None::<&[u8]>, "sh", 4, &guard, &mut |block| {
            sizes.push(block.len());
            true
        })
        .expect("ran");
        assert_eq!(sizes, [4, 4, 2]);
        assert_eq!(
            (exit.success, exit.decoding_errors, exit.last_line().as_str()),
            (false, 1, "last")
        );
    }

    #[test]
    fn what_is_no_error_is_told_apart_and_the_bytes_that_were_read_are_taken_from_it() {
        let cancel = AtomicBool::new(false);
        let guard = Guard::new(&cancel, Duration::from_secs(30), 0);
        let script = "echo '[mp3 @ 0x1] [error] Header missing' >&2; \
                      echo '[verbose]   Input stream #0:1 (video): 2 packets read (9 bytes); 2 frames' >&2; \
                      echo '[verbose]   Input stream #0:0 (audio): 9 packets read (3762 bytes); 9 frames' >&2; \
                      echo '[verbose]   Input stream #0:2 (audio): 1 packets read (70 bytes); 0 frames' >&2; \
                      echo '[error] dump/one [info].wma: Header missing' >&2";
        let exit = run(shell(script), None::<&[u8]>, "sh", 4, &guard, &mut |_| true).expect("ran");
        assert_eq!(
            (exit.packet_bytes, &*exit.last_line()),
            (Some(3_762), "dump/one [info].wma: Header missing")
        );
    }

    #[test]
    fn a_program_that_says_nothing_is_killed_at_the_deadline() {
        let cancel = AtomicBool::new(false);
        let guard = Guard::new(&cancel, Duration::from_millis(200), 0);
        let start = Instant::now();
        let result = run(shell("exec sleep 60"), None::<&[u8]>, "sh", 4, &guard, &mut |_| true);
        assert!(matches!(result, Err(Failure::Stop(DecodeError::TimedOut { .. }))));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_never_ends_is_stopped_by_the_flag_and_by_its_taker() {
        let cancel = AtomicBool::new(false);
        let guard = Guard::new(&cancel, Duration::from_secs(60), 0);
        let mut blocks = 0;
        let exit =
            run(shell("exec cat /dev/zero"), None::<&[u8]>, "sh", 1 << 16, &guard, &mut |_| {
                blocks += 1;
                blocks < 10
            });
        assert!(exit.is_ok_and(|exit| exit.success) && blocks == 10);
        let result =
            run(shell("exec cat /dev/zero"), None::<&[u8]>, "sh", 1 << 16, &guard, &mut |_| {
                cancel.store(true, Ordering::Relaxed);
                true
            });
        assert!(matches!(result, Err(Failure::Stop(DecodeError::Cancelled))));
    }

    #[test]
    fn a_program_reads_its_input_to_the_end_or_as_far_as_it_likes() {
        let cancel = AtomicBool::new(false);
        let guard = Guard::new(&cancel, Duration::from_secs(60), 0);
        // More than a pipe holds, so that reading and writing have to happen at the same time.
        let input: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
        let mut output = Vec::new();
        let exit = run(shell("exec cat"), Some(&input[..]), "sh", 4_096, &guard, &mut |block| {
            output.extend_from_slice(block);
            true
        });
        assert!(exit.is_ok_and(|exit| exit.success) && output == input);
        let exit = run(shell("exec head -c 5"), Some(&input[..]), "sh", 9, &guard, &mut |block| {
            block.len() == 5
        });
        assert!(exit.is_ok_and(|exit| exit.success));
    }
}
