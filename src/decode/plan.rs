//! Which decoders are tried on a file, when one attempt is good enough, and which attempt is kept. The rules, in full:
//!
//! 1. A file that [`sound::sniff`] recognises as no audio is refused. A format that Symphonia lacks, or mistakes for another,
//!    goes straight to ffmpeg. Everything else is tried with Symphonia first.
//! 2. A pass of Symphonia is good unless an audio track had no decoder; nothing was decoded; more than a fifth of the packets
//!    were refused; some of the file was not read (`parts`); or it ended early (the container broke, or less than four fifths of the
//!    declared length were decoded) before the end of the file. A truncated file is read to its last byte and is therefore good.
//! 3. If the pass is not good and decoded nothing, a second pass hides from the reader that the file can be sought in (for
//!    truncated MP4 and Matroska files, whose index would lie behind the cut), or hides the tag at the front.
//! 4. Then ffmpeg is tried, if it is installed.
//! 5. The pass that decoded the most seconds is kept; among passes within half a second, the last. If the sink holds the samples
//!    of another pass, the kept pass is repeated.
//! 6. What neither read is told. Of ffmpeg we know how many bytes of packets it read, and for how many seconds that was enough.
//!
//! The thresholds are guesses.

use std::io::{Read, Seek, SeekFrom};
use std::sync::atomic::AtomicBool;

use super::accounts::{Unread, account};
use super::guard::Guard;
use super::native::Start;
use super::pass::{Failure, Pass};
use super::{DecodeError, Decoded, Decoder, Help, PcmSink, embedded, notes, parts, tags};
use crate::base::thousands;
use crate::bytes::{Bytes, Reader};
use crate::sniff::picture;
use crate::sniff::sound::{self, MAX_TAG_BYTES, MAX_TAGS, SoundKind};
use crate::storage::{self, Kind};

/// Attempts whose decoded lengths differ by less are equally good. A guess.
const SAME_SECONDS: f64 = 0.5;

/// What is known of a file before it is decoded.
struct Facts {
    bytes: u64,
    kind: SoundKind,
    /// Number of bytes in front of the container: tags, or the private Ogg page of Spotify.
    front_bytes: u64,
    /// The picture in front of the sound, with an article.
    picture: Option<&'static str>,
    looks_like: &'static str,
}

/// One attempt at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Native(Start),
    /// As `Native`, but only if the attempts before decoded nothing.
    NativeRetry(Start),
    Ffmpeg,
}

/// The best pass so far, and why the attempts before it were not good enough.
struct Best {
    step: Step,
    pass: Pass,
    reason: Option<String>,
}

/// Where Symphonia begins with a file.
pub(super) struct Begin {
    pub(super) start: Start,
    /// Size of the file, with and without the tags at its front.
    pub(super) bytes: u64,
    pub(super) audio_bytes: u64,
}

/// Where Symphonia begins with a file; `None` if the first attempt is not Symphonia's.
pub(super) fn begin(source: &Bytes) -> Option<Begin> {
    let facts = inspect(source).ok()?;
    let SoundKind::Native(_) = facts.kind else { return None };
    match steps(&facts).ok()?.first() {
        Some(&Step::Native(start)) => {
            Some(Begin { start, bytes: facts.bytes, audio_bytes: facts.bytes - facts.front_bytes })
        }
        _ => None,
    }
}

