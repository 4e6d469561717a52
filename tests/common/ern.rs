//! The recordings of `deliveries` as ERN messages of each version, valid by the published schemas (`scripts/ern-schemas`).

use std::fmt::Write as _;

use super::deliveries::{Track, grid, upc};

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn element(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>", escaped(text)) }
}

/// Writes an ERN message of version `382`, `383`, `41`, `411`, `42` or `43`. A message of version 4 has one release.
pub(crate) fn ern(version: &str, tracks: &[Track]) -> String {
    let mut parties: Vec<&String> = tracks.iter().flat_map(|t| &t.artists).collect();
    parties.push(&tracks[0].label);
    parties.sort();
    parties.dedup();
    let party = |name: &str| format!("P{}", 1 + parties.iter().position(|p| *p == name).unwrap());
    let is_3 = version.starts_with('3');
    let attributes = match version {
        _ if is_3 => format!("MessageSchemaVersionId=\"ern/{version}\""),
        "43" => "AvsVersionId=\"4\"".into(),
        _ => "ReleaseProfileVersionId=\"Audio\"".to_owned(),
    };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ern:NewReleaseMessage xmlns:ern=\"http://ddex.net/xml/ern/{version}\" \
         {attributes} LanguageAndScriptCode=\"en\">\n<MessageHeader>{}<MessageId>1</MessageId>\
         <MessageSender><PartyId>PADPIDA2020010101A</PartyId></MessageSender><MessageRecipient><PartyId>PADPIDA2020010102B</PartyId>\
         </MessageRecipient><MessageCreatedDateTime>2020-04-01T12:00:00Z</MessageCreatedDateTime></MessageHeader>\n",
        if is_3 { "<MessageThreadId>1</MessageThreadId>" } else { "" },
    );
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
    for (at, release) in releases.iter().enumerate() {
        let on = (1..).zip(tracks).filter(|(_, t)| t.release == *release).map(|(at, _)| at);
        let on: Vec<usize> = on.collect();
        xml += &if is_3 {
            release_3(*release, at == 0, &on, &tracks[on[0] - 1])
        } else {
            assert_eq!(at, 0, "a message of ERN 4 has one release");
            release_4(*release, tracks, &party)
        };
    }
    xml += "</ReleaseList>\n<DealList>\n";
    for release in &releases {
        let where_and_when = "<ExcludedTerritoryCode>US</ExcludedTerritoryCode><ExcludedTerritoryCode>CA</ExcludedTerritoryCode>\
             <ValidityPeriod><StartDate>2020-04-03</StartDate></ValidityPeriod>";
        let model = "<CommercialModelType>SubscriptionModel</CommercialModelType>";
        let terms = if is_3 {
            format!("{model}<Usage><UseType>OnDemandStream</UseType></Usage>{where_and_when}")
        } else {
            format!("{where_and_when}{model}<UseType>OnDemandStream</UseType>")
        };
        let mut references = vec![format!("R{release}")];
        if !is_3 {
            references.extend((1..=tracks.len()).map(|at| format!("R{release}{at:03}")));
        }
        let references: String =
            references.iter().map(|text| element("DealReleaseReference", text)).collect();
        let _ = writeln!(
            xml,
            "<ReleaseDeal>{references}<Deal><DealTerms>{terms}</DealTerms></Deal></ReleaseDeal>"
        );
    }
    xml + "</DealList>\n</ern:NewReleaseMessage>\n"
}

