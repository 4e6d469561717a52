//! The FLAC decoder against Symphonia's, over the same packets.
//!
//! With `LOWBAND_MUSIC`, the name of a folder, its audio files are compared as well.

mod damage;
mod encoder;
mod exact;
mod headers;
mod material;
mod music;
#[path = "../shared/mod.rs"]
mod shared;
mod streams;
