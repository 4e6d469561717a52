//! One run of Symphonia's reader and decoders over one part of a file.
//!
//! It relies on the behaviour of Symphonia 0.6.1: an error of `decode` concerns one packet, so the next packet is tried; an error of
//! `next_packet` is final, except at the start of a chained Ogg stream. Packets behind the declared end come with a trim that
//! empties them; since the declared length of MP3 is often wrong, such packets are kept (`trim`). Its decoder of MPEG audio refuses
//! frames of another rate or number of channels than the first one's: for these a new one is made.

use std::io::ErrorKind;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS,
};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::io::ReadBytes as _;
use symphonia::core::meta::{ChapterGroup, MetadataRevision};
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use super::band::{Band, BandDecoder, LowBand};
use super::codecs::codec_name;
use super::embedded;
use super::guard::Guard;
use super::mpeg::{self, Shape};
use super::opus::{self, Opus};
use super::parts::Part;
use super::pass::{Failure, Pass};
use super::shielded::{PANICKED, shielded};
use super::stream::{Stream, StreamHead};
use super::tags::{self, Tags};
use super::trim::Trims;
use super::{DecodeLimits, PcmSink, planes, priming, riff};
use crate::bytes::Bytes;

/// Packets of a track in a row without a sample after which the pass is given up: nine minutes of MP3 frames. A guess.
const MAX_PACKETS_WITHOUT_SAMPLES: u32 = 20_000;
/// Most revisions of tags that are kept; recordings of radio have one per song. A guess.
const MAX_REVISIONS: usize = 16;

/// The decoders, built once.
pub(super) struct Codecs {
    full: CodecRegistry,
    low: LowBand,
}

impl Codecs {
    pub(super) fn new() -> Self {
        let mut full = CodecRegistry::new();
        symphonia::default::register_enabled_codecs(&mut full);
        full.register_audio_decoder::<Opus>();
        Self { full, low: LowBand::new() }
    }

    /// A decoder of the low band if that is enough and there is one, or else of the whole spectrum.
    fn decoder(&self, params: &AudioCodecParameters, band: Band) -> Result<BandDecoder, Error> {
        let low = (band == Band::Low).then(|| self.low.decoder(params)).flatten();
        if let Some(low) = low {
            return Ok(low);
        }
        let options = AudioDecoderOptions::default();
        let decoder = shielded(|| self.full.make_audio_decoder(params, &options))?;
        Ok(BandDecoder { decoder, reduction: 1, rate_hz: None })
    }
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
    /// Of MPEG audio, the shape of the frames that the decoder takes.
    shape: Option<Shape>,
    /// A packet of another shape. By chance one appears among damage, so the next one has to agree.
    other: Option<(Shape, Packet)>,
}

/// What the passes over the parts of a file have in common.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub(super) pass: Pass,
    pub(super) revisions: Vec<MetadataRevision>,
    pub(super) chapters: Option<ChapterGroup>,
}

/// The state of a pass.
pub(super) struct Run<'a, 'f> {
    codecs: &'a Codecs,
    source: &'a Bytes,
    part: &'a Part,
    limits: &'a DecodeLimits,
    band: Band,
    pub(super) format: Box<dyn FormatReader + 'f>,
    /// Name of the container of the part.
    container: String,
    pub(super) pass: Pass,
    pub(super) decoders: Vec<TrackDecoder>,
    revisions: Vec<MetadataRevision>,
    /// Of the part that was read last.
    chapters: Option<ChapterGroup>,
    /// Encoder delay of tracks, in seconds, by track id.
    priming: Vec<(u32, f64)>,
}

