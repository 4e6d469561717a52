//! What an item claims to be, by its hash, name and tags, and how that agrees with its sound.

use std::fmt::Display;
use std::sync::atomic::AtomicBool;

use super::Engine;
use super::outcome::{examine_failed, facts, finding_of};
use crate::bytes::Bytes;
use crate::decode::Tags;
use crate::identifier::Identifier;
use crate::identify::{Claim, Claims, MAX_CLAIMS, Named, Read};
use crate::record::{
    ClaimCheck, Failure, FailureKind, FailureRecord, Finding, ItemRecord, Stage, Verdict,
};
use crate::sniff::is_database;
use crate::sniff::is_text;
use crate::source::{Item, unreadable_torrent};
use crate::wording::named;

/// Number of bytes by which a database or a text is recognised. A guess.
const HEAD_BYTES: u64 = 1_024;

impl Engine {
    /// The recordings that the hash, the name and the tags of an item name.
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

    /// The record of an item that could not be compared. It may still be a document that names recordings.
    pub(super) fn unheard(
        &self,
        item: &Item,
        sha256: String,
        failure: Failure,
        cancel: &AtomicBool,
    ) -> Option<ItemRecord> {
        let mut record = ItemRecord {
            notes: item.notes.clone(),
            ..examine_failed(&item.place, item.size_bytes, sha256.clone(), failure.clone().into())
        };
        if failure.kind != FailureKind::NotAudio {
            let mut claims = self.claims(item, &sha256, None);
            // A text in a container that cannot be unpacked to its end: it has no hash, but the part that was unpacked may name
            // recordings.
            if matches!(item.bytes, Bytes::Text(_)) {
                match self.identifiers.in_document(item, &mut claims, &mut record.notes, cancel) {
                    Read::Cancelled => return None,
                    Read::Personal(column) => record.failure = Some(personal(&column)),
                    Read::Whole | Read::Packed(_) | Read::Apart(_) | Read::Broken(_) => {}
                }
            }
            // A byte-for-byte copy of the label's file is one whether it can be decoded here or not.
            let copies: Vec<Finding> = claims.iter().filter(|c| c.is_hash).map(finding).collect();
            if !copies.is_empty() {
                let failure = FailureRecord::from(failure);
                record.notes.push(format!("it was not heard: it {}", failure.message));
                return Some(claimed(item, sha256, copies, record.notes));
            }
            record.notes.extend(notes_of(&claims));
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
                Some(refused(FailureKind::MetadataPacked, why, "unpack it and scan the file"))
            }
            Read::Apart(why) => Some(refused(
                FailureKind::MetadataPacked,
                why,
                "scan the two in one folder, or let sqlite3 write the log into the database",
            )),
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
        // Without the remedy: what to do about a picture does not help with a document.
        notes.push(format!("no sound: it {}", failure.what));
        Some(claimed(item, sha256, claims.iter().map(finding).collect(), notes))
    }
}

/// The record of an item that names recordings and could not be heard.
fn claimed(item: &Item, sha256: String, findings: Vec<Finding>, notes: Vec<String>) -> ItemRecord {
    ItemRecord {
        item: facts(&item.place, item.size_bytes, sha256),
        verdict: Verdict::Suspect,
        findings,
        failure: None,
        notes,
        claims: ClaimCheck::ClaimOnly,
        is_partial: false,
    }
}

/// The failure of an item that is damaged in its container, so that its first bytes may not show what it is.
fn cut(item: &Item) -> Option<FailureRecord> {
    item.is_damaged.then(|| {
        let what = "is damaged in its container, and the rest of it is no audio";
        refused(FailureKind::Damaged, what, "fetch it again")
    })
}

