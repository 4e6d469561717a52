//! A recording as a row of the database.

use rusqlite::{Row, Transaction, params};

use super::Recording;

/// The columns of a recording, in the order of [`recording`].
pub(super) const COLUMNS: &str = "recording_id, path, sha256, stream, audio_digest, size_bytes, codec, \
                                  duration_seconds, title, artist, album, isrc, upc, label, date, \
                                  neutral";

pub(super) fn recording(row: &Row) -> rusqlite::Result<Recording> {
    Ok(Recording {
        recording_id: row.get(0)?,
        path: row.get(1)?,
        sha256: row.get(2)?,
        stream: row.get(3)?,
        audio_digest: row.get(4)?,
        size_bytes: row.get::<_, i64>(5)? as u64,
        codec: row.get(6)?,
        duration_seconds: row.get(7)?,
        title: row.get(8)?,
        artist: row.get(9)?,
        album: row.get(10)?,
        isrc: row.get(11)?,
        upc: row.get(12)?,
        label: row.get(13)?,
        date: row.get(14)?,
        neutral: row.get(15)?,
    })
}

pub(super) fn insert(
    transaction: &Transaction,
    segment: u64,
    track: u32,
    recording: &Recording,
) -> rusqlite::Result<()> {
    let Recording {
        recording_id,
        path,
        sha256,
        stream,
        audio_digest,
        size_bytes,
        codec,
        duration_seconds,
        title,
        artist,
        album,
        isrc,
        upc,
        label,
        date,
        neutral,
    } = recording;
    let sql = format!(
        "INSERT INTO recordings ({COLUMNS}, segment_id, track) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    );
    let size_bytes = *size_bytes as i64;
    transaction.prepare_cached(&sql)?.execute(params![
        recording_id,
        path,
        sha256,
        stream,
        audio_digest,
        size_bytes,
        codec,
        duration_seconds,
        title,
        artist,
        album,
        isrc,
        upc,
        label,
        date,
        neutral,
        segment as i64,
        track,
    ])?;
    Ok(())
}
