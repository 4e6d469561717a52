//! Methods of zip files that the crate would read without a limit on their memory: LZMA, XZ and `PPMd`.

use std::io::{self, Read};

use ppmd_rust::{Ppmd8Decoder, RestoreMethod};
use zip::CompressionMethod;

use crate::bytes::codecs::Refused;

/// Most memory for the dictionary of LZMA, as of 7z files.
const MAX_DICTIONARY_BYTES: u32 = 256 << 20;
/// Memory for xz, as of files of xz.
const XZ_MEMORY_KIB: u32 = 192 << 10;

/// The methods, by their numbers (APPNOTE 4.4.5).
const METHODS: [CompressionMethod; 3] =
    [CompressionMethod::LZMA, CompressionMethod::XZ, CompressionMethod::PPMD];

/// Whether a method is one of these.
pub(super) fn is_one(method: CompressionMethod) -> bool {
    METHODS.contains(&method)
}

/// Unpacks the bytes of a member, of which `length` are to come.
///
/// # Errors
///
/// If it needs too much memory, or the header of its method is damaged.
pub(super) fn unpack<'r>(
    method: CompressionMethod,
    mut packed: impl Read + 'r,
    length: u64,
) -> io::Result<Box<dyn Read + 'r>> {
    let needs = |bytes: u64| {
        let mib = bytes >> 20;
        Refused::error(format!("needs {mib} MiB of memory to unpack, more than is allowed here"))
    };
    if method == CompressionMethod::XZ {
        return Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(packed, true, XZ_MEMORY_KIB)));
    }
    if method == CompressionMethod::LZMA {
        // A version of 2 bytes, and the length of the properties, which is always 5.
        let mut head = [0; 9];
        packed.read_exact(&mut head)?;
        let [_, _, 5, 0, properties, dictionary @ ..] = head else {
            let message = "its properties of LZMA have another length";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        let dictionary = u32::from_le_bytes(dictionary);
        // No more than the member itself has to be looked back to.
        let most = u32::try_from(length.max(4_096)).unwrap_or(u32::MAX);
        let dictionary = dictionary.min(most);
        if dictionary > MAX_DICTIONARY_BYTES {
            return Err(needs(dictionary.into()));
        }
        let reader =
            lzma_rust2::LzmaReader::new_with_props(packed, length, properties, dictionary, None)?;
        return Ok(Box::new(reader));
    }
    // Four bits for the order, eight for the memory in MiB, four for how the model is restored (APPNOTE 5.10.4).
    let mut head = [0; 2];
    packed.read_exact(&mut head)?;
    let head = u32::from(u16::from_le_bytes(head));
    let (order, mib) = ((head & 0xf) + 1, (head >> 4 & 0xff) + 1);
    let restore = match head >> 12 {
        0 => RestoreMethod::Restart,
        1 => RestoreMethod::CutOff,
        _ => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its model of PPMd is damaged"));
        }
    };
    let decoder = Ppmd8Decoder::new(packed, order, mib << 20, restore);
    let decoder = decoder.map_err(|error| io::Error::other(format!("PPMd: {error}")))?;
    Ok(Box::new(decoder.take(length)))
}
