//! What goes wrong: what is repeated, what is told, and of what.

use std::io::Read as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::server::{Server, Trouble};
use super::{config, credentials, store};
use crate::{Config, Fault, Kind, Store};

fn read(store: &Arc<Store>, key: &str) -> Result<Quiet, Fault> {
    let mut bytes = Vec::new();
    let mut reader = store.open("b", key)?;
    match reader.read_to_end(&mut bytes) {
        Ok(_) => Ok(Quiet(bytes)),
        Err(error) => Err(Fault::of(&error).expect("a fault").clone()),
    }
}

#[derive(PartialEq)]
struct Quiet(Vec<u8>);

impl std::fmt::Debug for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

fn server() -> Server {
    let server = Server::new();
    for key in ["a", "k", "z"] {
        server.put("b", key, key.repeat(400_000));
    }
    server
}

/// Fails the first `times` requests for objects, or for listings.
fn fail_first(server: &Server, times: u32, is_listing: bool, trouble: Trouble) {
    let mut left = times;
    server.fails(move |request| {
        let fails = left > 0 && request.is_listing() == is_listing;
        left -= u32::from(fails);
        fails.then(|| trouble.clone())
    });
}

fn passing() -> Vec<Trouble> {
    vec![
        Trouble::Error(500, "InternalError"),
        Trouble::Error(503, "SlowDown"),
        Trouble::Error(400, "RequestTimeout"),
        Trouble::Error(429, "TooManyRequests"),
        Trouble::Html(502),
        Trouble::Html(504),
        Trouble::Cut(0),
        Trouble::Cut(50),
        Trouble::Slow(Duration::from_millis(400)),
    ]
}

#[test]
fn what_passes_is_asked_for_again_and_the_bytes_are_right() {
    let of_objects = [Trouble::WrongStretch, Trouble::Short(10), Trouble::Whole];
    for trouble in passing().into_iter().chain(of_objects) {
        let server = server();
        fail_first(&server, 2, false, trouble.clone());
        let config = Config { timeout: Duration::from_millis(200), ..config(&server) };
        let store = Store::new(config).unwrap();
        // The second stretch of it begins elsewhere than at 0.
        assert!(
            read(&store, "k").is_ok_and(|it| it.0 == "k".repeat(400_000).as_bytes()),
            "{trouble:?}"
        );
        assert_eq!(store.lost(), None);
        assert!(store.traffic().repeated >= 1, "{trouble:?}");
    }
    for trouble in passing().into_iter().chain([Trouble::Garbage]) {
        let server = server();
        fail_first(&server, 2, true, trouble.clone());
        let config = Config { timeout: Duration::from_millis(200), ..config(&server) };
        let store = Store::new(config).unwrap();
        assert_eq!(store.walk("b", "", None).filter(Result::is_ok).count(), 3, "{trouble:?}");
        assert_eq!(store.lost(), None);
    }
}

#[test]
fn a_listing_that_stays_wrong_ends_the_walk_and_loses_the_store_until_it_is_renewed() {
    let server = server();
    server.fails(|request| request.is_listing().then_some(Trouble::Error(500, "InternalError")));
    let store = store(&server);
    let walked: Vec<_> = store.walk("b", "", None).collect();
    assert_eq!(walked.len(), 1);
    let fault = walked[0].clone().unwrap_err();
    assert!(fault.to_string().contains("500 InternalError"), "{fault}");
    assert!(fault.what.contains("asked 4 times"), "{fault}");
    assert_eq!(store.lost(), Some(fault.clone()));
    server.forget();
    assert_eq!(read(&store, "k").unwrap_err(), fault);
    assert_eq!(server.requests().len(), 0, "nothing is asked of a store that is lost");
    server.is_well();
    store.renew();
    assert_eq!(store.walk("b", "", None).filter(Result::is_ok).count(), 3);
}

