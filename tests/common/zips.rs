//! Zip files in methods and volumes that the crate does not write, made in memory.

use std::io::Write as _;

/// How a member of a zip file is packed: the number of its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Stored = 0,
    Lzma = 14,
    Xz = 95,
    Ppmd = 98,
}

/// The volumes of a zip file in a method that the crate does not write, each volume of `size` bytes or fewer; with one volume, a
/// plain zip file.
pub(crate) fn zip_by<N: AsRef<str>, B: AsRef<[u8]>>(
    members: &[(N, B)],
    method: Method,
    size: usize,
) -> Vec<Vec<u8>> {
    let is_split = size < usize::MAX;
    let mut out = if is_split { b"PK\x07\x08".to_vec() } else { Vec::new() };
    let mut directory = Vec::new();
    for (name, bytes) in members {
        let (name, bytes) = (name.as_ref(), bytes.as_ref());
        let packed = packed_by(bytes, method);
        let mut fields = vec![63, 0, 0, 0, method as u8, 0, 0, 0, 0, 0];
        fields.extend(crc32fast::hash(bytes).to_le_bytes());
        fields.extend((packed.len() as u32).to_le_bytes());
        fields.extend((bytes.len() as u32).to_le_bytes());
        fields.extend([name.len() as u8, 0, 0, 0]);
        directory.extend(b"PK\x01\x02\x3f\0");
        directory.extend(&fields);
        // A header does not cross volumes.
        let volume = if is_split { out.len() / size } else { 0 };
        directory.extend([0, 0]);
        directory.extend((volume as u16).to_le_bytes());
        directory.extend([0; 6]);
        let at = if is_split { out.len() % size } else { out.len() };
        directory.extend((at as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(fields);
        out.extend(name.as_bytes());
        out.extend(packed);
    }
    let (begin, length) = (out.len(), directory.len());
    out.extend(directory);
    let place = |at: usize| if is_split { (at / size, at % size) } else { (0, at) };
    let (last, (first, offset)) = (place(out.len()).0 as u16, place(begin));
    out.extend(b"PK\x05\x06");
    out.extend(last.to_le_bytes());
    out.extend((first as u16).to_le_bytes());
    out.extend((members.len() as u16).to_le_bytes().repeat(2));
    out.extend((length as u32).to_le_bytes());
    out.extend((offset as u32).to_le_bytes());
    out.extend([0, 0]);
    let mut volumes: Vec<Vec<u8>> = out.chunks(size).map(<[u8]>::to_vec).collect();
    // The end is not cut.
    while volumes.len() > usize::from(last) + 1 {
        let rest = volumes.pop().unwrap();
        volumes.last_mut().unwrap().extend(rest);
    }
    volumes
}

fn packed_by(bytes: &[u8], method: Method) -> Vec<u8> {
    match method {
        Method::Stored => bytes.to_vec(),
        Method::Lzma => {
            let options = lzma_rust2::LzmaOptions::with_preset(1);
            let out = [&[9, 20, 5, 0, options.get_props()][..], &options.dict_size.to_le_bytes()];
            let mut writer =
                lzma_rust2::LzmaWriter::new_no_header(out.concat(), &options, false).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Method::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Method::Ppmd => {
            let (order, mib) = (8_u16, 4_u16);
            let head = (order - 1) | (mib - 1) << 4;
            let restore = ppmd_rust::RestoreMethod::Restart;
            let out = head.to_le_bytes().to_vec();
            let (order, bytes_of_model) = (u32::from(order), u32::from(mib) << 20);
            let mut writer =
                ppmd_rust::Ppmd8Encoder::new(out, order, bytes_of_model, restore).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish(false).unwrap()
        }
    }
}
