//! Lets in requests of the page that was opened with the token, and no others.
//!
//! * `Host` has to be this server, against DNS rebinding: a stranger's host name that resolves to 127.0.0.1.
//! * `Origin` and `Sec-Fetch-Site`, where a browser sends them, have to be this page; a request that changes something
//!   needs an `Origin`.
//! * The token has to be in the address of the page and its parts, and in a header everywhere else: another page cannot
//!   send that header.

use oxhttp::model::header::{HOST, ORIGIN};
use oxhttp::model::{HeaderMap, Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;

/// Name of the header with the token.
pub(super) const TOKEN: &str = "x-leakhound-token";

/// What a request has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guard {
    pub(super) port: u16,
    pub(super) token: String,
}

impl Guard {
    /// Lets a request in.
    ///
    /// # Errors
    ///
    /// The status of the refusal, and one line that says why.
    pub(super) fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), (StatusCode, &'static str)> {
        let forbidden = |why| Err((StatusCode::FORBIDDEN, why));
        let text = |name: &str| {
            let mut all = headers.get_all(name).iter();
            // A header that comes twice counts as missing.
            all.next().filter(|_| all.next().is_none()).map(|v| v.to_str().unwrap_or("\u{FFFD}"))
        };
        let own = format!("127.0.0.1:{}", self.port);
        if text(HOST.as_str()) != Some(own.as_str()) {
            return forbidden("wrong host: open the address that leakhound printed");
        }
        let changes = *method != Method::GET;
        match text(ORIGIN.as_str()) {
            Some(origin) if origin == format!("http://{own}") => {}
            None if !changes && !headers.contains_key(ORIGIN) => {}
            _ => return forbidden("refused: the request is from another page"),
        }
        if headers.contains_key("sec-fetch-site")
            && !matches!(text("sec-fetch-site"), Some("same-origin" | "none"))
        {
            return forbidden("refused: the request is from another page");
        }
        let is_api = uri.path().starts_with("/api/");
        let given = if is_api { text(TOKEN) } else { query(uri, "token") };
        if given.is_some_and(|given| same(given, &self.token)) {
            Ok(())
        } else {
            Err((
                StatusCode::UNAUTHORIZED,
                "no token: open the whole address that leakhound printed",
            ))
        }
    }
}

/// A value of the query, with its `%` escapes.
pub(super) fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A value of the query without `%` escapes; empty if it is missing, `None` if it is not UTF-8.
pub(super) fn decoded(uri: &Uri, name: &str) -> Option<String> {
    let bytes = percent_decode_str(query(uri, name).unwrap_or_default()).collect();
    String::from_utf8(bytes).ok()
}

/// Compares in a time that does not depend on how many characters are equal.
fn same(given: &str, token: &str) -> bool {
    let differs = given.bytes().zip(token.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    given.len() == token.len() && differs == 0
}

#[cfg(test)]
mod tests {
    use oxhttp::model::header::HeaderName;

    use super::*;

    const GOOD: [(&str, &str); 2] = [("host", "127.0.0.1:80"), (TOKEN, "secret")];

    fn status(method: &Method, path: &str, headers: &[(&str, &str)]) -> u16 {
        let guard = Guard { port: 80, token: "secret".into() };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let admitted = guard.admit(method, &path.parse().unwrap(), &map);
        admitted.map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn the_page_with_the_token_is_let_in() {
        let origin = ("origin", "http://127.0.0.1:80");
        assert_eq!(status(&Method::GET, "/?token=secret", &[GOOD[0]]), 200);
        assert_eq!(status(&Method::GET, "/api/findings", &GOOD), 200);
        assert_eq!(status(&Method::POST, "/api/decide", &[GOOD[0], GOOD[1], origin]), 200);
        let own = ("sec-fetch-site", "same-origin");
        assert_eq!(status(&Method::GET, "/api/findings", &[GOOD[0], GOOD[1], own]), 200);
    }

    #[test]
    fn without_the_token_nothing_is_told() {
        for path in ["/", "/?token=", "/?token=secre", "/?token=secret2", "/page.js?token=x"] {
            assert_eq!(status(&Method::GET, path, &[GOOD[0]]), 401, "{path}");
        }
        // The API takes the token in a header only: a link to an answer is worth nothing.
        assert_eq!(status(&Method::GET, "/api/findings?token=secret", &[GOOD[0]]), 401);
        let twice = [GOOD[0], GOOD[1], GOOD[1]];
        assert_eq!(status(&Method::GET, "/api/findings", &twice), 401);
    }

    #[test]
    fn another_host_or_origin_is_turned_away_even_with_the_token() {
        for host in ["evil.example", "evil.example:80", "localhost:80", "127.0.0.1", "127.0.0.1:81"]
        {
            assert_eq!(status(&Method::GET, "/?token=secret", &[("host", host)]), 403, "{host}");
        }
        assert_eq!(status(&Method::GET, "/?token=secret", &[]), 403);
        let post = |headers: &[(&str, &str)]| {
            status(&Method::POST, "/api/decide", &[&GOOD[..], headers].concat())
        };
        assert_eq!(post(&[]), 403, "a request that changes something needs an origin");
        for origin in
            ["null", "https://evil.example", "http://127.0.0.1:81", "https://127.0.0.1:80"]
        {
            assert_eq!(post(&[("origin", origin)]), 403, "{origin}");
        }
        let origin = ("origin", "http://127.0.0.1:80");
        assert_eq!(post(&[origin, ("sec-fetch-site", "cross-site")]), 403);
        assert_eq!(post(&[origin, ("sec-fetch-site", "same-site")]), 403);
    }
}
