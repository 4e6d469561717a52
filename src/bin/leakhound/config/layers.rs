//! Which file, and which part of it, the value of a setting is taken from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::{self, Entries, Entry, Settings};
use crate::args::{Global, Profile};
use crate::exit::UsageError;
use crate::home;

/// The name of a settings file.
const FILE: &str = "config.toml";
/// The variable that names another file than the system's; empty, there is none.
pub(super) const VARIABLE: &str = "LEAKHOUND_CONFIG";
/// The setting that says where the home is, and so cannot stand in it.
const HOME: &str = "home";

/// Where the value of a setting stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    /// The profile that it belongs to.
    pub(crate) profile: Option<String>,
    words: Vec<String>,
}

/// The settings of all files: of each name the value that counts.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    by_key: BTreeMap<String, Read>,
    files: Vec<(PathBuf, bool)>,
}

/// A settings file and what it holds.
type Found = (PathBuf, Option<Settings>);

impl Layers {
    /// Reads the system's file, and that of the home.
    ///
    /// # Errors
    ///
    /// If a file is wrong, or no file has the profile.
    pub(super) fn read(global: &Global, profile: &Profile) -> anyhow::Result<Self> {
        let wanted = profile.profile.as_deref();
        let mut found: Vec<Found> = Vec::new();
        if let Some(path) = system_file() {
            found.push((path.clone(), file::read(&path)?));
        }
        let mut layers = Self::of(&found, wanted);
        let home = match (&global.home, layers.by_key.get(HOME)) {
            (None, Some(read)) => read.words.first().map(PathBuf::from),
            _ => home::place(global).ok(),
        };
        if let Some(path) = home.map(|home| home.join(FILE))
            && found.iter().all(|(other, _)| !is_same(other, &path))
        {
            let read = file::read(&path)?;
            if let Some(settings) = &read {
                refuse_home(&path, settings)?;
            }
            found.push((path, read));
            layers = Self::of(&found, wanted);
        }
        match wanted {
            Some(name) if !has_profile(&found, name) => Err(no_profile(&found, name)),
            _ => Ok(layers),
        }
    }

    /// The layers of files, where a later file stands before an earlier one, and a profile before all else.
    fn of(found: &[Found], profile: Option<&str>) -> Self {
        let mut by_key = BTreeMap::new();
        let mut put = |entries: &Entries, file: &Path, profile: Option<&str>| {
            for (key, Entry { words, line }) in entries {
                let profile = profile.map(str::to_owned);
                let (file, words) = (file.to_path_buf(), words.clone());
                by_key.insert(key.clone(), Read { file, line: *line, profile, words });
            }
        };
        let there = || found.iter().filter_map(|(path, read)| Some((path, read.as_ref()?)));
        for (path, settings) in there() {
            put(&settings.plain, path, None);
        }
        for (path, settings) in there() {
            if let Some(entries) = profile.and_then(|name| settings.profiles.get(name)) {
                put(entries, path, profile);
            }
        }
        let files = found.iter().map(|(path, read)| (path.clone(), read.is_some())).collect();
        Self { by_key, files }
    }

    /// Whether no file sets anything.
    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The value of a setting, and where it stands.
    pub(super) fn of_key(&self, key: &str) -> Option<&Read> {
        self.by_key.get(key)
    }

    /// The words of all settings, by their names.
    pub(super) fn values(&self) -> BTreeMap<String, Vec<String>> {
        self.by_key.iter().map(|(key, read)| (key.clone(), read.words.clone())).collect()
    }

    /// The files in the order in which they are read, and whether each is there.
    pub(super) fn files(&self) -> &[(PathBuf, bool)] {
        &self.files
    }
}

/// The settings of this machine.
fn system_file() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Some(PathBuf::from(named)).filter(|path| !path.as_os_str().is_empty());
    }
    let folder = if cfg!(windows) {
        PathBuf::from(std::env::var_os("ProgramData")?)
    } else {
        PathBuf::from("/etc")
    };
    Some(folder.join("leakhound").join(FILE))
}

