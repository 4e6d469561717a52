//! Endpoint, region, credentials and limits, from the environment and the files that Amazon's tools use.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use ureq::http::Uri;

use crate::credentials::{Credentials, ProfileSource, Source, Token, is_of_containers, none_found};
use crate::fault::{Fault, Kind};
use crate::profile::Profile;

/// Where requests go if no region is named, as Amazon's tools have it.
const REGION: &str = "us-east-1";
/// How often a request is made unless `AWS_MAX_ATTEMPTS` says otherwise: with doubling pauses of up to 20 s, for 45 s.
const ATTEMPTS: u32 = 10;
/// How long one request may take unless `LEAKHOUND_S3_TIMEOUT` says otherwise. A guess: 4 MiB at 70 KiB a second.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Memory of the cache of blocks, at least, and for each processor. A guess: each thread reads a song twice, of up to 16 MiB.
const CACHE_BYTES: (u64, u64) = (256 << 20, 16 << 20);

/// How a store is asked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the store, `http://` or `https://`; `None` for Amazon's own of the region.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Where credentials come from.
    pub source: Source,
    /// A file of certificates that are trusted in place of the usual ones.
    pub ca_bundle: Option<PathBuf>,
    /// How long one request may take.
    pub timeout: Duration,
    /// How often a request is made before it is given up, at least once.
    pub attempts: u32,
    /// The pause before the second time; each further one is twice as long, up to 20 s.
    pub pause: Duration,
    /// Memory of the cache of blocks, in bytes.
    pub cache_bytes: u64,
}

impl Config {
    /// Reads the environment: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_CA_BUNDLE`,
    /// `AWS_MAX_ATTEMPTS`; for credentials `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, else the profile
    /// `AWS_PROFILE` of `~/.aws/credentials` and `~/.aws/config`, else those of the container.
    ///
    /// # Errors
    ///
    /// If there are no credentials, or a setting makes no sense.
    pub fn from_environment() -> Result<Self, Fault> {
        Self::of(&|name| std::env::var_os(name), std::env::home_dir())
    }

    fn of(
        variable: &dyn Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Result<Self, Fault> {
        let text = |name: &str| {
            let value = variable(name).filter(|value| !value.is_empty());
            let value = value.map(OsString::into_string).transpose();
            value.map_err(|_| wrong(name, "is not text"))
        };
        let first =
            |names: &[&str]| names.iter().find_map(|name| text(name).transpose()).transpose();
        let in_home = |name: &str| home.as_ref().map(|home| home.join(".aws").join(name));
        let file = |name: &str, usual: &str| {
            let named = variable(name).filter(|value| !value.is_empty());
            named.map(PathBuf::from).or_else(|| in_home(usual))
        };
        let profile = Profile {
            name: first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])?.unwrap_or("default".into()),
            credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            config_file: file("AWS_CONFIG_FILE", "config"),
        };
        let said = profile.read()?;
        let endpoint = first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])?
            .or_else(|| said.get("endpoint_url").cloned());
        let endpoint = endpoint.map(checked).transpose()?;
        let region = first(&["AWS_REGION", "AWS_DEFAULT_REGION"])?
            .or_else(|| said.get("region").cloned())
            .unwrap_or(REGION.into());
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !region.chars().all(is_name) {
            return Err(wrong("AWS_REGION", "is no name of a region"));
        }
        let number = |name: &str| {
            let value = text(name)?;
            let number = value.map(|value| value.parse::<u32>().ok().filter(|&number| number > 0));
            number
                .map(|number| number.ok_or_else(|| wrong(name, "is no number from 1")))
                .transpose()
        };
        let source = match text("LEAKHOUND_S3_UNSIGNED")?.as_deref() {
            Some("1") => Source::Anonymous,
            Some(_) => return Err(wrong("LEAKHOUND_S3_UNSIGNED", "is not 1")),
            None => source(&text, profile)?,
        };
        let timeout = number("LEAKHOUND_S3_TIMEOUT")?;
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
        Ok(Self {
            endpoint,
            region,
            source,
            ca_bundle: variable("AWS_CA_BUNDLE").filter(|path| !path.is_empty()).map(Into::into),
            timeout: timeout.map_or(TIMEOUT, |seconds| Duration::from_secs(seconds.into())),
            attempts: number("AWS_MAX_ATTEMPTS")?.unwrap_or(ATTEMPTS),
            pause: Duration::from_millis(100),
            cache_bytes: CACHE_BYTES.0.max(CACHE_BYTES.1 * threads),
        })
    }
}

fn wrong(name: &str, what: &str) -> Fault {
    Fault::new(Kind::Other, format!("{name} {what}"), "set it right or leave it out")
}

