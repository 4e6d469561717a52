//! Finds the sound files of entries by the path, URI, file name or hash that the label gives.
//!
//! A file is used only if its path, with all links resolved, is inside of a folder that the user named: a delivery cannot make
//! the import read `/etc/passwd` or the masters of somebody else.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::base::{hex, open_file};
use crate::catalog::AudioName;

/// Levels of folders, from the folder of a delivered file down, in which names are searched for. A guess.
const NEAR: usize = 3;
/// Most files of a folder whose names are remembered. A guess.
const MAX_FILES: usize = 2_000_000;

/// The folders in which sound files are searched for, and the names of their files.
#[derive(Debug)]
pub(super) struct Finder {
    /// The folders, with links resolved. Files outside of them are never used.
    roots: Vec<PathBuf>,
    by_name: BTreeMap<String, Vec<PathBuf>>,
    /// Files by the length of the hash, then by the hash; filled when a hash of that length is first asked for.
    by_hash: BTreeMap<usize, BTreeMap<String, PathBuf>>,
}

impl Finder {
    /// Searches in `near`, the folder of the delivery, down to [`NEAR`] levels, and in all of the folders `whole`.
    pub(super) fn new(near: &Path, whole: &[PathBuf]) -> Self {
        let mut finder =
            Self { roots: Vec::new(), by_name: BTreeMap::new(), by_hash: BTreeMap::new() };
        let all = std::iter::once((near, NEAR)).chain(whole.iter().map(|f| (&**f, usize::MAX)));
        for (folder, depth) in all {
            let Ok(root) = folder.canonicalize() else { continue };
            if finder.roots.contains(&root) {
                continue;
            }
            let walk = WalkDir::new(&root).max_depth(depth).sort_by_file_name();
            let files = walk.into_iter().flatten().filter(|entry| entry.file_type().is_file());
            for file in files.take(MAX_FILES) {
                let name = file.file_name().to_string_lossy().to_lowercase();
                let known = finder.by_name.entry(name).or_default();
                let path = file.into_path();
                if !known.contains(&path) {
                    known.push(path);
                }
            }
            finder.roots.push(root);
        }
        finder
    }

    /// The file that the label names; `None` if there is none. If the label gives a hash, the file has it.
    ///
    /// # Errors
    ///
    /// The reason why a file of that name is not used, with the remedy.
    pub(super) fn find(&mut self, audio: &AudioName) -> Result<Option<PathBuf>, String> {
        let path = match self.named(&audio.uri)? {
            Some(path) => path,
            None if audio.hash.is_empty() => return Ok(None),
            None => return Ok(self.with_hash(&audio.hash)),
        };
        if !audio.hash.is_empty() {
            let found = digest(&path, audio.hash.len())
                .map_err(|error| format!("cannot be read: {error}"))?;
            if found != audio.hash {
                return Err(format!(
                    "has the hash {found}, not {}: it was damaged or replaced on the way; have it sent again",
                    audio.hash
                ));
            }
        }
        Ok(Some(path))
    }

    /// The file with a path, a URI or a name.
    fn named(&self, uri: &str) -> Result<Option<PathBuf>, String> {
        let path = plain_path(uri);
        if path.is_empty() {
            return Ok(None);
        }
        for root in &self.roots {
            // `join` with an absolute path gives that path; it is checked in the same way.
            if let Ok(found) = root.join(&path).canonicalize()
                && found.is_file()
            {
                return if self.roots.iter().any(|root| found.starts_with(root)) {
                    Ok(Some(found))
                } else {
                    Err("lies outside of the delivery; name its folder with --audio to use it"
                        .into())
                };
            }
        }
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        match self.by_name.get(&name).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([path]) => Ok(Some(path.clone())),
            Some(several) => Err(format!(
                "is the name of {} files ({} …); give its path or its hash",
                several.len(),
                several[0].display()
            )),
        }
    }

    /// The file with a hash.
    fn with_hash(&mut self, hash: &str) -> Option<PathBuf> {
        let known = self.by_hash.entry(hash.len()).or_insert_with(|| {
            let files = self.by_name.values().flatten();
            files.filter_map(|path| Some((digest(path, hash.len()).ok()?, path.clone()))).collect()
        });
        known.get(hash).cloned()
    }
}