/// Decodes a file by the rules above.
pub(super) fn decode(
    decoder: &Decoder,
    source: &Bytes,
    cancel: &AtomicBool,
    sink: &mut dyn PcmSink,
) -> Result<Decoded, DecodeError> {
    let facts = inspect(source)?;
    let guard = Guard::new(cancel, decoder.limits.timeout, facts.bytes);
    guard.check()?;
    let steps = steps(&facts)?;
    let mut reasons: Vec<String> = Vec::new();
    if let SoundKind::Foreign(name) = facts.kind {
        reasons.push(format!("Symphonia has no reader for {name}"));
    }
    let mut best: Option<Best> = None;
    let mut last = None;
    let mut left = None;
    for step in steps {
        let found = best.as_ref().is_some_and(|best| best.pass.seconds() > 0.0);
        if matches!(step, Step::NativeRetry(_)) && found {
            continue;
        }
        if step == Step::Ffmpeg && decoder.ffmpeg.is_none() {
            break;
        }
        if last.replace(step).is_some() {
            sink.restart();
        }
        match attempt(decoder, step, &facts, source, (&guard, left.as_ref()), sink) {
            Ok(pass) => {
                if step != Step::Ffmpeg {
                    left = Unread::of(&pass).or(left);
                }
                let flaw = flaw(step, &pass, &guard);
                let reason = reasons.first().cloned();
                reasons.extend(flaw.clone());
                let before = best.as_ref().map_or(0.0, |best| best.pass.seconds());
                if best.is_none() || pass.seconds() >= before - SAME_SECONDS {
                    best = Some(Best { step, pass, reason });
                }
                if flaw.is_none() {
                    break;
                }
            }
            Err(Failure::Probe(error)) => reasons.push(error),
            Err(Failure::Stop(error)) => return Err(error),
        }
    }
    let mut best = best.ok_or_else(|| unread(decoder, &facts, &reasons))?;
    if best.pass.seconds() > 0.0 && last != Some(best.step) {
        sink.restart();
        best.pass = match attempt(decoder, best.step, &facts, source, (&guard, left.as_ref()), sink)
        {
            Ok(pass) => pass,
            Err(Failure::Stop(error)) => return Err(error),
            Err(Failure::Probe(error)) => return Err(unread(decoder, &facts, &[error])),
        };
    }
    let mut decoded = finish(decoder, &facts, best, &reasons)?;
    let base = if facts.picture.is_some() { facts.front_bytes } else { 0 };
    decoded.tags = tags::joined(decoded.tags, embedded::read(source, base));
    Ok(decoded)
}

/// Recognises a file by its first bytes. Only regular files are opened: a pipe would block.
fn inspect(source: &Bytes) -> Result<Facts, DecodeError> {
    let read_error = |source| DecodeError::Read { source };
    if let Bytes::File(path) = source {
        let what = match storage::metadata(path).map_err(read_error)?.kind {
            Kind::File => "",
            Kind::Folder => "folder",
            Kind::Link | Kind::Other => "pipe or device",
        };
        if !what.is_empty() {
            return Err(DecodeError::NotAFile { what });
        }
    }
    let Some(mut file) = source.open_seekable().map_err(read_error)? else {
        // A compressed text.
        let head = source.head(sound::HEAD_BYTES as u64).map_err(read_error)?;
        let (bytes, kind) = (head.len() as u64, sound::sniff_text(&head));
        let looks_like = sound::looks_like_unknown(&head);
        return Ok(Facts { bytes, kind, front_bytes: 0, picture: None, looks_like });
    };
    let bytes = file.length();
    if bytes == 0 {
        return Err(DecodeError::Empty);
    }
    let mut head = Vec::new();
    let mut front_bytes = 0;
    for _ in 0..=MAX_TAGS {
        file.seek(SeekFrom::Start(front_bytes)).map_err(read_error)?;
        head.clear();
        (&mut file).take(sound::HEAD_BYTES as u64).read_to_end(&mut head).map_err(read_error)?;
        let tag_bytes = sound::id3v2_bytes(&head);
        if tag_bytes == 0 {
            break;
        }
        front_bytes += tag_bytes;
    }
    let mut kind = sound::sniff(&head);
    let mut picture = None;
    if let SoundKind::NotAudio(what, _) = kind
        && let Some((behind, sound)) = behind_picture(&mut file, front_bytes)
    {
        (kind, front_bytes, picture) = (sound, behind, Some(what));
    }
    let looks_like = sound::looks_like_unknown(&head);
    front_bytes += sound::private_ogg_page_bytes(&head);
    Ok(Facts { bytes, kind, front_bytes: front_bytes.min(bytes), picture, looks_like })
}

