//! Decoding by ffmpeg: `ffprobe` lists the streams, `ffmpeg` turns each into raw samples.
//!
//! `plan` decides when it is used. The programs get no network, no playlists and no terminal, and are killed at the limits of the
//! item.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::child::{self, Exit};
use super::guard::Guard;
use super::pass::{Failure, Pass};
use super::stream::{Stream, StreamHead};
use super::tags::Collector;
use super::{DecodeError, DecodeLimits, PcmSink};
use crate::bytes::{Bytes, Reader};
use crate::storage::is_object;

/// Samples per channel in a block: 93 ms at 44.1 kHz, a guess. Fixed, so that the mix does not depend on how the pipe delivers.
const BLOCK_FRAMES: usize = 4_096;
/// Longest output of ffprobe. A guess.
const MAX_PROBE_BYTES: usize = 1 << 20;
/// A stream of more channels is left out: ffmpeg's layouts are masks of 64 bits.
const MAX_CHANNELS: usize = 64;

/// The demuxers of ffmpeg that read one plain file. Left out are those that open other files by name (hls, concat, dash, image2,
/// sdp), run code (lavfi, tedcaptions) or accept anything as raw data.
const DEMUXERS: &str = "aac,aa,ac3,act,adx,aea,aiff,amr,amrnb,amrwb,ape,asf,asf_o,ast,au,avi,caf,\
    codec2,dsf,dss,dts,dtshd,dv,eac3,flac,flv,gsm,gxf,iff,ilbc,ircam,ivr,kux,live_flv,loas,\
    matroska,mca,mlp,mmf,mov,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,msf,mxf,nistsphere,nsv,nut,nuv,\
    ogg,oma,pva,pvf,qcp,rm,rso,shn,smk,bink,sox,swf,tak,truehd,tta,ty,voc,vqf,w64,wav,wsd,wtv,wv,\
    xa,xwma";

/// Containers without a length, which ffprobe estimates from the bit rate.
const RAW: [&str; 10] =
    ["aac", "ac3", "amr", "dts", "eac3", "loas", "mp3", "mpeg", "mpegts", "truehd"];

/// The allowed protocols: a file, a stretch of a file, standard input. None leads to a network.
const PROTOCOLS: &str = "file,subfile,pipe";

/// The programs `ffmpeg` and `ffprobe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    decoder: PathBuf,
    prober: PathBuf,
    version: String,
}

