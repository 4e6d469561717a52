//! The answers of the server: the page; lists, evidence and decisions as JSON; audio as WAV.

use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leakhound::notice::{NoticeState, NoticeStore, NoticeStoreError, Notices};
use leakhound::record::{DecisionState, Finding, Ground};
use leakhound::report::html::{SHEET_SCRIPT, SHEET_STYLE, sheet};
use leakhound::review::{
    Audio, Board, Entry, ListError, NewDecision, Part, Recorder, Side, Wanted, stretches,
};
use leakhound::wording::visible;
use oxhttp::model::header::CONTENT_TYPE;
use oxhttp::model::{Body, Method, Request, Response, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::guard::{Guard, decoded, query};
use crate::args::Global;
use crate::setup;

/// The style of the page: that of a finding in the HTML report, then its own.
const STYLE: [&str; 2] = [SHEET_STYLE, include_str!("page/page.css")];
/// The script of the page: several files in one scope, that of the HTML report first.
const SCRIPT: [&str; 6] = [
    "'use strict';\n(() => {\n",
    SHEET_SCRIPT,
    include_str!("page/list.js"),
    include_str!("page/listen.js"),
    include_str!("page/page.js"),
    "})();\n",
];
/// Longest body of a request, in bytes: a decision with a reason of at most 2,000 characters. A guess with room to spare.
const MAX_BODY_BYTES: u64 = 64 << 10;

/// Headers of every answer: only parts of the page are loaded, no other page frames it, the browser stores nothing.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src blob:; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ("cache-control", "no-store"),
];

/// The server: answers the requests of the page.
pub(super) struct ReviewServer {
    pub(super) guard: Guard,
    pub(super) audio: Audio,
    pub(super) global: Global,
    pub(super) board: Mutex<Board>,
    pub(super) home: PathBuf,
    /// The notices, and the stamp at which they were read.
    pub(super) notices: Mutex<((i64, i64), Arc<Notices>)>,
}

/// Why a request is refused: its status, and one line for the user.
type Refusal = (StatusCode, String);

/// The refusal for an error, with its causes.
fn refused(status: StatusCode, error: impl Into<anyhow::Error>) -> Refusal {
    let error: anyhow::Error = error.into();
    (status, visible(&format!("{error:#}")).into_owned())
}

/// A finding that cannot be shown is not there.
fn missing(error: ListError) -> Refusal {
    refused(StatusCode::NOT_FOUND, error)
}

fn broken(error: ListError) -> Refusal {
    refused(StatusCode::INTERNAL_SERVER_ERROR, error)
}

