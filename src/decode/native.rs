//! One pass of Symphonia over a file: every audio track of each of its parts, to the end or to a break. `plan` judges the result.
//!
//! Most files are one part, and are walked only as far as that costs little. What was not read to its end is walked closely, and
//! decoded again if that shows more.

use std::ops::Range;

use symphonia::core::formats::probe::{Hint, Probe};
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use super::band::Band;
use super::guard::Guard;
use super::parts::{self, Depth, Part, Parts};
use super::pass::{Failure, Pass};
use super::run::{Carried, Codecs, Run, with_chunks};
use super::shielded::shielded;
use super::source::FileSource;
use super::{DecodeError, DecodeLimits, PcmSink};
use crate::bytes::Bytes;

/// The decoders and readers of Symphonia, built once.
pub(super) struct Native {
    probe: Probe,
    codecs: Codecs,
}

/// Where and how a pass begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    /// Number of bytes at the front that are hidden from the reader.
    pub(super) base: u64,
    /// Whether the reader may look for an index at the end.
    pub(super) seekable: bool,
}

impl Native {
    pub(super) fn new() -> Self {
        let mut probe = Probe::new();
        symphonia::default::register_enabled_formats(&mut probe);
        Self { probe, codecs: Codecs::new() }
    }

    /// Decodes a file, from `start` on: once, or a second time in full if the low band turns out not to be enough.
    pub(super) fn pass(
        &self,
        source: &Bytes,
        (start, band): (Start, Band),
        limits: &DecodeLimits,
        guard: &Guard<'_>,
        sink: &mut dyn PcmSink,
    ) -> Result<Pass, Failure> {
        if !start.seekable {
            let parts = Parts::single(start.base..guard.file_bytes(), false);
            return self.over(source, (&parts, start, band), limits, guard, sink);
        }
        let of = |depth| parts::of(source, start.base, depth, guard).map_err(Failure::Stop);
        let shallow = of(Depth::Shallow)?;
        let first = match self.over(source, (&shallow, start, band), limits, guard, sink) {
            Ok(pass) if pass.is_whole() => return Ok(pass),
            Err(Failure::Stop(error)) => return Err(Failure::Stop(error)),
            first => first,
        };
        let deep = of(Depth::Deep)?;
        if deep == shallow {
            return first;
        }
        sink.restart();
        self.over(source, (&deep, start, band), limits, guard, sink)
    }

    /// Decodes the parts of a file one after the other.
    fn over(
        &self,
        source: &Bytes,
        (given, start, band): (&Parts, Start, Band),
        limits: &DecodeLimits,
        guard: &Guard<'_>,
        sink: &mut dyn PcmSink,
    ) -> Result<Pass, Failure> {
        let Parts { parts, gaps } = given;
        let mut gaps = gaps.clone();
        let mut carried = Carried::default();
        // Why a part was given up before its end, if a gap may be too short to tell it.
        let mut given_up = None;
        let mut refused = None;
        let (mut frame_bytes, mut packet_bytes, mut all_bytes, mut known) = (0, 0, 0, 0_u64);
        for (nth, part) in parts.iter().enumerate() {
            // What one part may read does not depend on the others.
            guard.rewind();
            let format = match self.reader(source, part, guard) {
                Ok(format) => format,
                Err(Failure::Probe(error)) => {
                    refused.get_or_insert(error);
                    gaps.push(part.range.clone());
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            let run = Run::new((source, part), (&self.codecs, band), limits, format, carried);
            let (mut next, end) = run.run(part.whole, guard, sink)?;
            if next.pass.needs_full {
                sink.restart();
                return self.over(source, (given, start, Band::Full), limits, guard, sink);
            }
            // Of other parts it is not known what between their packets is none.
            if let Some(bytes) = part.frame_bytes {
                frame_bytes += bytes;
                packet_bytes += next.pass.packet_bytes;
            }
            all_bytes += std::mem::take(&mut next.pass.packet_bytes);
            let is_full = next.pass.streams.iter().any(|stream| stream.full);
            let broken = next.pass.broken.take();
            if (broken.is_some() || next.pass.reads_to_the_end()) && !is_full {
                let gap = end.min(part.range.end)..part.range.end;
                if part.frame_bytes.is_some_and(|bytes| bytes > 0) {
                    known = known.saturating_add(gap.end - gap.start);
                }
                gaps.push(gap);
            }
            let is_last = nth + 1 == parts.len();
            given_up = given_up.or(next.pass.given_up.take());
            next.pass.broken = broken.filter(|_| is_last);
            carried = next;
        }
        let Carried { mut pass, revisions, chapters } = carried;
        pass.broken = pass.broken.or(given_up);
        if let (true, Some(error)) = (pass.container.is_empty(), refused) {
            return Err(Failure::Probe(error));
        }
        if pass.is_low && pass.is_silent() {
            sink.restart();
            return self.over(source, (given, start, Band::Full), limits, guard, sink);
        }
        let is_told = |bytes| parts::is_told(bytes, guard.file_bytes());
        if !pass.streams.iter().any(|stream| stream.full) {
            let stray = u64::saturating_sub(frame_bytes, packet_bytes);
            pass.stray_bytes =
                Some(stray.saturating_sub(known)).filter(|&b| is_told(b)).unwrap_or(0);
        }
        pass.packet_bytes = all_bytes;
        pass.gaps = merged(gaps).into_iter().filter(|gap| is_told(gap.end - gap.start)).collect();
        pass.tags = with_chunks(&pass.container, revisions, chapters.as_ref(), source, start.base);
        Ok(pass)
    }

    /// Finds a reader for a part of a file.
    fn reader<'f>(
        &self,
        source: &Bytes,
        part: &'f Part,
        guard: &'f Guard<'f>,
    ) -> Result<Box<dyn FormatReader + 'f>, Failure> {
        let read_error = |source| Failure::Stop(DecodeError::Read { source });
        let file = source.open_stored().map_err(read_error)?;
        let media = FileSource::new(file, part, guard).map_err(read_error)?;
        let stream = MediaSourceStream::new(Box::new(media), MediaSourceStreamOptions::default());
        // No hint, since the file name may be wrong.
        let (hint, options, tags) =
            (Hint::new(), FormatOptions::default(), MetadataOptions::default());
        let probed = shielded(|| self.probe.probe(&hint, stream, options, tags));
        guard.check().map_err(Failure::Stop)?;
        probed.map_err(|error| Failure::Probe(format!("Symphonia: {error}")))
    }

    /// A run over a file that is one part, before any of its tracks is opened.
    pub(super) fn open<'a, 'f>(
        &'a self,
        source: &'a Bytes,
        (part, band): (&'f Part, Band),
        limits: &'a DecodeLimits,
        guard: &'f Guard<'f>,
    ) -> Result<Run<'a, 'f>, Failure>
    where
        'f: 'a,
    {
        let format = self.reader(source, part, guard)?;
        Ok(Run::new((source, part), (&self.codecs, band), limits, format, Carried::default()))
    }
}

/// Gaps in order, those that touch as one.
fn merged(mut gaps: Vec<Range<u64>>) -> Vec<Range<u64>> {
    gaps.sort_by_key(|gap| (gap.start, gap.end));
    let mut merged: Vec<Range<u64>> = Vec::new();
    for gap in gaps {
        match merged.last_mut() {
            Some(last) if last.end >= gap.start => last.end = last.end.max(gap.end),
            _ => merged.push(gap),
        }
    }
    merged
}
