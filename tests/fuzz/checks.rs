//! What must hold for any bytes. Each check is a target of the fuzzer (`scripts/fuzz`); the tests run it on seeds, on earlier
//! findings, and on seeds that are changed at random.

use std::cell::RefCell;
use std::fs;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use leakhound::bytes::Bytes;
use leakhound::catalog::{Catalog, LogLine, Rights};
use leakhound::decode::{DecodeLimits, Decoder, Windows};
use leakhound::identifier::Tokens;
use leakhound::identify::Identifiers;
use leakhound::import::{self, Flow, Options, Problem, Row, Stop, Take};
use leakhound::index::TrackId;
use leakhound::index::{self, Segment};
use leakhound::ingest::Ingester;
use leakhound::inspect::{Hashed, Survey};
use leakhound::matching::verdict::VerdictConfig;
use leakhound::matching::{LookupScratch, MatchConfig};
use leakhound::provenance::{Manifest, read_token};
use leakhound::record::{FailureKind, ItemRecord, Verdict};
use leakhound::review::read_batch;
use leakhound::scan::{Engine, Mode, examine_failed};
use leakhound::signal::fingerprint::{FingerprintConfig, Fingerprinter};
use leakhound::source::{
    Dump, Folders, Found, Item, Locator, ScanLimits, Source as _, Unlisted, Visit, find, unpack_rar,
};

use crate::common::{song, wav};

/// Limits so low that small files meet them.
const LIMITS: ScanLimits = ScanLimits {
    max_depth: 5,
    max_item_bytes: 1 << 20,
    extra_item_bytes: 1 << 20,
    max_container_bytes: 2 << 20,
    max_ratio: 20,
    ratio_slack_bytes: 4 << 20,
    max_members: 2_000,
    text_slack_bytes: 1 << 16,
    max_directory_bytes: 1 << 20,
    max_footer_bytes: 1 << 20,
    max_page_bytes: 1 << 20,
};

/// Most bytes of an item that are compared: a compressed item may be long.
const COMPARED_BYTES: u64 = 8 << 20;

/// The name of a check, and the check.
pub type Check = (&'static str, fn(&[u8]));

/// All checks.
pub const CHECKS: [Check; 8] = [
    ("containers", containers),
    ("outcome", outcome),
    ("words", words),
    ("deliveries", deliveries),
    ("records", records),
    ("torrents", torrents),
    ("segments", segments),
    ("rar", rar),
];

/// A file with these bytes, in a folder that no other thread uses.
fn file_of(bytes: &[u8], name: &str) -> PathBuf {
    thread_local! {
        static FOLDER: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().unwrap());
    }
    FOLDER.with_borrow(|folder| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        file
    })
}

#[derive(Default)]
struct Seen {
    items: Vec<Item>,
    rows: Vec<Unlisted>,
    in_memory: u64,
}

impl Visit for Seen {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        if let Bytes::Memory(buffer) = &item.bytes {
            self.in_memory = self.in_memory.max(buffer.as_slice().len() as u64);
        }
        let mut bytes = Vec::new();
        // If the end is missing, reading fails or gives fewer bytes.
        let _ = item.bytes.stream().unwrap().take(COMPARED_BYTES).read_to_end(&mut bytes);
        if self.items.len() < 8 {
            let item = Item { bytes: Bytes::of_memory(bytes), ..item };
            self.items.push(item);
        }
        ControlFlow::Continue(())
    }

    fn unlisted(&mut self, row: Unlisted) -> ControlFlow<()> {
        self.rows.push(row);
        ControlFlow::Continue(())
    }
}

fn walk(path: &Path) -> Seen {
    let folders = Folders::new(&[path.to_path_buf()]).unwrap();
    let mut seen = Seen::default();
    assert!(Dump::new(folders, LIMITS).walk(&mut seen).is_continue(), "the walk ends by itself");
    assert!(!seen.items.is_empty() || !seen.rows.is_empty(), "nothing is lost");
    assert!(seen.in_memory <= LIMITS.max_item_bytes);
    seen
}

/// The locators of the members of a container.
pub fn locators(container: &Path) -> Vec<String> {
    walk(container).items.iter().map(|item| item.place.locator.to_string()).collect()
}

