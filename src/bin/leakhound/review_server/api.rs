//! The answers of the server: the page; lists, evidence and decisions as JSON; audio as WAV.

use std::io::Read as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use leakhound::record::{DecisionState, Finding, Ground, Relation, Verdict};
use leakhound::report::html::{SHEET_SCRIPT, SHEET_STYLE, sheet};
use leakhound::wording::{called, visible};
use oxhttp::model::header::CONTENT_TYPE;
use oxhttp::model::{Body, Method, Request, Response, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::audio::{Audio, Side, clips};
use super::cards::{Cards, DecisionFilter, Order, Wanted};
use super::guard::{Guard, decoded, query};
use crate::args::Global;
use crate::review_queue::{Entry, NewDecision, ReviewQueue};

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
/// Most rows of the list in one answer; the page asks for 100.
const MAX_ROWS: usize = 200;
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
}

/// The run under review: where its findings are read from, and the list of them.
#[derive(Debug)]
pub(super) struct Board {
    queue: ReviewQueue,
    cards: Cards,
}

impl Board {
    pub(super) fn new(queue: ReviewQueue) -> anyhow::Result<Self> {
        let cards = Cards::read(&queue)?;
        Ok(Self { queue, cards })
    }

    fn entry(&self, at: usize) -> Result<Entry, Refusal> {
        self.cards.entry(&self.queue, at).map_err(|error| refused(StatusCode::NOT_FOUND, &error))
    }
}

/// Why a request is refused: its status, and one line for the user.
type Refusal = (StatusCode, String);

