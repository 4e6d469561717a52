//! The tags of a file: title, artist, and the identifiers of recording and release. They are not checked here.

use symphonia::core::meta::{
    ChapterGroup, ChapterGroupItem, MetadataRevision, RawTag, RawValue, StandardTag, Tag,
    well_known::METADATA_ID_ID3V1,
};

use super::embedded::Embedded;

/// Longest value of a field that is kept, in characters. A guess.
const MAX_CHARS: usize = 1_000;
/// Most groups of chapters in groups. A guess.
const MAX_DEPTH: usize = 8;
/// Most other values that are kept. A guess.
const MAX_OTHERS: usize = 256;
/// A longer other value is a picture. A guess.
const MAX_OTHER_BYTES: usize = 1 << 20;
/// Most bytes of all other values. A guess.
const MAX_OTHERS_BYTES: usize = 4 << 20;

/// The tags of a file: trimmed, without control characters, never empty. Fields have at most 1,000 characters; what is longer is whole
/// among the other values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags {
    /// Title of the recording.
    pub title: Option<String>,
    /// Artist, or else the album's artist.
    pub artist: Option<String>,
    /// Title of the release.
    pub album: Option<String>,
    /// International Standard Recording Code, as written.
    pub isrc: Option<String>,
    /// Bar code of the release: UPC or EAN, as written.
    pub upc: Option<String>,
    /// Label or publisher.
    pub label: Option<String>,
    /// Date of release or recording, as written.
    pub date: Option<String>,
    /// Values of other tags and texts, and further ISRCs and bar codes, in their order, at most 256: links, ids of services.
    pub others: Vec<String>,
}

/// One field of [`Tags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Artist,
    AlbumArtist,
    Album,
    Isrc,
    Upc,
    Label,
    Date,
}

/// Collects tags from the best source to the worst: a field that is set stays.
#[derive(Debug, Default)]
pub(super) struct Collector {
    tags: Tags,
    other_bytes: usize,
    album_artist: Option<String>,
}

impl Collector {
    /// Takes the tags of chapters.
    pub(super) fn chapters(&mut self, group: &ChapterGroup, depth: usize) {
        let others = |collector: &mut Self, tags: &[Tag]| {
            for tag in tags {
                if let RawValue::String(value) = &tag.raw.value {
                    collector.other(value);
                }
            }
        };
        others(self, &group.tags);
        for item in &group.items {
            match item {
                ChapterGroupItem::Chapter(chapter) => others(self, &chapter.tags),
                ChapterGroupItem::Group(group) if depth < MAX_DEPTH => {
                    self.chapters(group, depth + 1);
                }
                ChapterGroupItem::Group(_) => {}
            }
        }
    }

    /// Takes the tags of one revision.
    pub(super) fn revision(&mut self, revision: &MetadataRevision) {
        let per_track = revision.per_track.iter().map(|track| &track.metadata);
        for container in std::iter::once(&revision.media).chain(per_track) {
            for tag in &container.tags {
                self.tag(tag);
            }
        }
    }

    fn tag(&mut self, tag: &Tag) {
        if let Some((field, value)) = tag.std.as_ref().and_then(standard) {
            self.set(field, &value);
            return;
        }
        let key = raw_key(&tag.raw);
        match &tag.raw.value {
            RawValue::String(value) => self.pair(key, value),
            RawValue::StringList(values) => self.pair(key, &values.join("; ")),
            RawValue::UnsignedInt(value) => self.pair(key, &value.to_string()),
            // A unique file identifier, such as that of MusicBrainz, is text in bytes.
            RawValue::Binary(bytes) if key == "UFID" => {
                self.other(std::str::from_utf8(bytes).unwrap_or_default());
            }
            _ => {}
        }
    }

    /// Takes a key and value of any tagging scheme.
    pub(super) fn pair(&mut self, key: &str, value: &str) {
        match field_of_key(key) {
            Some(field) => self.set(field, value),
            None => self.other(value),
        }
    }

