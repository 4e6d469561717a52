//! Sentences about parts of a record.

use crate::record::{Basis, Decision, Integrity, Relation, TorrentFacts};

impl Relation {
    /// One sentence for people who decide about the finding.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Copy => "The item is a copy of the recording.",
            Self::Excerpt => "The item is an excerpt of the recording.",
            Self::Contains => {
                "The item contains the recording, or a part of it, beside other material."
            }
            Self::Layered => "The recording can be heard in the item together with other sound.",
            Self::Stem => {
                "The item has some of the recording's parts alone (a stem), or it is another recording of the same notes."
            }
            Self::SharedMaterial => {
                "Both hold common material (a loop, a sample, a drum kit, the same notes) and differ in the rest: \
                 this does not show that the item uses the recording."
            }
        }
    }
}

impl TorrentFacts {
    /// One line: the file, the torrent, its info-hash and whether the bytes were verified.
    pub fn describe(&self) -> String {
        let hash = if self.info_hash.is_empty() { &self.info_hash_v2 } else { &self.info_hash };
        let integrity = match self.integrity {
            Integrity::Verified => "verified",
            Integrity::Partial => "verified in part",
            Integrity::Unverified => "not verified",
            Integrity::Damaged => "damaged: it differs from the torrent",
            Integrity::Unchecked => "not compared",
        };
        let others = match (self.others, self.integrity) {
            (0, _) => String::new(),
            (others, Integrity::Unchecked) => {
                format!("; torrents beside it that have it, too: {others}")
            }
            (others, _) => format!("; torrents beside it that fit no better: {others}"),
        };
        format!("file {} of the torrent {} ({hash}), {integrity}{others}", self.file, self.name)
    }
}

impl Decision {
    /// One line: the decision, its ground, the person, the day and the reason.
    pub fn describe(&self) -> String {
        let Self { state, ground, reason, by, at, basis } = self;
        let ground = ground
            .map_or_else(String::new, |ground| format!(" ({})", ground.as_str().replace('_', " ")));
        let basis = match basis {
            Basis::Item => "",
            Basis::Bytes => ", of the same bytes elsewhere",
            Basis::Sound => ", of the same sound in other bytes",
        };
        let day = at.get(..10).unwrap_or(at);
        format!("{}{ground} by {by} on {day}{basis}: {reason}", state.as_str())
    }
}
