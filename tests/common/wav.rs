//! WAV files, byte by byte.

use super::RATE_HZ;

/// A mono file of 16 bits.
pub(crate) fn wav(samples: &[f32]) -> Vec<u8> {
    tagged_wav(samples, &[])
}

/// A mono file of 16 bits with tags: `INAM` is the title, `IART` the artist.
pub(crate) fn tagged_wav(samples: &[f32], tags: &[(&str, &str)]) -> Vec<u8> {
    let data: Vec<u8> =
        samples.iter().flat_map(|s| ((s * 32_767.0).round() as i16).to_le_bytes()).collect();
    let mut info = Vec::new();
    for (name, value) in tags {
        // Values end with a zero and fill whole words.
        let mut value = value.as_bytes().to_vec();
        value.push(0);
        chunk(&mut info, name, &value);
    }
    riff(1, 16, &data, &info)
}

/// A mono file of 32-bit floats, which need not be numbers.
pub(crate) fn float_wav(samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    riff(3, 32, &data, &[])
}

fn riff(format: u16, bits: u16, data: &[u8], info: &[u8]) -> Vec<u8> {
    let frame_bytes = bits / 8;
    let mut fmt = Vec::new();
    fmt.extend(format.to_le_bytes());
    fmt.extend(1_u16.to_le_bytes());
    fmt.extend(RATE_HZ.to_le_bytes());
    fmt.extend((RATE_HZ * u32::from(frame_bytes)).to_le_bytes());
    fmt.extend(frame_bytes.to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    let mut body = b"WAVE".to_vec();
    chunk(&mut body, "fmt ", &fmt);
    if !info.is_empty() {
        chunk(&mut body, "LIST", &[b"INFO", info].concat());
    }
    chunk(&mut body, "data", data);
    let mut file = Vec::new();
    chunk(&mut file, "RIFF", &body);
    file
}

fn chunk(out: &mut Vec<u8>, name: &str, content: &[u8]) {
    out.extend(name.as_bytes());
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
}
