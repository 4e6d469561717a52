//! What an item claims to be, beside what it sounds like.

use std::sync::atomic::AtomicBool;

use super::Engine;
use super::outcome::{examine_failed, facts};
use crate::bytes::Bytes;
use crate::decode::Tags;
use crate::identifier::Identifier;
use crate::identify::{Claim, Claims, MAX_CLAIMS, Named, Read};
use crate::record::{FailureRecord, Finding, ItemRecord, NOT_AUDIO, Stage, Verdict};
use crate::sniff::is_database;
use crate::sniff::is_text;
use crate::source::{Item, unreadable_torrent};
use crate::wording::named;

/// Bytes of an item that are looked at for what it is.
const HEAD_BYTES: u64 = 1_024;

impl Engine {
    /// What the hash, the name and the tags of an item say.
    pub(super) fn claims(&self, item: &Item, sha256: &str, tags: Option<&Tags>) -> Claims {
        let mut claims = Claims::default();
        let known = &self.identifiers;
        known.in_text(sha256, "the file itself", &mut claims);
        known.outside(item, &mut claims);
        if let Some(Tags { title, artist, album, isrc, upc, label, others, date: _ }) = tags {
            let fields = [isrc, upc, title, artist, album, label];
            for tag in fields.into_iter().flatten().chain(others) {
                known.in_text(tag, "its tags", &mut claims);
            }
        }
        claims
    }

    /// The record of an item that was not heard: a document may name recordings all the same.
    pub(super) fn unheard(
        &self,
        item: &Item,
        sha256: String,
        failure: &FailureRecord,
        cancel: &AtomicBool,
    ) -> Option<ItemRecord> {
        let mut record = ItemRecord {
            notes: item.notes.clone(),
            ..examine_failed(&item.place, item.size_bytes, sha256.clone(), failure.clone())
        };
        if failure.kind != NOT_AUDIO {
            let mut claims = self.claims(item, &sha256, None);
            // What lies compressed and cannot be unpacked to its end: its bytes have no hash to tell a finding by.
            if matches!(item.bytes, Bytes::Text(_)) {
                match self.identifiers.in_document(item, &mut claims, &mut record.notes, cancel) {
                    Read::Cancelled => return None,
                    Read::Personal(column) => record.failure = Some(personal(&column)),
                    Read::Whole | Read::Packed(_) | Read::Broken(_) => {}
                }
            }
            // A file of the label's, byte for byte, is one whether it can be decoded here or not.
            let copies: Vec<Finding> = claims.iter().filter(|c| c.is_hash).map(finding).collect();
            if !copies.is_empty() {
                record.notes.push(format!("it was not heard: it {}", failure.message));
                return Some(claimed(item, sha256, copies, record.notes));
            }
            record.notes.extend(told(&claims));
            return Some(record);
        }
        let mut claims = Claims::default();
        self.identifiers.in_text(&sha256, "the file itself", &mut claims);
        let read = self.identifiers.in_document(item, &mut claims, &mut record.notes, cancel);
        let trouble = match read {
            Read::Whole => misnamed(item).map(|why| damaged(&why)),
            Read::Cancelled => return None,
            Read::Personal(column) => {
                record.failure = Some(personal(&column));
                return Some(record);
            }
            Read::Packed(why) => {
                let message = format!("{why}; unpack it and scan the file");
                Some(refused("metadata_packed", message))
            }
            Read::Broken(why) => Some(damaged(&why)),
        };
        let trouble = trouble.or_else(|| unreadable_torrent(item)).or_else(|| cut(item));
        if claims.is_empty() {
            record.failure = trouble.or(record.failure);
            return Some(record);
        }
        record.notes.extend(trouble.map(|trouble| trouble.message));
        if claims.beyond() > 0 {
            record.notes.push(format!(
                "it names more recordings than the {MAX_CLAIMS} that are told: {} more words of it are \
                 identifiers of others",
                claims.beyond()
            ));
        }
        let mut notes = record.notes;
        // What to do about a picture is no advice about what names recordings.
        let what = failure.message.split(';').next().unwrap_or_default();
        notes.push(format!("no sound: it {what}"));
        Some(claimed(item, sha256, claims.iter().map(finding).collect(), notes))
    }
}

/// The record of an item that names recordings and was not heard.
fn claimed(item: &Item, sha256: String, findings: Vec<Finding>, notes: Vec<String>) -> ItemRecord {
    ItemRecord {
        item: facts(&item.place, item.size_bytes, sha256),
        verdict: Verdict::Suspect,
        findings,
        failure: None,
        notes,
        claims: "claim_only".to_owned(),
    }
}

/// Why what is there of an item is not what it is.
fn cut(item: &Item) -> Option<FailureRecord> {
    let message =
        "is damaged in its container, and what can be had of it is no sound; fetch it again";
    item.is_damaged.then(|| refused("damaged", message.to_owned()))
}

