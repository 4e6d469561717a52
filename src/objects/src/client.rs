//! One request, repeated until it is answered.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use ureq::http::{Request as HttpRequest, Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::answers::{Said, said};
use crate::config::Config;
use crate::credentials::{Credentials, Keeper};
use crate::escape::encoded;
use crate::fault::{Fault, Kind};
use crate::sign::{NOTHING, Request, hex, query, signed};

/// Longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(20);
/// Attempts while nothing was ever heard of the store: it is more likely not there than busy.
const FIRST_ATTEMPTS: u32 = 5;
/// Most bytes of an answer that is no object. A page of 1,000 keys of 1 KiB, each byte encoded as three, has 4 MiB.
const MAX_ANSWER_BYTES: u64 = 16 << 20;
/// Most bytes of an error.
const MAX_ERROR_BYTES: u64 = 64 << 10;
/// Connections that are kept open: one for each thread that reads, and some for what is read ahead.
const KEPT_CONNECTIONS: usize = 64;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Errors of credentials that newer ones may mend.
const EXPIRED: [&str; 5] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "TokenRefreshRequired",
    "InvalidToken",
    "RequestExpired",
];
/// Errors of credentials that are wrong.
const WRONG: [&str; 4] =
    ["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "NotSignedUp"];
/// Errors of the client's that pass.
const PASSING: [&str; 4] = ["RequestTimeout", "SlowDown", "Throttling", "ThrottlingException"];

/// What was asked of a store so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests, repeated ones included.
    pub requests: u64,
    /// Requests that were repeated.
    pub repeated: u64,
    /// Bytes of objects that came, without those of listings.
    pub bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    config: Config,
    keeper: Keeper,
    /// Scheme, authority and path of the endpoint; `None` for Amazon's own.
    endpoint: Option<(String, String, String)>,
    was_heard: AtomicBool,
    requests: AtomicU64,
    repeated: AtomicU64,
    bytes: AtomicU64,
}

/// What is asked of a bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) bucket: &'a str,
    /// Empty for the bucket itself.
    pub(crate) key: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// The first byte, and the first behind the last.
    pub(crate) range: Option<(u64, u64)>,
    /// The tag that the object has to have; empty if it is not known.
    pub(crate) etag: &'a str,
}

/// Why an answer is not taken.
enum Bad {
    /// It is an error of S3.
    Refused,
    /// It is not what it should be, and is asked for again.
    Odd(String),
    /// It is of another state of the object.
    Changed,
}

/// Why an attempt gave nothing.
enum Failed {
    /// It may be repeated.
    Passing(Fault),
    /// The credentials ended.
    Expired(Fault, Credentials),
    /// It is no use to repeat it.
    Lasting(Fault),
}

