//! Archives of rarer formats, made in memory as their specifications say.

use std::io::Write as _;

/// A cpio archive: newc, or odc.
pub(crate) fn cpio<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)], is_new: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut member = |name: &str, bytes: &[u8]| {
        let (named, length) = (name.len() + 1, bytes.len());
        if is_new {
            let fields = [0, 0o100_644, 0, 0, 1, 0, length, 0, 0, 0, 0, named, 0];
            out.extend(b"070701");
            out.extend(fields.iter().flat_map(|field| format!("{field:08x}").into_bytes()));
        } else {
            out.extend(format!("070707{:06o}{:06o}{:06o}", 0, 0, 0o100_644).bytes());
            out.extend(format!("{:06o}{:06o}{:06o}{:06o}", 0, 0, 1, 0).bytes());
            out.extend(format!("{:011o}{named:06o}{length:011o}", 0).bytes());
        }
        let pad = |out: &mut Vec<u8>| {
            let padding = if is_new { 4 } else { 1 };
            out.resize(out.len().next_multiple_of(padding), 0);
        };
        out.extend(name.as_bytes());
        out.push(0);
        pad(&mut out);
        out.extend(bytes);
        pad(&mut out);
    };
    for (name, bytes) in members {
        member(name.as_ref(), bytes.as_ref());
    }
    member("TRAILER!!!", b"");
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// An ar archive with long names: in a table as GNU writes it, or before the bytes as BSD does.
pub(crate) fn ar<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)], is_gnu: bool) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    let mut member = |name: &str, parts: &[&[u8]]| {
        let bytes = parts.concat();
        out.extend(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, bytes.len())
                .bytes(),
        );
        out.extend(&bytes);
        if bytes.len() % 2 == 1 {
            out.push(b'\n');
        }
    };
    if is_gnu {
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_ref()).collect();
        let names = names.join("/\n") + "/\n";
        member("//", &[names.as_bytes()]);
    }
    let mut at = 0;
    for (name, bytes) in members {
        let name = name.as_ref();
        if is_gnu {
            member(&format!("/{at}"), &[bytes.as_ref()]);
            at += name.len() + 2;
        } else {
            member(&format!("#1/{}", name.len()), &[name.as_bytes(), bytes.as_ref()]);
        }
    }
    out
}

/// A WARC archive with a request and a response for each member, the second of them in chunks.
pub(crate) fn warc<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut record = |kind: &str, name: &str, block: &[u8]| {
        let head = format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://x.org/{name}\r\nContent-Type: \
             application/http; msgtype={kind}\r\nContent-Length: {}\r\n\r\n",
            block.len()
        );
        out.extend(head.bytes());
        out.extend(block);
        out.extend(b"\r\n\r\n");
    };
    for (number, (name, bytes)) in members.iter().enumerate() {
        record("request", name.as_ref(), b"GET / HTTP/1.1\r\n\r\n");
        let mut block = b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n".to_vec();
        if number == 1 {
            block.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in bytes.as_ref().chunks(10_000) {
                block.extend(format!("{:x}\r\n", chunk.len()).bytes());
                block.extend(chunk);
                block.extend(b"\r\n");
            }
            block.extend(b"0\r\n\r\n");
        } else {
            block.extend(b"\r\n");
            block.extend(bytes.as_ref());
        }
        record("response", name.as_ref(), &block);
    }
    out
}

