//! Ids at services, such as Spotify and `YouTube`.

use super::{FIRST, SECOND, database, label, scan};
use crate::common::{Desk, encode, record, records, song, tar, wav};

/// A catalogue with ids at services: songs 1 and 2, and an entry without audio for song 3.
fn known_at_services() -> Desk {
    let desk = label();
    let rows = [
        "isrc,title,spotify_id,youtube_id".to_owned(),
        format!("{FIRST},Song 1,{TRACK},https://www.youtube.com/watch?v={VIDEO}"),
        format!("{SECOND},Song 2,4iV5W9uYEdYUVa79Axb7Rh,"),
        "GBAYE0000353,Song 3,,-aE2_5G-WE_".to_owned(),
    ];
    desk.write("rows.csv", rows.join("\n").as_bytes());
    desk.run(["catalog", "import", "rows.csv"]).ends_with(0);
    desk
}

const TRACK: &str = "003vvx7Niy0yvhvHt4a68B";
const VIDEO: &str = "dQw4w9WgXcQ";

#[test]
fn ids_at_services_are_found_in_tags_names_side_cars_lists_and_databases() {
    let desk = known_at_services();
    let from = desk.write_wav("raw/other.wav", &song(5, 20));
    std::fs::create_dir_all(desk.path("dump")).unwrap();
    let link = format!("purl=https://www.youtube.com/watch?v={VIDEO}");
    encode(&from, &desk.path("dump/a-tags.opus"), &["-metadata", &link]);
    std::fs::copy(&from, desk.path(format!("dump/b title-{VIDEO}.wav"))).unwrap();
    let card = format!("{{\"id\":\"{TRACK}\",\"album\":{{\"id\":\"5ht7ItJgpBH7W6vJ5BqpPr\"}}}}");
    let clip = wav(&song(5, 20));
    desk.write("dump/c.tar", &tar(&[("c.wav", &*clip), ("c.json", card.as_bytes())]));
    desk.write("dump/d.csv", b"# YTID, start\n-aE2_5G-WE_, 30.000\nxxxxxxxxxxx, 1.0\n");
    database(
        &desk.path("dump/e.sqlite3"),
        &format!(
            "CREATE TABLE track_files (rowid INTEGER PRIMARY KEY, track_id TEXT, filename TEXT);
             INSERT INTO track_files (track_id, filename) VALUES ('x', 'y'), ('{TRACK}', 'z');"
        ),
    );
    desk.write("dump/f.txt", TRACK.to_lowercase().as_bytes());
    let found = scan(&desk);
    let claimed = |name: &str| {
        let findings = &record(&found, name).findings;
        let said = findings.iter().map(|f| format!("{}: {}", f.isrc, f.claimed_by.join(", ")));
        said.collect::<Vec<_>>()
    };
    assert_eq!(claimed("a-tags.opus"), [format!("{FIRST}: YouTube id {VIDEO} in its tags")]);
    assert_eq!(
        claimed(&format!("-{VIDEO}.wav")),
        [format!("{FIRST}: YouTube id {VIDEO} in its name")]
    );
    assert_eq!(claimed("c.wav"), [format!("{FIRST}: Spotify id {TRACK} in its side-car")]);
    assert_eq!(claimed("d.csv"), ["GBAYE0000353: YouTube id -aE2_5G-WE_ in line 2"]);
    assert_eq!(
        claimed("e.sqlite3"),
        [format!("{FIRST}: Spotify id {TRACK} in track_files, rowid 2, track_id")]
    );
    assert_eq!(claimed("f.txt"), Vec::<String>::new(), "letters of another case are another id");
}

#[test]
fn a_side_car_with_several_tracks_of_the_catalogue_is_a_listing() {
    let desk = known_at_services();
    let list = format!("[\"spotify:track:{TRACK}\",\"spotify:track:4iV5W9uYEdYUVa79Axb7Rh\"]");
    let clip = wav(&song(5, 20));
    desk.write("dump/x.tar", &tar(&[("album.wav", &*clip), ("album.json", list.as_bytes())]));
    let found = scan(&desk);
    let record = record(&found, "album.wav");
    assert!(record.findings.is_empty(), "{record:#?}");
    assert!(record.notes.iter().any(|note| note.contains("names several recordings, 2 of which")));
}

#[test]
fn files_are_scanned_again_for_a_new_id_at_a_service() {
    let desk = known_at_services();
    desk.write_wav("dump/b-M7lc1UVf-VE.wav", &song(5, 20));
    desk.run(["scan", "dump"]).ends_with(0);
    desk.write("more.csv", format!("isrc,youtube_id\n{SECOND},M7lc1UVf-VE\n").as_bytes());
    desk.run(["catalog", "import", "more.csv"]).ends_with(0);
    desk.run(["scan", "dump"]).ends_with(1);
    assert_eq!(records(&desk.jsonl())[0].findings[0].isrc, SECOND);
}

#[test]
fn an_invalid_id_is_refused_with_its_row() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        b"isrc,title,youtube_id\nGBAYE0000351,x,PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf\n",
    );
    let done = desk.run(["catalog", "import", "rows.csv"]);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(said.contains("is not the id of a YouTube video"), "{said}");
}