impl ReviewServer {
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
        response.body(Body::from(body)).expect("the headers are constants that are valid")
    }

    fn route(&self, request: &mut Request<Body>) -> Result<(&'static str, Vec<u8>), Refusal> {
        let uri = request.uri().clone();
        let json = |value: Value| ("application/json", value.to_string().into_bytes());
        match (request.method(), uri.path()) {
            (&Method::GET, "/") => Ok(("text/html; charset=utf-8", self.page().into_bytes())),
            (&Method::GET, "/page.css") => Ok(("text/css; charset=utf-8", STYLE.concat().into())),
            (&Method::GET, "/page.js") => {
                Ok(("text/javascript; charset=utf-8", SCRIPT.concat().into()))
            }
            (&Method::GET, "/api/findings") => Ok(json(self.list(&uri)?)),
            (&Method::GET, "/api/finding") => Ok(json(self.finding(&uri)?)),
            (&Method::GET, "/api/audio") => Ok(("audio/wav", self.listen(&uri)?)),
            (&Method::POST, "/api/decide") => Ok(json(self.decide(request)?)),
            _ => Err((StatusCode::NOT_FOUND, "there is no such page".into())),
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // A panic in another request leaves the list as it was, or behind the decisions; each request catches up with them.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The notices as they are now, recorded here or by another program.
    fn notices(&self) -> Result<Arc<Notices>, Refusal> {
        let failed = |error: NoticeStoreError| refused(StatusCode::INTERNAL_SERVER_ERROR, error);
        let mut known = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if NoticeStore::is_in(&self.home) {
            let stamp = NoticeStore::open(&self.home).and_then(|store| store.stamp());
            let stamp = stamp.map_err(failed)?;
            if stamp != known.0 {
                let notices = Notices::of_home(&self.home).map_err(failed)?;
                *known = (stamp, Arc::new(notices));
            }
        }
        Ok(Arc::clone(&known.1))
    }

    /// The page, with the token in the addresses of its parts. The token is hexadecimal, so it needs no escaping.
    fn page(&self) -> String {
        include_str!("page/page.html").replace("{{token}}", &self.guard.token)
    }

    /// Part of the list. Parameters: `words`, `verdict`, `relation` and `state` filter it, `sort` is its order, `from` and
    /// `count` choose the rows; `near` asks for the position of a finding.
    fn list(&self, uri: &Uri) -> Result<Value, Refusal> {
        let wanted = wanted(uri)?;
        let number = |name| query(uri, name).and_then(|number| number.parse::<usize>().ok());
        let from = number("from").unwrap_or(0);
        let part = Part { from, count: number("count"), near: number("near") };
        let mut board = self.board();
        board.catch_up().map_err(broken)?;
        let list = board.list(&wanted, part).map_err(missing)?;
        drop(board);
        let notices = self.notices()?;
        let mut answer = json!(list);
        for (row, told) in list.rows.iter().zip(answer["rows"].as_array_mut().into_iter().flatten())
        {
            let state = notices.about(&row.id, &row.locator).pop().map(|notice| notice.state);
            told["notice"] = json!(state.map(NoticeState::describe));
        }
        answer["by"] = json!(self.global.known_operator().unwrap_or_default());
        Ok(answer)
    }

    fn finding(&self, uri: &Uri) -> Result<Value, Refusal> {
        let at = at(uri)?;
        let mut board = self.board();
        board.catch_up().map_err(broken)?;
        let entry = board.entry(at).map_err(missing)?;
        drop(board);
        Ok(evidence(at, &entry, &*self.notices()?))
    }

    fn listen(&self, uri: &Uri) -> Result<Vec<u8>, Refusal> {
        let unnamed =
            |what: &str| (StatusCode::BAD_REQUEST, format!("the request names no {what}"));
        let side = match query(uri, "side") {
            Some("item") => Side::Item,
            Some("recording") => Side::Recording,
            _ => return Err(unnamed("side")),
        };
        let number: usize =
            query(uri, "clip").and_then(|n| n.parse().ok()).ok_or(unnamed("clip"))?;
        let entry = self.board().entry(at(uri)?).map_err(missing)?;
        let (item, finding) = (entry.item(), entry.finding());
        let clip = stretches(finding).into_iter().nth(number).ok_or(unnamed("clip"))?;
        self.audio
            .wav(item, finding, side, clip)
            .map_err(|error| refused(StatusCode::NOT_FOUND, error))
    }

    fn decide(&self, request: &mut Request<Body>) -> Result<Value, Refusal> {
        let bad = |why: String| (StatusCode::BAD_REQUEST, why);
        let mut body = String::new();
        let read = request.body_mut().take(MAX_BODY_BYTES + 1).read_to_string(&mut body);
        read.map_err(|error| bad(format!("the decision cannot be read: {error}")))?;
        if body.len() as u64 > MAX_BODY_BYTES {
            let why = format!("a decision may have at most {MAX_BODY_BYTES} bytes");
            return Err((StatusCode::PAYLOAD_TOO_LARGE, why));
        }
        let asked: DecisionRequest = serde_json::from_str(&body).map_err(|e| bad(e.to_string()))?;
        let DecisionRequest { at, id, state, ground, reason, by } = asked;
        let decision = NewDecision { state, ground, reason, by };
        let recorder = Recorder { who: self.global.operator(), at: setup::now() };
        let mut board = self.board();
        board.decide(at, &id, &decision, &recorder).map_err(|error| match error {
            ListError::OutOfDate => refused(StatusCode::CONFLICT, error),
            error => refused(StatusCode::BAD_REQUEST, error),
        })?;
        let entry = board.entry(at).map_err(missing)?;
        drop(board);
        Ok(evidence(at, &entry, &*self.notices()?))
    }
}

/// A decision as the page sends it, in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionRequest {
    at: usize,
    id: String,
    state: Option<DecisionState>,
    ground: Option<Ground>,
    reason: String,
    by: String,
}

fn at(uri: &Uri) -> Result<usize, Refusal> {
    let at = query(uri, "at").and_then(|at| at.parse().ok());
    at.ok_or((StatusCode::NOT_FOUND, "there is no such finding".into()))
}

/// The filter and order that a request asks for. A missing parameter does not filter.
fn wanted(uri: &Uri) -> Result<Wanted, Refusal> {
    let words = decoded(uri, "words").ok_or_else(|| no_such("text"))?;
    Ok(Wanted {
        words: Wanted::words_of(&words),
        verdict: named(uri, "verdict")?,
        relation: named(uri, "relation")?,
        decision: named(uri, "state")?.unwrap_or_default(),
        order: named(uri, "sort")?.unwrap_or_default(),
    })
}

/// The value that a parameter names; `None` if it is missing or empty.
fn named<T: FromStr>(uri: &Uri, name: &str) -> Result<Option<T>, Refusal> {
    let said = query(uri, name).filter(|text| !text.is_empty());
    said.map(str::parse).transpose().map_err(|_| no_such(name))
}

fn no_such(name: &str) -> Refusal {
    (StatusCode::BAD_REQUEST, format!("there is no such {name}"))
}

/// The evidence for a finding: the data of its sheet in the HTML report, and the clips to listen to.
fn evidence(at: usize, entry: &Entry, notices: &Notices) -> Value {
    let mut record = entry.record().clone();
    notices.apply(&mut record);
    let finding: &Finding = &record.findings[0];
    json!({
        "at": at,
        "id": finding.finding_id,
        "piece": sheet(&record, finding),
        "clips": stretches(finding),
        "decision": finding.decision,
        "decided": finding.decision.as_ref().map(|d| visible(&d.describe()).into_owned()),
    })
}
