//! The decoder of MP3 against Symphonia's full decoder, over the same packets.

#![allow(missing_docs, unreachable_pub, reason = "a test program has no interface")]
#![allow(clippy::unwrap_used, reason = "a test fails so")]

mod crafted;
mod damage;
mod decoding;
mod material;
mod sound;
mod spectra;
