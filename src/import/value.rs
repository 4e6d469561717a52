//! Values of fields: identifiers, dates, lengths, countries. Each is checked and normalised.
//!
//! An invalid value is refused with the remedy, and never repaired silently: a bar code that lost its zeros may have lost other
//! digits, too. Messages are the rest of a sentence that begins with the value.

use chrono::NaiveDate;

use crate::catalog::WORLD;
use crate::identifier::Identifier;

/// Most characters of a text; titles of classical recordings have a few hundred. A guess.
const MAX_CHARS: usize = 2_000;
/// Years that a recording or a right can have. Sound is recorded since 1857 and rights end within a lifetime or two, so any
/// other year is a mistake.
const YEARS: std::ops::RangeInclusive<u32> = 1800..=2200;

/// Order of day and month in a date that ends with the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// Unknown: `03/04/2020` is refused.
    #[default]
    Unknown,
    /// The month first, as in the USA.
    Mdy,
    /// The day first, as in Europe.
    Dmy,
}

/// Makes one line of a text: white space and control characters become one blank.
pub(super) fn line(text: &str) -> Result<String, String> {
    let mut line = String::with_capacity(text.len().min(4 * MAX_CHARS));
    let mut chars = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        chars += word.chars().count() + 1;
        if chars > MAX_CHARS + 1 {
            return Err(format!("is longer than {MAX_CHARS} characters; is a quote missing?"));
        }
    }
    Ok(line)
}

/// The ASCII letters and digits of a text, in upper case.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether a text is a number as spreadsheets write large ones: `1.23E+11`.
fn is_scientific(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    digits(whole) && digits(part) && digits(exponent.trim_start_matches('+'))
}

const AS_TEXT: &str =
    "format the column as text before the numbers are typed or pasted, and export it again";

/// Reads an ISRC, with or without hyphens, blanks and the word `ISRC`.
pub(super) fn isrc(text: &str) -> Result<String, String> {
    let letters = letters(text);
    let code = letters.strip_prefix("ISRC").unwrap_or(&letters);
    match Identifier::parse(code.as_bytes()) {
        Some(isrc @ Identifier::Isrc(_)) => Ok(isrc.to_string()),
        _ if code.len() == 12 => Err(
            "is not an ISRC: two letters, three letters or digits and seven digits, such as GBAYE0000351"
                .into(),
        ),
        _ => Err(format!("is not an ISRC: it has {} letters and digits, not 12", code.len())),
    }
}

/// Reads a UPC (12 digits) or an EAN (13 digits).
pub(super) fn upc(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let plain = plain.strip_suffix(".0").unwrap_or(&plain);
    if is_scientific(plain) {
        return Err(format!(
            "is a number that a spreadsheet has rounded; the last digits are lost: {AS_TEXT}"
        ));
    }
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is not a UPC or EAN: it has other characters than digits".into());
    }
    let length = plain.len();
    if length < 12 {
        let padded = format!("{plain:0>12}");
        return Err(match Identifier::parse(padded.as_bytes()) {
            Some(_) if length >= 6 => format!(
                "has {length} digits: a spreadsheet has removed the leading zeros (it may have been \
                 {padded}): {AS_TEXT}"
            ),
            _ => format!("has {length} digits, a UPC has 12 and an EAN 13"),
        });
    }
    match Identifier::parse(plain.as_bytes()) {
        Some(Identifier::Upc(digits)) => {
            let digits = String::from_utf8_lossy(&digits).into_owned();
            let zeros = digits.bytes().take_while(|b| *b == b'0').count();
            Ok(digits[zeros.min(2)..].to_owned())
        }
        _ if (12..=14).contains(&length) => {
            Err("is not a UPC or EAN: its check digit is wrong, so a digit was mistyped".into())
        }
        _ => Err(format!("has {length} digits, a UPC has 12 and an EAN 13")),
    }
}