/// Adds the claims to the findings: as tiers of those that were heard, or as findings of their own. Returns how claims and sound
/// agree. Claims that are too weak for a finding become notes.
pub(super) fn compare(
    findings: &mut Vec<Finding>,
    claims: Claims,
    tags: &Tags,
    notes: &mut Vec<String>,
) -> ClaimCheck {
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
                // A suspect may be a resemblance by chance, so it does not confirm the claim.
                agree |= sure && finding.verdict == Verdict::Match;
                finding.tiers.splice(0..0, claim.tiers());
                finding.claimed_by = claim.places();
            }
        }
        match claim.named {
            _ if found => {}
            _ if sure => findings.push(finding(&claim)),
            Some(Named::InList) => listed += 1,
            // A bar code names a whole release, of which the item is one recording at most.
            _ => of_release += 1,
        }
    }
    if of_release > 0 && !agree {
        notes.push(format!(
            "its bar code is that of a release of the label, {of_release} recordings of which are not heard in it"
        ));
    }
    if listed > 0 {
        notes.push(format!(
            "its side-car names several recordings, {listed} of which are not heard in it"
        ));
    }
    let foreign = tags.isrc.as_deref().is_some_and(is_isrc);
    match (claimed, heard) {
        _ if agree => ClaimCheck::Agree,
        (true, true) => ClaimCheck::Disagree,
        (true, false) => ClaimCheck::ClaimOnly,
        (false, true) if foreign => ClaimCheck::ForeignClaim,
        (false, true) => ClaimCheck::SoundOnly,
        (false, false) => ClaimCheck::Nothing,
    }
}

/// Whether a tag is an ISRC, with any separators, and not a placeholder (designation 0000000).
fn is_isrc(tag: &str) -> bool {
    let letters: Vec<u8> = tag.bytes().filter(u8::is_ascii_alphanumeric).collect();
    matches!(Identifier::parse(&letters), Some(Identifier::Isrc(isrc)) if !isrc.ends_with(b"0000000"))
}

/// Most recordings that the notes of an item that could not be read name. A guess.
const MAX_TOLD: usize = 20;

/// Notes on the recordings that an item claims to be, for an item that could not be compared.
fn notes_of(claims: &Claims) -> Vec<String> {
    let called =
        |claim: &Claim| format!("it claims to be {}: {}", called(claim), claim.places().join("; "));
    let mut told: Vec<String> = claims.iter().take(MAX_TOLD).map(called).collect();
    let more = claims.iter().count().saturating_sub(MAX_TOLD);
    if more > 0 {
        told.push(format!("it claims to be {more} more recordings"));
    }
    told
}

/// Endings of the names of `SQLite` databases. `.db` is left out, since many other formats use it.
const OF_DATABASES: [&str; 3] = ["sqlite", "sqlite3", "db3"];

/// Why an item whose name is that of a database is not one; `None` if it is, or has another name.
fn misnamed(item: &Item) -> Option<String> {
    let name = item.place.locator.name();
    let at = name.iter().rposition(|&byte| byte == b'.')?;
    let is_called =
        OF_DATABASES.iter().any(|is| name[at + 1..].eq_ignore_ascii_case(is.as_bytes()));
    let head = item.bytes.head(HEAD_BYTES).ok()?;
    (is_called && !is_database(&head) && !is_text(&head)).then(|| {
        "its name is that of a database, but it does not begin like one: it is encrypted or damaged".into()
    })
}

fn damaged(why: &str) -> FailureRecord {
    let what = format!("could not be searched for identifiers to its end: {why}");
    refused(FailureKind::MetadataDamaged, what, "fetch it again")
}

fn personal(column: &str) -> FailureRecord {
    let what = format!("holds data about people ({column}) and was not read");
    refused(FailureKind::PersonalData, what, "leave it out of the scan")
}

fn refused(kind: FailureKind, what: impl Display, remedy: &str) -> FailureRecord {
    FailureRecord::new(Stage::Read, kind, what, remedy)
}

fn called(claim: &Claim) -> String {
    let recording = &claim.recording;
    named(&recording.artist, &recording.title, &recording.recording_id)
}

/// The finding of a claim without sound: a suspect, for a person to look at.
fn finding(claim: &Claim) -> Finding {
    Finding {
        tiers: claim.tiers(),
        claimed_by: claim.places(),
        ..finding_of(&claim.recording, Verdict::Suspect)
    }
}
