//! Dumps, catalogues and parts in a store of objects: what is found is what is found on disk, and what goes wrong is told.
#![allow(clippy::unwrap_used, reason = "a test, and what helps it, fails by panicking")]

#[path = "../common/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the suite shares it")]
mod common;
#[path = "../../src/objects/src/tests/server.rs"]
#[allow(dead_code, reason = "the crate's own tests share it")]
mod server;

mod faults;
mod hostile;
mod same;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use common::{Desk, Done};
use server::Server;

/// A desk with a store beside it.
pub(crate) struct Site {
    pub(crate) desk: Desk,
    pub(crate) server: Server,
}

impl Site {
    /// With a catalogue of songs 1 and 2, of 30 s, and an empty bucket `b`.
    pub(crate) fn new() -> Self {
        let site = Self { desk: Desk::with_songs(&[1, 2], 30), server: Server::new() };
        site.server.make_bucket("b");
        site
    }

    /// Puts the dump on disk below `dump/` in the bucket.
    pub(crate) fn upload(&self) {
        let root = self.desk.path("dump");
        self.upload_folder(&root, &root);
    }

    fn upload_folder(&self, folder: &Path, root: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.upload_folder(&path, root);
            } else {
                let key = format!("dump/{}", path.strip_prefix(root).unwrap().display());
                self.server.put("b", &key, std::fs::read(&path).unwrap());
            }
        }
    }

    /// A command with the store's address and somebody's keys.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.desk.command(args);
        command
            .env("HOME", self.desk.path("."))
            .env("AWS_ENDPOINT_URL_S3", self.server.endpoint())
            .env("AWS_ACCESS_KEY_ID", "AK")
            .env("AWS_SECRET_ACCESS_KEY", "hush")
            .env("AWS_MAX_ATTEMPTS", "3");
        for name in [
            "AWS_PROFILE",
            "AWS_SESSION_TOKEN",
            "AWS_REGION",
            "AWS_ENDPOINT_URL",
            "HTTP_PROXY",
            "http_proxy",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Done {
        Done::of(self.command(args).output().unwrap())
    }

    /// The content digest of the newest run.
    pub(crate) fn digest(&self) -> String {
        self.desk.run(["manifest", "--out", "manifest.json", "--force"]).ends_with(0);
        let manifest = std::fs::read(self.desk.path("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        manifest["content_digest"].as_str().unwrap().to_owned()
    }

    /// The records of the newest run, with the dump's place left out.
    pub(crate) fn records(&self) -> String {
        let report = self.desk.jsonl();
        let on_disk = self.desk.path("dump").display().to_string();
        report.replace(&on_disk, "DUMP").replace("s3://b/dump", "DUMP")
    }
}
