#![no_main]

libfuzzer_sys::fuzz_target!(init: leakhound_fuzz::checks::remember_panics(), |bytes: &[u8]| leakhound_fuzz::checks::outcome(bytes));