/// Whether two paths lead to one file, which is then read once.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Refuses the setting `home` in the home itself: the file is found by it.
fn refuse_home(path: &Path, settings: &Settings) -> anyhow::Result<()> {
    let mut all = [&settings.plain].into_iter().chain(settings.profiles.values());
    match all.find_map(|entries| entries.get(HOME)) {
        None => Ok(()),
        Some(Entry { line, .. }) => {
            let what = "home cannot be set in the home itself; name it with --home DIR, or set \
                        LEAKHOUND_HOME";
            Err(UsageError(format!("{}, line {line}: {what}", path.display())).into())
        }
    }
}

fn has_profile(found: &[Found], name: &str) -> bool {
    found.iter().flat_map(|(_, read)| read).any(|settings| settings.profiles.contains_key(name))
}

/// The error for a profile that no file has.
fn no_profile(found: &[Found], name: &str) -> anyhow::Error {
    let files: Vec<_> = found.iter().map(|(path, _)| path.display().to_string()).collect();
    let profiles = found.iter().flat_map(|(_, read)| read).flat_map(|read| read.profiles.keys());
    let mut profiles: Vec<_> = profiles.map(String::as_str).collect();
    profiles.sort_unstable();
    profiles.dedup();
    let there = match profiles.as_slice() {
        [] => "there is none".to_owned(),
        names => format!("there is {}", names.join(", ")),
    };
    UsageError(format!(
        "no profile {name:?} is in {}: {there}; write it as [profile.{name}]",
        files.join(" or ")
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(plain: &[(&str, &str)], profiles: &[(&str, &[(&str, &str)])]) -> Settings {
        let entries = |all: &[(&str, &str)]| -> Entries {
            let entry = |word: &str| Entry { words: vec![word.to_owned()], line: 1 };
            all.iter().map(|(key, word)| ((*key).to_owned(), entry(word))).collect()
        };
        Settings {
            plain: entries(plain),
            profiles: profiles
                .iter()
                .map(|(name, all)| ((*name).to_owned(), entries(all)))
                .collect(),
        }
    }

    #[test]
    fn a_profile_stands_before_the_home_and_the_home_before_the_system() {
        let system = settings(
            &[("threads", "1"), ("mode", "full"), ("max-depth", "2")],
            &[("nightly", &[("mode", "probe"), ("territory", "DE")])],
        );
        let home = settings(
            &[("threads", "2"), ("mode", "thorough")],
            &[("nightly", &[("territory", "FR")])],
        );
        let found = [("/etc/c".into(), Some(system)), ("/h/c".into(), Some(home))];
        let value = |layers: &Layers, key: &str| {
            let read = layers.of_key(key).unwrap();
            format!("{} {}", read.words[0], read.file.display())
        };
        let plain = Layers::of(&found, None);
        assert_eq!(value(&plain, "threads"), "2 /h/c");
        assert_eq!(value(&plain, "mode"), "thorough /h/c");
        assert_eq!(value(&plain, "max-depth"), "2 /etc/c");
        assert_eq!(plain.of_key("territory"), None);
        let nightly = Layers::of(&found, Some("nightly"));
        assert_eq!(value(&nightly, "mode"), "probe /etc/c");
        assert_eq!(value(&nightly, "territory"), "FR /h/c");
        assert_eq!(nightly.of_key("mode").unwrap().profile.as_deref(), Some("nightly"));
        assert_eq!(value(&nightly, "threads"), "2 /h/c");
    }

    #[test]
    fn a_profile_that_is_not_there_is_refused_with_those_that_are() {
        let found = [("/h/config.toml".into(), Some(settings(&[], &[("nightly", &[])])))];
        let told = no_profile(&found, "nigthly").to_string();
        assert_eq!(
            told,
            "no profile \"nigthly\" is in /h/config.toml: there is nightly; write it as [profile.nigthly]"
        );
    }

    #[test]
    fn the_home_is_not_set_in_itself() {
        let wrong = settings(&[], &[("nightly", &[("home", "/elsewhere")])]);
        let told = refuse_home(Path::new("/h/config.toml"), &wrong).unwrap_err().to_string();
        assert!(told.starts_with("/h/config.toml, line 1: home cannot be set"), "{told}");
    }
}