/// Joins what was claimed with what was heard. Returns the word for how they agree, and notes what is said in a way
/// that is no finding.
pub(super) fn compare(
    findings: &mut Vec<Finding>,
    claims: Claims,
    tags: &Tags,
    notes: &mut Vec<String>,
) -> String {
    let (mut listed, mut of_release) = (0_u64, 0_u64);
    let heard = findings.iter().any(|finding| finding.verdict == Verdict::Match);
    let (mut claimed, mut agree) = (false, false);
    for claim in claims.into_iter() {
        let sure = claim.named == Some(Named::ById) || claim.is_hash;
        claimed |= sure;
        let mut found = false;
        for finding in findings.iter_mut() {
            if finding.recording_id == claim.recording.recording_id {
                found = true;
                // A resemblance by chance is no second witness.
                agree |= sure && finding.verdict == Verdict::Match;
                finding.tiers.splice(0..0, claim.tiers());
                finding.claimed_by = claim.places();
            }
        }
        match claim.named {
            _ if found => {}
            _ if sure => findings.push(finding(&claim)),
            Some(Named::InList) => listed += 1,
            // A bar code is that of a whole release.
            _ => of_release += 1,
        }
    }
    if of_release > 0 && !agree {
        notes.push(format!(
            "its bar code is that of a release of the label's, of which {of_release} recordings are not heard in it"
        ));
    }
    if listed > 0 {
        notes.push(format!(
            "its side-car names several recordings, {listed} of which it does not sound like"
        ));
    }
    let foreign = tags.isrc.as_deref().is_some_and(is_isrc);
    match (claimed, heard) {
        _ if agree => "agree",
        (true, true) => "disagree",
        (true, false) => "claim_only",
        (false, true) if foreign => "foreign_claim",
        (false, true) => "sound_only",
        (false, false) => "",
    }
    .to_owned()
}

/// Whether a tag is an ISRC, however it is parted, and no placeholder.
fn is_isrc(tag: &str) -> bool {
    let letters: Vec<u8> = tag.bytes().filter(u8::is_ascii_alphanumeric).collect();
    matches!(Identifier::parse(&letters), Some(Identifier::Isrc(isrc)) if !isrc.ends_with(b"0000000"))
}

/// Recordings that a note of what is broken names.
const MAX_TOLD: usize = 20;

/// What an item claims of which nothing else is known.
fn told(claims: &Claims) -> Vec<String> {
    let called =
        |claim: &Claim| format!("it claims to be {}: {}", called(claim), claim.places().join("; "));
    let mut told: Vec<String> = claims.iter().take(MAX_TOLD).map(called).collect();
    let more = claims.iter().count().saturating_sub(MAX_TOLD);
    if more > 0 {
        told.push(format!("it claims to be {more} more recordings"));
    }
    told
}

/// Endings of the names of databases. `.db` is one of many things.
const OF_DATABASES: [&str; 3] = ["sqlite", "sqlite3", "db3"];

/// What is wrong with an item that is called a database and does not begin as one.
fn misnamed(item: &Item) -> Option<String> {
    let name = item.place.locator.name();
    let at = name.iter().rposition(|&byte| byte == b'.')?;
    let is_called =
        OF_DATABASES.iter().any(|is| name[at + 1..].eq_ignore_ascii_case(is.as_bytes()));
    let head = item.bytes.head(HEAD_BYTES).ok()?;
    (is_called && !is_database(&head) && !is_text(&head)).then(|| {
        "it is called a database and does not begin as one: it is encrypted or damaged".into()
    })
}

fn damaged(why: &str) -> FailureRecord {
    let message =
        format!("could not be searched for identifiers to its end: {why}; fetch it again");
    refused("metadata_damaged", message)
}

fn personal(column: &str) -> FailureRecord {
    let message =
        format!("holds data about people ({column}) and was not read; leave it out of the scan");
    refused("personal_data", message)
}

fn refused(kind: &str, message: String) -> FailureRecord {
    FailureRecord { stage: Stage::Read, kind: kind.to_owned(), message }
}

fn called(claim: &Claim) -> String {
    let recording = &claim.recording;
    named(&recording.artist, &recording.title, &recording.recording_id)
}

/// The finding of a claim that no sound bears out: for a person to look at.
fn finding(claim: &Claim) -> Finding {
    let recording = &claim.recording;
    Finding {
        recording_id: recording.recording_id.clone(),
        recording_path: recording.path.clone(),
        title: recording.title.clone(),
        artist: recording.artist.clone(),
        isrc: recording.isrc.clone(),
        verdict: Verdict::Suspect,
        false_alarm_probability: 1.0,
        score: 0.0,
        tempo: 1.0,
        pitch_cents: 0.0,
        spans: Vec::new(),
        item_coverage: 0.0,
        recording_coverage: 0.0,
        stream: 0,
        shares_passage_with: Vec::new(),
        tiers: claim.tiers(),
        claimed_by: claim.places(),
        standing: None,
        relation: None,
        explained: None,
        evidence: None,
        finding_id: String::new(),
        work: None,
        sound: String::new(),
        decision: None,
    }
}
