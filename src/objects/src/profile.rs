//! The two files in which Amazon's tools keep profiles: `~/.aws/credentials` and `~/.aws/config`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::credentials::Credentials;
use crate::fault::{Fault, Kind};

/// Most bytes of one of the files. A guess: they have some hundred.
const MAX_BYTES: u64 = 1 << 20;

/// Keys of a profile that get credentials by asking somebody else, which is not done here.
const ELSEWHERE: [&str; 5] =
    ["role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"];

/// A profile, and the files that may have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) credentials_file: Option<PathBuf>,
    pub(crate) config_file: Option<PathBuf>,
}

type Section = BTreeMap<String, String>;

impl Profile {
    /// What the files say in the profile's sections, credentials before configuration.
    pub(crate) fn read(&self) -> Result<Section, Fault> {
        let in_config = match self.name.as_str() {
            "default" => "default".to_owned(),
            name => format!("profile {name}"),
        };
        let mut all = section(self.config_file.as_deref(), &in_config)?;
        all.extend(section(self.credentials_file.as_deref(), &self.name)?);
        Ok(all)
    }

    /// The credentials of the profile; `None` if it has none.
    pub(crate) fn credentials(&self) -> Result<Option<Credentials>, Fault> {
        let mut said = self.read()?;
        let (key, secret) =
            (said.remove("aws_access_key_id"), said.remove("aws_secret_access_key"));
        if let (Some(key), Some(secret)) = (key, secret) {
            let token = said.remove("aws_session_token").filter(|token| !token.is_empty());
            return Ok(Some(Credentials { key, secret, token, expires: None }));
        }
        match ELSEWHERE.into_iter().find(|key| said.contains_key(*key)) {
            None => Ok(None),
            Some(key) => Err(Fault::new(
                Kind::Credentials,
                format!(
                    "the profile {} gets its credentials by {key}, which is not read",
                    self.name
                ),
                format!(
                    "export them first: eval \"$(aws configure export-credentials --profile {} --format env)\"",
                    self.name
                ),
            )),
        }
    }
}

/// A section of a file; nothing if the file or the section is not there.
fn section(file: Option<&Path>, name: &str) -> Result<Section, Fault> {
    let Some(path) = file else { return Ok(Section::new()) };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(parsed(&text, name)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Section::new()),
        Err(error) => Err(Fault::new(
            Kind::Credentials,
            format!("{} cannot be read: {error}", path.display()),
            "check its permissions",
        )),
    }
}

fn parsed(text: &str, name: &str) -> Section {
    let (mut section, mut is_inside) = (Section::new(), false);
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = trimmed.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default();
            is_inside = header.split_whitespace().eq(name.split_whitespace());
            continue;
        }
        // An indented line is of a nested setting.
        if !is_inside || line.starts_with([' ', '\t']) {
            continue;
        }
        if let Some((key, value)) = trimmed.split_once('=') {
            let value = value.split(" #").next().unwrap_or_default();
            section.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str, credentials: &str, config: &str) -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(path)
        };
        let (credentials_file, config_file) =
            (write("credentials", credentials), write("config", config));
        let profile = Profile { name: name.into(), credentials_file, config_file };
        (folder, profile)
    }

    #[test]
    fn a_profile_is_read_from_both_files_and_only_its_own_sections() {
        let credentials = "# mine\n[default]\naws_access_key_id=other\n\n[label]\naws_access_key_id = AKIA1\n\
                           aws_secret_access_key = se=cret\naws_session_token = tok\n";
        let config = "[default]\nregion=us-west-2\n[profile label]\nregion = eu-west-1 # Ireland\ns3 =\n  region = no\n";
        let (_folder, profile) = profile("label", credentials, config);
        assert_eq!(profile.read().unwrap()["region"], "eu-west-1");
        let found = profile.credentials().unwrap().unwrap();
        assert_eq!(
            (found.key.as_str(), found.secret.as_str(), found.token.as_deref()),
            ("AKIA1", "se=cret", Some("tok"))
        );
    }

    #[test]
    fn a_profile_that_asks_somebody_else_says_how_to_export_its_credentials() {
        let (_folder, profile) = profile("sso", "", "[profile sso]\nsso_session = corp\n");
        let fault = profile.credentials().unwrap_err();
        assert!(fault.what.contains("sso_session"), "{fault}");
        assert!(fault.remedy.contains("export-credentials --profile sso"), "{fault}");
    }

    #[test]
    fn files_that_are_not_there_say_nothing() {
        let gone = Some(PathBuf::from("/nowhere/credentials"));
        let profile =
            Profile { name: "default".into(), credentials_file: gone.clone(), config_file: gone };
        assert_eq!(profile.credentials(), Ok(None));
    }
}
