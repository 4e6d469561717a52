//! A store of objects in memory that answers over HTTP on 127.0.0.1, and fails as it is told. It knows no signatures: what signs is
//! held to the documented examples, and to a server of another make.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Decoded.
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) query: BTreeMap<String, String>,
    /// With lower-case names.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Request {
    pub(crate) fn is_listing(&self) -> bool {
        self.query.contains_key("list-type")
    }

    /// The id of the access key that signed it; empty if none did.
    pub(crate) fn signer(&self) -> &str {
        let behind =
            self.headers.get("authorization").and_then(|all| all.split("Credential=").nth(1));
        behind.and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }
}

/// How the server fails.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// An error with a status and S3's code for it.
    Error(u16, &'static str),
    /// An error that no S3 server made, such as that of a proxy.
    Html(u16),
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// The answer comes late.
    Slow(Duration),
    /// A stretch other than the one that was asked for.
    WrongStretch,
    /// Fewer bytes than were asked for, and said so.
    Short(usize),
    /// The whole object, as if no stretch had been asked for.
    Whole,
    /// Another host.
    Redirect(String),
    /// A body that is no listing.
    Garbage,
}

#[derive(Debug, Clone)]
struct Stored {
    bytes: Arc<Vec<u8>>,
    etag: String,
}

type Fails = Box<dyn FnMut(&Request) -> Option<Trouble> + Send>;

#[derive(Default)]
struct State {
    buckets: BTreeMap<String, BTreeMap<String, Stored>>,
    fails: Option<Fails>,
    requests: Vec<Request>,
    /// Bytes of objects that were sent.
    sent: u64,
}

/// A running server; it ends with its last owner.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || {
                    // A client that goes away is no concern of ours.
                    let _ = serve(&stream, &state);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panicked")
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn put(&self, bucket: &str, key: &str, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        let stored = Stored {
            etag: format!("{:016x}-{}", hash(&bytes), bytes.len()),
            bytes: Arc::new(bytes),
        };
        self.state().buckets.entry(bucket.into()).or_default().insert(key.into(), stored);
    }

    pub(crate) fn make_bucket(&self, bucket: &str) {
        self.state().buckets.entry(bucket.into()).or_default();
    }

    pub(crate) fn remove(&self, bucket: &str, key: &str) {
        self.state().buckets.entry(bucket.into()).or_default().remove(key);
    }

    pub(crate) fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        Some(self.state().buckets.get(bucket)?.get(key)?.bytes.to_vec())
    }

    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        self.state().buckets.get(bucket).map_or(Vec::new(), |keys| keys.keys().cloned().collect())
    }

    /// Asks `fails` before each answer.
    pub(crate) fn fails(&self, fails: impl FnMut(&Request) -> Option<Trouble> + Send + 'static) {
        self.state().fails = Some(Box::new(fails));
    }

    pub(crate) fn is_well(&self) {
        self.state().fails = None;
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// Forgets what was asked and sent.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.requests.clear();
        state.sent = 0;
    }

    pub(crate) fn sent(&self) -> u64 {
        self.state().sent
    }
}

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%' && rest.len() >= 2 {
            let digits = std::str::from_utf8(&rest[..2]).expect("digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("a key is text")
}

fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(byte);
    text.bytes()
        .map(|b| if plain(&b) { char::from(b).into() } else { format!("%{b:02X}") })
        .collect()
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<(Request, Vec<u8>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut request = Request {
        method: method.to_owned(),
        bucket: decoded(bucket),
        key: decoded(key),
        query: query.map(|(name, value)| (decoded(name), decoded(value))).collect(),
        headers: BTreeMap::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = request.headers.get("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(Some((request, body)))
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn error(status: u16, code: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>so it is</Message></Error>"
    );
    Answer { status, headers: Vec::new(), body: body.into_bytes() }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((request, body)) = read_request(&mut reader)? {
        let trouble = {
            let mut state = state.lock().expect("no thread panicked");
            state.requests.push(request.clone());
            state.fails.as_mut().and_then(|fails| fails(&request))
        };
        let answer = match &trouble {
            Some(Trouble::Error(status, code)) => error(*status, code),
            Some(Trouble::Html(status)) => {
                Answer { status: *status, headers: Vec::new(), body: b"<html>no</html>".to_vec() }
            }
            Some(Trouble::Redirect(to)) => {
                let mut answer = error(307, "TemporaryRedirect");
                answer.headers.push(("location", to.clone()));
                answer
            }
            _ => answer(
                &request,
                body,
                &mut state.lock().expect("no thread panicked"),
                trouble.as_ref(),
            ),
        };
        if let Some(Trouble::Slow(pause)) = trouble {
            thread::sleep(pause);
        }
        let mut body = answer.body;
        let length = match trouble {
            Some(Trouble::Garbage) => {
                body = b"<listing".to_vec();
                body.len()
            }
            Some(Trouble::Short(count)) => {
                body.truncate(count);
                body.len()
            }
            Some(Trouble::Cut(count)) => {
                let length = body.len();
                body.truncate(count);
                length
            }
            _ => body.len(),
        };
        let mut head = format!("HTTP/1.1 {} Said\r\ncontent-length: {length}\r\n", answer.status);
        for (name, value) in answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // Before the client knows, so that it is counted when the client looks.
        if !request.is_listing() && request.method == "GET" {
            state.lock().expect("no thread panicked").sent += body.len() as u64;
        }
        // In one write: two would wait for each other's acknowledgement.
        let mut out = stream;
        out.write_all(&[format!("{head}\r\n").as_bytes(), &body].concat())?;
        if matches!(trouble, Some(Trouble::Cut(_))) {
            return Ok(());
        }
    }
    Ok(())
}

fn answer(
    request: &Request,
    body: Vec<u8>,
    state: &mut State,
    trouble: Option<&Trouble>,
) -> Answer {
    let Some(objects) = state.buckets.get_mut(&request.bucket) else {
        return error(404, "NoSuchBucket");
    };
    match request.method.as_str() {
        "PUT" => {
            let etag = format!("{:016x}-{}", hash(&body), body.len());
            let headers = vec![("etag", format!("\"{etag}\""))];
            objects.insert(request.key.clone(), Stored { bytes: Arc::new(body), etag });
            Answer { status: 200, headers, body: Vec::new() }
        }
        "GET" if request.key.is_empty() => listing(request, objects),
        "GET" => match objects.get(&request.key) {
            None => error(404, "NoSuchKey"),
            Some(stored) => stretch(request, stored, trouble),
        },
        _ => error(405, "MethodNotAllowed"),
    }
}

fn stretch(request: &Request, stored: &Stored, trouble: Option<&Trouble>) -> Answer {
    let etag = format!("\"{}\"", stored.etag);
    if request.headers.get("if-match").is_some_and(|wanted| *wanted != etag) {
        return error(412, "PreconditionFailed");
    }
    let headers = vec![("etag", etag)];
    let size = stored.bytes.len();
    let range = request.headers.get("range").and_then(|range| range.strip_prefix("bytes="));
    let range = range.filter(|_| !matches!(trouble, Some(Trouble::Whole)));
    let Some((from, to)) = range.and_then(|range| range.split_once('-')) else {
        return Answer { status: 200, headers, body: stored.bytes.to_vec() };
    };
    let (mut from, to): (usize, usize) =
        (from.parse().expect("a number"), to.parse().expect("a number"));
    if from >= size {
        return error(416, "InvalidRange");
    }
    let mut to = (to + 1).min(size);
    if matches!(trouble, Some(Trouble::WrongStretch)) {
        (from, to) = (0, (to - from + 1).min(size));
    }
    let mut headers = headers;
    headers.push(("content-range", format!("bytes {from}-{}/{size}", to - 1)));
    Answer { status: 206, headers, body: stored.bytes[from..to].to_vec() }
}

fn listing(request: &Request, objects: &BTreeMap<String, Stored>) -> Answer {
    let asked = |name: &str| request.query.get(name).map(String::as_str);
    let prefix = asked("prefix").unwrap_or_default();
    let after = match asked("continuation-token") {
        Some(token) => decoded(token.strip_prefix("behind ").expect("a token of ours")),
        None => asked("start-after").unwrap_or_default().to_owned(),
    };
    let most: usize =
        asked("max-keys").and_then(|most| most.parse().ok()).unwrap_or(1_000).min(1_000);
    let (mut entries, mut count, mut last, mut is_truncated) =
        (String::new(), 0, after.clone(), false);
    let mut folder: Option<String> = None;
    for (key, stored) in
        objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after.as_str())
    {
        if folder.as_ref().is_some_and(|folder| key.starts_with(folder.as_str())) {
            last.clone_from(key);
            continue;
        }
        if count == most {
            is_truncated = true;
            break;
        }
        count += 1;
        last.clone_from(key);
        let rest = &key[prefix.len()..];
        if let Some(end) = asked("delimiter").and_then(|delimiter| rest.find(delimiter)) {
            let name = &key[..prefix.len() + end + 1];
            folder = Some(name.to_owned());
            entries.push_str(&format!(
                "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>",
                encoded(name)
            ));
            continue;
        }
        entries.push_str(&format!(
            "<Contents><Key>{}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;{}&quot;</ETag>\
             <Size>{}</Size></Contents>",
            encoded(key),
            stored.etag,
            stored.bytes.len()
        ));
    }
    let next = if is_truncated {
        format!("<NextContinuationToken>behind {}</NextContinuationToken>", encoded(&last))
    } else {
        String::new()
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><EncodingType>url</EncodingType>\
         <IsTruncated>{is_truncated}</IsTruncated>{next}{entries}</ListBucketResult>"
    );
    Answer { status: 200, headers: Vec::new(), body: body.into_bytes() }
}
