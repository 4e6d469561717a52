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
mod seen;
mod wav;
pub(crate) mod zips;

pub(crate) use archives::{
    bz2, gz, pack, sevenz, tar, tar_header, tar_sparse, without_place, xz, zip, zst,
};
pub(crate) use desk::{Desk, Done};
pub(crate) use dice::Dice;
pub(crate) use encode::{base64, encode};
pub(crate) use music::{RATE_HZ, excerpt, faster, song};
pub(crate) use records::{assert_contract, parse, record, records};
pub(crate) use seen::{Seen, content, leads_back, sound_tables, walk};
pub(crate) use wav::{float_wav, tagged_wav, wav};
