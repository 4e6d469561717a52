//! The crate against a server of this process that fails as it is told.

mod faults;
mod order;
mod reading;
mod server;

use std::sync::Arc;
use std::time::Duration;

use crate::{Config, Credentials, Source, Store};
use server::Server;

fn credentials(key: &str) -> Credentials {
    Credentials { key: key.into(), secret: "secret".into(), token: None, expires: None }
}

fn config(server: &Server) -> Config {
    Config {
        endpoint: Some(server.endpoint()),
        region: "us-east-1".into(),
        source: Source::Fixed(credentials("AK")),
        ca_bundle: None,
        timeout: Duration::from_secs(5),
        attempts: 4,
        pause: Duration::from_millis(1),
        cache_bytes: 256 << 20,
    }
}

fn store(server: &Server) -> Arc<Store> {
    Store::new(config(server)).expect("a store")
}

/// Keys of every malice.
const HOSTILE: [&str; 24] = [
    "../x",
    "..",
    ".",
    "./x",
    "a",
    "a/",
    "a/b",
    "a//b",
    "/",
    "//",
    "/a",
    "a-b",
    "a.b/c",
    "a b",
    "a+b%20",
    "a\u{1}b",
    "a\nb\r",
    "a&b<c>\"",
    "ü/é",
    "a\u{10ffff}",
    "a/\u{10ffff}/x",
    "CON",
    "a\\b",
    "x;y?z#=",
];
