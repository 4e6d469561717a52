//! Settings from files and the environment, and `leakhound config`, which says where each comes from.

use serde_json::Value;

use crate::common::{Desk, Done, parse};

/// The setting of this name as `config --json` prints it.
fn setting(desk: &Desk, args: &[&str], key: &str) -> Value {
    let words = [&["config", "--json"], args].concat();
    let done =
        Done::of(desk.command(words).env("LEAKHOUND_CONFIG", system(desk)).output().unwrap());
    let all = parse(&done.ends_with(0).stdout);
    let found = all.into_iter().find(|line| line["setting"] == key);
    found.unwrap_or_else(|| panic!("no setting {key}"))
}

/// The path of the system's settings.
fn system(desk: &Desk) -> std::path::PathBuf {
    desk.path("etc/config.toml")
}

#[test]
fn an_option_stands_before_the_environment_a_profile_the_home_and_the_system() {
    let desk = Desk::new();
    desk.write(
        "etc/config.toml",
        b"threads = 1\nmax-depth = 2\nmax-item = 3\nmax-ratio = 4\nmax-page = 5\n",
    );
    desk.write(
        "home/config.toml",
        b"threads = 11\nmax-depth = 12\nmax-item = 13\n\n[profile.nightly]\nthreads = 21\nmax-depth = 22\n",
    );
    let of = |args: &[&str], key| {
        let setting = setting(&desk, args, key);
        format!("{} {} {}", setting["value"], setting["from"], setting["line"])
    };
    let nightly = ["--profile", "nightly"];
    assert_eq!(of(&["--profile", "nightly", "--threads", "31"], "threads"), "31 \"option\" null");
    assert_eq!(of(&nightly, "threads"), "21 \"file\" 6");
    assert_eq!(of(&nightly, "max-depth"), "22 \"file\" 7");
    assert_eq!(of(&nightly, "max-item"), "13 \"file\" 3");
    assert_eq!(of(&nightly, "max-ratio"), "4 \"file\" 4");
    assert_eq!(of(&nightly, "max-members"), "200000000 \"default\" null");
    assert_eq!(of(&[], "threads"), "11 \"file\" 1");
    let words = ["config", "--json", "--profile", "nightly"];
    let mut command = desk.command(words);
    let done = command.env("LEAKHOUND_THREADS", "41").env("LEAKHOUND_CONFIG", system(&desk));
    let done = Done::of(done.output().unwrap()).ends_with(0).stdout;
    let threads = parse(&done).into_iter().find(|line| line["setting"] == "threads").unwrap();
    assert_eq!((&threads["value"], &threads["from"]), (&41.into(), &"environment".into()));
}

#[test]
fn a_scan_takes_its_settings_from_the_file_of_the_home() {
    let desk = Desk::with_songs(&[1], 20);
    desk.write(
        "home/config.toml",
        b"mode = \"probe\"\n[profile.nightly]\nmode = \"identity\"\nquiet = true\n",
    );
    let mode = |args: &[&str]| {
        desk.run([args, &["scan", "dump"]].concat()).ends_with(0);
        parse(&desk.run(["runs", "--json"]).stdout).pop().unwrap()["mode"].clone()
    };
    assert_eq!(mode(&[]), "probe");
    assert_eq!(mode(&["--profile", "nightly"]), "identity");
    let quiet = desk.run(["--profile", "nightly", "scan", "dump"]).ends_with(0);
    assert_eq!(quiet.stdout + &quiet.stderr, "");
    desk.run(["scan", "dump", "--mode", "full"]).ends_with(0);
    assert_eq!(parse(&desk.run(["runs", "--json"]).stdout).pop().unwrap()["mode"], "full");
}