/// An image of a disc with all members in the root, their names by Rock Ridge or Joliet.
pub(crate) fn disc<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)], is_joliet: bool) -> Vec<u8> {
    const SECTOR: usize = 2_048;
    let both =
        |number: usize| [(number as u32).to_le_bytes(), (number as u32).to_be_bytes()].concat();
    let record = |block: usize, length: usize, flags: u8, name: &[u8], area: &[u8]| {
        let mut out = vec![0, 0];
        out.extend(both(block));
        out.extend(both(length));
        out.extend([0; 7]);
        out.extend([flags, 0, 0, 1, 0, 0, 1, name.len() as u8]);
        out.extend(name);
        if name.len().is_multiple_of(2) {
            out.push(0);
        }
        out.extend(area);
        out.resize(out.len().next_multiple_of(2), 0);
        out[0] = out.len() as u8;
        out
    };
    // Sectors: 16 to 18 the descriptors, 19 on the root, 24 the same for Joliet, 30 on the files.
    let mut next = 30;
    let files: Vec<_> = members
        .iter()
        .map(|(name, bytes)| {
            let begin = next;
            next += bytes.as_ref().len().div_ceil(SECTOR).max(1);
            (name.as_ref(), bytes.as_ref(), begin)
        })
        .collect();
    let root = |block: usize, wide: bool| {
        let own: &[u8] = if is_joliet { b"" } else { b"SP\x07\x01\xbe\xef\0" };
        let mut folder = record(block, SECTOR, 2, &[0], own);
        folder.extend(record(block, SECTOR, 2, &[1], b""));
        for (number, (name, bytes, begin)) in files.iter().enumerate() {
            let short = format!("F{number}.;1");
            let wide_name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let area = [b"NM", &[5 + name.len() as u8, 1, 0][..], name.as_bytes()].concat();
            let (name, area) = match (is_joliet, wide) {
                (_, true) => (&wide_name[..], &[][..]),
                (true, _) => (short.as_bytes(), &[][..]),
                (false, _) => (short.as_bytes(), &area[..]),
            };
            folder.extend(record(*begin, bytes.len(), 0, name, area));
        }
        assert!(folder.len() <= SECTOR);
        folder
    };
    let descriptor = |kind: u8, block: usize| {
        let mut out = [&[kind][..], b"CD001\x01"].concat();
        out.resize(80, 0);
        out.extend(both(next));
        if kind == 2 {
            out.extend(b"%/E");
        }
        out.resize(128, 0);
        out.extend([0, 8, 8, 0]);
        out.resize(156, 0);
        out.extend(record(block, SECTOR, 2, &[0], b""));
        out.resize(SECTOR, 0);
        out
    };
    let mut out = vec![0; 16 * SECTOR];
    out.extend(descriptor(1, 19));
    out.extend(descriptor(if is_joliet { 2 } else { 255 }, 24));
    out.extend(descriptor(255, 0));
    for (block, wide) in [(19, false), (24, true)] {
        out.resize(block * SECTOR, 0);
        out.extend(root(block, wide));
    }
    for (_, bytes, begin) in files {
        out.resize(begin * SECTOR, 0);
        out.extend(bytes);
    }
    out.resize(next * SECTOR, 0);
    out
}

/// A CAB archive, stored or in MSZIP.
pub(crate) fn cab<N: AsRef<str>, B: AsRef<[u8]>>(members: &[(N, B)], is_packed: bool) -> Vec<u8> {
    let plain: Vec<u8> = members.iter().flat_map(|(_, bytes)| bytes.as_ref().to_vec()).collect();
    let mut blocks = Vec::new();
    for block in plain.chunks(32_768) {
        let mut packed = block.to_vec();
        if is_packed {
            let level = flate2::Compression::fast();
            let mut deflate = flate2::write::DeflateEncoder::new(b"CK".to_vec(), level);
            deflate.write_all(block).unwrap();
            packed = deflate.finish().unwrap();
        }
        // Without a checksum, which the format allows.
        blocks.extend([0; 4]);
        blocks.extend((packed.len() as u16).to_le_bytes());
        blocks.extend((block.len() as u16).to_le_bytes());
        blocks.extend(packed);
    }
    let (mut files, mut offset) = (Vec::new(), 0_u32);
    for (name, bytes) in members {
        let length = bytes.as_ref().len() as u32;
        files.extend([length.to_le_bytes(), offset.to_le_bytes(), [0; 4]].concat());
        files.extend([0, 0, 0x80, 0]);
        files.extend(name.as_ref().replace('/', "\\").as_bytes());
        files.push(0);
        offset += length;
    }
    let begin = 36 + 8 + files.len();
    let mut out = b"MSCF\0\0\0\0".to_vec();
    out.extend(((begin + blocks.len()) as u32).to_le_bytes());
    out.extend([0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 3, 1, 1, 0]);
    out.extend((members.len() as u16).to_le_bytes());
    out.extend([0; 6]);
    out.extend((begin as u32).to_le_bytes());
    out.extend((plain.len().div_ceil(32_768) as u16).to_le_bytes());
    out.extend([u8::from(is_packed), 0]);
    out.extend(files);
    out.extend(blocks);
    out
}

/// Compressed by lzip.
pub(crate) fn lzip(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzipOptions::with_preset(1);
    let mut writer = lzma_rust2::LzipWriter::new(Vec::new(), options);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Compressed by LZ4.
pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}
