//! README and guide are held to the program: their links, command lines, options and tables.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, Parser as _};
use leakhound::record::{FailureKind, Integrity, Relation, Stage, Tier, Verdict};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::{PAGES, Page};
use crate::args::Args;
use crate::exit::Exit;

/// The folder of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README and the pages of the guide: path and text.
fn documents() -> Vec<(PathBuf, String)> {
    let pages =
        PAGES.iter().map(|page| root().join("src/guide").join(page.name).with_extension("md"));
    let all = pages.chain([root().join("README.md")]);
    all.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// A part of a document: where a link leads, a piece of code in a line, or a block of code with its language.
enum Part {
    Link(String),
    Code(String),
    Block(String, String),
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block: Option<(String, String)> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                parts.push(Part::Link(dest_url.into_string()));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = Some((language.into_string(), String::new()));
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut block {
                    *code += &text;
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                let (language, code) = block.take().unwrap();
                parts.push(Part::Block(language, code));
            }
            Event::Code(code) => parts.push(Part::Code(code.into_string())),
            _ => {}
        }
    }
    parts
}

/// The command lines of `leakhound` in a line of a shell.
fn commands(line: &str) -> Vec<Vec<String>> {
    // The shell's own signs stand apart; those in quotes stay.
    let mut spaced = String::new();
    let mut quote = None;
    for letter in line.replace("$(", ";").chars() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, ';' | '|' | '&') => {
                spaced += &format!(" {letter} ");
                continue;
            }
            _ => {}
        }
        spaced.push(letter);
    }
    let words = shlex::split(&spaced).unwrap_or_else(|| panic!("no shell line: {line}"));
    let separated = words.split(|word| matches!(&**word, ";" | "|" | "&"));
    let own = separated.filter(|words| words.first().is_some_and(|first| first == "leakhound"));
    // A variable stands for a number.
    let filled = |word: &String| if word.starts_with('$') { "1".to_owned() } else { word.clone() };
    own.map(|words| words.iter().take_while(|word| !word.starts_with('>')).map(filled).collect())
        .collect()
}

/// Asserts that the program takes a command line. One within a sentence may leave out what it is about.
fn assert_parses(words: &[String], is_whole: bool, at: &Path) {
    if let Err(error) = Args::try_parse_from(words) {
        let is_right = match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
            ErrorKind::MissingRequiredArgument => !is_whole,
            _ => false,
        };
        assert!(is_right, "{}: {}: {error}", at.display(), words.join(" "));
    }
}

#[test]
fn every_page_lies_in_the_folder_and_every_file_there_is_a_page() {
    let files = fs::read_dir(root().join("src/guide")).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> =
        files.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect();
    let pages: BTreeSet<_> = PAGES.iter().map(|page| page.name.to_owned()).collect();
    assert_eq!(files, pages, "src/bin/leakhound/guide/mod.rs lists the pages");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for page in PAGES {
        assert!(page.text.starts_with("# ") && page.title().len() < 60, "{}", page.name);
        let link = format!("(src/guide/{}.md)", page.name);
        assert!(readme.contains(&link), "README has no link to {}", page.name);
        assert_eq!(page.aliases.iter().filter(|name| Page::named(name) != Some(page)).count(), 0);
    }
}

