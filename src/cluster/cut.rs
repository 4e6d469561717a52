//! From the outline of a dump to units of about one size.
//!
//! Units follow the walk. A unit ends once it has the wanted size and the next file shares nothing with the one before: no
//! metadata of a folder, no torrent, no split archive. What belongs together and is twice as large is cut all the same, but for
//! split archives: every unit finds metadata and torrents by itself. A container of at least twice the wanted size is cut into
//! sections, if it allows random access.

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::lines::Writer;
use super::unit::{UnitTorrent, written};
use super::{Unit, UnitShare};
use crate::source::{Divided, Dump, Listing, Outlined, Source as _};

/// What a file weighs beside its bytes, in bytes, so that a million short texts are not one unit. A guess: opening a file costs
/// as much as reading some KiB.
const FILE_WEIGHT_BYTES: u64 = 16 << 10;
/// Most torrents of a unit, so that its line stays short. A guess.
const MAX_TORRENTS: usize = 10_000;

/// How large units are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitSize {
    /// About this many bytes each.
    Bytes(u64),
    /// About this many units.
    Count(u64),
}

/// What was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// The size that units were to have.
    pub(super) unit_bytes: u64,
}

/// Writes the units of a dump. `None` if `is_over` said so.
pub(super) fn cut(
    dump: &Dump,
    size: UnitSize,
    writer: &mut Writer,
    is_over: &dyn Fn() -> bool,
) -> io::Result<Option<Totals>> {
    let target = match size {
        UnitSize::Bytes(bytes) => bytes.max(1),
        UnitSize::Count(units) => {
            let mut total = 0_u64;
            let counted = dump.sizes(&mut |bytes| {
                total = total.saturating_add(bytes).saturating_add(FILE_WEIGHT_BYTES);
                if is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if counted.is_break() {
                return Ok(None);
            }
            total.div_ceil(units.max(1)).max(1)
        }
    };
    let mut cutter = Cutter::new(dump, target, writer);
    let mut failed = None;
    let flow = dump.outline(&mut |file| {
        failed = cutter.take(&file).err();
        if failed.is_some() || is_over() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    match failed {
        Some(error) => return Err(error),
        None if flow.is_break() => return Ok(None),
        None => cutter.end()?,
    }
    Ok(Some(cutter.totals))
}

struct Cutter<'a> {
    dump: &'a Dump,
    target: u64,
    writer: &'a mut Writer,
    totals: Totals,
    open: Open,
    /// The last path of the unit before.
    after: Option<PathBuf>,
    /// What the last file shares with others.
    group: Option<PathBuf>,
    /// The last path of a split archive that has begun.
    hold: Option<PathBuf>,
}

/// The unit that is being filled.
#[derive(Default)]
struct Open {
    listing: Listing,
    weight: u64,
    upto: Option<PathBuf>,
    torrents: BTreeSet<UnitTorrent>,
}

/// Why a unit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End<'a> {
    /// It has the wanted size.
    Full,
    /// This container follows, which is read in sections.
    Before(&'a Path),
    /// The dump ends.
    Last,
}

impl<'a> Cutter<'a> {
    fn new(dump: &'a Dump, target: u64, writer: &'a mut Writer) -> Self {
        Self {
            dump,
            target,
            writer,
            totals: Totals { unit_bytes: target, ..Totals::default() },
            open: Open::default(),
            after: None,
            group: None,
            hold: None,
        }
    }

    fn take(&mut self, file: &Outlined) -> io::Result<()> {
        self.totals.files += 1;
        self.totals.bytes = self.totals.bytes.saturating_add(file.size_bytes());
        // A path that is not known has no place in the order.
        let is_placed = !file.path.as_os_str().is_empty();
        let is_held = self.hold.as_ref().is_some_and(|hold| file.path <= *hold);
        if is_placed && !is_held {
            self.hold = None;
            let Open { weight, torrents, .. } = &self.open;
            let is_apart = file.group.is_none() || file.group != self.group;
            let is_full =
                *weight >= self.target && (is_apart || *weight >= self.target.saturating_mul(2));
            if is_full || torrents.len() >= MAX_TORRENTS {
                self.flush(End::Full)?;
            }
            if file.size_bytes() >= self.target.saturating_mul(2)
                && let Some(divided) = file.divide(self.dump, self.target)
            {
                return self.sections(file, &divided);
            }
        }
        file.add_to(&mut self.open.listing);
        let weight = file.size_bytes().saturating_add(FILE_WEIGHT_BYTES);
        self.open.weight = self.open.weight.saturating_add(weight);
        self.open.torrents.extend(file.torrents.iter().map(UnitTorrent::of));
        if is_placed {
            self.open.upto = Some(file.path.clone());
            self.group.clone_from(&file.group);
            self.hold = file.volumes_upto.clone().max(self.hold.take());
        }
        Ok(())
    }

    /// Ends the unit that is being filled.
    fn flush(&mut self, end: End) -> io::Result<()> {
        // Rows without a path are nowhere in the order: a unit of nothing else would have no end, and hold what follows, too.
        if end == End::Full && self.open.upto.is_none() {
            return Ok(());
        }
        // Next to a container a unit is written without files, too: what is added there later would belong to none.
        let Open { listing, upto, torrents, .. } = std::mem::take(&mut self.open);
        let after = self.after.take();
        let text = |path: &PathBuf| written(path);
        let share = UnitShare::Files {
            after: after.as_ref().map(text),
            upto: upto.as_ref().filter(|_| end == End::Full).map(text),
            before: if let End::Before(container) = end { Some(written(container)) } else { None },
            files: listing.files,
            digest: listing.digest(),
        };
        self.after = upto;
        let torrents = torrents.into_iter().collect();
        let unit = self.writer.units;
        self.writer.add(&Unit { unit, bytes: listing.bytes, share, torrents })
    }

    fn sections(&mut self, file: &Outlined, divided: &Divided) -> io::Result<()> {
        self.flush(End::Before(&file.path))?;
        let stamp = file.stamp();
        let torrents: Vec<_> = file.torrents.iter().map(UnitTorrent::of).collect();
        for (number, (section, bytes)) in divided.sections.iter().enumerate() {
            let share = UnitShare::Section {
                file: written(&file.path),
                container: divided.kind.to_owned(),
                size_bytes: stamp.size_bytes,
                modified_ns: stamp.modified_ns,
                from: section.from,
                to: Some(section.to).filter(|&to| to != u64::MAX),
                number: number as u64,
                of: divided.sections.len() as u64,
            };
            let (unit, bytes, torrents) = (self.writer.units, *bytes, torrents.clone());
            self.writer.add(&Unit { unit, bytes, share, torrents })?;
        }
        self.after = Some(file.path.clone());
        self.group.clone_from(&file.group);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.flush(End::Last)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;
    use crate::cluster::lines::Lines;
    use crate::source::{Folders, ScanLimits, Section};

    fn units(dump: &Path, size: UnitSize) -> Vec<Unit> {
        let folder = tempfile::tempdir().unwrap();
        let (lines, index) = (folder.path().join("units.jsonl"), folder.path().join("units.index"));
        let mut writer = Writer::new(&lines, &index).unwrap();
        let dump = Dump::new(Folders::new(&[dump.to_path_buf()]).unwrap(), ScanLimits::default());
        cut(&dump, size, &mut writer, &|| false).unwrap().unwrap();
        let units = writer.units;
        writer.finish().unwrap();
        Lines { text: lines, index, units }.from(0).unwrap().map(Result::unwrap).collect()
    }

    fn counts(units: &[Unit]) -> Vec<u64> {
        let files = |unit: &Unit| match &unit.share {
            UnitShare::Files { files, .. } => *files,
            UnitShare::Section { .. } => 0,
        };
        units.iter().map(files).collect()
    }

    #[test]
    fn units_follow_each_other_without_a_gap_and_hold_every_file_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/1", "a/2", "a.b", "b/c/1", "b/c/2", "b/d", "z"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0; 100_000]).unwrap();
        }
        let units = units(folder.path(), UnitSize::Bytes(200_000));
        assert_eq!(counts(&units), [2, 2, 2, 1]);
        let spans: Vec<_> = units.iter().map(|unit| unit.span().unwrap()).collect();
        for (before, next) in spans.iter().zip(&spans[1..]) {
            assert_eq!(before.upto, next.after);
        }
        assert_eq!((spans[0].after.as_ref(), spans[3].upto.as_ref()), (None, None));
        let count = super::tests::units(folder.path(), UnitSize::Count(3));
        assert_eq!(counts(&count), [3, 3, 1]);
    }

    #[test]
    fn a_folder_with_metadata_is_one_unit_unless_it_is_far_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0; 84_000]).unwrap();
        };
        for number in 0..3 {
            write(&format!("m/{number}"));
        }
        write("m/metadata.csv");
        (0..3).for_each(|number| write(&format!("n/{number}")));
        assert_eq!(counts(&units(folder.path(), UnitSize::Bytes(250_000))), [4, 3]);
        assert_eq!(counts(&units(folder.path(), UnitSize::Bytes(100_000))), [2, 2, 1, 1, 1]);
    }

    #[test]
    fn rows_without_a_path_make_no_unit_of_their_own_since_it_would_hold_all_that_follows() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, index) = (folder.path().join("units.jsonl"), folder.path().join("units.index"));
        let dump = folder.path().join("dump");
        fs::create_dir(&dump).unwrap();
        let paths: Vec<PathBuf> = ["a.zip", "b", "c"].map(|name| dump.join(name)).into();
        for path in &paths {
            fs::write(path, vec![0; 100_000]).unwrap();
        }
        let folders = Folders::new(std::slice::from_ref(&dump)).unwrap();
        let dump = Dump::new(folders, ScanLimits::default());
        let mut writer = Writer::new(&lines, &index).unwrap();
        let mut cutter = Cutter::new(&dump, 1, &mut writer);
        let mut files = Vec::new();
        let _ = dump.outline(&mut |file| {
            files.push(file);
            ControlFlow::Continue(())
        });
        let sections = vec![(Section { from: 0, to: u64::MAX }, 100_000)];
        let divided = Divided { kind: "zip", sections };
        for file in &files {
            cutter.take(&Outlined::lost()).unwrap();
            cutter.take(&Outlined::lost()).unwrap();
            // A container that is read in sections ends the unit before it, if that has an end.
            if file.path == paths[0] {
                cutter.sections(file, &divided).unwrap();
            } else {
                cutter.take(file).unwrap();
            }
        }
        cutter.end().unwrap();
        let units = writer.units;
        writer.finish().unwrap();
        let units: Vec<_> =
            Lines { text: lines, index, units }.from(0).unwrap().map(Result::unwrap).collect();
        // The rows before a.zip, and its section; the rows before and behind b, and b; c.
        assert_eq!(counts(&units), [2, 0, 5, 1]);
        let spans = [&units[0], &units[2], &units[3]].map(|unit| unit.span().unwrap());
        let ends = spans.map(|span| (span.after, span.upto, span.before));
        let (a, b) = (Some(paths[0].clone()), Some(paths[1].clone()));
        assert_eq!(ends, [(None, None, a.clone()), (a, b.clone(), None), (b, None, None)]);
    }

    #[test]
    fn what_is_added_beside_a_container_in_sections_belongs_to_one_unit() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        let mut archive = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let stored = ::zip::write::SimpleFileOptions::default()
            .compression_method(::zip::CompressionMethod::Stored);
        for name in ["1", "2"] {
            archive.start_file(name, stored).unwrap();
            archive.write_all(&vec![0; 200_000]).unwrap();
        }
        let packed = archive.finish().unwrap().into_inner();
        write("b.zip", &packed);
        write("c.zip", &packed);
        let units = units(folder.path(), UnitSize::Bytes(100_000));
        assert!(units.iter().filter(|unit| unit.section().is_some()).count() >= 4, "{units:#?}");
        for name in ["a", "b", "b.zip.part", "bb/x", "c", "d/e/f"] {
            let path = folder.path().join(name);
            assert_eq!(units.iter().filter(|unit| unit.holds(&path)).count(), 1, "{name}");
        }
    }

    #[test]
    fn an_empty_dump_is_one_empty_unit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(counts(&units(folder.path(), UnitSize::Count(9))), [0]);
    }
}