#[test]
fn the_system_may_say_where_the_home_is_and_the_home_has_settings_of_its_own() {
    let desk = Desk::new();
    let home = desk.path("srv/leakhound");
    desk.write("etc/config.toml", format!("home = {:?}\n", home.to_str().unwrap()).as_bytes());
    desk.write("srv/leakhound/config.toml", b"operator = \"Ann\"\n");
    let mut command = desk.command(["config", "--json"]);
    command.env_remove("LEAKHOUND_HOME").env("LEAKHOUND_CONFIG", system(&desk));
    let all = parse(&Done::of(command.output().unwrap()).ends_with(0).stdout);
    let of = |key: &str| all.iter().find(|line| line["setting"] == key).unwrap().clone();
    assert_eq!(of("home")["value"], home.to_str().unwrap());
    assert_eq!((&of("operator")["value"], &of("operator")["line"]), (&"Ann".into(), &1.into()));
    // What finds the file cannot stand in it.
    desk.write("home/config.toml", b"\nhome = \"elsewhere\"\n");
    desk.run(["runs"]).ends_with(2).says_in_one_line(&["config.toml, line 2: home cannot be set"]);
}

#[test]
fn what_is_wrong_in_a_file_is_told_in_one_line_by_every_command_but_the_guide() {
    let desk = Desk::new();
    for (text, words) in [
        (
            "threads = 2\nthread = 4\n",
            &["config.toml, line 2", "\"thread\"", "did you mean threads?"][..],
        ),
        ("threads = 0\n", &["config.toml, line 1", "'0' is none for threads"]),
        ("threads\n", &["config.toml, line 1: is no TOML"]),
        (
            "[profile.x]\nmode = \"fast\"\n",
            &["config.toml, line 2", "'fast' is none for mode", "probe"],
        ),
    ] {
        desk.write("home/config.toml", text.as_bytes());
        for command in [&["runs"][..], &["config"], &["scan", "dump"], &["catalog", "list"]] {
            desk.run(command).ends_with(2).says_in_one_line(words);
        }
        desk.run(["guide", "settings"]).ends_with(0);
        desk.run(["--help"]).ends_with(0);
    }
    desk.write("home/config.toml", b"[profile.nightly]\nthreads = 2\n");
    desk.run(["--profile", "nigthly", "runs"])
        .ends_with(2)
        .says_in_one_line(&["no profile \"nigthly\"", "there is nightly"]);
}

#[test]
fn a_wrong_value_in_the_environment_is_told_with_the_variable() {
    let desk = Desk::new();
    let mut command = desk.command(["runs"]);
    let done = command.env("LEAKHOUND_THREADS", "many").output().unwrap();
    Done::of(done)
        .ends_with(2)
        .says_in_one_line(&["the variable LEAKHOUND_THREADS is wrong", "many"]);
    let mut command = desk.command(["runs", "--threads", "many"]);
    let done = Done::of(command.env("LEAKHOUND_THREADS", "2").output().unwrap()).ends_with(2);
    assert!(!done.stderr.contains("LEAKHOUND_THREADS"), "{done:#?}");
}

#[test]
fn the_list_for_people_names_value_and_place_of_each_setting_and_the_files() {
    let desk = Desk::new();
    desk.write("home/config.toml", b"[profile.nightly]\nmode = \"probe\"\n");
    let mut command = desk.command(["--profile", "nightly", "config", "--territory", "de"]);
    let done = command.env("LEAKHOUND_SETTLE", "5").env("LEAKHOUND_CONFIG", system(&desk));
    let list = Done::of(done.output().unwrap()).ends_with(0).stdout;
    let line = |key: &str| {
        let line = list.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(line("mode").starts_with("mode probe profile nightly, /"), "{list}");
    assert!(line("mode").ends_with("home/config.toml, line 2"), "{list}");
    assert_eq!(line("territory"), "territory de option --territory");
    assert_eq!(line("settle"), "settle 5 environment, LEAKHOUND_SETTLE");
    assert_eq!(line("item-timeout"), "item-timeout 600 default");
    assert_eq!(line("on-finding"), "on-finding - not set");
    assert!(list.contains("etc/config.toml: not there\n"), "{list}");
    assert!(list.contains("home/config.toml: read\n"), "{list}");
}