impl<'a, 'f> Run<'a, 'f> {
    /// A run over a part, before any of its tracks is opened.
    pub(super) fn new(
        (source, part): (&'a Bytes, &'a Part),
        (codecs, band): (&'a Codecs, Band),
        limits: &'a DecodeLimits,
        format: Box<dyn FormatReader + 'f>,
        carried: Carried,
    ) -> Self {
        let Carried { mut pass, revisions, chapters } = carried;
        let container = format.format_info().short_name.to_owned();
        let priming = match container.as_str() {
            "isomp4" if !part.continues => priming::of_tracks(source, part.range.start),
            _ => Vec::new(),
        };
        if pass.container.is_empty() {
            pass.container.clone_from(&container);
        }
        let decoders = Vec::new();
        Self {
            codecs,
            source,
            part,
            limits,
            band,
            format,
            container,
            pass,
            decoders,
            revisions,
            chapters,
            priming,
        }
    }
}

impl Run<'_, '_> {
    /// Returns what was decoded, and the offset in the file up to which it was read.
    pub(super) fn run(
        mut self,
        whole: bool,
        guard: &Guard<'_>,
        sink: &mut dyn PcmSink,
    ) -> Result<(Carried, u64), Failure> {
        self.open_tracks(sink);
        loop {
            guard.check().map_err(Failure::Stop)?;
            self.take_metadata();
            if self.decoders.is_empty() {
                break;
            }
            match shielded(|| self.format.next_packet()) {
                Ok(Some(packet)) => {
                    let bytes = packet.data.len() as u64;
                    self.pass.packet_bytes += bytes.min(self.longest(&packet));
                    if self.packet(packet, sink) {
                        break;
                    }
                }
                Ok(None) => break,
                Err(Error::ResetRequired) => self.open_tracks(sink),
                // Nothing is missing in a WAV file that was written to a pipe and declares no length, or in any other file whose
                // structure ends with it.
                Err(Error::IoError(error))
                    if error.kind() == ErrorKind::UnexpectedEof
                        && (whole || self.is_endless_wav()) =>
                {
                    break;
                }
                Err(error) => {
                    self.pass.broken = Some(error.to_string());
                    break;
                }
            }
        }
        for track in &mut self.decoders {
            let stream = &mut self.pass.streams[track.stream];
            let refused = u64::from(track.other.take().is_some());
            (stream.packets, stream.damaged) = (stream.packets + refused, stream.damaged + refused);
        }
        for stream in &mut self.pass.streams {
            stream.flush(sink);
        }
        // A reader may mistake a read that the guard refused for the end of the file.
        guard.check().map_err(Failure::Stop)?;
        let chapters = self.format.chapters().cloned().or(self.chapters);
        let Self { format, part, pass, revisions, .. } = self;
        let position = shielded(|| Ok(format.into_inner().pos())).unwrap_or(0);
        Ok((Carried { pass, revisions, chapters }, part.range.start + position))
    }

