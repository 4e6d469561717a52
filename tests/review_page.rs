//! The server of `review --serve`, tested over its socket: which requests are allowed, and what is answered.
//! `scripts/lib/test_review.py` tests the page in a browser.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::common::{Desk, excerpt, records, song};

/// The program, serving the review page; it is killed when the test ends.
struct Server {
    child: Child,
    port: u16,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(desk: &Desk, more: &[&str]) -> Self {
        let args = [&["--operator", "Ann", "review", "--serve"], more].concat();
        let mut child = desk.command(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (start, token) = line.trim_end().split_once("/?token=").unwrap();
        let port = start.strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap();
        Self { child, port, token: token.to_owned() }
    }

    /// Sends a request with these headers. Returns status, head and body of the answer.
    fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut text = format!("{line} HTTP/1.1\r\nconnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("content-length: {}\r\n", body.len());
        }
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, answer[end + 4..].to_vec())
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends a request as the page does. Returns status and body.
    fn ask(&self, line: &str, body: &str) -> (u16, Vec<u8>) {
        let (host, origin) = (self.host(), format!("http://{}", self.host()));
        let headers = [("host", &*host), ("origin", &origin), ("x-leakhound-token", &self.token)];
        let (status, _, body) = self.send(line, &headers, body);
        (status, body)
    }

    fn json(&self, line: &str) -> Value {
        let (status, body) = self.ask(line, "");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }
}

fn scanned() -> Desk {
    let desk = Desk::with_songs(&[1], 20);
    desk.write_wav("dump/a.wav", excerpt(&song(1, 20), 4.0, 16.0));
    desk.run(["scan", "dump"]).ends_with(1);
    desk
}

#[test]
fn a_request_without_the_token_from_another_host_or_another_origin_is_refused() {
    let desk = scanned();
    let server = Server::start(&desk, &[]);
    let (host, token) = (server.host(), ("x-leakhound-token", server.token.as_str()));
    let page = format!("GET /?token={}", server.token);
    let status = |line: &str, headers: &[(&str, &str)]| server.send(line, headers, "").0;
    assert_eq!(status(&page, &[("host", &host)]), 200);
    assert_eq!(status("GET /", &[("host", &host)]), 401);
    assert_eq!(status("GET /api/findings", &[("host", &host)]), 401);
    assert_eq!(status("GET /api/findings", &[("host", &host), ("cookie", &server.token)]), 401);
    assert_eq!(status("GET /api/findings", &[("host", &host), token]), 200);
    assert_eq!(status(&page, &[("host", "evil.example")]), 403, "a name that leads here");
    let evil = ("origin", "https://evil.example");
    assert_eq!(status("GET /api/findings", &[("host", &host), token, evil]), 403);
    assert_eq!(status("POST /api/decide", &[("host", &host), token]), 403, "no origin");
    assert_eq!(status("GET /api/../Cargo.toml", &[("host", &host), token]), 404);
    let (_, head, body) = server.send(&page, &[("host", &host)], "");
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
    assert!(head.contains("trusted-types 'none'"), "no text becomes markup: {head}");
    assert!(
        head.contains("cache-control: no-store") && head.contains("referrer-policy: no-referrer")
    );
    assert!(!head.contains("set-cookie") && !head.contains("access-control"), "{head}");
    let text = String::from_utf8(body).unwrap();
    assert!(!text.contains("http:") && !text.contains("https:"), "nothing from outside");
}

#[test]
fn a_decision_of_the_page_is_in_the_report_and_in_the_log() {
    let desk = scanned();
    let server = Server::start(&desk, &[]);
    let list = server.json("GET /api/findings");
    assert_eq!(list["by"], "Ann");
    let finding = &list["rows"][0];
    let decide = |id: &str, ground: Value, reason: &str| {
        let body = json!({"at": 0, "id": id, "state": "dismissed", "ground": ground, "reason": reason, "by": "Ann"});
        server.ask("POST /api/decide", &body.to_string())
    };
    let id = finding["id"].as_str().unwrap();
    assert_eq!(decide("f-0000000000000000", json!("wrong"), "x").0, 409, "a page of before");
    let (status, why) = decide(id, Value::Null, "x");
    assert_eq!((status, String::from_utf8(why).unwrap().contains("ground")), (400, true));
    assert_eq!(decide(id, json!("wrong"), " ").0, 400);
    assert_eq!(decide(id, json!("wrong"), &"x".repeat(100_000)).0, 413);
    assert_eq!(server.ask("POST /api/decide", "{}").0, 400);
    assert_eq!(decide(id, json!("wrong"), "heard it").0, 200);
    let told = server.json("GET /api/finding?at=0");
    assert_eq!(told["decision"]["ground"], "wrong");
    let said = told["piece"]["details"][0]["decision"].as_str().unwrap();
    assert!(said.starts_with("dismissed (wrong) by Ann"), "{said}");
    let found = &records(&desk.jsonl())[0].findings[0];
    assert_eq!(found.decision.as_ref().unwrap().reason, "heard it");
    assert!(desk.run(["catalog", "log"]).stdout.contains("dismissed as wrong by Ann"));
}

