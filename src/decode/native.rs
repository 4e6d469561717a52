//! One pass of Symphonia over a file: every audio track, to the end or to the first break. `plan` judges the result.
//!
//! It relies on the behaviour of Symphonia 0.6.1: an error of `decode` concerns one packet, so the next packet is tried; an error of
//! `next_packet` is final, except at the start of a chained Ogg stream. Packets behind the declared end come with a trim that
//! empties them; since the declared length of MP3 is often a guess, such packets are kept (`trim`).

use std::io::ErrorKind;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS,
};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe};
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{MetadataOptions, MetadataRevision};
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use super::band::{Band, BandDecoder, LowBand};
use super::codecs::codec_name;
use super::opus::{self, Opus};
use super::pass::{Failure, Pass};
use super::planes;
use super::priming;
use super::riff;
use super::shielded::{PANICKED, shielded};
use super::source::{FileSource, Guard};
use super::stream::{Stream, StreamHead};
use super::tags::{self, Tags};
use super::trim::Trims;
use super::{DecodeError, DecodeLimits, PcmSink};
use crate::bytes::Bytes;

/// Packets of a track in a row without a sample after which the pass is given up: nine minutes of MP3 frames. A guess.
const MAX_PACKETS_WITHOUT_SAMPLES: u32 = 20_000;
/// Most revisions of tags that are kept; recordings of radio have one per song. A guess.
const MAX_REVISIONS: usize = 16;

/// The decoders and readers of Symphonia, built once.
pub(super) struct Native {
    probe: Probe,
    codecs: CodecRegistry,
    low: LowBand,
}

/// Where and how a pass begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    /// Number of bytes at the front that are hidden from the reader.
    pub(super) base: u64,
    /// Whether the reader may look for an index at the end.
    pub(super) seekable: bool,
}

/// An audio track with its decoder.
pub(super) struct TrackDecoder {
    pub(super) track_id: u32,
    pub(super) decoder: Box<dyn AudioDecoder>,
    /// See [`BandDecoder::rate_hz`].
    rate_hz: Option<u32>,
    stream: usize,
    without_samples: u32,
    trims: Trims,
}

impl Native {
    pub(super) fn new() -> Self {
        let mut probe = Probe::new();
        symphonia::default::register_enabled_formats(&mut probe);
        let mut codecs = CodecRegistry::new();
        symphonia::default::register_enabled_codecs(&mut codecs);
        codecs.register_audio_decoder::<Opus>();
        Self { probe, codecs, low: LowBand::new() }
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
        guard.rewind();
        let run = self.open(source, (start, band), limits, guard)?;
        let (mut pass, revisions) = run.run(guard, sink)?;
        if pass.needs_full || (pass.is_low && pass.is_silent()) {
            sink.restart();
            return self.pass(source, (start, Band::Full), limits, guard, sink);
        }
        pass.tags = with_chunks(&pass.container, revisions, source, start.base);
        Ok(pass)
    }

    /// Finds a reader for a file, before any of its tracks is opened.
    pub(super) fn open<'a, 'f>(
        &'a self,
        source: &Bytes,
        (start, band): (Start, Band),
        limits: &'a DecodeLimits,
        guard: &'f Guard<'f>,
    ) -> Result<Run<'a, 'f>, Failure> {
        let read_error = |source| Failure::Stop(DecodeError::Read { source });
        let file = source.open_stored().map_err(read_error)?;
        let media = FileSource::new(file, start.base, start.seekable, guard).map_err(read_error)?;
        let stream = MediaSourceStream::new(Box::new(media), MediaSourceStreamOptions::default());
        // No hint, since the file name may be wrong.
        let (hint, options, tags) =
            (Hint::new(), FormatOptions::default(), MetadataOptions::default());
        let probed = shielded(|| self.probe.probe(&hint, stream, options, tags));
        guard.check().map_err(Failure::Stop)?;
        let format = probed.map_err(|error| Failure::Probe(format!("Symphonia: {error}")))?;
        let container = format.format_info().short_name.to_owned();
        let priming = match container.as_str() {
            "isomp4" => priming::of_tracks(source, start.base),
            _ => Vec::new(),
        };
        let pass = Pass { container, ..Pass::default() };
        let (decoders, revisions) = (Vec::new(), Vec::new());
        Ok(Run { native: self, limits, band, format, pass, decoders, revisions, priming })
    }
}

