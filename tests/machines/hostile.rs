//! Containers that break, lie or grow: in sections they say what they say at once.

use std::io::Write as _;

use leakhound::source::ScanLimits;

use super::assert_same;
use crate::common::{Desk, gz, song, tar, tar_header, tar_sparse, wav, zip};

fn small(number: u64) -> (String, Vec<u8>) {
    (format!("{number:03}.wav"), wav(&song(1_000 + number, 3)))
}

fn dump(name: &str, bytes: &[u8]) -> Desk {
    let desk = Desk::with_songs(&[1], 30);
    desk.write(format!("dump/{name}"), bytes);
    desk.write("dump/behind.wav", &small(99).1);
    desk
}

#[test]
fn a_bomb_ends_its_container_at_the_same_member_in_any_section() {
    // Each member unpacks to 3 MiB; the file may to 10 MiB.
    let zeros = gz(&vec![0; 3 << 20]);
    let padding = song(7, 2);
    let members: Vec<(String, Vec<u8>)> = (0..8)
        .flat_map(|n| [(format!("{n}.gz"), zeros.clone()), (format!("{n}.wav"), wav(&padding))])
        .collect();
    let limits = ScanLimits { max_ratio: 1, ratio_slack_bytes: 10 << 20, ..ScanLimits::default() };
    for (name, bytes) in [("bomb.tar", tar(&members)), ("bomb.zip", zip(&members))] {
        let desk = dump(name, &bytes);
        let units = assert_same(&desk, limits, &[50_000, 200_000, 400_000]);
        assert!(units[0] > 4, "{units:?}");
        let told = super::scanned(&desk, limits).records;
        assert!(told.contains("unpacks to more than"), "{told}");
    }
}

#[test]
fn a_limit_on_members_counts_those_of_all_sections() {
    let members: Vec<_> = (0..12).map(small).collect();
    for (name, bytes) in [("many.tar", tar(&members)), ("many.zip", zip(&members))] {
        for most in [5, 11, 12] {
            let limits = ScanLimits { max_members: most, ..ScanLimits::default() };
            let desk = dump(name, &bytes);
            let units = assert_same(&desk, limits, &[100_000, 300_000]);
            assert!(units[0] > 3, "{units:?}");
        }
    }
}

#[test]
fn a_container_that_breaks_off_breaks_off_in_sections_too() {
    let members: Vec<_> = (0..10).map(small).collect();
    let (tar, zip) = (tar(&members), zip(&members));
    let cut = |bytes: &[u8], left: usize| bytes[..left].to_vec();
    let mut garbled = tar.clone();
    let header = tar.windows(7).position(|name| name == b"006.wav").unwrap();
    garbled[header..header + 512].fill(0x55);
    let mut torn = zip.clone();
    let entry = zip.windows(7).rposition(|name| name == b"006.wav").unwrap() - 46;
    torn[entry..entry + 4].fill(0);
    let mut lying = zip.clone();
    // The compressed size of an entry is more than the whole file.
    lying[entry + 20..entry + 24].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let files = [
        ("cut.tar", cut(&tar, tar.len() - 100_000)),
        ("no-end.tar", cut(&tar, tar.len() - 1_024)),
        ("garbled.tar", garbled),
        ("cut.zip", cut(&zip, zip.len() - 100)),
        ("torn.zip", torn),
        ("lying.zip", lying),
    ];
    for (name, bytes) in files {
        assert_same(&dump(name, &bytes), ScanLimits::default(), &[100_000, 300_000]);
    }
}

#[test]
fn members_of_one_key_stay_together_and_links_between_them_are_rows() {
    let mut archive = ::tar::Builder::new(Vec::new());
    for number in 0..8_u64 {
        let (name, bytes) = small(number);
        let mut link = tar_header(0);
        link.set_entry_type(::tar::EntryType::Symlink);
        archive.append_link(&mut link, format!("link-{number}"), "elsewhere").unwrap();
        // Longer than a header holds, so that the name has a header of its own.
        let long = format!("{}/{name}", "folder".repeat(30));
        archive.append_data(&mut tar_header(bytes.len() as u64), &long, &bytes[..]).unwrap();
        let said = long.replace("wav", "json");
        archive.append_data(&mut tar_header(2), &said, &b"{}"[..]).unwrap();
        let mut folder = tar_header(0);
        folder.set_entry_type(::tar::EntryType::Directory);
        archive.append_data(&mut folder, format!("folder-{number}"), &b""[..]).unwrap();
    }
    let bytes = archive.into_inner().unwrap();
    let units = assert_same(&dump("keys.tar", &bytes), ScanLimits::default(), &[70_000, 200_000]);
    assert!(units[0] > 3, "{units:?}");
}

#[test]
fn a_sparse_member_stays_with_its_side_car_and_has_its_place_in_the_whole_file() {
    let mut archive = ::tar::Builder::new(Vec::new());
    // A section begins with a plain member alone.
    for number in 0..12_u64 {
        let (name, bytes) = small(number);
        let mut header = tar_header(bytes.len() as u64);
        if number % 3 == 0 {
            let (map, size) = (format!("0,{}", bytes.len()), bytes.len().to_string());
            let records = [
                ("GNU.sparse.map", map.as_bytes()),
                ("GNU.sparse.size", size.as_bytes()),
                ("GNU.sparse.name", name.as_bytes()),
            ];
            archive.append_pax_extensions(records).unwrap();
            header.set_path("GNUSparseFile.1/x").unwrap();
            header.set_cksum();
        } else if number % 3 == 2 {
            header.set_path(&name).unwrap();
            header.set_cksum();
        } else {
            header = tar_sparse(&name, (0, bytes.len() as u64), bytes.len() as u64);
        }
        archive.append(&header, &bytes[..]).unwrap();
        // The recording that the member is said to be is told by what is said beside it alone.
        let said = format!("{{\"isrc\": \"GBAYE00003{:02}\"}}", number + 51);
        let name = name.replace("wav", "json");
        archive.append_data(&mut tar_header(said.len() as u64), name, said.as_bytes()).unwrap();
    }
    let desk = dump("sparse.tar", &archive.into_inner().unwrap());
    let row = |n: u64| format!("GBAYE00003{n},Title {n},Artist\n");
    let rows: Vec<String> = (51..63).map(row).collect();
    desk.write("label.csv", format!("isrc,title,artist\n{}", rows.concat()).as_bytes());
    desk.run(["catalog", "import", "label.csv"]).ends_with(0);
    let units = assert_same(&desk, ScanLimits::default(), &[60_000, 130_000, 200_000]);
    assert!(units[0] > 3, "{units:?}");
}

#[test]
fn a_zip_file_whose_members_share_names_and_places_numbers_them_alike() {
    let mut archive = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default();
    for number in 0..8 {
        let (name, bytes) = small(number);
        archive.start_file(format!("{}{name}", number / 3), options).unwrap();
        archive.write_all(&bytes).unwrap();
        archive.add_directory(format!("folder-{number}"), options).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    // Bytes before the first member are told once, by the last section.
    let led = [&b"MZ something that begins otherwise"[..], &bytes].concat();
    for (name, bytes) in [("same.zip", bytes), ("led.zip", led)] {
        assert_same(&dump(name, &bytes), ScanLimits::default(), &[60_000, 200_000]);
    }
}
