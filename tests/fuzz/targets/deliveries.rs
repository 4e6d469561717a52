#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| leakhound_fuzz::checks::deliveries(bytes));
