//! The elements that Matroska files are made of (RFC 8794).

/// Longest head of an element: an id of four bytes and a length of eight.
pub(super) const HEAD_BYTES: usize = 12;

/// The head of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) id: u32,
    /// Length of the head.
    pub(super) head_bytes: usize,
    /// Length of the content, if it is known.
    pub(super) bytes: Option<u64>,
}

impl Element {
    /// The head that something begins with.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let id_bytes = head.first()?.leading_zeros() as usize + 1;
        let (id, rest) = head.split_at_checked(id_bytes).filter(|_| id_bytes <= 4)?;
        let size_bytes = rest.first()?.leading_zeros() as usize + 1;
        let size = rest.get(..size_bytes).filter(|_| size_bytes <= 8)?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let mask = (1_u64 << (7 * size_bytes)) - 1;
        let bytes = number(size) & mask;
        Some(Self {
            id: number(id) as u32,
            head_bytes: id_bytes + size_bytes,
            bytes: (bytes != mask).then_some(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_lengths_tell_their_own_lengths() {
        let of = |head: &[u8]| Element::of(head).map(|e| (e.id, e.head_bytes, e.bytes));
        assert_eq!(of(b"\x1a\x45\xdf\xa3\x9f"), Some((0x1a45_dfa3, 5, Some(31))));
        assert_eq!(of(b"\xec\x01\0\0\0\0\0\x01\0"), Some((0xec, 9, Some(256))));
        assert_eq!(
            of(b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"),
            Some((0x1853_8067, 12, None))
        );
        assert_eq!(of(b"\xa3\xff"), Some((0xa3, 2, None)));
        for wrong in [&b""[..], b"\x08\0\0\0\0\x81", b"\xec", b"\xec\0", b"\x1a\x45"] {
            assert_eq!(of(wrong), None);
        }
    }
}
