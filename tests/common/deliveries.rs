//! What labels deliver, made for tests: the same recordings as CSV, as XLSX and as ERN messages of each version, in the
//! shape of the published schemas (ern/382, ern/41, ern/42, ern/43).

use std::fmt::Write as _;

/// A recording and the release that it is on.
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
    /// Name below `resources/`, and MD5.
    pub(crate) file: Option<(String, String)>,
}

/// Recordings 1 to `count`, ten on a release.
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

/// With its check digit.
pub(crate) fn upc(release: usize) -> String {
    let front = format!("03600{release:06}");
    let digits = front.bytes().map(|b| u32::from(b - b'0'));
    let sum: u32 =
        digits.zip([3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    format!("{front}{}", (10 - sum % 10) % 10)
}

/// With its check character (ISO 7064, MOD 37,36).
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

/// As CSV, with this delimiter.
pub(crate) fn csv(tracks: &[Track], delimiter: u8) -> Vec<u8> {
    let mut rows = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    rows.write_record(HEADER).unwrap();
    for track in tracks {
        rows.write_record(cells(track)).unwrap();
    }
    rows.into_inner().unwrap()
}

/// As a workbook with a cover sheet; lengths are numbers.
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn element(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>", escaped(text)) }
}

/// As an ERN message: `382`, `41`, `42` or `43`.
pub(crate) fn ern(version: &str, tracks: &[Track]) -> String {
    let mut parties: Vec<&String> = tracks.iter().flat_map(|t| &t.artists).collect();
    parties.push(&tracks[0].label);
    parties.sort();
    parties.dedup();
    let party = |name: &str| format!("P{}", 1 + parties.iter().position(|p| *p == name).unwrap());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ern:NewReleaseMessage xmlns:ern=\"http://ddex.net/xml/ern/{version}\" \
         MessageSchemaVersionId=\"ern/{version}\" LanguageAndScriptCode=\"en\">\n<MessageHeader><MessageId>1</MessageId>\
         <MessageSender><PartyId>PADPIDA2020010101A</PartyId></MessageSender></MessageHeader>\n"
    );
    let is_3 = version.starts_with('3');
    if !is_3 {
        xml += "<PartyList>";
        for name in &parties {
            let reference = element("PartyReference", &party(name));
            let name = element("FullName", name);
            let _ = write!(xml, "<Party>{reference}<PartyName>{name}</PartyName></Party>");
        }
        xml += "</PartyList>\n";
    }
    xml += "<ResourceList>\n";
    for (at, track) in (1..).zip(tracks) {
        xml += &if is_3 { sound_3(at, track) } else { sound_4(version, at, track, &party) };
    }
    xml += "</ResourceList>\n<ReleaseList>\n";
    let mut releases: Vec<usize> = tracks.iter().map(|t| t.release).collect();
    releases.dedup();
    for release in &releases {
        let on = (1..).zip(tracks).filter(|(_, t)| t.release == *release).map(|(at, _)| at);
        let on: Vec<usize> = on.collect();
        xml += &if is_3 {
            release_3(*release, &on)
        } else {
            release_4(*release, &on, &party(&tracks[0].label))
        };
    }
    xml += "</ReleaseList>\n<DealList>\n";
    for release in &releases {
        let _ = writeln!(
            xml,
            "<ReleaseDeal><DealReleaseReference>R{release}</DealReleaseReference><Deal><DealTerms>\
             <CommercialModelType>SubscriptionModel</CommercialModelType><TerritoryCode>Worldwide</TerritoryCode>\
             <ExcludedTerritoryCode>US</ExcludedTerritoryCode><ExcludedTerritoryCode>CA</ExcludedTerritoryCode>\
             <ValidityPeriod><StartDate>2020-04-03</StartDate></ValidityPeriod></DealTerms></Deal></ReleaseDeal>"
        );
    }
    xml + "</DealList>\n</ern:NewReleaseMessage>\n"
}

fn duration(track: &Track) -> String {
    element("Duration", &format!("PT{}M{}S", track.seconds / 60, track.seconds % 60))
}

fn p_line(track: &Track) -> String {
    format!("<PLine><Year>2020</Year>{}</PLine>", element("PLineText", &track.p_line))
}

fn sound_3(at: usize, track: &Track) -> String {
    let title = element("TitleText", &track.title) + &element("SubTitle", &track.version);
    let artists = (1..).zip(&track.artists).map(|(at, name)| {
        let name = element("FullName", name);
        format!(
            "<DisplayArtist SequenceNumber=\"{at}\"><PartyName>{name}</PartyName><ArtistRole>MainArtist</ArtistRole></DisplayArtist>"
        )
    });
    let artists: String = artists.collect();
    let file = track.file.as_ref().map_or_else(String::new, |(name, md5)| {
        let preview = "<TechnicalSoundRecordingDetails><TechnicalResourceDetailsReference>T0</TechnicalResourceDetailsReference>\
            <IsPreview>true</IsPreview><File><FileName>preview.wav</FileName></File></TechnicalSoundRecordingDetails>";
        format!(
            "{preview}<TechnicalSoundRecordingDetails><TechnicalResourceDetailsReference>T{at}</TechnicalResourceDetailsReference>\
             <AudioCodecType>PCM</AudioCodecType><IsPreview>false</IsPreview><File>{}<FilePath>resources/</FilePath><HashSum>{}\
             <HashSumAlgorithmType>MD5</HashSumAlgorithmType></HashSum></File></TechnicalSoundRecordingDetails>",
            element("FileName", name),
            element("HashSum", md5)
        )
    });
    format!(
        "<SoundRecording><SoundRecordingType>MusicalWorkSoundRecording</SoundRecordingType><SoundRecordingId>{}</SoundRecordingId>\
         <ResourceReference>A{at}</ResourceReference><ReferenceTitle>{title}</ReferenceTitle>{}\
         <SoundRecordingDetailsByTerritory><TerritoryCode>Worldwide</TerritoryCode>{artists}{}{}{file}\
         </SoundRecordingDetailsByTerritory></SoundRecording>\n",
        element("ISRC", &track.isrc),
        duration(track),
        element("LabelName", &track.label),
        p_line(track),
    )
}

fn sound_4(version: &str, at: usize, track: &Track, party: &dyn Fn(&str) -> String) -> String {
    let title = element("TitleText", &track.title) + &element("SubTitle", &track.version);
    let artists = (1..).zip(&track.artists).map(|(at, name)| {
        let party = element("ArtistPartyReference", &party(name));
        format!(
            "<DisplayArtist SequenceNumber=\"{at}\">{party}<DisplayArtistRole>MainArtist</DisplayArtistRole></DisplayArtist>"
        )
    });
    let artists: String = artists.collect();
    let id = format!("<ResourceId>{}</ResourceId>", element("ISRC", &track.isrc));
    let file = track.file.as_ref().map_or_else(String::new, |(name, md5)| {
        format!(
            "<TechnicalDetails><TechnicalResourceDetailsReference>T{at}</TechnicalResourceDetailsReference><DeliveryFile>\
             <Type>AudioFile</Type><File>{}<HashSum><Algorithm>MD5</Algorithm>{}</HashSum></File></DeliveryFile></TechnicalDetails>",
            element("URI", &format!("resources/{name}")),
            element("HashSumValue", md5)
        )
    });
    let (ours, edition) = if version == "43" {
        let p_line = p_line(track);
        let edition = format!("<SoundRecordingEdition>{id}{p_line}{file}</SoundRecordingEdition>");
        (String::new(), edition)
    } else {
        (id, p_line(track) + &file)
    };
    format!(
        "<SoundRecording><ResourceReference>A{at}</ResourceReference><Type>MusicalWorkSoundRecording</Type>{ours}\
         {}<DisplayTitle IsDefault=\"true\">{title}</DisplayTitle>{}{artists}{}{edition}</SoundRecording>\n",
        element("DisplayTitleText", &format!("{} {}", track.title, track.version)),
        element("DisplayArtistName", &track.artists.join(" feat. ")),
        duration(track),
    )
}

fn release_id(release: usize) -> String {
    format!(
        "<ReleaseId>{}{}{}</ReleaseId>",
        element("GRid", &grid(release)),
        element("ICPN", &upc(release)),
        element("CatalogNumber", &format!("CAT-{release}"))
    )
}

fn release_3(release: usize, on: &[usize]) -> String {
    let on: String =
        on.iter().map(|at| element("ReleaseResourceReference", &format!("A{at}"))).collect();
    format!(
        "<Release IsMainRelease=\"true\">{}<ReleaseReference>R{release}</ReleaseReference><ReferenceTitle>{}</ReferenceTitle>\
         <ReleaseResourceReferenceList>{on}</ReleaseResourceReferenceList><ReleaseType>Album</ReleaseType>\
         <ReleaseDetailsByTerritory><TerritoryCode>Worldwide</TerritoryCode></ReleaseDetailsByTerritory>\
         <GlobalOriginalReleaseDate>2020-04-03</GlobalOriginalReleaseDate></Release>\n",
        release_id(release),
        element("TitleText", &format!("Album {release}")),
    )
}

fn release_4(release: usize, on: &[usize], label: &str) -> String {
    let item = |at: &usize| {
        let reference = element("ReleaseResourceReference", &format!("A{at}"));
        format!("<ResourceGroupContentItem>{reference}</ResourceGroupContentItem>")
    };
    let on: String = on.iter().map(item).collect();
    let title = format!("Album {release}");
    format!(
        "<Release><ReleaseReference>R{release}</ReleaseReference><ReleaseType>Album</ReleaseType>{}{}<DisplayTitle>{}</DisplayTitle>\
         <ReleaseLabelReference>{label}</ReleaseLabelReference><OriginalReleaseDate>2020-04-03</OriginalReleaseDate>\
         <ResourceGroup><ResourceGroup>{on}</ResourceGroup></ResourceGroup></Release>\n",
        release_id(release),
        element("DisplayTitleText", &title),
        element("TitleText", &title),
    )
}