#[test]
fn an_object_that_stays_wrong_is_told_and_the_others_are_read() {
    for trouble in [
        Trouble::Error(500, "InternalError"),
        Trouble::Error(503, "SlowDown"),
        Trouble::Cut(9),
        Trouble::WrongStretch,
        Trouble::Short(7),
    ] {
        let server = server();
        let told = trouble.clone();
        server.fails(move |request| (request.key == "k").then(|| told.clone()));
        let store = store(&server);
        let fault = read(&store, "k").unwrap_err();
        assert_eq!(fault.kind, Kind::Failing, "{trouble:?}: {fault}");
        assert_eq!(store.lost(), None, "{trouble:?}");
        assert!(read(&store, "z").is_ok());
        // It is the same for everybody who asks, even if it could be read meanwhile.
        server.is_well();
        assert_eq!(read(&store, "k").unwrap_err(), fault);
        store.renew();
        assert!(read(&store, "k").is_ok());
    }
}

#[test]
fn what_may_not_be_read_or_is_gone_or_was_changed_is_told_of_that_object_alone() {
    let server = server();
    server.fails(|request| match request.key.as_str() {
        "a" => Some(Trouble::Error(403, "AccessDenied")),
        "k" => Some(Trouble::Error(403, "InvalidObjectState")),
        _ => None,
    });
    server.put("b", "gone", "1");
    server.put("b", "new", "old");
    let store = store(&server);
    let listed: Vec<_> = store.walk("b", "", None).map(Result::unwrap).collect();
    assert_eq!(listed.len(), 5);
    server.remove("b", "gone");
    server.put("b", "new", "new");
    for (key, kind, words) in [
        ("a", Kind::Denied, "s3:GetObject"),
        ("k", Kind::Denied, "restore it"),
        ("gone", Kind::Missing, "not there any more"),
        ("new", Kind::Changed, "changed since it was listed"),
    ] {
        let fault = read(&store, key).unwrap_err();
        assert_eq!(fault.kind, kind, "{key}: {fault}");
        assert!(fault.to_string().contains(words), "{key}: {fault}");
    }
    assert_eq!(store.lost(), None);
    assert!(read(&store, "z").is_ok());
    assert_eq!(store.traffic().repeated, 0, "none of it is asked for again");
}

#[test]
fn an_object_that_changes_while_it_is_read_is_an_error_and_never_a_mixture() {
    let server = server();
    let store = store(&server);
    let mut reader = store.open("b", "k").unwrap();
    reader.read_exact(&mut [0; 10]).unwrap();
    server.put("b", "k", "x".repeat(400_000));
    let mut rest = Vec::new();
    let error = reader.read_to_end(&mut rest).unwrap_err();
    assert_eq!(Fault::of(&error).unwrap().kind, Kind::Changed);
    assert!(rest.iter().all(|&byte| byte == b'k'));
}

