//! Tells the program which build it is, and says in one line what is missing to build it.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LEAKHOUND_COMMIT");
    println!("cargo::rerun-if-env-changed=CMAKE");
    if let Some(missing) = missing() {
        // Cargo prints this line as the error. The crates that need the program fail later, at more length.
        println!("cargo::error={missing}");
        return;
    }
    let torrents = env::var_os("CARGO_FEATURE_TORRENT").is_some();
    let torrents = if torrents { "with torrents" } else { "without torrents" };
    println!("cargo::rustc-env=LEAKHOUND_BUILD={}, {torrents}", commit());
}

/// What has to be installed, if anything.
fn missing() -> Option<String> {
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let cmake = env::var("CMAKE").unwrap_or_else(|_| "cmake".into());
    (!runs(&cmake)).then(|| {
        format!(
            "{cmake} cannot be run, and libopus is built with it: install cmake and a C and C++ compiler (Debian: \
             apt-get install cmake g++; macOS: brew install cmake)"
        )
    })
}

/// The commit that is built and its date.
///
/// Only programs that are given to people have it: it changes with each commit, and all of the package is compiled again when
/// it does.
fn commit() -> String {
    if let Some(commit) = env::var("LEAKHOUND_COMMIT").ok().filter(|commit| !commit.is_empty()) {
        return commit;
    }
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return "development build".into();
    }
    let git = |words: &[&str]| {
        let output = Command::new("git")
            .args(words)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    // Where the sources lie in somebody else's repository, its commit says nothing.
    let is_own = git(&["ls-files", "--error-unmatch", "build.rs"]).is_some();
    let commit = is_own.then(|| git(&["log", "-1", "--format=%h of %cs", "--abbrev=9"])).flatten();
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", file]);
        if let Some(path) = path.filter(|path| is_own && Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    commit.or_else(packaged).unwrap_or_else(|| "unknown commit".into())
}

/// The commit of a package of `cargo package`, which has no repository.
fn packaged() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let after = text.split("\"sha1\":").nth(1)?;
    Some(after.split('"').nth(1)?.chars().take(9).collect())
}