/// A container is walked to its end without losing a member or exceeding a limit, and every item is found again by its locator.
pub fn containers(bytes: &[u8]) {
    let seen = walk(&file_of(bytes, "container"));
    for item in &seen.items {
        let text = item.place.locator.to_string();
        let locator: Locator = text.parse().unwrap();
        assert_eq!(locator, item.place.locator);
        let found = find(&locator, LIMITS).unwrap();
        let Found::Item(found) = found else { panic!("{text} leads to {found:?}") };
        let (mut was, mut is) = (Vec::new(), Vec::new());
        let _ = item.bytes.stream().unwrap().read_to_end(&mut was);
        let _ = found.bytes.stream().unwrap().take(COMPARED_BYTES).read_to_end(&mut is);
        assert!(was == is, "{text} has other bytes");
    }
}

/// What unpacks RAR answers anything, and unpacks no more than was asked for. Panics of its crate end its process, which is told: they
/// are not a finding.
pub fn rar(bytes: &[u8]) {
    let (mut rest, mut input, mut asked) = (bytes, Vec::new(), 0);
    while let Some((head, behind)) = rest.split_first_chunk::<7>() {
        let &[algorithm, is_solid, power, a, b, c, d] = head;
        let (unpacked, packed) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        let packed = &behind[..behind.len().min(packed.into())];
        rest = &behind[packed.len()..];
        asked += usize::from(unpacked);
        input.extend([algorithm % 5, is_solid % 2, 0, 0, 0, 0, 0, 0]);
        input.extend(u64::from(unpacked).to_le_bytes());
        input.extend((1_u64 << (17 + power % 6)).to_le_bytes());
        input.extend((packed.len() as u64).to_le_bytes());
        input.extend(packed);
    }
    let mut output = Vec::new();
    let run = || unpack_rar(&input[..], &mut output, false).unwrap();
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    // Each member ends with a few bytes and perhaps a message.
    let members = bytes.len() / 7;
    assert!(output.len() <= asked + asked / 100 + members * 400 + 64, "{}", output.len());
}

/// A catalogue of one song with an ISRC, a UPC and a streaming id.
struct Label {
    engine: Engine,
    known: Arc<Identifiers>,
    _home: tempfile::TempDir,
}

fn label() -> Label {
    let home = tempfile::tempdir().unwrap();
    let limits = DecodeLimits {
        max_seconds_of_audio: 60.0,
        max_streams: 4,
        timeout: Duration::from_secs(15),
    };
    let config = FingerprintConfig::default();
    let ingester = Ingester::new(Decoder::new(limits, None), Fingerprinter::new(config));
    let mut catalog = Catalog::open(home.path(), config).unwrap();
    let (master, rows) = (home.path().join("master.wav"), home.path().join("rows.csv"));
    fs::write(&master, wav(&song(1, 12))).unwrap();
    fs::write(&rows, "isrc,upc,title,file\nGBAYE0000351,036000291452,Song 1,master.wav\n").unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let log = |detail| LogLine { at: 0, who: "a check".into(), action: "import".into(), detail };
    let import = import::Import { paths: vec![rows], ..import::Import::default() };
    let done =
        import.run(&mut catalog, &ingester, &pool, &AtomicBool::new(false), &log, &mut |_| {});
    assert_eq!(done.unwrap().links.added, 1, "the master is in the catalogue");
    let snapshot = catalog.snapshot().unwrap();
    let engine = Engine {
        ingester,
        identifiers: Identifiers::of(&snapshot).unwrap(),
        rights: Rights::default(),
        snapshot,
        mode: Mode::Full,
        matching: MatchConfig::default(),
        verdict: VerdictConfig::default(),
    };
    let known = Arc::new(Identifiers::of(&engine.snapshot).unwrap());
    Label { engine, known, _home: home }
}

static LABEL: LazyLock<Mutex<Label>> = LazyLock::new(|| Mutex::new(label()));