#[test]
fn credentials_that_expire_are_renewed_from_their_file_and_else_the_store_is_lost() {
    let server = server();
    server.fails(|request| {
        (request.signer() == "OLD").then_some(Trouble::Error(400, "ExpiredToken"))
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    let write = |key: &str| {
        let text = format!("[default]\naws_access_key_id={key}\naws_secret_access_key=s\n");
        std::fs::write(&path, text).unwrap();
    };
    write("OLD");
    let profile = crate::profile::Profile {
        name: "default".into(),
        credentials_file: Some(path.clone()),
        config_file: None,
    };
    let source = crate::Source::Profile(crate::credentials::ProfileSource(profile));
    let store = Store::new(Config { source, ..config(&server) }).unwrap();
    let fault = read(&store, "k").unwrap_err();
    assert_eq!((fault.kind, store.lost()), (Kind::Credentials, Some(fault.clone())));
    assert!(fault.to_string().contains("expired"), "{fault}");
    write("NEW");
    store.renew();
    assert!(read(&store, "k").is_ok());
    // Renewed in the middle, nobody notices.
    write("OLD");
    let store = Store::new(store_config(&server, &path)).unwrap();
    let switch = AtomicU32::new(0);
    let write_new = Mutex::new(Some(path.clone()));
    server.fails(move |request| {
        if request.signer() != "OLD" {
            return None;
        }
        if switch.fetch_add(1, Ordering::Relaxed) == 1
            && let Some(path) = write_new.lock().unwrap().take()
        {
            let text = "[default]\naws_access_key_id=NEW\naws_secret_access_key=s\n";
            std::fs::write(path, text).unwrap();
            return Some(Trouble::Error(403, "ExpiredToken"));
        }
        None
    });
    assert!(read(&store, "k").is_ok());
    assert_eq!(store.lost(), None);
}

fn store_config(server: &Server, path: &std::path::Path) -> Config {
    let profile = crate::profile::Profile {
        name: "default".into(),
        credentials_file: Some(path.to_path_buf()),
        config_file: None,
    };
    let source = crate::Source::Profile(crate::credentials::ProfileSource(profile));
    Config { source, ..config(server) }
}

#[test]
fn credentials_that_are_not_accepted_lose_the_store_at_once_with_the_remedy() {
    for (status, code, words) in [
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "ExpiredToken", "renew"),
        (403, "AccessDenied", "s3:ListBucket"),
    ] {
        let server = server();
        server.fails(move |_| Some(Trouble::Error(status, code)));
        let store = store(&server);
        let fault = store.walk("b", "", None).next().unwrap().unwrap_err();
        assert!(fault.to_string().contains(words), "{code}: {fault}");
        assert_eq!(store.lost(), Some(fault));
        assert_eq!(server.requests().len(), 1, "{code}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let (server, other) = (server(), Server::new());
    other.put("b", "k", "theirs");
    let to = format!("{}/b/k", other.endpoint());
    server.fails(move |_| Some(Trouble::Redirect(to.clone())));
    let store = store(&server);
    let fault = store.walk("b", "", None).next().unwrap().unwrap_err();
    assert!(fault.to_string().contains("another host"), "{fault}");
    assert!(read(&store, "k").is_err());
    assert_eq!(other.requests(), []);
}

#[test]
fn a_store_that_is_not_there_is_told_soon_and_names_the_endpoint_setting() {
    let server = Server::new();
    let endpoint = Some("http://127.0.0.1:1".into());
    let store = Store::new(Config { endpoint, attempts: 10, ..config(&server) }).unwrap();
    let fault = store.object("b", "k").unwrap_err();
    assert_eq!(fault.kind, Kind::Unreachable);
    assert!(fault.what.contains("asked 5 times"), "{fault}");
    assert!(fault.remedy.contains("AWS_ENDPOINT_URL_S3"), "{fault}");
    let fault = super::store(&server).object("none", "k").unwrap_err();
    assert!(fault.to_string().contains("no bucket none"), "{fault}");
}

#[test]
fn writing_is_repeated_and_what_is_written_is_whole() {
    use std::io::Write as _;
    let server = Server::new();
    server.make_bucket("b");
    let mut left = 2;
    server.fails(move |request| {
        left -= 1;
        (request.method == "PUT" && left >= 0).then_some(Trouble::Error(503, "SlowDown"))
    });
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&[7; 300_000]).unwrap();
    store(&server).put("b", "k", &mut file).unwrap();
    assert_eq!(server.get("b", "k"), Some(vec![7; 300_000]));
    server.fails(|_| Some(Trouble::Error(403, "AccessDenied")));
    let fault = store(&server).put("b", "k", &mut file).unwrap_err();
    assert!(fault.remedy.contains("s3:PutObject"), "{fault}");
}

#[test]
fn requests_are_signed_for_the_key_or_not_at_all() {
    let server = server();
    assert!(read(&store(&server), "k").is_ok());
    assert!(server.requests().iter().all(|request| request.signer() == "AK"));
    server.forget();
    let open = Config { source: crate::Source::Anonymous, ..config(&server) };
    assert!(read(&Store::new(open).unwrap(), "k").is_ok());
    assert!(server.requests().iter().all(|request| request.signer().is_empty()));
    assert_eq!(credentials("AK").key, "AK");
}