    fn other(&mut self, value: &str) {
        if value.len() <= MAX_OTHER_BYTES
            && self.tags.others.len() < MAX_OTHERS
            && self.other_bytes + value.len() <= MAX_OTHERS_BYTES
            && let Some(value) = clean(value, usize::MAX)
            && !self.tags.others.contains(&value)
        {
            self.other_bytes += value.len();
            self.tags.others.push(value);
        }
    }

    fn set(&mut self, field: Field, value: &str) {
        if value.chars().nth(MAX_CHARS).is_some() {
            self.other(value);
        }
        let slot = match field {
            Field::Title => &mut self.tags.title,
            Field::Artist => &mut self.tags.artist,
            Field::AlbumArtist => &mut self.album_artist,
            Field::Album => &mut self.tags.album,
            Field::Isrc => &mut self.tags.isrc,
            Field::Upc => &mut self.tags.upc,
            Field::Label => &mut self.tags.label,
            Field::Date => &mut self.tags.date,
        };
        match slot {
            None => *slot = clean(value, MAX_CHARS),
            // A recording may have several ISRCs, a release several bar codes.
            Some(first) if matches!(field, Field::Isrc | Field::Upc) && first != value.trim() => {
                self.other(value);
            }
            Some(_) => {}
        }
    }

    /// The collected tags.
    pub(super) fn finish(self) -> Tags {
        let mut tags = self.tags;
        tags.artist = tags.artist.or(self.album_artist);
        tags
    }
}

/// The tags with what is embedded beside them.
pub(super) fn joined(tags: Tags, embedded: Embedded) -> Tags {
    let other_bytes = tags.others.iter().map(String::len).sum();
    let mut collector = Collector { tags, other_bytes, album_artist: None };
    for (key, value) in embedded.pairs {
        collector.pair(&key, &value);
    }
    for text in embedded.texts {
        collector.other(&text);
    }
    collector.finish()
}

/// The tags of all revisions, then of key–value pairs. `ID3v1` comes last among the revisions, since it cuts values at 30
/// characters.
pub(super) fn of(
    revisions: &[MetadataRevision],
    pairs: &[(String, String)],
    chapters: Option<&ChapterGroup>,
) -> Tags {
    let mut collector = Collector::default();
    let is_v1 = |revision: &&MetadataRevision| revision.info.metadata == METADATA_ID_ID3V1;
    for revision in revisions.iter().filter(|revision| !is_v1(revision)) {
        collector.revision(revision);
    }
    for revision in revisions.iter().filter(is_v1) {
        collector.revision(revision);
    }
    for (key, value) in pairs {
        collector.pair(key, value);
    }
    if let Some(chapters) = chapters {
        collector.chapters(chapters, 0);
    }
    collector.finish()
}

fn standard(tag: &StandardTag) -> Option<(Field, String)> {
    let text = |field, value: &str| Some((field, value.to_owned()));
    match tag {
        StandardTag::TrackTitle(v) => text(Field::Title, v),
        StandardTag::Artist(v) => text(Field::Artist, v),
        StandardTag::AlbumArtist(v) => text(Field::AlbumArtist, v),
        StandardTag::Album(v) => text(Field::Album, v),
        StandardTag::IdentIsrc(v) => text(Field::Isrc, v),
        StandardTag::IdentUpc(v) | StandardTag::IdentBarcode(v) | StandardTag::IdentEanUpn(v) => {
            text(Field::Upc, v)
        }
        StandardTag::Label(v) => text(Field::Label, v),
        StandardTag::ReleaseDate(v)
        | StandardTag::RecordingDate(v)
        | StandardTag::OriginalReleaseDate(v)
        | StandardTag::OriginalRecordingDate(v) => text(Field::Date, v),
        StandardTag::ReleaseYear(v)
        | StandardTag::RecordingYear(v)
        | StandardTag::OriginalReleaseYear(v) => Some((Field::Date, v.to_string())),
        _ => None,
    }
}

