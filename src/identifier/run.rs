//! Finds identifiers in a run: a sequence of letters, digits, hyphens and underscores.

use super::Identifier;

/// Longest run that is read: longer than the paths of most systems. A guess.
pub(super) const MAX_RUN_BYTES: usize = 4_096;
/// Length of the shortest identifier, an id at `YouTube`.
pub(super) const MIN_BYTES: usize = 11;
/// Whether a byte is part of a run.
const IS_WORD: [bool; 256] = {
    let mut is = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_');
        byte += 1;
    }
    is
};
/// Stands for any escaped character that is not part of a run.
const NO_WORD: u8 = b' ';

/// The bytes around a run, as far as they matter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    pub(super) before: u8,
    /// Whether a dot and a digit follow.
    pub(super) is_decimal: bool,
}

/// Whether a byte is part of a run.
#[inline]
pub(super) fn is_word(byte: u8) -> bool {
    IS_WORD[usize::from(byte)]
}

/// The escaped character that a run begins with, and the number of bytes of the run that encode it. `None` if nothing is
/// escaped. Any character outside ASCII is returned as [`NO_WORD`].
pub(super) fn escaped(before: u8, run: &[u8]) -> Option<(u8, usize)> {
    let number = |from: usize, digits: usize| {
        let text = std::str::from_utf8(run.get(from..from + digits)?).ok()?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| is_plain)?;
        let byte = u8::try_from(number).ok().filter(u8::is_ascii).unwrap_or(NO_WORD);
        Some((byte, from + digits))
    };
    match (before, run.first()?) {
        (b'\\', b'n' | b't' | b'r' | b'b' | b'f' | b'v') => Some((NO_WORD, 1)),
        (b'\\', b'u') => number(1, 4),
        (b'\\', b'U') => number(1, 8),
        (b'\\', b'x') => number(1, 2),
        (b'%', _) => {
            let mut read = number(0, 2)?;
            // Links in links are escaped twice: `%253A`.
            while read.0 == b'%'
                && let Some(inner) = number(read.1, 2)
            {
                read = inner;
            }
            Some(read)
        }
        _ => None,
    }
}

/// Finds the identifiers in one run.
pub(super) fn identifiers(run: &[u8], around: Around, take: &mut impl FnMut(Identifier)) {
    if !(MIN_BYTES..=MAX_RUN_BYTES).contains(&run.len()) {
        return;
    }
    let parts = |byte: &u8| matches!(byte, b'-' | b'_');
    // An identifier may be some of the parts of a run: `01_GB-AYE-00-00351-title`. `at` is the start of a part, `known` the end
    // of the last identifier.
    let (mut at, mut known) = (0, 0);
    while at + MIN_BYTES <= run.len() {
        of_services(run, at, take);
        let end = run[at..].iter().position(parts).map_or(run.len(), |length| at + length);
        if at >= known
            && let Some((identifier, to)) = at_part(run, at, end)
        {
            let is_number =
                matches!(identifier, Identifier::Upc(_)) && around.is_number(run, at, to);
            if !is_number {
                take(identifier);
                known = to;
            }
        }
        at = end + 1;
    }
}

impl Around {
    /// Whether digits belong to a decimal or a telephone number: `3.00036000291414`, `+036000291415`.
    fn is_number(self, run: &[u8], start: usize, end: usize) -> bool {
        start == 0 && matches!(self.before, b'.' | b'+') || end == run.len() && self.is_decimal
    }
}

/// The identifier that begins at a part of a run, and its end.
fn at_part(run: &[u8], start: usize, end: usize) -> Option<(Identifier, usize)> {
    let parted = |at: usize| matches!(run.get(at), None | Some(b'-' | b'_'));
    let of_length = |length: usize| {
        let end = start + length;
        let word = run.get(start..end).filter(|_| parted(end))?;
        Identifier::parse(word).map(|identifier| (identifier, end))
    };
    match end - start {
        length @ (12..=14 | 64) => of_length(length),
        16 if run[start..end].get(..4)?.eq_ignore_ascii_case(b"isrc") => {
            let isrc = |identifier: &Identifier| matches!(identifier, Identifier::Isrc(_));
            Identifier::parse(&run[start + 4..end]).filter(isrc).map(|isrc| (isrc, end))
        }
        2 => of_length(15),
        // A bar code with hyphens has to stand alone: longer ones are dates and telephone numbers.
        1 if start == 0 || run[start - 1] == b'_' => {
            of_length(15).filter(|(_, end)| run.get(*end) != Some(&b'-'))
        }
        8 => of_length(36),
        _ => None,
    }
}

/// Finds possible ids at services at the start of a part of a run. They may contain hyphens and underscores, and be between them in
/// names of files, as in `title-dQw4w9WgXcQ` and `dQw4w9WgXcQ_30000_40000`.
fn of_services(run: &[u8], start: usize, take: &mut impl FnMut(Identifier)) {
    let parts = |at: usize| matches!(run.get(at), None | Some(b'-' | b'_'));
    if parts(start + 11)
        && let Some(id) = run[start..].first_chunk()
    {
        take(Identifier::YouTube(*id));
    }
    if parts(start + 22)
        && let Some(id) = run[start..].first_chunk::<22>()
        && id.iter().all(u8::is_ascii_alphanumeric)
    {
        take(Identifier::Spotify(*id));
    }
    // Clips of AudioSet have a `Y` in front of the id, so that no file name begins with a hyphen.
    if start == 0
        && let [b'Y', id @ ..] = run
        && let Some(id) = id.first_chunk()
        && parts(12)
    {
        take(Identifier::YouTube(*id));
    }
}