/// A record is consistent, has only finite numbers, and is read back as it was written.
fn sound_record(record: &ItemRecord) {
    assert!(record.failure.is_some() || record.verdict != Verdict::Failed, "{record:?}");
    if let Some(failure) = &record.failure {
        assert!(!failure.message.contains('\n'), "one line: {failure:?}");
        assert_ne!(failure.kind, FailureKind::Panic, "{failure:?}");
    }
    for finding in &record.findings {
        assert!((0.0..=1.0).contains(&finding.false_alarm_probability), "{finding:?}");
        for span in &finding.spans {
            assert!(span.item_start_seconds <= span.item_end_seconds, "{span:?}");
            assert!(span.recording_start_seconds <= span.recording_end_seconds, "{span:?}");
        }
    }
    let line = serde_json::to_string(record).unwrap();
    let again: ItemRecord = serde_json::from_str(&line).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), line);
}

/// Ends the process at a panic in the code of this project, even if it would be caught and become a row. Panics in other crates
/// become rows: they are not a finding.
#[allow(clippy::print_stderr, reason = "the log of a fuzzer")]
pub fn abort_at_our_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let is_of_a_package = |file: &str| file.contains("/registry/");
        if !panic.location().is_some_and(|place| is_of_a_package(place.file())) {
            eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            std::process::abort();
        }
    }));
}

fn examined(path: &Path) {
    let label = LABEL.lock().unwrap();
    let mut scratch = LookupScratch::default();
    let cancel = AtomicBool::new(false);
    let seen = walk(path);
    for item in seen.items.iter().take(4) {
        let record = label.engine.examine(item, &mut scratch, &cancel);
        sound_record(&record.expect("nobody cancelled it"));
    }
    for row in &seen.rows {
        let Unlisted { place, size_bytes, failure } = row;
        sound_record(&examine_failed(place, *size_bytes, String::new(), failure.clone()));
    }
}

/// An inspection of the same file without decoding: every item is of some kind, everything else has a reason.
fn inspected(path: &Path) {
    let known = Some(Arc::clone(&LABEL.lock().unwrap().known));
    let mut survey = Survey { known, hashed: Hashed::Sound, ..Survey::default() };
    let folders = Folders::new(&[path.to_path_buf()]).unwrap();
    assert!(Dump::new(folders, LIMITS).walk(&mut survey).is_continue());
    assert!(survey.items() > 0 || !survey.unread.is_empty(), "nothing is lost");
    assert!(survey.sound_seconds.is_finite());
}

/// Windows for files of a few seconds.
const WINDOWS: Windows = Windows { count: 3, seconds: 0.2 };

/// From bytes to a record: decoding, fingerprinting, matching; and the decoder that seeks.
pub fn outcome(bytes: &[u8]) {
    let file = file_of(bytes, "item");
    examined(&file);
    let label = LABEL.lock().unwrap();
    for item in walk(&file).items.iter().take(2) {
        let excerpts =
            label.engine.ingester.ingest_excerpts(item, WINDOWS, &AtomicBool::new(false));
        if let Some((excerpts, fingerprints)) = excerpts {
            assert_eq!(fingerprints.len(), WINDOWS.count);
            assert!(excerpts.declared_seconds.is_finite() && excerpts.declared_seconds > 0.0);
        }
    }
}

/// Texts, tables and databases are searched for identifiers. Words are found wherever a text is divided into reads.
pub fn words(bytes: &[u8]) {
    let found = |pieces: [&[u8]; 2]| {
        let (mut tokens, mut found) = (Tokens::default(), Vec::new());
        let mut take = |identifier, line| found.push((identifier, line));
        for piece in pieces {
            tokens.feed(piece, &mut take);
        }
        tokens.finish(&mut take);
        found
    };
    assert_eq!(found([bytes, b""]), found(bytes.split_at(bytes.len() / 2).into()));
    let file = file_of(bytes, "metadata.jsonl");
    examined(&file);
    inspected(&file);
}

/// Takes the rows and problems of a delivery.
#[derive(Default)]
struct Taken {
    rows: u64,
    problems: u64,
}

impl Taken {
    fn flow(&self) -> Flow {
        if self.rows.max(self.problems) < 1_000 {
            Flow::Continue(())
        } else {
            Flow::Break(Stop::Enough)
        }
    }
}

impl Take for Taken {
    fn row(&mut self, row: Row) -> Flow {
        // Whatever is imported can be exported.
        assert!(!import::cells(&row.entry).is_empty(), "{row:?}");
        self.rows += 1;
        self.flow()
    }

    fn problem(&mut self, problem: Problem) -> Flow {
        assert!(!problem.why.contains('\n'), "one line: {problem:?}");
        self.problems += 1;
        self.flow()
    }
}

