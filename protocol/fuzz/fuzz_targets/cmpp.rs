//! See `narrowcast_protocol_fuzz::sms::cmpp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| narrowcast_protocol_fuzz::sms::cmpp(octets));
