//! `leakhound config`: each setting, its value and where it comes from.

use std::io::Write as _;

use leakhound::wording::visible;
use serde_json::{Value, json};

use crate::args::{Config, Global};
use crate::config::{Loaded, Setting, Source};
use crate::exit::Exit;
use crate::home;
use crate::out::Out;

pub(crate) fn run(loaded: &Loaded, command: &Config) -> anyhow::Result<Exit> {
    let mut settings = loaded.settings();
    for setting in &mut settings {
        if setting.value.is_none() {
            setting.value = computed(&loaded.args.global, &setting.key);
        }
    }
    let mut out = Out::lock();
    if command.json {
        for setting in &settings {
            writeln!(out, "{}", object(setting))?;
        }
        out.flush()?;
        return Ok(Exit::Clear);
    }
    let value = |setting: &Setting| setting.value.as_deref().map_or("-".into(), shown);
    let of = |setting: &Setting| value(setting).chars().count();
    let widest = settings.iter().map(of).filter(|&width| width <= WIDEST).max().unwrap_or(0);
    for setting in &settings {
        let Setting { key, .. } = setting;
        writeln!(out, "{key:<19} {:<widest$}  {}", value(setting), source(setting))?;
    }
    for (path, is_there) in loaded.files() {
        let state = if *is_there { "read" } else { "not there" };
        writeln!(out, "settings file {}: {state}", visible(&path.display().to_string()))?;
    }
    out.flush()?;
    Ok(Exit::Clear)
}

/// The widest value that makes its column wider. A guess: a path stands out of its line instead.
const WIDEST: usize = 24;

fn shown(value: &str) -> String {
    visible(value).into_owned()
}

/// What the program takes where nobody says anything.
fn computed(global: &Global, key: &str) -> Option<String> {
    match key {
        "threads" => Some(global.threads().to_string()),
        "operator" => global.known_operator(),
        "home" => home::place(global).ok().map(|home| home.display().to_string()),
        _ => None,
    }
}

fn source(setting: &Setting) -> String {
    match &setting.source {
        Source::Flag => format!("option --{}", setting.key),
        Source::Environment => format!("environment, {}", setting.variable),
        Source::File(read) => {
            let place = format!("{}, line {}", read.file.display(), read.line);
            let place = visible(&place).into_owned();
            match &read.profile {
                Some(profile) => format!("profile {}, {place}", visible(profile)),
                None => place,
            }
        }
        Source::Default if setting.value.is_none() => "not set".to_owned(),
        Source::Default => "default".to_owned(),
    }
}

fn object(setting: &Setting) -> Value {
    let Setting { key, variable, value, is_bare, source } = setting;
    let value = match value {
        None => Value::Null,
        Some(word) if *is_bare => serde_json::from_str(word).unwrap_or_else(|_| json!(word)),
        Some(word) => json!(word),
    };
    let (from, read) = match source {
        Source::Flag => ("option", None),
        Source::Environment => ("environment", None),
        Source::File(read) => ("file", Some(read)),
        Source::Default => ("default", None),
    };
    json!({
        "setting": key, "value": value, "from": from, "variable": variable,
        "file": read.map(|read| read.file.display().to_string()), "line": read.map(|read| read.line),
        "profile": read.and_then(|read| read.profile.clone()),
    })
}
