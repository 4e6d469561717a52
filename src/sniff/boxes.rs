//! The boxes that MP4 files are made of (ISO 14496-12, section 4.2).

/// Longest head of a box: a length, its name, and a length of eight bytes.
pub(crate) const BOX_HEAD_BYTES: usize = 16;

/// The head of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BoxHead {
    pub(crate) name: [u8; 4],
    /// Length of the head.
    pub(crate) head_bytes: u64,
    /// Length of the box with its head; `None` if it goes on to the end of the file, or of the box that it is in.
    pub(crate) bytes: Option<u64>,
}

impl BoxHead {
    /// The head that something begins with; `None` if that is too short, or states less than its own length.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, long @ ..] = head else { return None };
        let (head_bytes, bytes) = match u32::from_be_bytes([*a, *b, *c, *d]) {
            0 => (8, None),
            1 => (16, Some(u64::from_be_bytes(*long.first_chunk()?))),
            short => (8, Some(u64::from(short))),
        };
        let is_sane = bytes.is_none_or(|bytes| bytes >= head_bytes);
        is_sane.then_some(Self { name: [*e, *f, *g, *h], head_bytes, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_box_has_four_or_eight_bytes_or_is_open() {
        let of = |head: &[u8]| BoxHead::of(head).map(|head| (head.head_bytes, head.bytes));
        assert_eq!(of(b"\0\0\0\x09free"), Some((8, Some(9))));
        assert_eq!(of(b"\0\0\0\0mdat"), Some((8, None)));
        assert_eq!(of(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0"), Some((16, Some(1 << 32))));
        for short in [
            &b"\0\0\0\x07free"[..],
            b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x0f",
            b"\0\0\0\x01mdat",
            b"free",
        ] {
            assert_eq!(of(short), None);
        }
        assert_eq!(BoxHead::of(b"\0\0\0\x08moov").map(|head| head.name), Some(*b"moov"));
    }
}
