//! The fonts of a document: Noto Sans, which is built in, and fonts that the user names for characters that it lacks.

use std::fmt;
use std::sync::Arc;

use krilla::text::Font;
use rustybuzz::Face;
use rustybuzz::ttf_parser::{self, Permissions, Tag};

/// A font that the user named and that can be embedded. Clones share its bytes.
#[derive(Clone)]
pub struct FontFile {
    name: String,
    bytes: Arc<Vec<u8>>,
    index: u32,
}

impl fmt::Debug for FontFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FontFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a font cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FontError {
    /// The file is not a font, or is damaged.
    #[error("it is no TrueType or OpenType font that can be read; name a .ttf, .otf or .ttc file")]
    NoFont,
    /// The collection has no font of this number.
    #[error("it has {count} fonts, numbered from 0, and none of number {index}; name FILE#NUMBER")]
    NotInCollection {
        /// The number, from 0.
        index: u32,
        /// Number of fonts in the collection.
        count: u32,
    },
    /// The characters are bitmaps or SVG.
    #[error("its characters are pictures, not outlines; name a font with outlines")]
    NoOutlines,
    /// Its licence flags do not allow embedding a part of it.
    #[error("it must not be embedded in documents (fsType in its table OS/2); name another")]
    Restricted,
}

impl FontFile {
    /// The font with this number in a collection; in all other files, number 0. Later errors call it `name`.
    ///
    /// # Errors
    /// If it is not a font, or cannot be embedded.
    pub fn new(name: &str, bytes: Vec<u8>, index: u32) -> Result<Self, FontError> {
        let count = ttf_parser::fonts_in_collection(&bytes).unwrap_or(1);
        if index >= count {
            return Err(FontError::NotInCollection { index, count });
        }
        let file = Self { name: name.to_owned(), bytes: Arc::new(bytes), index };
        let face = file.face().ok_or(FontError::NoFont)?;
        let tables = face.tables();
        if tables.glyf.is_none() && tables.cff.is_none() && tables.cff2.is_none() {
            let has = |tag| face.raw_face().table(Tag::from_bytes(tag)).is_some();
            let is_of_pictures = has(b"CBDT") || has(b"sbix") || has(b"EBDT") || has(b"SVG ");
            return Err(if is_of_pictures { FontError::NoOutlines } else { FontError::NoFont });
        }
        let is_restricted = |os2: ttf_parser::os2::Table| {
            os2.permissions() == Some(Permissions::Restricted) || !os2.is_subsetting_allowed()
        };
        if tables.os2.is_some_and(is_restricted) {
            return Err(FontError::Restricted);
        }
        file.to_embed().ok_or(FontError::NoFont)?;
        Ok(file)
    }

    /// The parsed font, to measure and shape text.
    fn face(&self) -> Option<Face<'_>> {
        Face::from_slice(&self.bytes, self.index)
    }

    /// The font for the PDF writer.
    fn to_embed(&self) -> Option<Font> {
        Font::new(Arc::clone(&self.bytes).into(), self.index)
    }
}

/// One font of a document, parsed for shaping and for the PDF writer.
pub(super) struct LoadedFont<'a> {
    pub(super) name: &'a str,
    pub(super) face: Face<'a>,
    pub(super) font: Font,
}

impl LoadedFont<'_> {
    /// Whether the font has a glyph for a character.
    pub(super) fn has(&self, c: char) -> bool {
        self.face.glyph_index(c).is_some_and(|glyph| glyph.0 != 0)
    }

    /// Width of a character, in units of the font's size; `None` if the font lacks it.
    pub(super) fn advance(&self, c: char) -> Option<f32> {
        let units = self.face.glyph_hor_advance(self.face.glyph_index(c)?)?;
        Some(f32::from(units) / self.em())
    }

    /// Font units for each em.
    pub(super) fn em(&self) -> f32 {
        self.face.units_per_em() as f32
    }
}

/// All fonts of a document, in the order in which characters are looked up.
pub(super) struct Fonts<'a>(Vec<LoadedFont<'a>>);

impl fmt::Debug for Fonts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|one| one.name)).finish()
    }
}

