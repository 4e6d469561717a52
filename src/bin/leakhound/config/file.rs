//! Reads a settings file: bounded, each key with its line, unknown ones refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use clap::Arg;
use leakhound::wording::shorten;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::known;
use crate::exit::UsageError;

/// Longest settings file that is read, in bytes. A guess: a hundred profiles with every setting have a tenth of it.
const MAX_BYTES: u64 = 256 << 10;
/// Most characters of a strange word that an error repeats. A guess.
const MAX_SHOWN: usize = 40;

/// The value of a setting in a file, as the words of its option, and its line from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) words: Vec<String>,
    pub(super) line: usize,
}

/// Settings by their names.
pub(super) type Entries = BTreeMap<String, Entry>;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Settings {
    pub(super) plain: Entries,
    pub(super) profiles: BTreeMap<String, Entries>,
}

/// Reads a file; `None` if it is not there.
///
/// # Errors
///
/// If it cannot be read, is no settings file, or holds what is no setting.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<Settings>> {
    let wrong = |what: &str| UsageError(format!("{}: {what}", path.display()));
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(path, error)),
    };
    if !metadata.is_file() {
        return Err(wrong("is no file, so no settings are in it; move it away").into());
    }
    let mut bytes = Vec::new();
    let opened = File::open(path).map(|file| file.take(MAX_BYTES + 1));
    opened.and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|e| unreadable(path, e))?;
    if bytes.len() as u64 > MAX_BYTES {
        let most = MAX_BYTES >> 10;
        return Err(wrong(&format!("has more than {most} KiB; settings need less")).into());
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| wrong("is no text in UTF-8; write it as TOML, such as threads = 4"))?;
    parse(path, &text).map(Some)
}

fn unreadable(path: &Path, error: std::io::Error) -> anyhow::Error {
    let what = format!("cannot read the settings {}; check its permissions", path.display());
    anyhow::Error::new(error).context(what)
}

/// Takes the text of a file apart.
///
/// # Errors
///
/// The first thing that is wrong, with its line.
pub(super) fn parse(path: &Path, text: &str) -> anyhow::Result<Settings> {
    let known = known::settings();
    let reader = Reader { path, text, known: &known };
    let table = DeTable::parse(text).map_err(|error| {
        let what = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        reader.wrong(error.span().unwrap_or_default(), &format!("is no TOML: {what}"))
    })?;
    let mut settings = Settings::default();
    for (key, value) in table.get_ref() {
        if key.get_ref() != "profile" {
            reader.take(key, value, &mut settings.plain)?;
            continue;
        }
        let named = |value: &Spanned<DeValue>| {
            let what = "profile is the head of tables, such as [profile.nightly]";
            reader.wrong(value.span(), what)
        };
        for (name, value) in value.get_ref().as_table().ok_or_else(|| named(value))? {
            let table = value.get_ref().as_table().ok_or_else(|| named(value))?;
            let entries = settings.profiles.entry(name.get_ref().to_string()).or_default();
            for (key, value) in table {
                reader.take(key, value, entries)?;
            }
        }
    }
    Ok(settings)
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    known: &'a BTreeMap<String, Arg>,
}