/// The state of a pass.
pub(super) struct Run<'a, 'f> {
    native: &'a Native,
    limits: &'a DecodeLimits,
    band: Band,
    pub(super) format: Box<dyn FormatReader + 'f>,
    pub(super) pass: Pass,
    pub(super) decoders: Vec<TrackDecoder>,
    revisions: Vec<MetadataRevision>,
    /// Encoder delay of tracks, in seconds, by track id.
    priming: Vec<(u32, f64)>,
}

impl Run<'_, '_> {
    fn run(
        mut self,
        guard: &Guard<'_>,
        sink: &mut dyn PcmSink,
    ) -> Result<(Pass, Vec<MetadataRevision>), Failure> {
        self.open_tracks();
        loop {
            guard.check().map_err(Failure::Stop)?;
            self.take_metadata();
            if self.decoders.is_empty() {
                break;
            }
            match shielded(|| self.format.next_packet()) {
                Ok(Some(packet)) => {
                    if self.packet(packet, sink) {
                        break;
                    }
                }
                Ok(None) => break,
                Err(Error::ResetRequired) => self.open_tracks(),
                // A WAV file that was written to a pipe declares no length: it ends with the file.
                Err(Error::IoError(error))
                    if error.kind() == ErrorKind::UnexpectedEof && self.is_endless_wav() =>
                {
                    break;
                }
                Err(error) => {
                    self.pass.broken = Some(error.to_string());
                    break;
                }
            }
        }
        for stream in &mut self.pass.streams {
            stream.flush(sink);
        }
        // A reader may mistake a read that the guard refused for the end of the file.
        guard.check().map_err(Failure::Stop)?;
        Ok((self.pass, self.revisions))
    }

    fn is_endless_wav(&self) -> bool {
        let declares = |stream: &Stream| stream.head.declared_seconds.is_some();
        self.pass.container == "wave" && !self.pass.streams.iter().any(declares)
    }

    /// Makes a decoder for each audio track. In a chained file, track n of each link continues stream n.
    pub(super) fn open_tracks(&mut self) {
        self.decoders.clear();
        let audio = |track: &&Track| track.track_type() == Some(TrackType::Audio);
        self.pass.unnamed +=
            self.format.tracks().iter().filter(|t| t.codec_params.is_none()).count();
        let tracks: Vec<Track> = self.format.tracks().iter().filter(audio).cloned().collect();
        for (index, track) in tracks.iter().enumerate() {
            let Some(CodecParameters::Audio(params)) = &track.codec_params else { continue };
            if index >= self.limits.max_streams {
                self.pass.left_out = self.pass.left_out.max(tracks.len() - index);
                break;
            }
            let codec = codec_name(params.codec);
            match self.decoder(params) {
                Ok(BandDecoder { decoder, reduction, rate_hz }) => {
                    let stream = self.stream(index, codec, track);
                    let channels = params.channels.as_ref().map_or(0, Channels::count);
                    self.pass.streams[stream].coded_channels(channels);
                    self.pass.streams[stream].reduction = reduction;
                    self.pass.is_low |= reduction > 1;
                    self.decoders.push(TrackDecoder {
                        track_id: track.id,
                        decoder,
                        rate_hz,
                        stream,
                        without_samples: 0,
                        trims: Trims::of(track, &self.pass.container),
                    });
                }
                Err(error) => {
                    if !self.pass.undecodable.iter().any(|(other, ..)| *other == index) {
                        self.pass.undecodable.push((index, codec.to_owned(), error.to_string()));
                    }
                }
            }
        }
    }

    /// A decoder of the low band if that is enough and there is one, or else of the whole spectrum.
    fn decoder(&self, params: &AudioCodecParameters) -> Result<BandDecoder, Error> {
        let low = (self.band == Band::Low).then(|| self.native.low.decoder(params)).flatten();
        if let Some(low) = low {
            return Ok(low);
        }
        let options = AudioDecoderOptions::default();
        let decoder = shielded(|| self.native.codecs.make_audio_decoder(params, &options))?;
        Ok(BandDecoder { decoder, reduction: 1, rate_hz: None })
    }

