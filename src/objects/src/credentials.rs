//! Who asks: a key and its secret, and where they come from.

use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::fault::{Fault, Kind};
use crate::profile::Profile;

/// How long before their end credentials are fetched again, in seconds.
const EARLY_SECONDS: i64 = 300;
/// Most bytes of an answer with credentials. A guess: they have one or two thousand.
const MAX_BYTES: u64 = 64 << 10;
/// Hosts besides this machine that hand out the credentials of a container, and nothing else (ECS, EKS).
const OF_CONTAINERS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// What signs a request. Its debug text hides the secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The id of the access key.
    pub key: String,
    /// The secret access key.
    pub secret: String,
    /// The token of a session, for a key that is valid for some hours only.
    pub token: Option<String>,
    /// When they end, in seconds since 1970, if that is known.
    pub expires: Option<i64>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// They were given.
    Fixed(Credentials),
    /// The profile of the files of Amazon's tools, which may be renewed while the program runs.
    Profile(ProfileSource),
    /// The address that a container was given for its role's credentials.
    Container {
        /// The address.
        url: String,
        /// What is sent along to prove the right to ask.
        token: Option<Token>,
    },
    /// Nobody asks: requests are not signed, as for public buckets.
    Anonymous,
}

/// A profile in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSource(pub(crate) Profile);

/// What a container proves its right with.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// The token itself.
    Text(String),
    /// The file that has it, and may change.
    File(PathBuf),
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// A source with what was last had from it.
#[derive(Debug)]
pub(crate) struct Keeper {
    source: Source,
    held: Mutex<Option<Credentials>>,
}

impl Keeper {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, held: Mutex::new(None) }
    }

    /// The credentials at `now`, in seconds since 1970; `None` if requests are not signed.
    pub(crate) fn at(&self, now: i64) -> Result<Option<Credentials>, Fault> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |held: &Credentials| held.expires.is_none_or(|end| end - EARLY_SECONDS > now);
        if let Some(held) = held.as_ref().filter(|held| is_good(held)) {
            return Ok(Some(held.clone()));
        }
        if self.source == Source::Anonymous {
            return Ok(None);
        }
        let new = self.source.fetch()?;
        Ok(held.insert(new).clone().into())
    }

    /// Asks the source again because the store did not accept `refused`. False if it has nothing else.
    pub(crate) fn renew(&self, refused: &Credentials) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have done so meanwhile.
        if held.as_ref().is_some_and(|held| held != refused) {
            return true;
        }
        match self.source.fetch() {
            Ok(new) if new != *refused => {
                *held = Some(new);
                true
            }
            _ => false,
        }
    }
}

impl Source {
    fn fetch(&self) -> Result<Credentials, Fault> {
        match self {
            Self::Fixed(credentials) => Ok(credentials.clone()),
            Self::Profile(ProfileSource(profile)) => profile.credentials()?.ok_or_else(none_found),
            Self::Container { url, token } => of_container(url, token.as_ref()),
            Self::Anonymous => Err(none_found()),
        }
    }
}

/// What is said where no credentials are found.
pub(crate) fn none_found() -> Fault {
    Fault::new(
        Kind::Credentials,
        "no credentials for the object store were found",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile in ~/.aws/credentials; \
         for a public bucket LEAKHOUND_S3_UNSIGNED=1",
    )
}

/// Whether credentials of a container may be asked for at an address: by TLS, or of this machine.
pub(crate) fn is_of_containers(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let is_here = host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_here || OF_CONTAINERS.contains(&host),
        _ => false,
    }
}

fn of_container(url: &str, token: Option<&Token>) -> Result<Credentials, Fault> {
    let failed = |what: String| {
        let remedy = "check the role of the container";
        Fault::new(
            Kind::Credentials,
            format!("the container's credentials cannot be had: {what}"),
            remedy,
        )
    };
    let token = match token {
        None => None,
        Some(Token::Text(token)) => Some(token.clone()),
        Some(Token::File(path)) => {
            let read = std::fs::read_to_string(path);
            Some(read.map_err(|error| failed(format!("{}: {error}", path.display())))?)
        }
    };
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .new_agent();
    let mut request = agent.get(url);
    if let Some(token) = &token {
        request = request.header("authorization", token.trim());
    }
    let mut answer = request.call().map_err(|error| failed(error.to_string()))?;
    if answer.status() != 200 {
        return Err(failed(format!("the answer is {}", answer.status())));
    }
    let mut text = Vec::new();
    let read = answer.body_mut().as_reader().take(MAX_BYTES).read_to_end(&mut text);
    read.map_err(|error| failed(error.to_string()))?;
    of_json(&text).ok_or_else(|| failed("the answer has none".into()))
}

fn of_json(text: &[u8]) -> Option<Credentials> {
    let said: serde_json::Value = serde_json::from_slice(text).ok()?;
    let text = |name: &str| said.get(name)?.as_str().map(str::to_owned);
    let expires = text("Expiration");
    let expires = expires.and_then(|time| chrono::DateTime::parse_from_rfc3339(&time).ok());
    Some(Credentials {
        key: text("AccessKeyId")?,
        secret: text("SecretAccessKey")?,
        token: text("Token").or_else(|| text("SessionToken")),
        expires: expires.map(|time| time.timestamp()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_text_never_has_the_secret() {
        let credentials =
            of_json(br#"{"AccessKeyId":"AK","SecretAccessKey":"hush","Token":"quiet"}"#).unwrap();
        let token = Token::Text("still".into());
        let text = format!("{credentials:?} {token:?}");
        assert!(text.contains("AK"), "{text}");
        assert!(["hush", "quiet", "still"].iter().all(|secret| !text.contains(secret)), "{text}");
    }

    #[test]
    fn credentials_of_containers_are_asked_for_by_tls_or_here() {
        for (url, is_one) in [
            ("http://169.254.170.2/v2/credentials/x", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://127.0.0.1:9000/c", true),
            ("https://roles.example.net/c", true),
            ("http://roles.example.net/c", false),
            ("http://169.254.169.254/latest", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_of_containers(url), is_one, "{url}");
        }
    }

    #[test]
    fn credentials_that_end_soon_are_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        let write = |key: &str| {
            let text = format!("[p]\naws_access_key_id={key}\naws_secret_access_key=s\n");
            std::fs::write(&path, text).unwrap();
        };
        write("one");
        let profile =
            Profile { name: "p".into(), credentials_file: Some(path.clone()), config_file: None };
        let keeper = Keeper::new(Source::Profile(ProfileSource(profile)));
        let first = keeper.at(0).unwrap().unwrap();
        write("two");
        // They say nothing of their end, so they are kept until the store refuses them.
        assert_eq!(keeper.at(9_999).unwrap().unwrap(), first);
        assert!(keeper.renew(&first));
        let second = keeper.at(9_999).unwrap().unwrap();
        assert_eq!(second.key, "two");
        assert!(!keeper.renew(&second));
        let ending = Credentials { expires: Some(1_000), ..first };
        let keeper = Keeper { source: keeper.source, held: Mutex::new(Some(ending.clone())) };
        assert_eq!(keeper.at(600).unwrap().unwrap(), ending);
        assert_eq!(keeper.at(800).unwrap().unwrap().key, "two");
    }
}
