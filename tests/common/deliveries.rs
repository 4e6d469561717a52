//! Deliveries for tests: the same recordings as CSV and XLSX, and in `ern` as ERN messages.

/// A recording, and the release that contains it.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) isrc: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) artists: Vec<String>,
    pub(crate) label: String,
    pub(crate) p_line: String,
    pub(crate) seconds: u32,
    pub(crate) release: usize,
    /// Name of its file below `resources/`, and the file's MD5.
    pub(crate) file: Option<(String, String)>,
}

/// Recordings 1 to `count`, ten on each release.
pub(crate) fn tracks(count: usize) -> Vec<Track> {
    let track = |n: usize| Track {
        isrc: format!("GBAYE{:07}", 2_000_000 + n),
        title: format!("Song <{n}> & “Söhne”"),
        version: if n.is_multiple_of(3) { format!("Radio Edit {n}") } else { String::new() },
        artists: match n % 4 {
            0 => vec![format!("Artist {}", n / 10), "Guest, The".into()],
            _ => vec![format!("Artist {}", n / 10)],
        },
        label: "Léger Records".into(),
        p_line: "2020 Léger Records".into(),
        seconds: 120 + (n % 200) as u32,
        release: n.div_ceil(10),
        file: None,
    };
    (1..=count).map(track).collect()
}

/// Appends the check digit of a UPC.
pub(crate) fn upc(release: usize) -> String {
    let front = format!("03600{release:06}");
    let digits = front.bytes().map(|b| u32::from(b - b'0'));
    let sum: u32 =
        digits.zip([3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    format!("{front}{}", (10 - sum % 10) % 10)
}

/// Appends the check character of a `GRid` (ISO 7064, MOD 37,36).
pub(crate) fn grid(release: usize) -> String {
    let front = format!("A12425G{release:010}");
    let product = front.chars().fold(36, |product, c| {
        let sum = (product + c.to_digit(36).unwrap()) % 36;
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    let check = char::from_digit((37 - product) % 36, 36).unwrap().to_ascii_uppercase();
    format!("{front}{check}")
}

const HEADER: [&str; 15] = [
    "ISRC",
    "Title",
    "Version",
    "Artists",
    "Label",
    "P line",
    "Duration",
    "Album",
    "UPC",
    "GRid",
    "Catalogue number",
    "Release date",
    "Territories",
    "Excluded territories",
    "File",
];

fn cells(track: &Track) -> [String; 15] {
    let Track { isrc, title, version, artists, label, p_line, seconds, release, file } = track;
    [
        isrc.clone(),
        title.clone(),
        version.clone(),
        artists.join(";"),
        label.clone(),
        p_line.clone(),
        format!("{}:{:02}", seconds / 60, seconds % 60),
        format!("Album {release}"),
        upc(*release),
        grid(*release),
        format!("CAT-{release}"),
        "2020-04-03".into(),
        "Worldwide".into(),
        "US; CA".into(),
        file.as_ref().map(|(name, _)| format!("resources/{name}")).unwrap_or_default(),
    ]
}

/// Writes CSV with a delimiter.
pub(crate) fn csv(tracks: &[Track], delimiter: u8) -> Vec<u8> {
    let mut rows = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    rows.write_record(HEADER).unwrap();
    for track in tracks {
        rows.write_record(cells(track)).unwrap();
    }
    rows.into_inner().unwrap()
}

/// Writes a workbook with a cover sheet; lengths are numbers.
pub(crate) fn xlsx(tracks: &[Track]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write_string(0, 0, "Delivery of the label").unwrap();
    let sheet = book.add_worksheet();
    sheet.set_name("Tracks").unwrap();
    for (column, name) in (0..).zip(HEADER) {
        sheet.write_string(2, column, name).unwrap();
    }
    for (row, track) in (3..).zip(tracks) {
        for (column, cell) in (0..).zip(cells(track)) {
            match HEADER[usize::from(column)] {
                "Duration" => sheet.write_number(row, column, track.seconds).unwrap(),
                _ => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}