impl<'a> Fonts<'a> {
    const REGULAR: usize = 0;
    const BOLD: usize = 1;
    /// Index of the first font that the user named.
    const NAMED: usize = 2;

    /// Noto Sans and these fonts. The error names the font that cannot be read.
    pub(super) fn new(named: &'a [FontFile]) -> Result<Self, String> {
        let built_in = |name, bytes: &'static [u8]| {
            let parts = Face::from_slice(bytes, 0).zip(Font::new(bytes.into(), 0));
            parts.map(|(face, font)| LoadedFont { name, face, font })
        };
        let regular = built_in("Noto Sans", notosans::REGULAR_TTF);
        let bold = built_in("Noto Sans Bold", notosans::BOLD_TTF);
        let mut all: Vec<_> =
            [regular, bold].into_iter().collect::<Option<_>>().ok_or("Noto Sans is damaged")?;
        for file in named {
            let parts = file.face().zip(file.to_embed());
            let (face, font) = parts.ok_or_else(|| format!("{} is damaged", file.name))?;
            all.push(LoadedFont { name: &file.name, face, font });
        }
        Ok(Self(all))
    }

    pub(super) fn get(&self, number: usize) -> &LoadedFont<'a> {
        &self.0[number]
    }

    /// Indices of the fonts in the order in which a character is looked up in them.
    pub(super) fn order(&self, bold: bool) -> impl Iterator<Item = usize> {
        let first = if bold { Self::BOLD } else { Self::REGULAR };
        [first, Self::REGULAR].into_iter().skip(usize::from(!bold)).chain(Self::NAMED..self.0.len())
    }

    /// Whether any font has the character.
    pub(super) fn have(&self, c: char) -> bool {
        self.order(false).any(|number| self.get(number).has(c))
    }

    /// Name of a font for an error.
    pub(super) fn name_of(&self, font: &Font) -> &str {
        self.0.iter().find(|one| one.font == *font).map_or("a font", |one| one.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_a_font_is_refused_with_a_reason() {
        let font = |bytes: &[u8], index| FontFile::new("x.ttf", bytes.to_vec(), index).unwrap_err();
        assert_eq!(font(b"", 0), FontError::NoFont);
        assert_eq!(font(b"GIF89a, and more", 0), FontError::NoFont);
        assert_eq!(font(&notosans::REGULAR_TTF[..4_000], 0), FontError::NoFont);
        assert_eq!(
            font(notosans::REGULAR_TTF, 3),
            FontError::NotInCollection { index: 3, count: 1 }
        );
        let collection = b"ttcf\0\x01\0\0\0\0\0\x02\0\0\0\x20\0\0\0\x20";
        assert_eq!(
            font(collection, 2).to_string(),
            "it has 2 fonts, numbered from 0, and none of number 2; name FILE#NUMBER"
        );
        assert_eq!(font(collection, 1), FontError::NoFont);
        assert!(FontFile::new("x.ttf", notosans::REGULAR_TTF.to_vec(), 0).is_ok());
    }

    #[test]
    fn a_font_that_must_not_be_embedded_is_refused() {
        let mut bytes = notosans::REGULAR_TTF.to_vec();
        let entry = bytes.windows(4).position(|tag| tag == b"OS/2").unwrap();
        let offset = u32::from_be_bytes(bytes[entry + 8..entry + 12].try_into().unwrap()) as usize;
        bytes[offset + 9] = 2;
        assert_eq!(FontFile::new("x.ttf", bytes, 0).unwrap_err(), FontError::Restricted);
    }

    #[test]
    fn a_font_without_outlines_is_refused() {
        let mut bytes = notosans::REGULAR_TTF.to_vec();
        let mut rename = |from: &[u8; 4], to: &[u8; 4]| {
            let entry = bytes.windows(4).position(|tag| tag == from).unwrap();
            bytes[entry..entry + 4].copy_from_slice(to);
            FontFile::new("x.ttf", bytes.clone(), 0).map(drop)
        };
        assert_eq!(rename(b"glyf", b"gone"), Err(FontError::NoFont));
        assert_eq!(rename(b"GDEF", b"CBDT"), Err(FontError::NoOutlines));
    }
}
