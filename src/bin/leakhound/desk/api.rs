//! What is answered: the page, lists and evidence as JSON, sound as WAV, decisions.

use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

use leakhound::record::{DecisionState, Finding, Ground, TorrentFacts};
use leakhound::text::{called, chance, clock, share, visible, warp};
use oxhttp::model::header::CONTENT_TYPE;
use oxhttp::model::{Body, Method, Request, Response, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::audio::{Audio, Side, clips};
use super::guard::{Guard, query};
use crate::args::Global;
use crate::docket::{Docket, Entry, Sentence};
use crate::setup;

/// Longest body that is read: a decision with its reason.
const MAX_BODY_BYTES: u64 = 64 << 10;

/// Sent with every answer: nothing but our own parts is loaded, nothing frames the page, nothing is kept.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ("cache-control", "no-store"),
];

/// All that the server knows.
pub(super) struct Desk {
    pub(super) guard: Guard,
    pub(super) audio: Audio,
    pub(super) global: Global,
    pub(super) docket: Mutex<Docket>,
}

/// What is asked for and cannot be: status, and one line.
type Refusal = (StatusCode, String);

impl Desk {
    pub(super) fn answer(&self, request: &mut Request<Body>) -> Response<Body> {
        let admitted = self.guard.admit(request.method(), request.uri(), request.headers());
        let answer = match admitted {
            Err((status, why)) => Err((status, why.to_owned())),
            Ok(()) => self.route(request),
        };
        let (status, kind, body) = match answer {
            Ok((kind, body)) => (StatusCode::OK, kind, body),
            Err((status, why)) => (status, "text/plain; charset=utf-8", why.into_bytes()),
        };
        let mut response = Response::builder().status(status).header(CONTENT_TYPE, kind);
        for (name, value) in HEADERS {
            response = response.header(name, value);
        }
        response.body(Body::from(body)).expect("headers of ours are headers")
    }

    fn route(&self, request: &mut Request<Body>) -> Result<(&'static str, Vec<u8>), Refusal> {
        let uri = request.uri().clone();
        let json = |value: Value| ("application/json", value.to_string().into_bytes());
        match (request.method(), uri.path()) {
            (&Method::GET, "/") => Ok(("text/html; charset=utf-8", self.page().into_bytes())),
            (&Method::GET, "/page.css") => {
                Ok(("text/css; charset=utf-8", include_bytes!("page.css").to_vec()))
            }
            (&Method::GET, "/page.js") => {
                Ok(("text/javascript; charset=utf-8", include_bytes!("page.js").to_vec()))
            }
            (&Method::GET, "/api/findings") => Ok(json(self.list())),
            (&Method::GET, "/api/finding") => Ok(json(self.evidence(&uri)?)),
            (&Method::GET, "/api/audio") => Ok(("audio/wav", self.listen(&uri)?)),
            (&Method::POST, "/api/decide") => Ok(json(self.decide(request)?)),
            _ => Err((StatusCode::NOT_FOUND, "there is nothing here".into())),
        }
    }

    fn docket(&self) -> std::sync::MutexGuard<'_, Docket> {
        // A request that panicked has left the docket as it was: decisions are taken over at once.
        self.docket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page asks for its parts with the token, which is hexadecimal.
    fn page(&self) -> String {
        include_str!("page.html").replace("{{token}}", &self.guard.token)
    }

    fn list(&self) -> Value {
        let docket = self.docket();
        let row = |(at, entry): (usize, &Entry)| {
            let Entry { item, finding, .. } = entry;
            json!({
                "at": at,
                "id": finding.finding_id,
                "verdict": finding.verdict,
                "name": visible(&called(finding)),
                "path": visible(&item.path),
                "state": finding.decision.as_ref().map(|decision| decision.state),
            })
        };
        json!({
            "run": docket.run.run_id,
            "roots": docket.run.key.roots.iter().map(|root| visible(root)).collect::<Vec<_>>(),
            "by": setup::known_operator(&self.global).unwrap_or_default(),
            "findings": docket.entries.iter().enumerate().map(row).collect::<Vec<_>>(),
        })
    }

    fn evidence(&self, uri: &Uri) -> Result<Value, Refusal> {
        let docket = self.docket();
        let (_, entry) = entry(&docket, uri)?;
        Ok(evidence(entry))
    }

    fn listen(&self, uri: &Uri) -> Result<Vec<u8>, Refusal> {
        let missing = |what: &str| (StatusCode::BAD_REQUEST, format!("no {what} was named"));
        let side = match query(uri, "side") {
            Some("item") => Side::Item,
            Some("recording") => Side::Recording,
            _ => return Err(missing("side")),
        };
        let number: usize =
            query(uri, "clip").and_then(|n| n.parse().ok()).ok_or(missing("clip"))?;
        let (item, finding) = {
            let docket = self.docket();
            let (_, entry) = entry(&docket, uri)?;
            (entry.item.clone(), entry.finding.clone())
        };
        let clip = clips(&finding).into_iter().nth(number).ok_or(missing("clip"))?;
        self.audio
            .wav(&item, &finding, side, clip)
            .map_err(|error| (StatusCode::NOT_FOUND, visible(&format!("{error:#}")).into_owned()))
    }

