//! Memory does not grow with the number of units.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use leakhound::base::digest;

use crate::common::{Desk, Done};

/// Number of units of the larger plan; `LEAKHOUND_UNITS=1000000` sets another.
const UNITS: u64 = 15_000;

/// Most memory that a command took while it ran, in KiB, by its own count.
fn peak_kib(desk: &Desk, args: &[&str], code: i32) -> u64 {
    let mut command = desk.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // Gone if it ended meanwhile.
        let Ok(file) = fs::File::open(&status) else { break };
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            if let Some(kib) = line.strip_prefix("VmHWM:") {
                peak = peak.max(kib.trim().trim_end_matches(" kB").parse().unwrap());
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Done::of(child.wait_with_output().unwrap()).ends_with(code);
    peak
}

/// A dump of this many short texts, planned with a unit for each.
fn planned(desk: &Desk, files: u64) -> (String, u64) {
    let (dump, plan) = (format!("dump-{files}"), format!("plan-{files}"));
    for number in 0..files {
        desk.write(format!("{dump}/{:03}/{number:06}.txt", number / 1_000), b"text\n");
    }
    let units = files.to_string();
    let peak = peak_kib(desk, &["plan", &dump, "--out", &plan, "--units", &units], 0);
    (plan, peak)
}

/// Makes the parts of all units as work would, but in one go: what work makes of unit 0 tells how.
fn parts(desk: &Desk, plan: &str) {
    desk.run(["work", plan, "--unit", "0"]).ends_with(0);
    let folder = desk.path(plan);
    let mark = fs::read_to_string(super::part_of(&folder, 0, ".done")).unwrap();
    let mark: serde_json::Value = serde_json::from_str(&mark).unwrap();
    let text =
        zstd::decode_all(&fs::read(super::part_of(&folder, 0, ".zst")).unwrap()[..]).unwrap();
    let text = String::from_utf8(text).unwrap();
    let of = |number: u64| format!("{:03}/{number:06}.txt", number / 1_000);
    let units = fs::read_to_string(folder.join("units.jsonl")).unwrap();
    for (number, _) in (0_u64..).zip(units.lines()).skip(1) {
        let shelf = folder.join("parts").join(format!("{:03}", number / 1_000));
        fs::create_dir_all(&shelf).unwrap();
        let text = text
            .replacen("\"unit\":0,", &format!("\"unit\":{number},"), 1)
            .replace(&of(0), &of(number));
        let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
        let sha256 = digest(text.as_bytes());
        let name = format!("part-{number:07}-{}.jsonl.zst", &sha256[..16]);
        fs::write(shelf.join(name), &packed).unwrap();
        let mut mark = mark.clone();
        mark["unit"] = number.into();
        mark["bytes"] = packed.len().into();
        mark["sha256"] = sha256.into();
        fs::write(shelf.join(format!("part-{number:07}.done")), mark.to_string()).unwrap();
    }
}

#[test]
fn ten_times_as_many_units_take_no_more_memory_to_plan_look_at_and_merge() {
    let units = std::env::var("LEAKHOUND_UNITS").ok().and_then(|n| n.parse().ok()).unwrap_or(UNITS);
    let desk = Desk::with_songs(&[1], 30);
    let peaks = [units / 10, units].map(|files| {
        let (plan, planning) = planned(&desk, files);
        parts(&desk, &plan);
        let looking = peak_kib(&desk, &["plan", "status", &plan], 0);
        let merging = peak_kib(&desk, &["merge", &plan], 0);
        let peaks = [planning, looking, merging];
        println!("{files} units: {peaks:?} KiB to plan, to look at and to merge");
        peaks
    });
    for (few, many) in peaks[0].iter().zip(peaks[1]) {
        // What SQLite keeps of its pages, 2 MB a connection, is not full at once.
        assert!(many < few + 12_000, "{peaks:?} KiB");
    }
}