#[test]
fn the_list_is_sent_in_parts_filtered_sorted_and_with_the_place_of_a_finding() {
    let desk = Desk::with_songs(&[1, 2], 20);
    for (name, seed, to) in [("a", 1, 10.0), ("b", 2, 18.0), ("c", 1, 15.0), ("d é&", 2, 12.0)] {
        desk.write_wav(format!("dump/{name}.wav"), excerpt(&song(seed, 20), 2.0, to));
    }
    desk.run(["scan", "dump"]).ends_with(1);
    let server = Server::start(&desk, &[]);
    let list = |query: &str| server.json(&format!("GET /api/findings?{query}"));
    let places = |told: &Value| -> Vec<u64> {
        told["rows"].as_array().unwrap().iter().map(|row| row["at"].as_u64().unwrap()).collect()
    };
    let all = list("");
    assert_eq!((places(&all), &all["all"]), (vec![0, 1, 2, 3], &json!(4)));
    let part = list("from=1&count=2&near=3");
    assert_eq!((places(&part), &part["shown"], &part["from"]), (vec![1, 2], &json!(4), &json!(1)));
    assert_eq!(part["near"], json!({"place": 3, "listed": true}));
    assert_eq!(places(&list("from=99&count=99999999")), [0; 0]);
    assert_eq!(places(&list("words=D%20%C3%A9%26%2EWAV")), [3], "the words are escaped");
    assert_eq!(places(&list("words=%2Fdump%2F%20b.wav")), [1], "each word, anywhere");
    assert_eq!(places(&list("verdict=permitted")), [0; 0]);
    let scores = |sort: &str| -> Vec<f64> {
        let row = |at: u64| server.json(&format!("GET /api/finding?at={at}"));
        let score = |at| row(at)["piece"]["rows"][0][10].as_f64().unwrap();
        places(&list(&format!("sort={sort}"))).into_iter().map(score).collect()
    };
    assert!(scores("strongest").is_sorted_by(|a, b| a >= b));
    assert!(scores("weakest").is_sorted());
    for bad in ["verdict=good", "relation=theft", "state=closed", "sort=up", "words=%FF"] {
        assert_eq!(server.ask(&format!("GET /api/findings?{bad}"), "").0, 400, "{bad}");
    }
    // A decision made on a terminal meanwhile is seen at once and leaves the list of open findings.
    let id = all["rows"][1]["id"].as_str().unwrap();
    desk.run(["review", "accept", id, "--reason", "leak", "--by", "Bob"]).ends_with(0);
    let open = list("state=open&near=1");
    assert_eq!((places(&open), &open["open"]), (vec![0, 2, 3], &json!(3)));
    assert_eq!(open["near"], json!({"place": 1, "listed": false}), "the next has its place");
    assert_eq!(places(&list("state=accepted")), [1]);
}

#[test]
fn a_finding_has_the_same_data_as_in_the_html_report() {
    let desk = scanned();
    let server = Server::start(&desk, &[]);
    let piece = server.json("GET /api/finding?at=0")["piece"].clone();
    let page = desk.run(["report", "--format", "html", "--out", "-"]).ends_with(0).stdout;
    let embedded = |class: &str| -> Value {
        let start = format!("<script type=\"application/json\" class=\"{class}\">");
        let (_, rest) = page.split_once(&start).unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    };
    assert_eq!(piece["details"], embedded("details"));
    for part in ["texts", "recordings", "rows"] {
        assert_eq!(piece[part], embedded("rows")[part], "{part}");
    }
    assert!(piece["details"][0]["evidence"]["dots"].as_str().is_some_and(|dots| dots.len() > 8));
}

#[test]
fn clips_of_both_sides_begin_where_they_agree_and_a_changed_file_is_not_played() {
    let desk = scanned();
    let server = Server::start(&desk, &[]);
    let clip = server.json("GET /api/finding?at=0")["clips"][0].clone();
    for side in ["item", "recording"] {
        let (status, wav) = server.ask(&format!("GET /api/audio?at=0&clip=0&side={side}"), "");
        assert_eq!((status, &wav[..4]), (200, &b"RIFF"[..]));
        let rate = u32::from_le_bytes(wav[24..28].try_into().unwrap());
        let seconds = (wav.len() - 44) as f64 / 2.0 / f64::from(rate);
        let expected = clip[format!("{side}_seconds")].as_f64().unwrap();
        assert!((seconds - expected).abs() < 0.01, "{side}: {seconds} s, {expected} s");
    }
    assert_eq!(server.ask("GET /api/audio?at=0&clip=99&side=item", "").0, 400);
    desk.write_wav("dump/a.wav", &song(7, 16));
    let (status, why) = server.ask("GET /api/audio?at=0&clip=0&side=item", "");
    let why = String::from_utf8(why).unwrap();
    assert!(status == 404 && why.contains("a different file now"), "{status}: {why}");
}

#[test]
fn a_moved_dump_is_played_from_its_new_place() {
    let desk = scanned();
    std::fs::rename(desk.path("dump"), desk.path("elsewhere")).unwrap();
    let audio = "GET /api/audio?at=0&clip=0&side=item";
    let (status, why) = Server::start(&desk, &[]).ask(audio, "");
    assert!(status == 404 && String::from_utf8(why).unwrap().contains("--dump PATH"));
    assert_eq!(Server::start(&desk, &["--dump", "elsewhere"]).ask(audio, "").0, 200);
    desk.run(["review", "--serve", "--dump", "nowhere"])
        .ends_with(2)
        .says_in_one_line(&["--dump nowhere", "check the path"]);
}
