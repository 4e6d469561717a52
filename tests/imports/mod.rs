//! Imports of deliveries, and exports.

mod audio;
mod catalogue;
mod formats;
mod odd;

use crate::common::Desk;

/// The export of a home as JSONL.
fn entries(desk: &Desk) -> String {
    desk.run(["catalog", "export", "--out", "-", "--format", "jsonl"]).ends_with(0).stdout
}

fn import(bytes: &[u8], name: &str) -> Desk {
    import_all(&[bytes.to_vec()], name)
}

/// Imports several files, each in a folder of its own.
fn import_all(files: &[Vec<u8>], name: &str) -> Desk {
    let desk = Desk::new();
    for (at, bytes) in files.iter().enumerate() {
        desk.write(format!("delivery/{at:03}/{name}"), bytes);
    }
    let done = desk.run(["catalog", "import", "delivery"]).ends_with(0);
    assert!(done.stderr.is_empty(), "{done:#?}");
    desk
}