    /// The most bytes that can be a packet's own. The checksum of FLAC also fits a frame with all frames of another kind behind it,
    /// which its reader then takes for one packet.
    fn longest(&self, packet: &Packet) -> u64 {
        let track = self.format.tracks().first().filter(|_| self.container == "flac");
        let Some(CodecParameters::Audio(params)) = track.and_then(|t| t.codec_params.as_ref())
        else {
            return u64::MAX;
        };
        let channels = params.channels.as_ref().map_or(0, Channels::count) as u64;
        let bits = u64::from(params.bits_per_sample.unwrap_or(32)) + 1;
        let plain = packet.block_dur().get().saturating_mul(channels * bits).div_ceil(8) + 64;
        // The longest frame, as its description tells it: 0 if it does not.
        let told = params.extra_data.as_deref().and_then(|info| info.get(7..10));
        let told = told
            .map_or(0, |bytes| u64::from(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]])));
        if told > 0 { plain.min(told) } else { plain }
    }

    fn is_endless_wav(&self) -> bool {
        let declares = |stream: &Stream| stream.head.declared_seconds.is_some();
        self.container == "wave" && !self.pass.streams.iter().any(declares)
    }

    /// Makes a decoder for each audio track. In a chained file, track n of each link continues stream n.
    pub(super) fn open_tracks(&mut self, sink: &mut dyn PcmSink) {
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
            match self.codecs.decoder(params, self.band) {
                Ok(BandDecoder { decoder, reduction, rate_hz }) => {
                    let stream = self.stream(index, codec, track);
                    let channels = params.channels.as_ref().map_or(0, Channels::count);
                    self.pass.streams[stream].coded_channels(channels);
                    self.pass.streams[stream].reduce(reduction, sink);
                    self.pass.is_low |= reduction > 1;
                    let is_guess = self.pass.streams[stream].head.is_estimated;
                    self.decoders.push(TrackDecoder {
                        track_id: track.id,
                        decoder,
                        rate_hz,
                        stream,
                        without_samples: 0,
                        trims: Trims::of(track, &self.container, is_guess),
                        shape: Shape::of_track(params).filter(|_| self.is_mpeg_audio()),
                        other: None,
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

    fn is_mpeg_audio(&self) -> bool {
        matches!(self.container.as_str(), "mp1" | "mp2" | "mp3")
    }

    /// The position of stream `index` in the pass: a new one, or that of the link before.
    fn stream(&mut self, index: usize, codec: &str, track: &Track) -> usize {
        // The decoders of other codecs drop the encoder delay themselves.
        let priming = self.priming.iter().find(|(id, _)| codec == "aac" && *id == track.id);
        let priming_seconds = priming.map_or(0.0, |&(_, seconds)| seconds);
        // MP4 counts the encoder delay as a part of the track.
        let declared = declared_seconds(track, &*self.format).map(|s| s - priming_seconds);
        let is_estimated = match self.container.as_str() {
            "aac" => true,
            _ if self.is_mpeg_audio() => {
                !mpeg::declares_length(self.source, self.part.range.start, track)
            }
            _ => false,
        };
        let priming_seconds = match &track.codec_params {
            Some(CodecParameters::Audio(params)) if params.codec == CODEC_ID_OPUS => {
                opus::priming_seconds(params)
            }
            _ => priming_seconds,
        };
        let known = self.pass.streams.iter().position(|stream| stream.head.index == index);
        if let Some(position) = known {
            let head = &mut self.pass.streams[position].head;
            if self.part.continues {
                head.priming_seconds = 0.0;
                return position;
            }
            head.declared_seconds =
                head.declared_seconds.zip(declared).map(|(before, more)| before + more);
            head.is_estimated |= is_estimated;
            head.priming_seconds = priming_seconds;
            return position;
        }
        let head = StreamHead {
            index,
            codec: codec.to_owned(),
            container: self.container.clone(),
            declared_seconds: declared,
            is_estimated,
            priming_seconds,
        };
        self.pass.streams.push(Stream::new(head, self.limits.max_seconds_of_audio));
        self.pass.streams.len() - 1
    }

    /// Decodes one packet. True if no more are needed.
    pub(super) fn packet(&mut self, packet: Packet, sink: &mut dyn PcmSink) -> bool {
        let track = self.decoders.iter_mut().find(|track| track.track_id == packet.track_id);
        let Some(track) = track.filter(|track| track.shape.is_some()) else {
            return self.decode(packet, sink);
        };
        let shape = Shape::of(&packet.data).filter(|shape| Some(*shape) != track.shape);
        let stream = &mut self.pass.streams[track.stream];
        let held = track.other.take();
        match (shape, held) {
            (Some(shape), Some((other, held))) if shape == other => {
                self.reshape(shape, held.track_id, sink);
                self.decode(held, sink) || self.decode(packet, sink)
            }
            (shape, held) => {
                let refused = u64::from(held.is_some());
                stream.packets += refused;
                stream.damaged += refused;
                match shape {
                    Some(shape) => {
                        track.other = Some((shape, packet));
                        false
                    }
                    None => self.decode(packet, sink),
                }
            }
        }
    }

    /// Makes a new decoder for a track of MPEG audio whose frames have another shape from now on.
    fn reshape(&mut self, shape: Shape, track_id: u32, sink: &mut dyn PcmSink) {
        let Ok(made) = self.codecs.decoder(&shape.params(), self.band) else { return };
        let Some(track) = self.decoders.iter_mut().find(|track| track.track_id == track_id) else {
            return;
        };
        self.pass.streams[track.stream].reduce(made.reduction, sink);
        self.pass.is_low |= made.reduction > 1;
        (track.decoder, track.rate_hz, track.shape) = (made.decoder, made.rate_hz, Some(shape));
        track.trims.ignore();
    }

    fn decode(&mut self, mut packet: Packet, sink: &mut dyn PcmSink) -> bool {
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
                self.pass.give_up(PANICKED.to_owned());
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
            let why = format!("{MAX_PACKETS_WITHOUT_SAMPLES} packets in a row gave no sound");
            self.pass.give_up(why);
            return true;
        }
        self.pass.streams.iter().all(|stream| stream.full)
    }

    /// The tags of the file, as far as it has been read.
    pub(super) fn tags(&mut self, source: &Bytes, base: u64) -> Tags {
        self.take_metadata();
        let revisions = std::mem::take(&mut self.revisions);
        let tags = with_chunks(&self.container, revisions, self.format.chapters(), source, base);
        tags::joined(tags, embedded::read(source, base))
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
pub(super) fn with_chunks(
    container: &str,
    mut revisions: Vec<MetadataRevision>,
    chapters: Option<&ChapterGroup>,
    source: &Bytes,
    base: u64,
) -> Tags {
    let is_wav = container == "wave";
    let chunks = if is_wav { riff::read(source, base) } else { riff::Found::default() };
    revisions.extend(chunks.id3.as_ref().map(without_pictures));
    tags::of(&revisions, &chunks.info, chapters)
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