    fn decide(&self, request: &mut Request<Body>) -> Result<Value, Refusal> {
        let bad = |why: String| (StatusCode::BAD_REQUEST, why);
        let mut body = String::new();
        let read = request.body_mut().take(MAX_BODY_BYTES + 1).read_to_string(&mut body);
        read.map_err(|error| bad(format!("the decision cannot be read: {error}")))?;
        if body.len() as u64 > MAX_BODY_BYTES {
            let why = format!("a decision has {MAX_BODY_BYTES} bytes at the most");
            return Err((StatusCode::PAYLOAD_TOO_LARGE, why));
        }
        let asked: Asked = serde_json::from_str(&body).map_err(|e| bad(e.to_string()))?;
        let Asked { at, id, state, ground, reason, by } = asked;
        let mut docket = self.docket();
        // The page may be of before another run; a number alone could be another finding.
        if docket.entries.get(at).is_none_or(|entry| entry.finding.finding_id != id) {
            return Err((StatusCode::CONFLICT, "the page is out of date; load it again".into()));
        }
        let sentence = Sentence { state, ground, reason, by };
        let copies: Vec<_> = (0..docket.entries.len())
            .filter(|at| docket.entries[*at].finding.finding_id == id)
            .map(|at| (at, sentence.clone()))
            .collect();
        docket
            .decide(&self.global, &copies)
            .map_err(|error| bad(visible(&format!("{error:#}")).into_owned()))?;
        Ok(evidence(&docket.entries[at]))
    }
}

/// A decision as the page sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    at: usize,
    id: String,
    state: Option<DecisionState>,
    ground: Option<Ground>,
    reason: String,
    by: String,
}

fn entry<'a>(docket: &'a Docket, uri: &Uri) -> Result<(usize, &'a Entry), Refusal> {
    let at: Option<usize> = query(uri, "at").and_then(|at| at.parse().ok());
    let found = at.and_then(|at| Some((at, docket.entries.get(at)?)));
    found.ok_or((StatusCode::NOT_FOUND, "there is no such finding".into()))
}

/// All that a person needs to decide, in words; the page holds no arithmetic but that of playing.
fn evidence(entry: &Entry) -> Value {
    let Entry { item, notes, finding } = entry;
    let Finding { decision, .. } = finding;
    let heard = finding.is_heard();
    let mut facts: Vec<(&str, String)> = vec![("Item", item.path.clone())];
    if !item.containers.is_empty() {
        facts.push(("Locator", item.locator.clone()));
    }
    facts.push(("SHA-256", item.sha256.clone()));
    facts.push(("Audio", format!("{}, {}", clock(item.duration_seconds), item.codec)));
    facts.push(("Catalogue's file", finding.recording_path.clone()));
    if heard {
        facts.push(("How it plays", warp(finding.tempo, finding.pitch_cents)));
        let shares = (share(finding.item_coverage), share(finding.recording_coverage));
        facts.push(("Agrees", format!("{} of the item, {} of the recording", shares.0, shares.1)));
        facts.push(("By chance", chance(finding.false_alarm_probability)));
    } else {
        facts.push(("Heard", "no: the item only says so".into()));
    }
    let mut more = |name, text: String| {
        if !text.is_empty() {
            facts.push((name, text));
        }
    };
    more("Tiers", finding.tiers.join(", "));
    more("It says so", finding.claimed_by.join("; "));
    more("Same passage in", finding.shares_passage_with.join(", "));
    if let Some(standing) = &finding.standing {
        more(
            "Standing",
            format!("{}: {}", standing.kind.as_str().replace('_', " "), standing.reason),
        );
    }
    if let Some(work) = &finding.work {
        more("Label", work.label.clone());
        more("℗", work.p_line.clone());
    }
    more("Torrent", item.torrent.as_ref().map(TorrentFacts::describe).unwrap_or_default());
    more("Notes", notes.join("; "));
    let facts: Vec<_> = facts.iter().map(|(name, text)| json!([name, visible(text)])).collect();
    json!({
        "id": finding.finding_id,
        "verdict": finding.verdict,
        "name": visible(&called(finding)),
        "facts": facts,
        "clips": clips(finding),
        "item_seconds": item.duration_seconds,
        "decision": decision,
        "decided": decision.as_ref().map(|decision| visible(&decision.describe()).into_owned()),
    })
}
