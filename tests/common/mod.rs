//! What the tests share: music, files to put it in, and a desk to run the program at.

mod archives;
pub(crate) mod arrow;
pub(crate) mod deliveries;
mod desk;
mod dice;
pub(crate) mod dumps;
mod encode;
pub(crate) mod ern;
pub(crate) mod formats;
mod music;
pub(crate) mod parquet;
pub(crate) mod rar;
mod records;
mod wav;
pub(crate) mod zips;

pub(crate) use archives::{bz2, gz, pack, sevenz, tar, tar_header, without_place, xz, zip, zst};
pub(crate) use desk::{Desk, Done};
pub(crate) use dice::Dice;
pub(crate) use encode::encode;
pub(crate) use music::{RATE_HZ, excerpt, faster, song};
pub(crate) use records::{assert_contract, parse, record, records};
pub(crate) use wav::{float_wav, tagged_wav, wav};