#[test]
fn every_link_leads_somewhere() {
    let others = ["CONTRIBUTING.md", "SECURITY.md", "fixtures/README.md", "benches/README.md"];
    let others =
        others.map(|name| (root().join(name), fs::read_to_string(root().join(name)).unwrap()));
    for (path, text) in documents().into_iter().chain(others) {
        for part in parts(&text) {
            let Part::Link(link) = part else { continue };
            if link.starts_with("https://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => path.clone(),
                _ => path.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", path.display());
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let headings = text.lines().filter_map(|line| Some(line.split_once("# ")?.1));
                let slug = |heading: &str| {
                    let kept =
                        heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                    kept.collect::<String>().to_lowercase().replace(' ', "-")
                };
                assert!(
                    headings.map(slug).any(|slug| slug == anchor),
                    "{}: {link}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_command_line_is_one_that_the_program_takes() {
    let mut verbs = BTreeSet::new();
    for (path, text) in documents() {
        for part in parts(&text) {
            let is_whole = matches!(part, Part::Block(..));
            let lines: Vec<String> = match part {
                Part::Block(language, code) if language == "console" => {
                    let typed = code.lines().filter_map(|line| line.strip_prefix("$ "));
                    typed.map(str::to_owned).collect()
                }
                Part::Block(language, code) if language == "sh" => {
                    code.lines().map(|line| line.trim().to_owned()).collect()
                }
                Part::Code(code) if code.starts_with("leakhound ") && !code.contains('…') => {
                    vec![code]
                }
                _ => continue,
            };
            for words in lines.iter().flat_map(|line| commands(line)) {
                // `leakhound catalog` names a family of commands, and COMMAND any of them.
                if words.len() > 2 && words[1] != "COMMAND" {
                    assert_parses(&words, is_whole, &path);
                }
                verbs.insert(words[1].clone());
            }
        }
    }
    let command = Args::command();
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    let known = shown.map(Command::get_name).filter(|name| *name != "help");
    let missing: Vec<_> = known.filter(|name| !verbs.contains(*name)).collect();
    assert!(missing.is_empty(), "README and guide show no use of {missing:?}");
}

#[test]
fn every_option_that_is_named_exists() {
    fn options(command: &Command, all: &mut BTreeSet<String>) {
        all.extend(command.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned));
        command.get_subcommands().for_each(|command| options(command, all));
    }
    let mut known = BTreeSet::from(["help".to_owned(), "version".to_owned()]);
    options(&Args::command(), &mut known);
    for (path, text) in documents() {
        for part in parts(&text) {
            let Part::Code(code) = part else { continue };
            // Options of other programs stand in whole command lines; what begins with a dash is ours.
            let Some(rest) = code.strip_prefix("--") else { continue };
            let name = rest.split([' ', '=']).next().unwrap();
            let of_cargo = ["no-default-features", "features"].contains(&name);
            assert!(of_cargo || known.contains(name), "{}: --{name}", path.display());
        }
    }
}

/// The first cells of the tables of a page.
fn first_cells(page: &str) -> BTreeSet<String> {
    let text = Page::named(page).unwrap().text;
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    cells.flat_map(|cell| cell.split(", ")).map(|word| word.trim_matches('`').to_owned()).collect()
}

/// The names of a command's commands that its help shows.
fn names(command: &Command) -> BTreeSet<String> {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).filter(|name| name != "help").collect()
}

/// The words in backticks of a text.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_of_all_commands_has_every_command_and_no_other() {
    let text = Page::named("first-scan").unwrap().text;
    let table = text.split("| command | what it does |").nth(1).unwrap();
    let rows = table.split("\n\n").next().unwrap().lines().skip(2);
    let rows: Vec<(&str, &str)> =
        rows.map(|row| row.trim_matches('|').split_once(" | ").unwrap()).collect();
    let mut named = BTreeSet::new();
    for command in rows.iter().flat_map(|(commands, _)| quoted(commands)) {
        assert!(named.insert(command.clone()), "{command} has two rows");
    }
    let known = Args::command();
    assert_eq!(named, names(&known), "the table of all commands in first-scan");
    let (_, of_catalog) = rows.iter().find(|(commands, _)| commands.contains("`catalog`")).unwrap();
    let catalog = known.find_subcommand("catalog").unwrap();
    assert_eq!(quoted(of_catalog), names(catalog), "the row of `catalog` in first-scan");
}

#[test]
fn every_command_with_limits_on_containers_is_named_beside_them() {
    let text = Page::named("dumps").unwrap().text;
    let sentence = text.lines().find_map(|line| line.split_once(" take the same limits"));
    let known = Args::command();
    let takes = |name: &String| {
        let command = known.find_subcommand(name).unwrap();
        command.get_arguments().any(|argument| argument.get_long() == Some("max-depth"))
    };
    // The whole section is about `scan`.
    let mut named = quoted(sentence.unwrap().0);
    named.insert("scan".into());
    assert_eq!(named, names(&known).into_iter().filter(takes).collect());
}

#[test]
fn every_kind_of_failure_stage_and_exit_code_has_its_remedy() {
    let cells = first_cells("troubleshooting");
    for kind in FailureKind::KNOWN {
        assert!(cells.contains(kind.as_str()), "no remedy for the kind {kind}");
    }
    for stage in Stage::ALL {
        assert!(cells.contains(stage.as_str()), "the stage {} is missing", stage.as_str());
    }
    for (page, exit) in
        ["troubleshooting", "nightly"].iter().flat_map(|p| Exit::ALL.map(|e| (p, e)))
    {
        let code = (exit as u8).to_string();
        assert!(first_cells(page).contains(&code), "{page} lacks the exit code {code}");
    }
    // And no kind that the program does not know.
    let text = Page::named("troubleshooting").unwrap().text;
    let table =
        text.split("| kind | meaning | remedy |").nth(1).unwrap().split("\n\n").next().unwrap();
    for row in table.lines().skip(2) {
        let word = row.split('`').nth(1).unwrap();
        assert!(!matches!(FailureKind::from(word), FailureKind::Other(_)), "{word} is no kind");
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| cell.trim().len() > 1), "{row}");
    }
}

#[test]
fn every_word_of_the_records_is_explained() {
    let verdicts = first_cells("verdicts");
    let words =
        Verdict::ALL.map(Verdict::as_str).into_iter().chain(Relation::ALL.map(Relation::as_str));
    for word in words.chain(Tier::ALL.map(Tier::as_str)) {
        assert!(verdicts.contains(word), "{word}");
    }
    let integrities = [
        Integrity::Verified,
        Integrity::Partial,
        Integrity::Unverified,
        Integrity::Damaged,
        Integrity::Unchecked,
    ];
    for integrity in integrities {
        assert!(first_cells("dumps").contains(integrity.as_str()), "{}", integrity.as_str());
    }
}

#[test]
fn the_page_on_settings_has_each_of_them_and_no_other() {
    let known: BTreeSet<_> = crate::config::names();
    let text = Page::named("settings").unwrap().text;
    let table = text.split("| setting | what it is |").nth(1).unwrap();
    let cells = table.lines().skip(2).filter_map(|row| row.strip_prefix("| ")?.split(" | ").next());
    let told: BTreeSet<_> = cells
        .flat_map(|cell| cell.split(", "))
        .map(|key| key.trim_matches('`').to_owned())
        .collect();
    assert_eq!(told, known);
    // What it shows as a file is one.
    let file = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    crate::config::check(file).unwrap();
}