impl Reader<'_> {
    /// The line of a place in the text, from 1.
    fn line(&self, at: Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..at.start.min(self.text.len())];
        before.split(|&byte| byte == b'\n').count()
    }

    fn wrong(&self, at: Range<usize>, what: &str) -> anyhow::Error {
        UsageError(format!("{}, line {}: {what}", self.path.display(), self.line(at))).into()
    }

    /// Takes a key with its value among settings.
    fn take(
        &self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue>,
        settings: &mut Entries,
    ) -> anyhow::Result<()> {
        let name: &str = key.get_ref();
        let Some(arg) = self.known.get(name) else {
            let near = known::nearest(&shorten(name, MAX_SHOWN));
            let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            let what = format!("there is no setting {:?}{near}", shorten(name, MAX_SHOWN));
            return Err(self.wrong(key.span(), &format!("{what}; leakhound config lists all")));
        };
        let words = self.words(name, arg, value)?;
        if !known::is_switch(arg) {
            for word in &words {
                known::check(arg, word).map_err(|what| self.wrong(value.span(), &what))?;
            }
        }
        settings.insert(name.to_owned(), Entry { words, line: self.line(key.span()) });
        Ok(())
    }

    /// The words of an option for a value.
    fn words(
        &self,
        name: &str,
        arg: &Arg,
        value: &Spanned<DeValue>,
    ) -> anyhow::Result<Vec<String>> {
        let wrong = |what: &str| {
            let is = value.get_ref().type_str();
            self.wrong(value.span(), &format!("{name} is {what}, and this is of the type {is}"))
        };
        match value.get_ref() {
            DeValue::Boolean(word) if known::is_switch(arg) => Ok(vec![word.to_string()]),
            _ if known::is_switch(arg) => Err(wrong("true or false")),
            DeValue::Array(values) if known::is_list(arg) => {
                let words = values.iter().map(|value| self.words(name, arg, value));
                Ok(words.collect::<anyhow::Result<Vec<_>>>()?.concat())
            }
            DeValue::String(text) if known::is_path(arg) => {
                // A path is beside the file, wherever the command is run.
                let folder = self.path.parent().unwrap_or(Path::new(""));
                let path = folder.join(text.as_ref()).into_os_string().into_string();
                path.map(|path| vec![path]).map_err(|_| wrong("a path in UTF-8"))
            }
            DeValue::String(text) => Ok(vec![text.to_string()]),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Ok(vec![number.to_string()]),
                    Err(_) => Err(wrong("no number as large as this")),
                }
            }
            DeValue::Float(number) => Ok(vec![number.as_str().to_owned()]),
            DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                Err(wrong("a single value"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        parse(Path::new("/etc/leakhound/config.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn settings_and_profiles_are_read_with_their_lines() {
        let text = "threads = 0x4\nmatch-below = 1e-9\n\n[profile.nightly]\nmode = \"probe\"\n\
                    quiet = true\ncatalogue = \"label.pack\"\n";
        let read = parse(Path::new("/home/config.toml"), text).unwrap();
        let entry = |word: &str, line| Entry { words: vec![word.to_owned()], line };
        assert_eq!(read.plain["threads"], entry("4", 1));
        assert_eq!(read.plain["match-below"], entry("1e-9", 2));
        let nightly = &read.profiles["nightly"];
        assert_eq!(nightly["mode"], entry("probe", 5));
        assert_eq!(nightly["quiet"], entry("true", 6));
        let pack = Path::new("/home").join("label.pack");
        assert_eq!(nightly["catalogue"], entry(pack.to_str().unwrap(), 7));
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line_with_file_line_and_remedy() {
        for (text, words) in [
            ("a = 1\n[", "line 2: is no TOML: "),
            (
                "threads = 1\nthread = 4",
                "line 2: there is no setting \"thread\"; did you mean threads?",
            ),
            ("zzz = 4", "line 1: there is no setting \"zzz\"; leakhound config lists all"),
            ("[profile.nightly]\nmodus = \"full\"", "line 2: there is no setting \"modus\""),
            ("[profiles.nightly]\nmode = \"full\"", "line 1: there is no setting \"profiles\""),
            ("profile = \"nightly\"", "line 1: profile is the head of tables"),
            ("quiet = \"yes\"", "line 1: quiet is true or false, and this is of the type string"),
            (
                "threads = true",
                "line 1: threads is a single value, and this is of the type boolean",
            ),
            ("threads = [4]", "line 1: threads is a single value"),
            ("threads = 999999999999999999999", "line 1: threads is no number as large as this"),
            ("mode = 1979-05-27", "line 1: mode is a single value"),
            ("threads = 0", "line 1: the value '0' is none for threads: 0 is not in 1..=512"),
            ("threads = 1\nthreads = 2", "line 2: is no TOML: "),
        ] {
            let told = told(text);
            assert!(told.starts_with("/etc/leakhound/config.toml, line "), "{told}");
            assert!(told.contains(words) && !told.contains('\n'), "{text:?}: {told}");
        }
    }

    #[test]
    fn a_hostile_file_is_refused_in_bounded_time_and_memory() {
        let deep = "a = ".to_owned() + &"[".repeat(100_000);
        assert!(told(&deep).contains("is no TOML"), "{}", told(&deep).len());
        let wide = format!("\"{}\" = 1", "x".repeat(100_000));
        assert!(told(&wide).len() < 300, "{}", told(&wide));
        let many: Vec<_> = (0..20_000).map(|n| format!("k{n} = 1")).collect();
        assert!(told(&many.join("\n")).contains("there is no setting"));
    }

    #[test]
    fn a_file_that_is_too_long_or_no_text_is_refused_and_one_that_is_not_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert_eq!(read(&path).unwrap(), None);
        let refused = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read(&path).unwrap_err().to_string()
        };
        assert!(refused(&vec![b'#'; 300 << 10]).contains("more than 256 KiB"));
        assert!(refused(b"threads = \"\xff\"").contains("no text in UTF-8"));
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is no file"), "{error}");
    }
}
