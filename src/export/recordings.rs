//! Makes entries of recordings that have none: from the tags, the path and the hash of their file.
//!
//! A tag may hold anything. An identifier that is not valid is left out, since an import would refuse the row for it.

use crate::catalog::{AudioName, Entry, Recording};
use crate::import::{DateOrder, Field};

/// Prefix of the id of such an entry; the id of the recording follows.
pub(super) const PREFIX: &str = "r-";

/// Makes the entry of a recording.
pub(super) fn entry(recording: &Recording) -> Entry {
    let Recording {
        recording_id,
        path,
        sha256,
        duration_seconds,
        title,
        artist,
        album,
        isrc,
        upc,
        label,
        date,
        // Properties of the file, not of the recording.
        stream: _,
        audio_digest: _,
        size_bytes: _,
        codec: _,
        // Neutral references are not written.
        neutral: _,
    } = recording;
    let mut entry = Entry::default();
    for (field, text) in [
        (Field::Title, title),
        (Field::Artist, artist),
        (Field::ReleaseTitle, album),
        (Field::Isrc, isrc),
        (Field::Upc, upc),
        (Field::Label, label),
        (Field::ReleaseDate, date),
    ] {
        // A tag that is not valid is left out.
        let _ = field.put(text, DateOrder::Unknown, &mut entry);
    }
    // An invalid bar code or date may have left an empty release.
    entry.releases.retain(|release| !release.is_empty());
    entry.entry_id = format!("{PREFIX}{recording_id}");
    // To the millisecond, so that the number is the same after it was written and read.
    entry.duration_seconds = Some((duration_seconds * 1_000.0).round() / 1_000.0);
    entry.audio = vec![AudioName { uri: path.clone(), hash: sha256.clone() }];
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::cells;

    #[test]
    fn tags_that_are_not_valid_are_left_out_and_the_others_kept() {
        let recording = Recording {
            recording_id: "0123456789abcdef".into(),
            path: "/masters/a; b.wav".into(),
            sha256: "ab".repeat(32),
            stream: 0,
            audio_digest: "x".into(),
            size_bytes: 7,
            codec: "pcm".into(),
            duration_seconds: 201.123_456_7,
            title: "=A\u{1}B".into(),
            artist: "One; Two".into(),
            album: String::new(),
            isrc: "gb-aye-00-00351".into(),
            upc: "12345".into(),
            label: "L".into(),
            date: "last summer".into(),
            neutral: false,
        };
        let entry = entry(&recording);
        assert_eq!(entry.entry_id, "r-0123456789abcdef");
        assert_eq!((entry.title.as_str(), entry.label.as_str()), ("=A B", "L"));
        assert_eq!(
            (&*entry.artists, &*entry.isrcs),
            (&["One; Two".to_owned()][..], &["GBAYE0000351".to_owned()][..])
        );
        assert_eq!(entry.duration_seconds, Some(201.123));
        assert_eq!(entry.releases, []);
        assert_eq!(cells(&entry).len(), 1);
    }
}