/// A delivery of any kind is read to its end, and every part that is not imported is reported.
pub fn deliveries(bytes: &[u8]) {
    let file = file_of(bytes, "delivery");
    let _ = import::read(&file, &Options::default(), &mut Taken::default());
    if let Err(error) = import::Mapping::read(&file) {
        assert!(!error.to_string().is_empty());
    }
}

/// The small grammars: locators, manifests, tokens of timestamp authorities, batches of decisions.
pub fn records(bytes: &[u8]) {
    let _ = read_token(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(locator) = text.parse::<Locator>() {
        let again: Locator = locator.to_string().parse().unwrap();
        assert_eq!(again, locator);
    }
    let _ = read_batch(text);
    let _ = index::Manifest::parse(Path::new("manifest"), text);
    if let Ok(manifest) = Manifest::parse(text) {
        let written = manifest.to_text();
        assert_eq!(Manifest::parse(&written).unwrap().to_text(), written);
    }
    if let Ok(record) = serde_json::from_str::<ItemRecord>(text) {
        let _ = serde_json::to_string(&record).unwrap();
    }
}

/// A torrent beside files that may belong to it is read or refused, and every file keeps its row.
pub fn torrents(bytes: &[u8]) {
    let torrent = file_of(bytes, "x.torrent");
    let folder = torrent.parent().unwrap();
    let data = folder.join("album");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("cover.txt"), b"no music\n").unwrap();
    fs::write(data.join("01 one.wav"), wav(&song(1, 12)[..2_000])).unwrap();
    let cancel = AtomicBool::new(false);
    let seen = walk(folder);
    assert!(seen.items.len() + seen.rows.len() >= 2, "both files have a row");
    for item in &seen.items {
        if let Some(torrent) = &item.torrent {
            let _ = torrent.facts();
            let _ = torrent.verified(None, &cancel);
        }
    }
}

/// Bytes of the header of a segment, and of the blocks that have a checksum each: see the grammar in `index`.
const HEADER_BYTES: usize = 112;
const CHECKED_BYTES: usize = 16 << 10;

/// Corrects the checksums of a segment, as far as its header has their places: a fuzzer cannot guess them.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let long =
        |at: usize| usize::try_from(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok();
    let padded = |from: usize, long: usize| from.checked_add(long)?.checked_next_multiple_of(8);
    let n_tracks = u32::from_le_bytes(*bytes.get(16..)?.first_chunk()?) as usize;
    let (postings, kept, directory) = (long(72)?, long(80)?, long(88)?);
    let tracks = padded(padded(HEADER_BYTES, postings)?, kept)?;
    let checksums = padded(tracks.checked_add(n_tracks * 32)?, directory)?;
    let sums: Vec<u8> = bytes
        .get(HEADER_BYTES..tracks)?
        .chunks(CHECKED_BYTES)
        .flat_map(|block| crc32fast::hash(block).to_le_bytes())
        .collect();
    bytes.get_mut(checksums..checksums.checked_add(sums.len())?)?.copy_from_slice(&sums);
    let meta = crc32fast::hash(&bytes[tracks..]);
    bytes[24..28].copy_from_slice(&meta.to_le_bytes());
    let header = crc32fast::hash(&bytes[..HEADER_BYTES - 8]);
    bytes[HEADER_BYTES - 8..HEADER_BYTES - 4].copy_from_slice(&header.to_le_bytes());
    Some(bytes)
}

/// A segment of the index with right checksums and any content is refused, or all of it can be read.
pub fn segments(bytes: &[u8]) {
    let Some(bytes) = sealed(bytes) else { return };
    let digest = FingerprintConfig::default().digest();
    let Ok(segment) = Segment::open(&file_of(&bytes, "segment"), digest) else { return };
    let _ = segment.check();
    for track in (0..=segment.track_count() as u32).take(50).map(TrackId) {
        let read = segment.track(track);
        assert!(read.sub_fingerprints.len() * 4 + read.peaks.len() <= bytes.len());
    }
    segment.each_list(|hash, list| {
        if segment.list(hash) == Some(list) {
            segment.visit(list, |position| {
                let _ = segment.place(position);
            });
        }
    });
}
