//! Runs for unit tests.

use super::{ResultStore, Run, RunKey};
use crate::record::ItemRecord;
use crate::scan::{Mode, Outcome, OutcomeSink as _};
use crate::source::Stamp;

/// The key of a run over these roots.
pub(crate) fn key(roots: &[&str]) -> RunKey {
    RunKey {
        roots: roots.iter().map(|root| (*root).to_owned()).collect(),
        mode: Mode::Full,
        settings_digest: String::new(),
        catalogue_digest: "c0ffee".to_owned(),
        catalogue_recordings: 7,
        fingerprint_digest: "5d3c01fe".to_owned(),
        decoders: "none".to_owned(),
        tool_version: "0.1.0".to_owned(),
    }
}

/// Keeps a run of these records, complete or stopped before its end.
pub(crate) fn keep(
    store: &mut ResultStore,
    key: &RunKey,
    records: Vec<ItemRecord>,
    complete: bool,
) -> Run {
    keep_by(store, key, records, complete, false)
}

/// Keeps a complete run of these records as `watch` does.
pub(crate) fn watched(store: &mut ResultStore, key: &RunKey, records: Vec<ItemRecord>) -> Run {
    keep_by(store, key, records, true, true)
}

fn keep_by(
    store: &mut ResultStore,
    key: &RunKey,
    records: Vec<ItemRecord>,
    complete: bool,
    tells: bool,
) -> Run {
    let (run, goes_on) = store.begin(key, 1_795_461_154).unwrap();
    let sink = store.sink(run.run_id, goes_on).unwrap();
    let mut sink = if tells { sink.telling() } else { sink };
    for record in records {
        let key = record.item.path.clone().into_bytes();
        let stamp = Stamp { size_bytes: record.item.size_bytes, modified_ns: 0 };
        sink.record(Outcome { key, stamp, record }).unwrap();
    }
    if complete {
        sink.finish(0, |_| "{}\n".to_owned()).unwrap();
    } else {
        sink.settle().unwrap();
    }
    store.run(Some(run.run_id)).unwrap()
}
