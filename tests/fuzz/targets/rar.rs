#![no_main]

use leakhound_fuzz::checks;

libfuzzer_sys::fuzz_target!(init: checks::abort_at_our_panics(), |bytes: &[u8]| checks::rar(bytes));