/// The name of a tag; for a user-defined ID3 frame, its description.
fn raw_key(raw: &RawTag) -> &str {
    let description = || match &raw.sub_fields.as_ref()?.first()?.value {
        RawValue::String(text) => Some(text.as_str()),
        _ => None,
    };
    if matches!(raw.key.as_str(), "TXXX" | "TXX") {
        description().unwrap_or(&raw.key)
    } else {
        &raw.key
    }
}

fn field_of_key(key: &str) -> Option<Field> {
    // `----:com.apple.iTunes:ISRC`, `TXXX:BARCODE`, `ALBUM@PUBLISHER`
    let name = key.rsplit([':', '@']).next().unwrap_or(key).trim();
    let is = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
    if is(&["title", "tit2", "inam", "name"]) {
        Some(Field::Title)
    } else if is(&["artist", "tpe1", "iart", "author"]) {
        Some(Field::Artist)
    } else if is(&["album_artist", "albumartist", "album artist", "tpe2"]) {
        Some(Field::AlbumArtist)
    } else if is(&["album", "talb", "iprd"]) {
        Some(Field::Album)
    } else if is(&["isrc", "tsrc"]) {
        Some(Field::Isrc)
    } else if is(&["barcode", "upc", "ean", "ean/upc", "upc/ean", "ean13"]) {
        Some(Field::Upc)
    } else if is(&["label", "publisher", "organization", "tpub", "wm/publisher", "recordlabel"]) {
        Some(Field::Label)
    } else if is(&["date", "year", "tdrc", "tdrl", "tyer", "icrd", "creation_date"]) {
        Some(Field::Date)
    } else {
        None
    }
}

/// At most `most` characters of a value.
fn clean(value: &str, most: usize) -> Option<String> {
    // Line breaks and tabs become spaces; other control characters and text direction marks are removed.
    let hidden = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let spaced = value.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
    let kept: String = spaced.filter(hidden).skip_while(|c| c.is_whitespace()).take(most).collect();
    let kept = kept.trim_end();
    (!kept.is_empty()).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_trimmed_cleaned_and_cut() {
        assert_eq!(clean("  A\u{0}\u{7}B\nC\u{202e} ", 9).as_deref(), Some("AB C"));
        assert_eq!(clean(" \t\u{0} ", 9), None);
        assert_eq!(clean(&"é".repeat(5_000), 1_000).map(|s| s.chars().count()), Some(1_000));
    }

    #[test]
    fn keys_are_known_whatever_their_case_and_prefix() {
        let mut collector = Collector::default();
        for (key, value) in [
            ("----:com.apple.iTunes:isrc", "GBAYE0000001"),
            ("Barcode", "0123456789012"),
            ("ORGANIZATION", "A label"),
            ("album_artist", "Various"),
            ("TITLE", "First"),
            ("title", "Second"),
            ("comment", "https://youtu.be/dQw4w9WgXcQ"),
            ("purl", "https://youtu.be/dQw4w9WgXcQ"),
            ("isrc", "GBAYE0000002"),
            ("isrc", "GBAYE0000001"),
            ("picture", &"la ".repeat(500_000)),
        ] {
            collector.pair(key, value);
        }
        let tags = collector.finish();
        assert_eq!(tags.isrc.as_deref(), Some("GBAYE0000001"));
        assert_eq!(tags.upc.as_deref(), Some("0123456789012"));
        assert_eq!(tags.label.as_deref(), Some("A label"));
        assert_eq!(tags.artist.as_deref(), Some("Various"));
        assert_eq!(tags.title.as_deref(), Some("First"));
        assert_eq!(tags.others, ["https://youtu.be/dQw4w9WgXcQ", "GBAYE0000002"]);
    }

    #[test]
    fn a_user_defined_frame_goes_by_its_description() {
        use symphonia::core::meta::RawTagSubField;
        let field = RawTagSubField::new("DESCRIPTION", "UPC");
        let raw = RawTag::new_with_sub_fields("TXXX", "5012345678900", Box::new([field]));
        let mut collector = Collector::default();
        collector.tag(&Tag::new(raw));
        assert_eq!(collector.finish().upc.as_deref(), Some("5012345678900"));
    }
}