/// The path in a URI, or a path of another system, with `/` as the separator.
fn plain_path(uri: &str) -> String {
    let (scheme, path) = uri.split_once("://").unwrap_or(("", uri));
    let path = match scheme {
        "" => path.to_owned(),
        // file://host/path
        "file" => percent_decoded(&path[path.find('/').unwrap_or(0)..]),
        // Of a remote file, only the name can be found here.
        _ => percent_decoded(path.split(['?', '#']).next().unwrap_or_default())
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned(),
    };
    if cfg!(windows) { path } else { path.replace('\\', "/") }
}

/// Decodes `%20` and the like.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(decoded) if *byte == b'%' => {
                out.push(decoded);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The hash of a file, of the kind that has this number of hexadecimal digits.
fn digest(path: &Path, digits: usize) -> std::io::Result<String> {
    fn of<D: md5::Digest>(mut file: File) -> std::io::Result<String> {
        let mut digest = D::new();
        let mut block = vec![0; 1 << 18];
        loop {
            match file.read(&mut block)? {
                0 => return Ok(hex(&digest.finalize())),
                read => digest.update(&block[..read]),
            }
        }
    }
    let file = open_file(path)?;
    match digits {
        32 => of::<md5::Md5>(file),
        40 => of::<sha1::Sha1>(file),
        96 => of::<sha2::Sha384>(file),
        128 => of::<sha2::Sha512>(file),
        _ => of::<sha2::Sha256>(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(uri: &str, hash: &str) -> AudioName {
        AudioName { uri: uri.into(), hash: hash.into() }
    }

    #[test]
    fn a_file_is_found_by_path_uri_name_and_hash() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("resources")).unwrap();
        let file = root.join("resources/A 1.wav");
        std::fs::write(&file, b"abc").unwrap();
        let mut finder = Finder::new(&root, &[]);
        let hash = "900150983cd24fb0d6963f7d28e17f72";
        let url = format!("file://{}/resources/A%201.wav", root.display());
        for uri in [
            "resources/A 1.wav",
            "resources\\A 1.wav",
            file.to_str().unwrap(),
            &url,
            "D:\\export\\a 1.WAV",
            "sftp://host/out/A%201.wav",
        ] {
            assert_eq!(finder.find(&name(uri, "")).unwrap().as_deref(), Some(&*file), "{uri}");
            assert!(finder.find(&name(uri, hash)).unwrap().is_some(), "{uri}");
        }
        assert_eq!(finder.find(&name("", hash)).unwrap().as_deref(), Some(&*file));
        assert_eq!(finder.find(&name("gone.wav", hash)).unwrap().as_deref(), Some(&*file));
        let sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
        assert!(finder.find(&name("A 1.wav", sha1)).unwrap().is_some());
        let wrong = finder.find(&name("A 1.wav", &"0".repeat(32))).unwrap_err();
        assert!(wrong.contains("sent again"), "{wrong}");
        assert_eq!(finder.find(&name("gone.wav", "")).unwrap(), None);
        assert_eq!(finder.find(&name("", &"0".repeat(64))).unwrap(), None);
    }

    #[test]
    fn a_path_that_leads_out_of_the_folders_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("in");
        std::fs::create_dir(&inside).unwrap();
        let secret = folder.path().join("secret.wav");
        std::fs::write(&secret, b"abc").unwrap();
        let mut finder = Finder::new(&inside, &[]);
        for uri in ["../secret.wav", secret.to_str().unwrap(), "file:///etc/passwd"] {
            let told = finder.find(&name(uri, "")).unwrap_err();
            assert!(told.contains("--audio"), "{uri}: {told}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&secret, inside.join("link.wav")).unwrap();
            assert!(finder.find(&name("link.wav", "")).is_err());
        }
        let mut allowed = Finder::new(&inside, &[folder.path().to_path_buf()]);
        assert!(allowed.find(&name("../secret.wav", "")).unwrap().is_some());
    }

    #[test]
    fn a_name_of_several_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for disc in ["1", "2"] {
            std::fs::create_dir(folder.path().join(disc)).unwrap();
            std::fs::write(folder.path().join(disc).join("01.wav"), disc).unwrap();
        }
        let mut finder = Finder::new(folder.path(), &[]);
        assert!(finder.find(&name("x/01.wav", "")).unwrap_err().contains("2 files"));
        assert!(finder.find(&name("2/01.wav", "")).unwrap().is_some());
    }
}
