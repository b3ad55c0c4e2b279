//! Bursts: none panics, what is read is written and read again alike.

use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::cach::{Cach, ShortLcCollector};
use narrowcast_protocol::dmr::voice::VoiceCollector;

use super::air;
use super::input::Input;

/// A call of 33-octet bursts, some of them valid ones that were damaged.
pub fn run(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let valid = air::bursts();
    let mut collector = VoiceCollector::default();
    let mut short = ShortLcCollector::default();
    while let Some(choice) = input.octet() {
        let burst: [u8; 33] = if choice & 1 == 0 {
            input.array()
        } else {
            let damaged = input.damaged(&valid);
            core::array::from_fn(|at| damaged.get(at).copied().unwrap_or_default())
        };
        if let Ok(cach) = Cach::decode(input.array()) {
            assert_eq!(
                Cach::decode(cach.value.encode()).map(|it| it.value),
                Ok(cach.value)
            );
            let _ = short.push(cach.value);
        }
        let Ok(read) = Burst::decode(&burst) else {
            continue;
        };
        let again = Burst::decode(&read.value.encode()).expect("an encoded burst decodes");
        assert_eq!(again.value, read.value);
        assert_eq!(again.corrected_bits, 0);
        if let Burst::Voice(voice) = read.value {
            let _ = collector.push(&voice, None);
        }
    }
}