    /// The position of stream `index` in the pass: a new one, or that of the link before.
    fn stream(&mut self, index: usize, codec: &str, track: &Track) -> usize {
        // The decoders of other codecs drop the encoder delay themselves.
        let priming = self.priming.iter().find(|(id, _)| codec == "aac" && *id == track.id);
        let priming_seconds = priming.map_or(0.0, |&(_, seconds)| seconds);
        // MP4 counts the encoder delay as a part of the track.
        let declared = declared_seconds(track, &*self.format).map(|s| s - priming_seconds);
        let priming_seconds = match &track.codec_params {
            Some(CodecParameters::Audio(params)) if params.codec == CODEC_ID_OPUS => {
                opus::priming_seconds(params)
            }
            _ => priming_seconds,
        };
        let known = self.pass.streams.iter().position(|stream| stream.head.index == index);
        if let Some(position) = known {
            let head = &mut self.pass.streams[position].head;
            head.declared_seconds =
                head.declared_seconds.zip(declared).map(|(before, more)| before + more);
            head.priming_seconds = priming_seconds;
            return position;
        }
        let head = StreamHead {
            index,
            codec: codec.to_owned(),
            container: self.pass.container.clone(),
            declared_seconds: declared,
            priming_seconds,
        };
        self.pass.streams.push(Stream::new(head, self.limits.max_seconds_of_audio));
        self.pass.streams.len() - 1
    }

    /// Decodes one packet. True if no more are needed.
    pub(super) fn packet(&mut self, mut packet: Packet, sink: &mut dyn PcmSink) -> bool {
        let Some(track) = self.decoders.iter_mut().find(|v| v.track_id == packet.track_id) else {
            return false;
        };
        let stream = &mut self.pass.streams[track.stream];
        if stream.full {
            return self.pass.streams.iter().all(|stream| stream.full);
        }
        self.pass.behind_end |= track.trims.check(&mut packet);
        stream.packets += 1;
        let before = stream.seconds();
        match shielded(|| track.decoder.decode(&packet)) {
            Ok(buffer) if track.rate_hz.is_some_and(|hz| hz != buffer.spec().rate()) => {
                self.pass.needs_full = true;
                return true;
            }
            Ok(buffer) => {
                if !planes::push(stream, &buffer, sink) {
                    stream.damaged += 1;
                }
            }
            Err(Error::DecodeError(PANICKED)) => {
                self.pass.broken = Some(PANICKED.to_owned());
                return true;
            }
            Err(Error::Unsupported(lowband::NEEDS_FULL)) => {
                self.pass.needs_full = true;
                return true;
            }
            Err(Error::ResetRequired) => {
                stream.damaged += 1;
                track.decoder.reset();
            }
            Err(_) => stream.damaged += 1,
        }
        track.without_samples =
            if stream.seconds() > before { 0 } else { track.without_samples + 1 };
        if track.without_samples >= MAX_PACKETS_WITHOUT_SAMPLES {
            self.pass.broken =
                Some(format!("{MAX_PACKETS_WITHOUT_SAMPLES} packets in a row gave no sound"));
            return true;
        }
        self.pass.streams.iter().all(|stream| stream.full)
    }

    /// The tags of the file, as far as it has been read.
    pub(super) fn tags(&mut self, source: &Bytes, base: u64) -> Tags {
        self.take_metadata();
        with_chunks(&self.pass.container, std::mem::take(&mut self.revisions), source, base)
    }

    /// Takes the tags that were read since the last call. The last revision stays in Symphonia's log.
    fn take_metadata(&mut self) {
        let mut metadata = self.format.metadata();
        if self.revisions.is_empty() {
            // Pictures are dropped, since they may be large.
            self.revisions.extend(metadata.current().map(without_pictures));
        }
        while self.revisions.len() < MAX_REVISIONS && metadata.pop().is_some() {
            self.revisions.extend(metadata.current().map(without_pictures));
        }
    }
}

/// All tags, including those in chunks of a WAV file that Symphonia does not read.
fn with_chunks(
    container: &str,
    mut revisions: Vec<MetadataRevision>,
    source: &Bytes,
    base: u64,
) -> Tags {
    let is_wav = container == "wave";
    let chunks = if is_wav { riff::read(source, base) } else { riff::Found::default() };
    revisions.extend(chunks.id3.as_ref().map(without_pictures));
    tags::of(&revisions, &chunks.info)
}

fn without_pictures(revision: &MetadataRevision) -> MetadataRevision {
    let mut kept = revision.clone();
    kept.media.visuals.clear();
    for track in &mut kept.per_track {
        track.metadata.visuals.clear();
    }
    kept
}

/// Declared length of a track, or else of its container.
fn declared_seconds(track: &Track, format: &dyn FormatReader) -> Option<f64> {
    let seconds = |base: Option<symphonia::core::units::TimeBase>, duration: Option<Duration>| {
        Some(base?.calc_duration(duration?)?.as_secs_f64())
    };
    let media = format.media_info();
    seconds(track.time_base, track.duration)
        .filter(|&seconds| seconds > 0.0)
        .or_else(|| seconds(media.time_base, media.duration))
        .filter(|&seconds| seconds > 0.0)
}
