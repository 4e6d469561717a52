//! One dump on many machines: a plan of units, workers that do units in any order, and a merge that makes one run of them.
//!
//! Some engine (Spark, Ray, Slurm, AWS Batch, Kubernetes, or a loop of a shell) schedules units and repeats those that failed.
//! This room writes none. It relies on one invariant: a record depends on the item, the catalogue and the settings alone. So a
//! merged run has the `content_digest` of a scan by one machine, whatever was killed, done twice, or done in another order.
//!
//! # Formats
//!
//! A plan is a folder. Paths are written as locators write files: bytes other than letters, digits and `-._/` as `%XX`.
//!
//! ```text
//! PLAN/plan.json             {"content":{…},"content_digest":HEX,"planned":SECONDS}: a PlanContent, and the digest that names the plan
//! PLAN/units.jsonl           one Unit a line, numbered from 0
//! PLAN/units.index           40 bytes a unit: where its line begins (u64, little-endian), and the SHA-256 of the line
//! PLAN/parts/NNN/part-NNNNNNN-HHHHHHHHHHHHHHHH.jsonl.zst    the records of a unit; N the unit (its thousands name the folder)
//! PLAN/parts/NNN/part-NNNNNNN.done                          its completion mark, a Mark
//!
//! part = header LF *( row LF )                     ; Zstandard; H: the first digits of the SHA-256 of this text
//! header = {"part_version":1,"plan":HEX,"unit":N,"section":null / {…}}   ; how the reading of a section ended
//! row = {"size_bytes":N,"modified_ns":N,"record":{…}}   ; sorted by the key of the locator; the record as in the JSONL report
//! ```
//!
//! `content_digest` is the SHA-256 of `content` as compact JSON. The content holds the SHA-256 of `units.index`, which holds
//! those of all lines, so the digest covers catalogue, settings, decoders and units. Everything is written under a temporary
//! name and renamed; `plan.json` and the marks are written last, and what they do not name does not count. The same dump,
//! catalogue and settings give the same plan, and a unit gives the same part, byte for byte.
//!
//! | file | its one responsibility |
//! |---|---|
//! | `plan` | the plan on disk |
//! | `unit` | one unit as data |
//! | `cut` | from the outline of a dump to units |
//! | `lines` | units as lines with an index |
//! | `parts` | folders of parts: names, marks |
//! | `part` | the records of one unit, written and read |
//! | `work` | does a unit |
//! | `check`, `refused` | which parts are missing, doubled, foreign, truncated or of another plan |
//! | `merge` | from parts to the sink of a run |
//! | `status` | how far a plan is |

mod check;
mod cut;
mod error;
mod lines;
mod merge;
mod part;
mod parts;
mod plan;
mod refused;
mod status;
mod unit;
mod work;

pub use check::{Whole, check};
pub use cut::UnitSize;
pub use error::ClusterError;
pub use lines::MAX_LINE_BYTES;
pub use merge::{Merged, merge};
pub use parts::{Mark, Parts};
pub(crate) use plan::Planned;
pub use plan::{PLAN_VERSION, Plan, PlanContent};
pub use refused::{Named, Numbers, Refused};
pub use status::{Status, status};
pub use unit::{Unit, UnitShare, UnitTorrent};
pub use work::{Done, Worker};
