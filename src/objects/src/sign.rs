//! Signatures of requests, AWS Signature Version 4, in headers.
//!
//! Ours, because the crates that sign for S3 make addresses by the `url` crate, which resolves `..`: a key such as `../x` would
//! name another object, or leave its bucket. Here a key stays as it is.

use chrono::DateTime;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::credentials::Credentials;
use crate::escape::encoded;

/// The SHA-256 of nothing, as a request without a body states it.
pub(crate) const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What is signed of a request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    /// Encoded, from the first slash on.
    pub(crate) path: &'a str,
    /// Names and values, not encoded.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Further headers, with lower-case names.
    pub(crate) headers: &'a [(&'a str, String)],
    /// SHA-256 of the body, in hex.
    pub(crate) body: &'a str,
}

/// The query of an address, encoded and in the order in which it is signed.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| (encoded(name, false), encoded(value, false))).collect();
    pairs.sort();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// The headers that sign a request, made at `now` seconds since 1970: all of its own, and the signature.
pub(crate) fn signed(
    request: &Request<'_>,
    credentials: &Credentials,
    region: &str,
    now: i64,
) -> Vec<(String, String)> {
    let time = DateTime::from_timestamp(now, 0).unwrap_or_default();
    let (date, time) =
        (time.format("%Y%m%d").to_string(), time.format("%Y%m%dT%H%M%SZ").to_string());
    let mut headers = vec![
        ("host".to_owned(), request.host.to_owned()),
        ("x-amz-content-sha256".to_owned(), request.body.to_owned()),
        ("x-amz-date".to_owned(), time.clone()),
    ];
    if let Some(token) = &credentials.token {
        headers.push(("x-amz-security-token".to_owned(), token.clone()));
    }
    headers.extend(request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    headers.sort();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, query(request.query));
    for (name, value) in &headers {
        canonical.push_str(&format!("{name}:{}\n", value.trim()));
    }
    canonical.push_str(&format!("\n{names}\n{}", request.body));
    let scope = format!("{date}/{region}/s3/aws4_request");
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
    let secret = format!("AWS4{}", credentials.secret);
    let mut key = mac(secret.as_bytes(), &date);
    for part in [region, "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    let signature = hex(&mac(&key, &text));
    headers.retain(|(name, _)| name != "host");
    headers.push((
        "authorization".to_owned(),
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}",
            credentials.key
        ),
    ));
    headers
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Amazon S3's documentation, "Signature Calculations for the Authorization Header".
    #[test]
    fn the_documented_examples_have_the_documented_signatures() {
        let credentials = Credentials {
            key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
            expires: None,
        };
        let range = [("range", "bytes=0-9".to_owned())];
        let of_put = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned()),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned()),
        ];
        let body = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
        type Example<'a> =
            (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, String)], &'a str, &'a str);
        let examples: [Example<'_>; 4] = [
            (
                "GET",
                "/test.txt",
                &[],
                &range,
                NOTHING,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                "PUT",
                "/test%24file.text",
                &[],
                &of_put,
                body,
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                "GET",
                "/",
                &[("lifecycle", "")],
                &[],
                NOTHING,
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                "GET",
                "/",
                &[("max-keys", "2"), ("prefix", "J")],
                &[],
                NOTHING,
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ];
        for (method, path, query, headers, body, signature) in examples {
            let host = "examplebucket.s3.amazonaws.com";
            let request = Request { method, host, path, query, headers, body };
            let signed = signed(&request, &credentials, "us-east-1", 1_369_353_600);
            let (_, authorization) =
                signed.iter().find(|(name, _)| name == "authorization").unwrap();
            assert!(
                authorization.ends_with(&format!("Signature={signature}")),
                "{path}: {authorization}"
            );
        }
    }

    #[test]
    fn a_token_of_a_session_is_signed() {
        let credentials = Credentials {
            key: "k".into(),
            secret: "s".into(),
            token: Some("t".into()),
            expires: None,
        };
        let request = Request {
            method: "GET",
            host: "h",
            path: "/",
            query: &[],
            headers: &[],
            body: NOTHING,
        };
        let signed = signed(&request, &credentials, "r", 0);
        assert!(signed.contains(&("x-amz-security-token".into(), "t".into())));
        assert!(signed.last().unwrap().1.contains("x-amz-date;x-amz-security-token"), "{signed:?}");
    }
}