/// Where the sound behind a picture begins, and which it is; `None` if there is none.
fn behind_picture(file: &mut Reader, at: u64) -> Option<(u64, SoundKind)> {
    let there = |file: &mut Reader, end: u64, is_sure: bool| {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(end)).ok()?;
        file.take(sound::HEAD_BYTES as u64).read_to_end(&mut head).ok()?;
        let tag = usize::try_from(sound::id3v2_bytes(&head)).ok()?;
        match sound::sniff(head.get(tag..).unwrap_or_default()) {
            // A sync word appears by chance.
            _ if !is_sure && tag == 0 && !sound::has_magic(&head) => None,
            kind @ (SoundKind::Native(_) | SoundKind::Foreign(_)) => Some((end, kind)),
            // Behind a tag that is longer than what was read there is nearly always MP3.
            _ if tag > head.len() => Some((end, SoundKind::Native("MP3"))),
            _ => None,
        }
    };
    if let Some(end) = picture::end(file, at) {
        return if end < file.length() { there(file, end, true) } else { None };
    }
    let end = picture::behind_marks(file, at, |file, end| there(file, end, false).is_some())?;
    there(file, end, false)
}

fn steps(facts: &Facts) -> Result<Vec<Step>, DecodeError> {
    let whole = Start { base: 0, seekable: true };
    let behind_front = Start { base: facts.front_bytes, seekable: true };
    let mut steps = match facts.kind {
        SoundKind::NotAudio(looks_like, remedy) => {
            return Err(DecodeError::NotAudio { looks_like, remedy });
        }
        SoundKind::Piece(what, remedy) => return Err(DecodeError::Piece { what, remedy }),
        SoundKind::Foreign(_) => Vec::new(),
        _ if facts.picture.is_some() => vec![Step::Native(behind_front)],
        SoundKind::Native("MP4" | "Matroska") => {
            vec![Step::Native(whole), Step::NativeRetry(Start { base: 0, seekable: false })]
        }
        _ if facts.front_bytes > MAX_TAG_BYTES => vec![Step::Native(behind_front)],
        SoundKind::Native("Ogg") if facts.front_bytes > 0 => vec![Step::Native(behind_front)],
        _ if facts.front_bytes > 0 => vec![Step::Native(whole), Step::NativeRetry(behind_front)],
        SoundKind::Native(_) | SoundKind::Unknown => vec![Step::Native(whole)],
    };
    steps.push(Step::Ffmpeg);
    Ok(steps)
}

