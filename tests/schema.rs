//! The JSON Schema of the JSONL report has the words of the program. `scripts/test` holds all records of the suite to it.

use std::fs;

use leakhound::record::{
    Basis, ClaimCheck, DecisionState, FailureKind, Ground, Integrity, Relation, Stage,
    StandingKind, Tier, Verdict,
};

#[test]
fn the_schema_of_records_has_the_words_of_the_program() {
    let text =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/record.schema.json"))
            .unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let words = |pointer: &str| -> Vec<serde_json::Value> {
        let words = schema.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
        words.as_array().unwrap().iter().filter(|word| !word.is_null()).cloned().collect()
    };
    let of =
        |all: &[&str]| all.iter().map(|word| (*word).into()).collect::<Vec<serde_json::Value>>();
    assert_eq!(words("/properties/verdict/enum"), of(&Verdict::ALL.map(Verdict::as_str)));
    let finding = |key: &str| words(&format!("/$defs/finding/properties/{key}"));
    assert_eq!(finding("verdict/enum"), of(&["match", "suspect", "permitted"]));
    assert_eq!(finding("relation/enum"), of(&Relation::ALL.map(Relation::as_str)));
    assert_eq!(finding("tiers/items/enum"), of(&Tier::ALL.map(Tier::as_str)));
    assert_eq!(words("/$defs/failure/properties/stage/enum"), of(&Stage::ALL.map(Stage::as_str)));
    let decision = |key: &str| words(&format!("/$defs/decision/properties/{key}/enum"));
    assert_eq!(decision("state"), of(&DecisionState::ALL.map(DecisionState::as_str)));
    assert_eq!(decision("ground"), of(&Ground::ALL.map(Ground::as_str)));
    // A run that was stopped keeps no record of the item.
    let kinds: Vec<_> =
        FailureKind::KNOWN.iter().filter(|kind| **kind != FailureKind::Cancelled).collect();
    let kinds: Vec<_> = kinds.into_iter().map(FailureKind::as_str).collect();
    assert_eq!(words("/$defs/failure/properties/kind/examples"), of(&kinds));
    // Of the others every word is known, and the records of the suite show that none is missing.
    for (pointer, count) in [
        ("/$defs/torrent/properties/integrity/enum", 5),
        ("/$defs/standing/properties/kind/enum", 12),
        ("/$defs/decision/properties/basis/enum", 3),
        ("/properties/claims/enum", 6),
    ] {
        assert_eq!(words(pointer).len(), count, "{pointer}");
        for word in words(pointer) {
            let is_known = match count {
                5 => serde_json::from_value::<Integrity>(word.clone()).is_ok(),
                12 => serde_json::from_value::<StandingKind>(word.clone()).is_ok(),
                3 => serde_json::from_value::<Basis>(word.clone()).is_ok(),
                _ => serde_json::from_value::<ClaimCheck>(word.clone()).is_ok(),
            };
            assert!(is_known, "{pointer}: {word}");
        }
    }
}
