//! See `narrowcast_protocol_fuzz::sms::smpp_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| narrowcast_protocol_fuzz::sms::smpp_session(octets));