#[derive(Debug, Deserialize)]
struct Probed {
    #[serde(default)]
    streams: Vec<ProbedStream>,
    #[serde(default)]
    format: ProbedFormat,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProbedStream {
    codec_type: String,
    codec_name: Option<String>,
    sample_rate: Option<String>,
    channels: usize,
    channel_layout: String,
    duration: Option<String>,
    tags: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProbedFormat {
    format_name: String,
    duration: Option<String>,
    tags: BTreeMap<String, serde_json::Value>,
}

impl Ffmpeg {
    /// The programs on the search path, or `None` if either is missing or does not run.
    pub fn find() -> Option<Self> {
        Self::at("ffmpeg", "ffprobe").ok()
    }

    /// The programs at these places; a bare name is looked up on the search path.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Ffmpeg`] if one of them does not run.
    pub fn at(
        ffmpeg: impl Into<PathBuf>,
        ffprobe: impl Into<PathBuf>,
    ) -> Result<Self, DecodeError> {
        let (decoder, prober) = (ffmpeg.into(), ffprobe.into());
        version_of(&prober).map_err(|source| DecodeError::Ffmpeg { program: "ffprobe", source })?;
        let version = version_of(&decoder)
            .map_err(|source| DecodeError::Ffmpeg { program: "ffmpeg", source })?;
        Ok(Self { decoder, prober, version })
    }

    /// Programs whose version is known.
    pub(super) const fn known(decoder: PathBuf, prober: PathBuf, version: String) -> Self {
        Self { decoder, prober, version }
    }

    /// Version of `ffmpeg` in its own words, such as `5.1.9-0+deb12u1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Decodes a file once.
    pub(super) fn pass(
        &self,
        source: &Bytes,
        limits: &DecodeLimits,
        guard: &Guard<'_>,
        sink: &mut dyn PcmSink,
    ) -> Result<Pass, Failure> {
        let mut probed = self.probe(source, guard)?;
        let all = probed.streams.len();
        probed.streams.retain(|stream| matches!(stream.codec_type.as_str(), "audio" | ""));
        let mut told_bytes = (all == probed.streams.len()).then_some(0);
        let mut pass = Pass { container: container_name(&probed.format), ..Pass::default() };
        let mut tags = Collector::default();
        let tables = std::iter::once(&probed.format.tags)
            .chain(probed.streams.iter().map(|stream| &stream.tags));
        for (key, value) in tables.flatten() {
            if let Some(value) = value.as_str() {
                tags.pair(key, value);
            }
        }
        pass.tags = tags.finish();
        pass.left_out = probed.streams.len().saturating_sub(limits.max_streams);
        for (index, probed_stream) in probed.streams.iter().take(limits.max_streams).enumerate() {
            let codec = probed_stream.codec_name.clone().unwrap_or_else(|| "unknown".to_owned());
            let rate = probed_stream.sample_rate.as_deref().and_then(|rate| rate.parse().ok());
            let channels = probed_stream.channels;
            let (Some(rate_hz), 1..=MAX_CHANNELS) = (rate, channels) else {
                pass.undecodable.push((
                    index,
                    codec,
                    "its sample rate or channels are unknown".to_owned(),
                ));
                continue;
            };
            let declared = [&probed_stream.duration, &probed.format.duration];
            let head = StreamHead {
                index,
                codec,
                container: pass.container.clone(),
                declared_seconds: declared.into_iter().flatten().find_map(|s| seconds(s)),
                is_estimated: RAW.contains(&pass.container.as_str()),
                // ffmpeg drops the encoder delay itself.
                priming_seconds: 0.0,
            };
            let mut stream = Stream::new(head, limits.max_seconds_of_audio);
            let shape = (channels, lfe(&probed_stream.channel_layout));
            let exit = self.stream(source, rate_hz, shape, &mut stream, guard, sink)?;
            stream.flush(sink);
            stream.damaged = exit.decoding_errors;
            stream.packets = stream.packets.max(exit.decoding_errors);
            told_bytes = told_bytes.zip(exit.packet_bytes).map(|(all, more)| all + more);
            if !exit.success && !stream.full {
                pass.broken = Some(complaint(&exit, source));
            }
            pass.streams.push(stream);
        }
        pass.all_packet_bytes = told_bytes;
        Ok(pass)
    }

    fn probe(&self, source: &Bytes, guard: &Guard<'_>) -> Result<Probed, Failure> {
        let mut command = Command::new(&self.prober);
        command.args([
            "-v",
            "error",
            "-protocol_whitelist",
            PROTOCOLS,
            "-format_whitelist",
            DEMUXERS,
        ]);
        command.arg("-show_entries").arg(
            "stream=codec_type,codec_name,sample_rate,channels,channel_layout,duration:stream_tags:\
             format=format_name,duration:format_tags",
        );
        command.args(["-of", "json", "-i"]).arg(url(source));
        let mut json = Vec::new();
        let exit = child::run(command, input(source), "ffprobe", 64 << 10, guard, &mut |block| {
            json.extend_from_slice(block);
            json.len() <= MAX_PROBE_BYTES
        })?;
        if json.len() > MAX_PROBE_BYTES {
            return Err(Failure::Probe("ffprobe: its output is longer than 1 MiB".to_owned()));
        }
        if !exit.success {
            return Err(Failure::Probe(format!("ffprobe: {}", complaint(&exit, source))));
        }
        serde_json::from_str(&String::from_utf8_lossy(&json))
            .map_err(|error| Failure::Probe(format!("ffprobe: {error}")))
    }

    fn stream(
        &self,
        source: &Bytes,
        rate_hz: u32,
        (channels, lfe): (usize, u64),
        stream: &mut Stream,
        guard: &Guard<'_>,
        sink: &mut dyn PcmSink,
    ) -> Result<Exit, Failure> {
        let mut command = Command::new(&self.decoder);
        // At its end it tells how much it read.
        command.args(["-nostdin", "-v", "level+verbose", "-threads", "1"]);
        command.args(["-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS, "-i"]);
        command.arg(url(source));
        command.args(["-map", &format!("0:a:{}", stream.head.index), "-vn", "-sn", "-dn"]);
        if channels <= 8 {
            // Keeps the announced parameters if they change within the stream.
            command.args(["-ac", &channels.to_string()]);
        }
        command.args(["-ar", &rate_hz.to_string(), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]);
        let mut planes = vec![vec![0.0_f32; BLOCK_FRAMES]; channels];
        let block_bytes = BLOCK_FRAMES * channels * 4;
        child::run(command, input(source), "ffmpeg", block_bytes, guard, &mut |block| {
            let frames = deinterleave(block, &mut planes);
            stream.packets += 1;
            stream.push(rate_hz, (channels, frames, lfe), |i| &planes[i][..frames], sink)
                && !stream.full
        })
    }
}

/// Splits interleaved little-endian floats into planes; returns the number of whole frames. A frame that is cut at the end of the
/// stream is dropped.
fn deinterleave(block: &[u8], planes: &mut [Vec<f32>]) -> usize {
    let channels = planes.len();
    let (samples, _) = block.as_chunks::<4>();
    let frames = samples.len() / channels;
    for (channel, plane) in planes.iter_mut().enumerate() {
        let own = samples[..frames * channels].iter().skip(channel).step_by(channels);
        for (out, &sample) in plane.iter_mut().zip(own) {
            *out = f32::from_le_bytes(sample);
        }
    }
    frames
}

/// Whether ffmpeg is given the bytes through a pipe: they are in memory, in several files, or in a store.
fn is_piped(source: &Bytes) -> bool {
    match source {
        Bytes::File(path) | Bytes::Range { path, .. } => is_object(path),
        Bytes::Memory(_) | Bytes::Volumes { .. } => true,
        // Text is never decoded.
        Bytes::Text(_) => false,
    }
}

/// The input for ffmpeg: `file:` and the path, so that no name is taken for an option, a protocol or a device. Of a stretch of a
/// file only that stretch can be read.
fn url(source: &Bytes) -> OsString {
    let pipe = || OsString::from("pipe:0");
    let (mut url, path) = match source {
        _ if is_piped(source) => return pipe(),
        Bytes::File(path) => (OsString::from("file:"), path),
        Bytes::Range { path, offset, length } => {
            let end = offset.saturating_add(*length);
            (OsString::from(format!("subfile,,start,{offset},end,{end},,:file:")), path)
        }
        Bytes::Memory(_) | Bytes::Volumes { .. } | Bytes::Text(_) => return pipe(),
    };
    url.push(path);
    url
}

/// The bytes that have to go through the pipe, if any.
fn input(source: &Bytes) -> Option<Reader> {
    // Nothing is opened before it is read, but for an object, of which it is known.
    if is_piped(source) { source.open_stored().ok() } else { None }
}

/// The last line of the error output, without the name of the file at its start.
fn complaint(exit: &Exit, source: &Bytes) -> String {
    let url = format!("{}: ", url(source).to_string_lossy());
    exit.last_line().replace(&url, "")
}

fn version_of(program: &Path) -> io::Result<String> {
    let output =
        Command::new(program).arg("-version").stdin(std::process::Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // "ffmpeg version 5.1.9-0+deb12u1 Copyright (c) …"
    let version = text.split_whitespace().skip_while(|word| *word != "version").nth(1);
    match version {
        Some(version) if output.status.success() => Ok(version.to_owned()),
        _ => Err(io::Error::other("it does not answer -version as ffmpeg does")),
    }
}

fn seconds(text: &str) -> Option<f64> {
    text.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds > 0.0)
}

/// The first of the names that ffprobe gives a container, in Symphonia's word.
fn container_name(format: &ProbedFormat) -> String {
    match format.format_name.split(',').next().unwrap_or_default() {
        "mov" => "isomp4",
        "wav" => "wave",
        "" => "unknown",
        other => other,
    }
    .to_owned()
}

/// Bit of the plane with low-frequency effects, by the names of ffmpeg's layouts: the third plane, or the fourth in layouts with a
/// centre.
fn lfe(layout: &str) -> u64 {
    match layout.split('(').next().unwrap_or_default() {
        "2.1" => 1 << 2,
        "3.1" | "4.1" | "5.1" | "6.1" | "7.1" => 1 << 3,
        _ => 0,
    }
}
