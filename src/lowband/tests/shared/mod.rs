//! What the tests of several codecs share.

mod material;
mod streams;

pub(crate) use material::{Numbers, ffmpeg, music};
pub(crate) use streams::{Outcome, Stream, decode};
