//! The audio of a finding: finds both files, checks that they are the ones that were compared, and cuts clips from them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, anyhow, bail};
use leakhound::bytes::Bytes;
use leakhound::ingest::{Ingester, sha256};
use leakhound::record::{Finding, ItemFacts};
use leakhound::review::{MAX_CLIP_SECONDS, cut, to_wav};
use leakhound::source::{Found, Item, Locator, ScanLimits, Stamp, find};
use serde::Serialize;

use crate::exit::UsageError;
use crate::review_queue::ReviewQueue;

/// Stack of the thread that decodes. Decoders of nested formats recurse; a guess, the same as that of a scan's workers.
const STACK_BYTES: usize = 8 << 20;

/// The two files of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Item,
    Recording,
}

/// Matching stretches of both files, in seconds, each no longer than [`MAX_CLIP_SECONDS`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Clip {
    item_from: f64,
    item_seconds: f64,
    recording_from: f64,
    recording_seconds: f64,
}

/// The spans of a finding as clips; a long span becomes several.
pub(super) fn clips(finding: &Finding) -> Vec<Clip> {
    let mut clips = Vec::new();
    for span in &finding.spans {
        let item = span.item_end_seconds - span.item_start_seconds;
        let recording = span.recording_end_seconds - span.recording_start_seconds;
        if item <= 0.0 || recording <= 0.0 {
            continue;
        }
        let parts = (item.max(recording) / MAX_CLIP_SECONDS).ceil().clamp(1.0, 10_000.0);
        for part in 0..parts as u32 {
            let at = f64::from(part) / parts;
            clips.push(Clip {
                item_from: span.item_start_seconds + at * item,
                item_seconds: item / parts,
                recording_from: span.recording_start_seconds + at * recording,
                recording_seconds: recording / parts,
            });
        }
    }
    clips
}

/// Finds and decodes the files of findings.
pub(super) struct Audio {
    ingester: Ingester,
    roots: Vec<PathBuf>,
    dump: Option<PathBuf>,
    /// Files whose hash was checked, by locator, size and modification time: none is hashed twice.
    known: Mutex<BTreeSet<(String, u64, i64)>>,
}

impl Audio {
    pub(super) fn new(
        ingester: Ingester,
        queue: &ReviewQueue,
        dump: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        if let Some(dump) = &dump
            && !dump.exists()
        {
            let why = format!("--dump {} does not exist; check the path", dump.display());
            return Err(UsageError(why).into());
        }
        let dump = dump.map(std::path::absolute).transpose()?;
        let roots = queue.run.key.roots.iter().map(PathBuf::from).collect();
        Ok(Self { ingester, roots, dump, known: Mutex::default() })
    }

    /// A clip of one side as a WAV file.
    pub(super) fn wav(
        &self,
        item: &ItemFacts,
        finding: &Finding,
        side: Side,
        clip: Clip,
    ) -> anyhow::Result<Vec<u8>> {
        let (bytes, stream, from, seconds) = match side {
            Side::Item => {
                let bytes = self.item(item)?;
                (bytes, finding.stream, clip.item_from, clip.item_seconds)
            }
            Side::Recording => {
                let (bytes, stream) = self.recording(finding)?;
                (bytes, stream, clip.recording_from, clip.recording_seconds)
            }
        };
        let decoder = self.ingester.decoder();
        // In a thread of its own, so that a panic of a decoder becomes an error message, not a closed connection.
        std::thread::scope(|scope| {
            let work = || cut(decoder, &bytes, stream, from, seconds).map(|clip| to_wav(&clip));
            let builder = std::thread::Builder::new()
                .name(leakhound::scan::WORKER_NAME.into())
                .stack_size(STACK_BYTES);
            let thread =
                builder.spawn_scoped(scope, work).context("cannot start a thread to decode in")?;
            let wav = thread.join().map_err(|_| anyhow!("the decoder crashed"))?;
            wav.with_context(|| match side {
                Side::Item => item.path.clone(),
                Side::Recording => finding.recording_path.clone(),
            })
        })
    }

    /// The bytes of the item, from where the dump is now.
    fn item(&self, item: &ItemFacts) -> anyhow::Result<Bytes> {
        let locator: Locator = item.locator.parse()?;
        for file in self.places(&locator.file) {
            let locator = Locator { file, steps: locator.steps.clone() };
            let Ok(Found::Item(found)) = find(&locator, ScanLimits::default()) else { continue };
            self.verify(&found, |sha256| sha256 == item.sha256)
                .with_context(|| item.path.clone())?;
            return Ok(found.bytes);
        }
        bail!("{} is missing; say where the dump is with --dump PATH", item.path)
    }

    /// Where a file of the scan may be now: below `--dump`, if that was given.
    fn places(&self, file: &Path) -> Vec<PathBuf> {
        let Some(dump) = &self.dump else { return vec![file.to_path_buf()] };
        let within = |root: &PathBuf| {
            let rest = file.strip_prefix(root).ok()?;
            Some(if rest.as_os_str().is_empty() { dump.clone() } else { dump.join(rest) })
        };
        self.roots.iter().filter_map(within).collect()
    }

    /// The label's file and its audio stream. The id of a recording is the first characters of the file's SHA-256, then the number
    /// of the stream if it is not 0.
    fn recording(&self, finding: &Finding) -> anyhow::Result<(Bytes, u32)> {
        let Finding { recording_id, recording_path, .. } = finding;
        let file = Path::new(recording_path);
        let Ok(metadata) = file.metadata() else {
            bail!(
                "{recording_path} is missing; the recording was there when it was added to the catalogue"
            );
        };
        let item = Item::of_file(file, Stamp::of(&metadata));
        let (start, stream) = recording_id.split_once('-').unwrap_or((recording_id.as_str(), "0"));
        self.verify(&item, |sha256| sha256.starts_with(start))
            .with_context(|| recording_path.clone())?;
        Ok((item.bytes, stream.parse().unwrap_or(0)))
    }

    /// Fails if a file is not the one that was compared.
    fn verify(&self, item: &Item, is_it: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let Stamp { size_bytes, modified_ns } = item.place.stamp;
        let key = (item.place.locator.to_string(), size_bytes, modified_ns);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&key) {
            return Ok(());
        }
        let found = sha256(&item.bytes, &AtomicBool::new(false))
            .map_err(|failure| anyhow!(failure.message))?;
        if !is_it(&found) {
            bail!("is a different file now: its SHA-256 is {found}");
        }
        known().insert(key);
        Ok(())
    }
}
