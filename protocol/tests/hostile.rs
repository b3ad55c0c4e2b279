//! Random octets against every parser and every session: the bodies of the fuzz targets
//! (`protocol/fuzz`), with a share of valid frames and valid frames damaged.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "the bodies panic where the code under test is wrong, and a crate exports them"
)]

use proptest::prelude::*;

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

macro_rules! hostile {
    ($($name:ident($cases:literal, $octets:literal) = $($body:ident)::+;)+) => {
        $(
            proptest! {
                #![proptest_config(ProptestConfig::with_cases($cases))]
                #[test]
                fn $name(octets in octets($octets)) {
                    fuzz::$($body)::+(&octets);
                }
            }
        )+
    };
}

hostile! {
    bursts_are_read_or_refused(512, 1_000) = burst::run;
    control_blocks_are_read_or_refused(512, 400) = control::csbk;
    link_control_is_read_or_refused(512, 600) = control::lc;
    packets_are_put_together_in_bounded_memory(512, 2_000) = packet::reassembly;
    payloads_are_read_or_refused(4_096, 120) = packet::payload;
    homebrew_datagrams_are_read_or_refused(512, 800) = homebrew::messages;
    a_homebrew_master_survives_anybody_and_lets_its_stations_in(96, 2_000) = homebrew::master_session;
    a_modem_stream_is_read_or_refused(512, 2_000) = mmdvm::stream;
    a_modem_host_survives_its_line_and_starts_again(96, 1_500) = mmdvm::host_session;
    a_modem_survives_its_host(96, 1_500) = mmdvm::modem;
    cmpp_pdus_are_read_or_refused(512, 800) = sms::cmpp;
    smpp_pdus_are_read_or_refused(512, 800) = sms::smpp;
    messages_of_a_modem_are_read_or_refused(512, 800) = sms::gsm;
    a_cmpp_session_survives_its_gateway(96, 1_500) = sms::cmpp_session;
    an_smpp_session_survives_its_centre(96, 1_500) = sms::smpp_session;
    a_gsm_session_survives_its_modem(96, 1_500) = sms::gsm_session;
}