impl Client {
    pub(crate) fn new(config: Config) -> Result<Self, Fault> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &config.ca_bundle {
            let wrong = |what: String| {
                let what = format!("the certificates in {} cannot be read: {what}", path.display());
                Fault::new(Kind::Other, what, "set AWS_CA_BUNDLE right or leave it out")
            };
            let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let mut certificates = Vec::new();
            for item in parse_pem(&text) {
                if let PemItem::Certificate(found) =
                    item.map_err(|error| wrong(error.to_string()))?
                {
                    certificates.push(found);
                }
            }
            if certificates.is_empty() {
                return Err(wrong("there are none".into()));
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // What is asked of this endpoint is asked of no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("leakhound-objects/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .timeout_global(Some(config.timeout))
            .timeout_connect(Some(CONNECT_TIMEOUT.min(config.timeout)))
            .max_idle_connections(KEPT_CONNECTIONS)
            .max_idle_connections_per_host(KEPT_CONNECTIONS)
            .build()
            .new_agent();
        let endpoint = config.endpoint.as_ref().and_then(|endpoint| {
            let uri: Uri = endpoint.parse().ok()?;
            let path = uri.path().trim_end_matches('/').to_owned();
            Some((uri.scheme_str()?.to_owned(), host(&uri)?, path))
        });
        Ok(Self {
            agent,
            keeper: Keeper::new(config.source.clone()),
            config,
            endpoint,
            was_heard: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        })
    }

    pub(crate) fn traffic(&self) -> Traffic {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Traffic {
            requests: of(&self.requests),
            repeated: of(&self.repeated),
            bytes: of(&self.bytes),
        }
    }

    /// Gets a listing.
    pub(crate) fn listing<T>(
        &self,
        ask: Ask<'_>,
        parse: &dyn Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, Fault> {
        self.repeated(ask, &|answer| {
            if answer.status() != 200 {
                return Err(Bad::Refused);
            }
            let text = read(answer.body_mut(), MAX_ANSWER_BYTES)?;
            parse(&text).map_err(|what| Bad::Odd(format!("the listing cannot be read: {what}")))
        })
    }

    /// Gets a stretch of an object of `size` bytes.
    pub(crate) fn stretch(&self, ask: Ask<'_>, size: u64) -> Result<Vec<u8>, Fault> {
        let (from, to) = ask.range.unwrap_or((0, size));
        let bytes = self.repeated(ask, &|answer| {
            let is_whole = (from, to) == (0, size);
            match answer.status().as_u16() {
                206 => {
                    let said = header(answer, "content-range");
                    let expected = format!("bytes {from}-{}/{size}", to.saturating_sub(1));
                    if said != expected {
                        return Err(Bad::Odd(format!(
                            "the answer is of {said:?}, not {expected:?}"
                        )));
                    }
                }
                200 if is_whole => {}
                200 => return Err(Bad::Odd("the store does not read by ranges".into())),
                _ => return Err(Bad::Refused),
            }
            let etag = header(answer, "etag");
            let etag = etag.trim_matches('"');
            if !ask.etag.is_empty() && !etag.is_empty() && etag != ask.etag {
                return Err(Bad::Changed);
            }
            let bytes = read(answer.body_mut(), to - from)?;
            if bytes.len() as u64 == to - from {
                return Ok(bytes);
            }
            Err(Bad::Odd(format!("the answer has {} of {} bytes", bytes.len(), to - from)))
        })?;
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    /// Makes a request until `take` is content with the answer.
    fn repeated<T>(
        &self,
        ask: Ask<'_>,
        take: &dyn Fn(&mut Response<Body>) -> Result<T, Bad>,
    ) -> Result<T, Fault> {
        self.attempts(ask, &|| {
            let mut headers = Vec::new();
            if let Some((from, to)) = ask.range {
                headers.push(("range", format!("bytes={from}-{}", to.saturating_sub(1))));
            }
            // A weak tag never matches.
            if !ask.etag.is_empty() && !ask.etag.starts_with("W/") {
                headers.push(("if-match", format!("\"{}\"", ask.etag)));
            }
            let (request, credentials) = self.request("GET", ask, &headers, NOTHING)?;
            let answer = request.body(()).map_err(ureq::Error::from);
            let mut answer = answer
                .and_then(|request| self.agent.run(request))
                .map_err(|error| passing(&error.to_string()))?;
            self.was_heard.store(true, Ordering::Relaxed);
            match take(&mut answer) {
                Ok(taken) => Ok(taken),
                Err(Bad::Odd(what)) => Err(Failed::Passing(Fault::new(
                    Kind::Failing,
                    what,
                    "check the store and what is between, and repeat the command",
                ))),
                Err(Bad::Changed) => Err(Failed::Lasting(Fault::new(
                    Kind::Changed,
                    "the object was changed since it was listed",
                    "scan again",
                ))),
                Err(Bad::Refused) => Err(self.refused(ask, &mut answer, credentials)),
            }
        })
    }

    /// Puts a file at a key.
    pub(crate) fn put(&self, bucket: &str, key: &str, file: &mut File) -> Result<(), Fault> {
        let broken = |error: std::io::Error| {
            Fault::new(
                Kind::Other,
                format!("what is to be written cannot be read: {error}"),
                "try again",
            )
        };
        file.rewind().map_err(broken)?;
        let (mut digest, mut block) = (Sha256::new(), vec![0; 1 << 18]);
        loop {
            match file.read(&mut block).map_err(broken)? {
                0 => break,
                count => digest.update(&block[..count]),
            }
        }
        let digest = hex(&digest.finalize());
        let file = &*file;
        let ask = Ask { bucket, key, ..Ask::default() };
        self.attempts(ask, &|| {
            let (request, credentials) = self.request("PUT", ask, &[], &digest)?;
            let mut body = file;
            body.rewind().map_err(broken).map_err(Failed::Lasting)?;
            let answer = request.body(body).map_err(ureq::Error::from);
            let mut answer = answer
                .and_then(|request| self.agent.run(request))
                .map_err(|error| passing(&error.to_string()))?;
            self.was_heard.store(true, Ordering::Relaxed);
            if answer.status() == 200 {
                return Ok(());
            }
            Err(self.refused(ask, &mut answer, credentials))
        })
    }

    fn attempts<T>(
        &self,
        ask: Ask<'_>,
        attempt: &dyn Fn() -> Result<T, Failed>,
    ) -> Result<T, Fault> {
        let mut pause = self.config.pause;
        let (mut tries, mut was_renewed) = (0, false);
        loop {
            tries += 1;
            self.requests.fetch_add(1, Ordering::Relaxed);
            let fault = match attempt() {
                Ok(taken) => return Ok(taken),
                Err(Failed::Lasting(fault)) => return Err(fault),
                Err(Failed::Expired(fault, credentials)) => {
                    if was_renewed || !self.keeper.renew(&credentials) {
                        return Err(fault);
                    }
                    was_renewed = true;
                    continue;
                }
                Err(Failed::Passing(fault)) => fault,
            };
            let is_new = !self.was_heard.load(Ordering::Relaxed);
            let most = self.config.attempts;
            let most = if is_new { most.min(FIRST_ATTEMPTS) } else { most };
            if tries >= most {
                let times = if tries == 1 { "once" } else { "times" };
                let count = if tries == 1 { String::new() } else { format!("{tries} ") };
                let what = format!("{} (asked {count}{times})", fault.what);
                return Err(Fault { what, ..fault });
            }
            self.repeated.fetch_add(1, Ordering::Relaxed);
            thread::sleep(spread(pause, ask.key, tries));
            pause = (2 * pause).min(MAX_PAUSE);
        }
    }

    /// The request with its signature, and who signed it.
    fn request(
        &self,
        method: &str,
        ask: Ask<'_>,
        headers: &[(&str, String)],
        body: &str,
    ) -> Result<(ureq::http::request::Builder, Option<Credentials>), Failed> {
        let (scheme, host, path) = self.address(ask.bucket, ask.key);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let credentials = self.keeper.at(now).map_err(Failed::Lasting)?;
        let mut address = format!("{scheme}://{host}{path}");
        if !ask.query.is_empty() {
            address = format!("{address}?{}", query(ask.query));
        }
        let mut request = HttpRequest::builder().method(method).uri(address);
        let headers = match &credentials {
            Some(credentials) => {
                let to_sign =
                    Request { method, host: &host, path: &path, query: ask.query, headers, body };
                signed(&to_sign, credentials, &self.config.region, now)
            }
            None => {
                headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
            }
        };
        for (name, value) in headers {
            request = request.header(name, value);
        }
        Ok((request, credentials))
    }

    /// Scheme, host and encoded path of an object, or of the bucket if the key is empty.
    fn address(&self, bucket: &str, key: &str) -> (String, String, String) {
        let key = encoded(key, true);
        if let Some((scheme, host, path)) = &self.endpoint {
            let path = format!("{path}/{bucket}{}{key}", if key.is_empty() { "" } else { "/" });
            return (scheme.clone(), host.clone(), path);
        }
        let region = &self.config.region;
        let of_china = if region.starts_with("cn-") { ".cn" } else { "" };
        let host = format!("s3.{region}.amazonaws.com{of_china}");
        // No certificate is of a bucket with a dot.
        if bucket.contains('.') {
            let path = format!("/{bucket}{}{key}", if key.is_empty() { "" } else { "/" });
            return ("https".into(), host, path);
        }
        ("https".into(), format!("{bucket}.{host}"), format!("/{key}"))
    }

    /// What an answer that is an error amounts to.
    fn refused(
        &self,
        ask: Ask<'_>,
        answer: &mut Response<Body>,
        credentials: Option<Credentials>,
    ) -> Failed {
        let status = answer.status().as_u16();
        let body = read(answer.body_mut(), MAX_ERROR_BYTES).unwrap_or_default();
        let Said { mut code, message, region } = said(&body);
        let region = if region.is_empty() { header(answer, "x-amz-bucket-region") } else { region };
        if code.is_empty() {
            code = answer.status().canonical_reason().unwrap_or("no reason").to_owned();
        }
        let told = format!("{status} {code}");
        let fault =
            |kind, what: &str, remedy: &str| Fault::new(kind, format!("{what} ({told})"), remedy);
        let is_other_region = !region.is_empty() && region != self.config.region;
        let lasting = match status {
            _ if EXPIRED.contains(&code.as_str()) => {
                let remedy = "renew them and repeat the command, which goes on where it was";
                let fault = fault(Kind::Credentials, "the credentials have expired", remedy);
                return match credentials {
                    Some(credentials) => Failed::Expired(fault, credentials),
                    None => Failed::Lasting(fault),
                };
            }
            _ if WRONG.contains(&code.as_str()) => fault(
                Kind::Credentials,
                "the store does not accept the credentials",
                "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile, and that they are of this store",
            ),
            _ if code == "RequestTimeTooSkewed" => fault(
                Kind::Credentials,
                "the clock of this machine is wrong for the store",
                "set it, and repeat the command",
            ),
            301 | 307 | 400 if is_other_region => fault(
                Kind::Credentials,
                &format!("the bucket {} is in the region {region}", ask.bucket),
                &format!("set AWS_REGION={region}"),
            ),
            300..400 => fault(
                Kind::Credentials,
                "the store sends us to another host, where we do not go",
                "set AWS_ENDPOINT_URL_S3 and AWS_REGION to those of the bucket",
            ),
            403 if code == "InvalidObjectState" => {
                fault(Kind::Denied, "the object is archived", "restore it, and repeat the command")
            }
            401 | 403 => fault(
                Kind::Denied,
                if ask.key.is_empty() {
                    "the bucket may not be listed"
                } else {
                    "the object may not be read"
                },
                if ask.key.is_empty() {
                    "allow s3:ListBucket on the bucket"
                } else {
                    "allow s3:GetObject, for parts also s3:PutObject, on it"
                },
            ),
            404 if code == "NoSuchBucket" => fault(
                Kind::Missing,
                &format!("there is no bucket {}", ask.bucket),
                "check its name and the endpoint",
            ),
            404 => fault(Kind::Missing, "the object is not there any more", "scan again"),
            412 | 416 => {
                fault(Kind::Changed, "the object was changed since it was listed", "scan again")
            }
            408 | 429 | 500..600 => {
                return Failed::Passing(fault(
                    Kind::Failing,
                    "the store fails",
                    "repeat the command later, which goes on where it was",
                ));
            }
            _ if PASSING.contains(&code.as_str()) => {
                return Failed::Passing(fault(
                    Kind::Failing,
                    "the store asks to slow down",
                    "repeat the command later or with fewer workers",
                ));
            }
            _ => {
                let what = format!("the store refuses: {message}");
                fault(Kind::Other, &what, "check what was asked for")
            }
        };
        Failed::Lasting(lasting)
    }
}

fn passing(what: &str) -> Failed {
    Failed::Passing(Fault::new(
        Kind::Unreachable,
        format!("the object store does not answer: {what}"),
        "check AWS_ENDPOINT_URL_S3, the network and, for a certificate of your own, AWS_CA_BUNDLE; the same command goes on where it was",
    ))
}

/// The host of an address as a request states it.
fn host(uri: &Uri) -> Option<String> {
    let host = uri.host()?;
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    Some(match uri.port_u16().filter(|&port| port != usual) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

fn header(answer: &Response<Body>, name: &str) -> String {
    let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// Reads a body that may have at most so many bytes.
fn read(body: &mut Body, most: u64) -> Result<Vec<u8>, Bad> {
    let mut bytes = Vec::new();
    let read = body.as_reader().take(most.saturating_add(1)).read_to_end(&mut bytes);
    match read {
        Ok(_) if bytes.len() as u64 <= most => Ok(bytes),
        Ok(_) => Err(Bad::Odd(format!("the answer has more than {most} bytes"))),
        Err(error) => Err(Bad::Odd(format!("the answer was cut off: {error}"))),
    }
}

/// A pause between half of and all of `pause`, other for each key, so that those who failed together do not ask together again.
fn spread(pause: Duration, key: &str, tries: u32) -> Duration {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(tries) ^ u64::from(std::process::id());
    for byte in key.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    let share = (hash >> 40) as u32 % 512;
    pause / 2 + pause * share / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Source;

    fn client(endpoint: Option<&str>, region: &str) -> Client {
        Client::new(Config {
            endpoint: endpoint.map(str::to_owned),
            region: region.into(),
            source: Source::Anonymous,
            ca_bundle: None,
            timeout: Duration::from_secs(1),
            attempts: 1,
            pause: Duration::ZERO,
            cache_bytes: 0,
        })
        .unwrap()
    }

    #[test]
    fn an_object_is_asked_for_where_its_bucket_is_and_its_key_stays_as_it_is() {
        let address = |client: &Client, bucket: &str, key: &str| {
            let (scheme, host, path) = client.address(bucket, key);
            format!("{scheme}://{host}{path}")
        };
        let amazon = client(None, "eu-west-1");
        assert_eq!(
            address(&amazon, "b", "../a b//ü"),
            "https://b.s3.eu-west-1.amazonaws.com/../a%20b//%C3%BC"
        );
        assert_eq!(address(&amazon, "b", ""), "https://b.s3.eu-west-1.amazonaws.com/");
        assert_eq!(address(&amazon, "b.c", "k"), "https://s3.eu-west-1.amazonaws.com/b.c/k");
        let china = client(None, "cn-north-1");
        assert_eq!(address(&china, "b", "k"), "https://b.s3.cn-north-1.amazonaws.com.cn/k");
        let own = client(Some("http://127.0.0.1:9000/s3"), "r");
        assert_eq!(address(&own, "b", "k"), "http://127.0.0.1:9000/s3/b/k");
        assert_eq!(address(&own, "b", ""), "http://127.0.0.1:9000/s3/b");
    }

    #[test]
    fn pauses_differ_by_key_and_stay_within_their_bounds() {
        let second = Duration::from_secs(1);
        let pauses: Vec<Duration> =
            (0..100).map(|number| spread(second, &number.to_string(), 1)).collect();
        assert!(pauses.iter().all(|&pause| pause >= second / 2 && pause <= second));
        assert!(pauses.iter().any(|&pause| pause != pauses[0]));
    }
}