fn refused(status: StatusCode, error: &anyhow::Error) -> Refusal {
    (status, visible(&format!("{error:#}")).into_owned())
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

    /// The page, with the token in the addresses of its parts. The token is hexadecimal, so it needs no escaping.
    fn page(&self) -> String {
        include_str!("page/page.html").replace("{{token}}", &self.guard.token)
    }

    /// Part of the list. Parameters: `words`, `verdict`, `relation` and `state` filter it, `sort` is its order, `from` and
    /// `count` choose the rows; `near` asks for the position of a finding.
    fn list(&self, uri: &Uri) -> Result<Value, Refusal> {
        let wanted = wanted(uri)?;
        let number = |name| query(uri, name).and_then(|number| number.parse::<usize>().ok());
        let mut board = self.board();
        let Board { queue, cards } = &mut *board;
        let broken = |error| refused(StatusCode::INTERNAL_SERVER_ERROR, &error);
        cards.catch_up(queue).map_err(broken)?;
        let near = number("near").and_then(|at| cards.place(&wanted, at));
        let chosen = cards.choose(&wanted);
        let shown = chosen.len();
        let from = number("from").unwrap_or(0).min(shown);
        let count = number("count").unwrap_or(MAX_ROWS).min(MAX_ROWS).min(shown - from);
        let chosen = chosen[from..from + count].to_vec();
        let rows: Vec<_> = chosen
            .into_iter()
            .map(|at| Ok(row(at as usize, &board.entry(at as usize)?)))
            .collect::<Result<_, Refusal>>()?;
        let Board { queue, cards } = &*board;
        Ok(json!({
            "run": queue.run.run_id,
            "roots": queue.run.key.roots.iter().map(|root| visible(root)).collect::<Vec<_>>(),
            "by": self.global.known_operator().unwrap_or_default(),
            "all": cards.len(),
            "open": cards.open(),
            "shown": shown,
            "near": near.map(|(place, listed)| json!({"place": place, "listed": listed})),
            "from": from,
            "rows": rows,
        }))
    }

    fn finding(&self, uri: &Uri) -> Result<Value, Refusal> {
        let at = at(uri)?;
        let mut board = self.board();
        let Board { queue, cards } = &mut *board;
        cards
            .catch_up(queue)
            .map_err(|error| refused(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
        Ok(evidence(at, &board.entry(at)?))
    }

    fn listen(&self, uri: &Uri) -> Result<Vec<u8>, Refusal> {
        let missing =
            |what: &str| (StatusCode::BAD_REQUEST, format!("the request names no {what}"));
        let side = match query(uri, "side") {
            Some("item") => Side::Item,
            Some("recording") => Side::Recording,
            _ => return Err(missing("side")),
        };
        let number: usize =
            query(uri, "clip").and_then(|n| n.parse().ok()).ok_or(missing("clip"))?;
        let entry = self.board().entry(at(uri)?)?;
        let (item, finding) = (entry.item(), entry.finding());
        let clip = clips(finding).into_iter().nth(number).ok_or(missing("clip"))?;
        self.audio
            .wav(item, finding, side, clip)
            .map_err(|error| refused(StatusCode::NOT_FOUND, &error))
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
        let mut board = self.board();
        let Board { queue, cards } = &mut *board;
        // The page may be older than the run: the number alone could name another finding.
        let Some(copies) = cards.copies(at, &id) else {
            return Err((StatusCode::CONFLICT, "the page is out of date; reload it".into()));
        };
        let failed = |error| refused(StatusCode::BAD_REQUEST, &error);
        let entries: Vec<_> = copies
            .into_iter()
            .map(|at| cards.entry(queue, at))
            .collect::<anyhow::Result<_>>()
            .map_err(failed)?;
        let decision = NewDecision { state, ground, reason, by };
        let decisions: Vec<_> = entries.iter().map(|entry| (entry, &decision)).collect();
        queue.decide(&self.global, &decisions).map_err(failed)?;
        cards.catch_up(queue).map_err(failed)?;
        Ok(evidence(at, &board.entry(at)?))
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
    let bad = |name: &str| (StatusCode::BAD_REQUEST, format!("there is no such {name}"));
    let said = |name| query(uri, name).filter(|text| !text.is_empty());
    let words = decoded(uri, "words").ok_or_else(|| bad("text"))?;
    let states = [DecisionState::Accepted, DecisionState::Dismissed, DecisionState::Deferred];
    let state = |word: &str| match word {
        "open" => Ok(DecisionFilter::Open),
        word => {
            let state = states.into_iter().find(|state| state.as_str() == word);
            state.map(DecisionFilter::Decided).ok_or(bad("state"))
        }
    };
    let verdict = |word: &str| word.parse::<Verdict>().map_err(|_| bad("verdict"));
    let relation =
        |word: &str| Relation::ALL.into_iter().find(|r| r.as_str() == word).ok_or(bad("relation"));
    Ok(Wanted {
        words: words.to_lowercase().split_whitespace().map(str::to_owned).collect(),
        verdict: said("verdict").map(verdict).transpose()?,
        relation: said("relation").map(relation).transpose()?,
        decision: said("state").map(state).transpose()?.unwrap_or_default(),
        order: match said("sort") {
            None | Some("path") => Order::Path,
            Some("strongest") => Order::Strongest,
            Some("weakest") => Order::Weakest,
            Some("recording") => Order::Recording,
            Some(_) => return Err(bad("sort")),
        },
    })
}

/// A row of the list.
fn row(at: usize, entry: &Entry) -> Value {
    let (item, finding) = (entry.item(), entry.finding());
    json!({
        "at": at,
        "id": finding.finding_id,
        "verdict": finding.verdict,
        "relation": finding.relation,
        "name": visible(&called(finding)),
        "path": visible(&item.path),
        "state": finding.decision.as_ref().map(|decision| decision.state),
    })
}

/// The evidence for a finding: the data of its sheet in the HTML report, and the clips to listen to.
fn evidence(at: usize, entry: &Entry) -> Value {
    let finding: &Finding = entry.finding();
    json!({
        "at": at,
        "id": finding.finding_id,
        "piece": sheet(entry.record(), finding),
        "clips": clips(finding),
        "decision": finding.decision,
        "decided": finding.decision.as_ref().map(|d| visible(&d.describe()).into_owned()),
    })
}
