//! The Vorbis decoder against Symphonia's full one, over the same packets.
//!
//! With `LOWBAND_MUSIC`, the name of a folder, its audio files are compared as well.

mod damage;
mod material;
mod music;
#[path = "../shared/mod.rs"]
mod shared;
mod spectra;
mod streams;