/// Takes one step. `left` is what Symphonia left unread before.
fn attempt(
    decoder: &Decoder,
    step: Step,
    facts: &Facts,
    source: &Bytes,
    (guard, left): (&Guard<'_>, Option<&Unread>),
    sink: &mut dyn PcmSink,
) -> Result<Pass, Failure> {
    match step {
        Step::Native(start) | Step::NativeRetry(start) => {
            decoder.native.pass(source, (start, decoder.band), &decoder.limits, guard, sink)
        }
        Step::Ffmpeg => match &*decoder.ffmpeg {
            Some(ffmpeg) => {
                // It would read the picture.
                let behind = facts
                    .picture
                    .and_then(|_| source.slice(facts.front_bytes, facts.bytes - facts.front_bytes));
                let behind = behind.as_ref().unwrap_or(source);
                let mut pass = ffmpeg.pass(behind, &decoder.limits, guard, sink)?;
                account(&mut pass, left, (facts.kind, facts.front_bytes), source, guard);
                Ok(pass)
            }
            None => Err(Failure::Probe("no ffmpeg".to_owned())),
        },
    }
}

/// Why a pass is not good enough, as a clause; `None` if it is.
fn flaw(step: Step, pass: &Pass, guard: &Guard<'_>) -> Option<String> {
    if step == Step::Ffmpeg {
        return None;
    }
    if let Some((_, codec, error)) = pass.undecodable.first() {
        return Some(format!("Symphonia does not decode {codec} ({error})"));
    }
    let seconds = pass.seconds();
    let (packets, damaged) = pass.packets();
    if seconds <= 0.0 {
        return Some(format!("Symphonia decoded none of {packets} packets"));
    }
    if damaged * 5 > packets {
        return Some(format!("Symphonia refused {damaged} of {packets} packets"));
    }
    let unread = pass.unread_bytes();
    if unread > 0 {
        return Some(format!("Symphonia did not read {} bytes", thousands(unread)));
    }
    let is_sure = pass.streams.iter().all(|stream| !stream.head.is_estimated);
    let declared: f64 = pass.streams.iter().filter_map(|s| s.head.declared_seconds).sum();
    let full = pass.streams.iter().any(|stream| stream.full);
    let short = is_sure && seconds < 0.8 * declared && !full;
    if (pass.broken.is_some() || short) && parts::is_told(guard.unread_bytes(), guard.file_bytes())
    {
        return Some(format!("Symphonia stopped after {seconds:.1} s"));
    }
    None
}

fn help(decoder: &Decoder) -> Help {
    if decoder.ffmpeg.is_some() { Help::Failed } else { Help::Absent }
}

/// The error of a file whose container no decoder could read.
fn unread(decoder: &Decoder, facts: &Facts, reasons: &[String]) -> DecodeError {
    let name = match facts.kind {
        SoundKind::Native(name) | SoundKind::Foreign(name) => name,
        SoundKind::NotAudio(..) | SoundKind::Piece(..) | SoundKind::Unknown => {
            return DecodeError::NotAudio {
                looks_like: facts.looks_like,
                remedy: "check how it was made or fetch it again",
            };
        }
    };
    // The first reason of a foreign format is that Symphonia has no reader for it, which adds nothing.
    let known = usize::from(matches!(facts.kind, SoundKind::Foreign(_)));
    let mut new: Vec<&str> = reasons.iter().skip(known).map(String::as_str).collect();
    new.dedup();
    let what =
        if new.is_empty() { name.to_owned() } else { format!("{name} ({})", new.join("; ")) };
    DecodeError::Unsupported { what, help: help(decoder) }
}

/// Turns the kept pass into the result, or into the error that it amounts to.
fn finish(
    decoder: &Decoder,
    facts: &Facts,
    best: Best,
    reasons: &[String],
) -> Result<Decoded, DecodeError> {
    let Best { step, mut pass, reason } = best;
    let (packets, damaged_packets) = pass.packets();
    if pass.seconds() <= 0.0 {
        let container = pass.container.clone();
        return Err(if let Some((_, codec, _)) = pass.undecodable.first() {
            let what = format!("{codec} audio in a {container} file");
            DecodeError::Unsupported { what, help: help(decoder) }
        } else if pass.unnamed > 0 && pass.streams.is_empty() {
            let what = format!("tracks of an unknown codec in a {container} file");
            DecodeError::Unsupported { what, help: help(decoder) }
        } else if pass.streams.is_empty() {
            DecodeError::NoAudioStream { container }
        } else if facts.kind == SoundKind::Unknown {
            unread(decoder, facts, reasons)
        } else {
            DecodeError::NothingDecoded { packets, damaged_packets }
        });
    }
    // Random bytes contain a few sync words by chance, which decode to a moment of noise. 20 packets are a guess.
    if facts.kind == SoundKind::Unknown && (packets < 20 || damaged_packets * 5 > packets) {
        return Err(unread(decoder, facts, reasons));
    }
    if pass.is_silent() {
        let seconds = pass.streams.iter().map(super::stream::Stream::seconds).fold(0.0, f64::max);
        let unread_bytes = pass.unread_bytes();
        if damaged_packets > 0 || unread_bytes > 0 || pass.broken.is_some() {
            return Err(DecodeError::SilentPart { seconds, damaged_packets, unread_bytes });
        }
        return Err(DecodeError::Silent { seconds });
    }
    notes::mark_truncated(&mut pass);
    let mut notes = Vec::new();
    if step == Step::Ffmpeg
        && let Some(ffmpeg) = &*decoder.ffmpeg
    {
        let reason = reason.unwrap_or_else(|| "Symphonia could not".to_owned());
        notes.push(format!("decoded by ffmpeg {}: {reason}", ffmpeg.version()));
    }
    if step == (Step::Native(Start { base: facts.front_bytes, seekable: true }))
        && facts.front_bytes > MAX_TAG_BYTES
    {
        notes.push(format!("tags of {} MiB at the front were skipped", facts.front_bytes >> 20));
    }
    if let Some(picture) = facts.picture {
        notes.push(format!(
            "the sound begins behind {picture} of {} bytes",
            thousands(facts.front_bytes)
        ));
    }
    notes::of_pass(&pass, &mut notes);
    let is_partial = pass.is_partial();
    let streams = pass.streams.iter().filter_map(super::stream::Stream::info).collect();
    Ok(Decoded { streams, tags: pass.tags, notes, is_partial })
}
