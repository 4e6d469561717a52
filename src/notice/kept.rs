//! What is kept of a notice.

use super::{Life, Step};
use crate::record::{Checked, NoticeKind};
use crate::review::Entry;
use crate::scan::Mode;

/// How the run of a notice searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// Its mode.
    pub mode: Mode,
    /// False-alarm probability below which a finding is a match.
    pub match_below: f64,
    /// False-alarm probability below which a finding is a suspect.
    pub suspect_below: f64,
}

/// A notice that was drafted, to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNotice {
    /// The kind of recipient.
    pub kind: NoticeKind,
    /// The recipient, as the draft names it; may be empty.
    pub recipient: String,
    /// Where the material is offered, as the draft says; may be empty.
    pub place: String,
    /// The run of its findings.
    pub run_id: i64,
    /// What that run scanned.
    pub roots: Vec<String>,
    /// How it searched.
    pub search: Search,
    /// Name of the draft's files, without ending.
    pub draft: String,
    /// SHA-256 of the draft in Markdown.
    pub draft_sha256: String,
    /// The findings that it is about, in the order of the draft.
    pub materials: Vec<Entry>,
}

/// A notice that is kept, with its life.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Number, from 1.
    pub number: i64,
    /// When it was drafted, in seconds since 1970.
    pub at: i64,
    /// Who drafted it.
    pub by: String,
    /// The kind of recipient.
    pub kind: NoticeKind,
    /// Where the material is offered, as the draft says.
    pub place: String,
    /// The run of its findings.
    pub run_id: i64,
    /// What that run scanned.
    pub roots: Vec<String>,
    /// How it searched.
    pub search: Search,
    /// Name of the draft's files, without ending.
    pub draft: String,
    /// SHA-256 of the draft in Markdown.
    pub draft_sha256: String,
    /// Number of findings that it is about.
    pub findings: u64,
    /// What people recorded, in order.
    pub steps: Vec<Step>,
    /// Where that leaves it.
    pub life: Life,
}

/// A finding that a notice is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Number of the notice.
    pub number: i64,
    /// Place in the draft, from 0.
    pub position: u64,
    /// Id of the finding.
    pub finding_id: String,
    /// Locator of the item.
    pub locator: String,
    /// What the last check said of it.
    pub check: Option<Checked>,
}