/// An endpoint as it is used: without a slash at its end.
fn checked(endpoint: String) -> Result<String, Fault> {
    let is_one = endpoint.parse::<Uri>().is_ok_and(|uri| {
        let has_user = uri.authority().is_some_and(|host| host.as_str().contains('@'));
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
            && !has_user
    });
    if is_one {
        return Ok(endpoint.trim_end_matches('/').to_owned());
    }
    // It may hold a password.
    let told = if endpoint.contains('@') { String::new() } else { format!(" {endpoint:?}") };
    let what = format!("the endpoint{told} is no address");
    Err(Fault::new(Kind::Other, what, "write it as https://HOST or http://HOST:PORT"))
}

fn source(
    text: &dyn Fn(&str) -> Result<Option<String>, Fault>,
    profile: Profile,
) -> Result<Source, Fault> {
    let (key, secret) = (text("AWS_ACCESS_KEY_ID")?, text("AWS_SECRET_ACCESS_KEY")?);
    if let (Some(key), Some(secret)) = (key, secret) {
        let token = text("AWS_SESSION_TOKEN")?;
        return Ok(Source::Fixed(Credentials { key, secret, token, expires: None }));
    }
    if profile.credentials()?.is_some() {
        return Ok(Source::Profile(ProfileSource(profile)));
    }
    let relative = text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")?;
    let url = match relative {
        Some(path) => Some(format!("http://169.254.170.2{path}")),
        None => text("AWS_CONTAINER_CREDENTIALS_FULL_URI")?,
    };
    let Some(url) = url else { return Err(none_found()) };
    if !is_of_containers(&url) {
        return Err(wrong(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "is neither https nor of this machine",
        ));
    }
    let token = match text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")? {
        Some(path) => Some(Token::File(path.into())),
        None => text("AWS_CONTAINER_AUTHORIZATION_TOKEN")?.map(Token::Text),
    };
    Ok(Source::Container { url, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)], home: Option<PathBuf>) -> Result<Config, Fault> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Config::of(&variable, home)
    }

    const KEYS: [(&str, &str); 2] =
        [("AWS_ACCESS_KEY_ID", "AK"), ("AWS_SECRET_ACCESS_KEY", "hush")];

    #[test]
    fn keys_of_the_environment_come_before_those_of_files_and_of_the_container() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let text = "[default]\naws_access_key_id=F\naws_secret_access_key=s\n[other]\naws_access_key_id=G\naws_secret_access_key=s\n";
        std::fs::write(home.path().join(".aws/credentials"), text).unwrap();
        let config_text = "[default]\nregion=eu-north-1\nendpoint_url=http://h:1/\n";
        std::fs::write(home.path().join(".aws/config"), config_text).unwrap();
        let there = Some(home.path().to_path_buf());
        let found = config(&KEYS, there.clone()).unwrap();
        assert!(matches!(&found.source, Source::Fixed(fixed) if fixed.key == "AK"));
        assert_eq!(
            (found.region.as_str(), found.endpoint.as_deref()),
            ("eu-north-1", Some("http://h:1"))
        );
        let of_files = config(&[("AWS_PROFILE", "other"), ("AWS_REGION", "r")], there).unwrap();
        assert!(matches!(&of_files.source, Source::Profile(_)), "{of_files:?}");
        assert_eq!((of_files.region.as_str(), of_files.endpoint), ("r", None));
        let path = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")];
        let of_container = config(&path, None).unwrap();
        let url = "http://169.254.170.2/v2/x".to_owned();
        assert_eq!(of_container.source, Source::Container { url, token: None });
        let unsigned = config(&[("LEAKHOUND_S3_UNSIGNED", "1")], None).unwrap();
        assert_eq!(unsigned.source, Source::Anonymous);
    }

    #[test]
    fn what_makes_no_sense_is_one_line_with_the_remedy() {
        for (name, value, words) in [
            ("AWS_ENDPOINT_URL", "s3.example.net", "no address"),
            ("AWS_ENDPOINT_URL_S3", "https://u:p@h", "no address"),
            ("AWS_ENDPOINT_URL_S3", "ftp://h", "no address"),
            ("AWS_REGION", "a/b", "region"),
            ("AWS_MAX_ATTEMPTS", "0", "number"),
            ("LEAKHOUND_S3_TIMEOUT", "soon", "number"),
            ("LEAKHOUND_S3_UNSIGNED", "yes", "not 1"),
        ] {
            let fault = config(&[KEYS[0], KEYS[1], (name, value)], None).unwrap_err();
            assert!(fault.to_string().contains(words), "{name}={value}: {fault}");
        }
        let fault = config(&[], None).unwrap_err();
        assert_eq!(fault.kind, Kind::Credentials);
        assert!(fault.remedy.contains("AWS_ACCESS_KEY_ID"), "{fault}");
    }
}
