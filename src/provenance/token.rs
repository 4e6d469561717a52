//! Reads tokens of timestamp authorities (RFC 3161) without verifying them.
//!
//! It reads the stamped hash, the time and the serial number. The signature is not checked, because that needs the authority's
//! certificate and revocation list; `openssl ts -verify` does it.

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::Decode as _;
use der::oid::ObjectIdentifier;
use x509_tsp::{TimeStampResp, TstInfo};

use crate::base::hex;
use crate::wording::timestamp;

/// `id-sha256`, RFC 5912.
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
/// `id-ct-TSTInfo`, RFC 3161.
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// Largest token that is read, in bytes. A guess: a token with a chain of certificates has a few KB.
const MAX_BYTES: usize = 1 << 20;

/// The content of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// The stamped SHA-256, lower-case hex.
    pub sha256: String,
    /// Time by the authority's clock, such as `2026-11-23T19:12:34Z`.
    pub time: String,
    /// Serial number of the token at the authority, hex.
    pub serial: String,
}

/// Why a file is not accepted as a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no token of a timestamp authority: {0}; it must be the authority's answer to `openssl ts -query -data MANIFEST -sha256 -cert`"
)]
pub struct TokenError(String);

/// Reads a token, or an authority's answer that contains one, in DER.
///
/// # Errors
///
/// If it is neither, contains no token, or does not stamp a SHA-256.
pub fn read_token(der: &[u8]) -> Result<Stamped, TokenError> {
    if der.len() > MAX_BYTES {
        return Err(TokenError(format!("it has {} bytes, a token has a few thousand", der.len())));
    }
    let wrong = |what: &str| {
        let what = what.to_owned();
        move |error: der::Error| TokenError(format!("{what}: {error}"))
    };
    let info = match TimeStampResp::from_der(der) {
        Ok(answer) => answer.time_stamp_token.ok_or_else(|| {
            TokenError(format!("the authority refused ({:?})", answer.status.status))
        })?,
        Err(_) => ContentInfo::from_der(der).map_err(wrong("its outer structure"))?,
    };
    let signed: SignedData = info.content.decode_as().map_err(wrong("its signed data"))?;
    let inner = signed.encap_content_info;
    if inner.econtent_type != TST_INFO {
        return Err(TokenError(format!(
            "it signs content of type {}, not a timestamp",
            inner.econtent_type
        )));
    }
    let content =
        inner.econtent.ok_or_else(|| TokenError("the signed content is missing".into()))?;
    let info = TstInfo::from_der(content.value()).map_err(wrong("its signed content"))?;
    let imprint = &info.message_imprint;
    if imprint.hash_algorithm.oid != SHA_256 {
        let oid = imprint.hash_algorithm.oid;
        return Err(TokenError(format!("it stamps a hash of algorithm {oid}, not SHA-256")));
    }
    let seconds = info.gen_time.to_unix_duration().as_secs();
    Ok(Stamped {
        sha256: hex(imprint.hashed_message.as_bytes()),
        time: timestamp(i64::try_from(seconds).unwrap_or(i64::MAX)),
        serial: hex(info.serial_number.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_a_token_is_refused_in_one_line() {
        for bytes in [&b""[..], b"\x30\x00", b"-----BEGIN PKCS7-----", &[0x30; 4_096]] {
            let error = read_token(bytes).unwrap_err().to_string();
            assert!(error.starts_with("it is no token") && !error.contains('\n'), "{error}");
        }
        let long = read_token(&vec![0x30; MAX_BYTES + 1]).unwrap_err().to_string();
        assert!(long.contains("1048577 bytes"), "{long}");
    }
}