/// Reads a Global Release Identifier such as `A1-2425G-ABC1234002-M`. The last character is a check character (ISO 7064,
/// MOD 37,36).
pub(super) fn grid(text: &str) -> Result<String, String> {
    let letters = letters(text);
    let code = letters.strip_prefix("GRID").unwrap_or(&letters);
    if code.len() != 18 || !code.starts_with("A1") {
        return Err("is not a GRid: A1, then 16 letters and digits".into());
    }
    let value = |c: char| c.to_digit(36).unwrap_or(0);
    let (front, last) = code.split_at(17);
    let sum = front.chars().fold(36, |sum, c| {
        let sum = (sum + value(c)) % 36;
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    let check = (37 - sum) % 36;
    if last.chars().next().map(value) == Some(check) {
        Ok(code.to_owned())
    } else {
        Err("is not a GRid: its check character is wrong, so a character was mistyped".into())
    }
}

/// Reads an ISWC such as `T-034.524.680-1`. The last digit is a check digit (ISO 15707).
pub(super) fn iswc(text: &str) -> Result<String, String> {
    let letters = letters(text);
    let code = letters.strip_prefix("ISWC").unwrap_or(&letters);
    let digits: Vec<u32> = code.chars().skip(1).filter_map(|c| c.to_digit(10)).collect();
    if !code.starts_with('T') || code.len() != 11 || digits.len() != 10 {
        return Err("is not an ISWC: T and ten digits, such as T-034.524.680-1".into());
    }
    let sum: u32 = 1 + digits.iter().take(9).zip(1..).map(|(digit, at)| digit * at).sum::<u32>();
    if (sum + digits[9]).is_multiple_of(10) {
        Ok(code.to_owned())
    } else {
        Err("is not an ISWC: its check digit is wrong, so a digit was mistyped".into())
    }
}

/// Reads a hash in hexadecimal, and returns it in lower case.
pub(super) fn hash(text: &str) -> Result<String, String> {
    let hex: String = text.chars().filter(|c| !matches!(c, ' ' | ':' | '-')).collect();
    let right =
        matches!(hex.len(), 32 | 40 | 64 | 96 | 128) && hex.bytes().all(|b| b.is_ascii_hexdigit());
    if right {
        Ok(hex.to_lowercase())
    } else {
        Err("is not an MD5, SHA-1 or SHA-2 in hexadecimal".into())
    }
}

/// Reads a date, and returns it as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub(super) fn date(text: &str, order: DateOrder) -> Result<String, String> {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let number = |part: &str| -> Option<u32> {
        (part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| number(part)).collect();
    let wrong = || "is not a date; write 2020-04-03".to_owned();
    let numbers = numbers.ok_or_else(wrong)?;
    let (year, month, day) = match (numbers.as_slice(), parts[0].len()) {
        (&[year], 4) => (year, None, None),
        (&[year, month], 4) => (year, Some(month), None),
        (&[year, month, day], 4) => (year, Some(month), Some(day)),
        (&[first, second, year], _) if parts[2].len() == 4 => {
            let month_first = match order {
                DateOrder::Mdy => true,
                DateOrder::Dmy => false,
                DateOrder::Unknown if text.contains('.') || first > 12 => false,
                DateOrder::Unknown if second > 12 || first == second => true,
                DateOrder::Unknown => {
                    return Err(
                        "is a date that can be read in two ways; write 2020-04-03, or name the \
                         order in a mapping file: \"dates\": \"mdy\" or \"dmy\""
                            .into(),
                    );
                }
            };
            let (month, day) = if month_first { (first, second) } else { (second, first) };
            (year, Some(month), Some(day))
        }
        _ => return Err(wrong()),
    };
    if !YEARS.contains(&year) {
        return Err(format!("has the year {year}; write 2020-04-03"));
    }
    let first = |part: Option<u32>| part.unwrap_or(1);
    if NaiveDate::from_ymd_opt(year as i32, first(month), first(day)).is_none() {
        return Err("is not a day of the calendar; write 2020-04-03".into());
    }
    Ok(match (month, day) {
        (None, _) => format!("{year}"),
        (Some(month), None) => format!("{year}-{month:02}"),
        (Some(month), Some(day)) => format!("{year}-{month:02}-{day:02}"),
    })
}

/// Reads a length as seconds, `m:ss`, `h:mm:ss` or ISO 8601, and returns seconds rounded to milliseconds.
pub(super) fn duration(text: &str) -> Result<f64, String> {
    let wrong = || "is not a length; write 201.5, 3:21 or PT3M21S".to_owned();
    let number = |part: &str| -> Option<f64> {
        let plain = part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if plain { part.parse().ok() } else { None }
    };
    let seconds = if let Some(iso) = text.strip_prefix("PT") {
        let mut seconds = 0.0;
        let mut rest = iso;
        for (unit, worth) in [('H', 3_600.0), ('M', 60.0), ('S', 1.0)] {
            if let Some((count, after)) = rest.split_once(unit) {
                seconds += worth * number(count).ok_or_else(wrong)?;
                rest = after;
            }
        }
        if !rest.is_empty() || iso.is_empty() {
            return Err(wrong());
        }
        seconds
    } else {
        let mut seconds = 0.0;
        for part in text.split(':') {
            seconds = 60.0 * seconds + number(part).ok_or_else(wrong)?;
        }
        seconds
    };
    if seconds.is_finite() && seconds < 1e6 {
        Ok((seconds * 1_000.0).round() / 1_000.0)
    } else {
        Err(wrong())
    }
}

/// Reads a share in percent, from 0 to 100.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim().replace(',', ".");
    match number.parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share),
        _ => Err("is not a share; write a percentage from 0 to 100".into()),
    }
}

/// Reads the code of a country, or a word for the whole world.
pub(super) fn territory(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    match plain.to_ascii_uppercase().as_str() {
        "WORLDWIDE" | "WORLD" | "WW" | "GLOBAL" | "ALL" => Ok(WORLD.to_owned()),
        code if code.len() == 2 && text.len() == 2 => Ok(code.to_owned()),
        _ => Err("is neither a country code of two letters (ISO 3166) nor Worldwide".into()),
    }
}

/// Reads the id of a track at Spotify from the id itself, a URI or a link.
pub(super) fn spotify(text: &str) -> Result<String, String> {
    let id = last_part(text, &["spotify:track:", "/"]);
    if id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(id)
    } else {
        Err("is not a Spotify id, which has 22 letters and digits".into())
    }
}

/// Reads the id of a video at `YouTube` from the id itself or a link.
pub(super) fn youtube(text: &str) -> Result<String, String> {
    let id = last_part(text, &["v=", "/"]);
    if id.len() == 11 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        Ok(id)
    } else {
        Err("is not the id of a YouTube video, which has 11 letters, digits, - and _".into())
    }
}

/// The text after the last occurrence of the first of `marks` that occurs, up to `?`, `&` or `#`.
pub(super) fn last_part(text: &str, marks: &[&str]) -> String {
    let found = marks.iter().find_map(|mark| text.rsplit_once(mark));
    let id = found.map_or(text, |(_, id)| id);
    id.split(['?', '&', '#']).next().unwrap_or(id).to_owned()
}
