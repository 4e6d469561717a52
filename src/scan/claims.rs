//! What an item claims to be, beside what it sounds like.

use std::sync::atomic::AtomicBool;

use super::examine::{Engine, examine_failed, facts};
use crate::decode::Tags;
use crate::identify::{Claim, Claims, Identifier, MAX_CLAIMS, Named, Read};
use crate::record::{FailureRecord, Finding, ItemRecord, NOT_AUDIO, Stage, Verdict};
use crate::source::{Item, unreadable_torrent};
use crate::text::named;

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
        failure: FailureRecord,
        cancel: &AtomicBool,
    ) -> Option<ItemRecord> {
        if failure.kind != NOT_AUDIO {
            let notes = self.claims(item, &sha256, None);
            let notes = notes.iter().map(|claim| {
                format!("it claims to be {}: {}", called(claim), claim.places().join("; "))
            });
            let notes: Vec<String> = item.notes.iter().cloned().chain(notes).collect();
            let record = examine_failed(&item.place, item.size_bytes, sha256, failure);
            return Some(ItemRecord { notes, ..record });
        }
        let mut claims = Claims::default();
        let mut record = ItemRecord {
            notes: item.notes.clone(),
            ..examine_failed(&item.place, item.size_bytes, sha256.clone(), failure.clone())
        };
        match self.identifiers.in_document(item, &mut claims, cancel) {
            Read::Whole => {}
            Read::Cancelled => return None,
            Read::Personal(column) => {
                let message = format!(
                    "holds data about people ({column}) and was not read; leave it out of the scan"
                );
                record.failure = Some(refused("personal_data", message));
                return Some(record);
            }
            Read::Packed => record.notes.push(
                "a database of more than 64 MiB in a container is not looked into; unpack it to have its identifiers read"
                    .to_owned(),
            ),
            Read::Broken(why) => {
                record.notes.push(format!("it could not be read to its end for identifiers: {why}"));
            }
        }
        let torrent = unreadable_torrent(item);
        if claims.is_empty() {
            record.failure = torrent.or(record.failure);
            return Some(record);
        }
        record.notes.extend(torrent.map(|failure| failure.message));
        if claims.beyond() > 0 {
            record.notes.push(format!(
                "it names more recordings than the {MAX_CLAIMS} that are told: {} more words of it are \
                 identifiers of others",
                claims.beyond()
            ));
        }
        let mut notes = record.notes;
        notes.push(format!("no sound: it {}", failure.message));
        Some(ItemRecord {
            item: facts(&item.place, item.size_bytes, sha256),
            verdict: Verdict::Suspect,
            findings: claims.iter().map(finding).collect(),
            failure: None,
            notes,
            claims: "claim_only".to_owned(),
        })
    }
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
        evidence: None,
        finding_id: String::new(),
        work: None,
        sound: String::new(),
        decision: None,
    }
}