/// Writes valid messages of a version: one for all releases in 3.8, one for each release in 4.
pub(crate) fn batch(version: &str, tracks: &[Track]) -> Vec<String> {
    if version.starts_with('3') {
        return vec![ern(version, tracks)];
    }
    tracks.chunk_by(|a, b| a.release == b.release).map(|on| ern(version, on)).collect()
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
        let file = |reference: &str, name: &str, sum: &str, is_part: bool| {
            let uri = element("URI", &format!("resources/{name}"));
            let file = format!("<File>{uri}{sum}</File>");
            let file = match version {
                "43" => format!(
                    "<DeliveryFile><Type>AudioFile</Type>{file}</DeliveryFile><IsClip>{is_part}</IsClip>"
                ),
                _ => format!("<IsPreview>{is_part}</IsPreview>{file}"),
            };
            let reference = element("TechnicalResourceDetailsReference", reference);
            format!("<TechnicalDetails>{reference}{file}</TechnicalDetails>")
        };
        let sum = element("HashSumValue", md5);
        let sum = format!("<HashSum><Algorithm>MD5</Algorithm>{sum}</HashSum>");
        file("T0", "preview.wav", "", true) + &file(&format!("T{at}"), name, &sum, false)
    });
    let (ours, edition, p_line, file) = if version == "43" {
        let p_line = p_line(track);
        let edition = format!("<SoundRecordingEdition>{id}{p_line}{file}</SoundRecordingEdition>");
        (String::new(), edition, String::new(), String::new())
    } else {
        (id, String::new(), p_line(track), file)
    };
    format!(
        "<SoundRecording><ResourceReference>A{at}</ResourceReference><Type>MusicalWorkSoundRecording</Type>{ours}{edition}\
         {}<DisplayTitle IsDefault=\"true\">{title}</DisplayTitle>{}{artists}{p_line}{}\
         <ParentalWarningType>NotExplicit</ParentalWarningType>{file}</SoundRecording>\n",
        element("DisplayTitleText", &format!("{} {}", track.title, track.version)),
        element("DisplayArtistName", &track.artists.join(" feat. ")),
        duration(track),
    )
}

fn release_id(release: usize) -> String {
    format!(
        "<ReleaseId>{}{}<CatalogNumber Namespace=\"PADPIDA2020010101A\">CAT-{release}</CatalogNumber></ReleaseId>",
        element("GRid", &grid(release)),
        element("ICPN", &upc(release)),
    )
}

fn release_3(release: usize, is_main: bool, on: &[usize], first: &Track) -> String {
    let on: String =
        on.iter().map(|at| element("ReleaseResourceReference", &format!("A{at}"))).collect();
    format!(
        "<Release IsMainRelease=\"{is_main}\">{}<ReleaseReference>R{release}</ReleaseReference><ReferenceTitle>{}</ReferenceTitle>\
         <ReleaseResourceReferenceList>{on}</ReleaseResourceReferenceList><ReleaseType>Album</ReleaseType>\
         <ReleaseDetailsByTerritory><TerritoryCode>Worldwide</TerritoryCode>{}{}</ReleaseDetailsByTerritory>\
         <GlobalOriginalReleaseDate>2020-04-03</GlobalOriginalReleaseDate></Release>\n",
        release_id(release),
        element("TitleText", &format!("Album {release}")),
        element("DisplayArtistName", &first.artists[0]),
        element("LabelName", &first.label),
    )
}

fn release_4(release: usize, tracks: &[Track], party: &dyn Fn(&str) -> String) -> String {
    let item = |at: usize| {
        let reference = element("ReleaseResourceReference", &format!("A{at}"));
        format!(
            "<ResourceGroupContentItem><SequenceNumber>{at}</SequenceNumber>{reference}</ResourceGroupContentItem>"
        )
    };
    let on: String = (1..=tracks.len()).map(item).collect();
    let title = format!("Album {release}");
    let artist = &tracks[0].artists[0];
    let label = element("ReleaseLabelReference", &party(&tracks[0].label));
    let genre = "<Genre><GenreText>Pop</GenreText></Genre>";
    let mut xml = format!(
        "<Release><ReleaseReference>R{release}</ReleaseReference><ReleaseType>Album</ReleaseType>{}{}<DisplayTitle>{}</DisplayTitle>\
         {}<DisplayArtist>{}<DisplayArtistRole>MainArtist</DisplayArtistRole></DisplayArtist>{label}{genre}\
         <OriginalReleaseDate>2020-04-03</OriginalReleaseDate><ParentalWarningType>NotExplicit</ParentalWarningType>\
         <ResourceGroup><ResourceGroup ResourceGroupType=\"Side\"><SequenceNumber>1</SequenceNumber>{on}</ResourceGroup></ResourceGroup></Release>\n",
        release_id(release),
        element("DisplayTitleText", &title),
        element("TitleText", &title),
        element("DisplayArtistName", artist),
        element("ArtistPartyReference", &party(artist)),
    );
    for (at, track) in (1..).zip(tracks) {
        let _ = writeln!(
            xml,
            "<TrackRelease><ReleaseReference>R{release}{at:03}</ReleaseReference><ReleaseId>\
             <ProprietaryId Namespace=\"PADPIDA2020010101A\">{}</ProprietaryId></ReleaseId>{}<ReleaseResourceReference>A{at}\
             </ReleaseResourceReference>{label}{genre}</TrackRelease>",
            track.isrc,
            element("DisplayTitleText", &track.title),
        );
    }
    xml
}
