//! Walks: their order, and what is asked for them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::server::Server;
use super::{HOSTILE, config, store};
use crate::Store;

/// The names of a key, which a walk compares one by one.
fn names(key: &str) -> Vec<&str> {
    key.split('/').collect()
}

fn walked(server: &Server, keys: usize, prefix: &str, after: Option<&str>) -> Vec<String> {
    let store = Store::with_pages_of(config(server), keys);
    store.walk("b", prefix, after).map(|object| object.unwrap().key).collect()
}

fn filled<'k>(keys: impl IntoIterator<Item = &'k str>) -> Server {
    let server = Server::new();
    server.make_bucket("b");
    for key in keys {
        server.put("b", key, "1");
    }
    server
}

#[test]
fn folders_come_where_a_walk_on_disk_has_them() {
    let keys = ["a", "a-b", "a.b", "a/x", "a/y.z", "a/y/1", "a0", "b c/1", "b/2"];
    let server = filled(keys);
    let expected = ["a", "a/x", "a/y/1", "a/y.z", "a-b", "a.b", "a0", "b/2", "b c/1"];
    for pages in [1, 2, 3, 1_000] {
        assert_eq!(walked(&server, pages, "", None), expected, "pages of {pages}");
    }
    assert_eq!(walked(&server, 2, "a/", None), ["a/x", "a/y/1", "a/y.z"]);
}

#[test]
fn a_walk_goes_on_behind_any_key_whether_it_is_there_or_not() {
    let keys = ["a", "a-b", "a.b", "a/x", "a/y.z", "a/y/1", "a0", "b c/1", "b/2"];
    let server = filled(keys);
    let mut sorted = keys;
    sorted.sort_by(|a, b| names(a).cmp(&names(b)));
    for after in
        keys.into_iter().chain(["a/", "a/y", "a/zz", "b", "b/2/", "zz", "", "a/y/1/2", "a/x-"])
    {
        let expected: Vec<&str> =
            sorted.into_iter().filter(|key| names(key) > names(after)).collect();
        for pages in [1, 2, 1_000] {
            assert_eq!(walked(&server, pages, "", Some(after)), expected, "behind {after:?}");
        }
    }
}

#[test]
fn keys_of_every_malice_are_walked_once_and_the_marks_of_folders_are_left_out() {
    let server = filled(HOSTILE);
    server.put("b", "folder/", "");
    let mut expected: Vec<&str> = HOSTILE.to_vec();
    expected.sort_by(|a, b| names(a).cmp(&names(b)));
    for pages in [1, 3, 1_000] {
        assert_eq!(walked(&server, pages, "", None), expected, "pages of {pages}");
    }
}

#[test]
fn a_flat_bucket_takes_a_request_a_page_and_few_more() {
    let keys: Vec<String> = (0..3_000).map(|n| format!("{:05x}.part-{n}.ogg", n * 77)).collect();
    let server = filled(keys.iter().map(String::as_str));
    let store = store(&server);
    assert_eq!(store.walk("b", "", None).count(), 3_000);
    assert!(server.requests().len() <= 8, "{} requests", server.requests().len());
}

#[test]
fn a_folder_that_was_walked_first_is_not_listed_again() {
    let mut keys: Vec<String> = (0..3_000).map(|n| format!("a/{n:05}")).collect();
    keys.extend((0..3_000).map(|n| format!("a-{n:05}")));
    let server = filled(keys.iter().map(String::as_str));
    let store = store(&server);
    let walked: Vec<String> = store.walk("b", "", None).map(|object| object.unwrap().key).collect();
    assert_eq!(walked, keys);
    // Three pages each, the look for the folder, one page that is cut at its beginning and one behind it.
    assert!(server.requests().len() <= 12, "{} requests", server.requests().len());
}

#[test]
fn folders_in_each_other_hold_a_bounded_number_of_keys() {
    // Each folder comes before the rest of the one around it.
    let mut keys = BTreeSet::new();
    let mut folder = String::new();
    for _ in 0..60 {
        keys.extend((0..20).map(|n| format!("{folder}a-{n:02}")));
        folder.push_str("a/");
    }
    let server = filled(keys.iter().map(String::as_str));
    let store = Store::with_pages_of(config(&server), 10);
    let mut walk = store.walk("b", "", None);
    let mut count = 0;
    while let Some(object) = walk.next() {
        object.unwrap();
        count += 1;
        assert!(walk.at_hand() <= 6 * 12, "{} keys at hand", walk.at_hand());
    }
    assert_eq!(count, keys.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_keys_come_in_the_order_of_their_names(
        keys in prop::collection::btree_set("[ab/.\\- é]{1,6}", 0..40),
        after in "[ab/.\\- é]{0,6}",
        pages in 1_usize..6,
    ) {
        let server = filled(keys.iter().map(String::as_str));
        let mut sorted: Vec<&str> = keys.iter().map(String::as_str).collect();
        sorted.sort_by(|a, b| names(a).cmp(&names(b)));
        prop_assert_eq!(walked(&server, pages, "", None), sorted.clone());
        sorted.retain(|key| names(key) > names(&after));
        prop_assert_eq!(walked(&server, pages, "", Some(&after)), sorted);
        let inside: Vec<&str> = keys.iter().map(String::as_str).filter(|key| key.starts_with("a/")).collect();
        prop_assert_eq!(walked(&server, pages, "a/", None).len(), inside.len());
    }

    #[test]
    fn what_pages_tell_of_single_keys_is_what_is_there(
        keys in prop::collection::btree_set("[ab/]{1,4}", 0..20),
        asked in prop::collection::vec("[ab/]{1,4}", 1..20),
        pages in 1_usize..6,
    ) {
        let server = filled(keys.iter().map(String::as_str));
        let store = Store::with_pages_of(config(&server), pages);
        for (number, key) in asked.iter().enumerate() {
            if number == asked.len() / 2 {
                prop_assert_eq!(store.walk("b", "", None).count(), keys.len());
            }
            let found = store.object("b", key).unwrap().map(|object| object.key.clone());
            prop_assert_eq!(found, keys.get(key).cloned());
            let prefix = format!("{key}/");
            let is_folder = keys.iter().any(|known| known.starts_with(&prefix));
            prop_assert_eq!(store.has_any("b", &prefix).unwrap(), is_folder);
            let mut names = BTreeSet::new();
            store.names("b", &prefix, &mut |name| { names.insert(name.to_owned()); }).unwrap();
            let rest = keys.iter().filter_map(|known| known.strip_prefix(&prefix));
            let expected: BTreeSet<String> = rest
                .map(|rest| rest.find('/').map_or(rest, |end| &rest[..=end]).to_owned())
                .collect();
            prop_assert_eq!(names, expected);
        }
    }
}
