//! A call of 33-octet bursts: none panics, what is read is written and read again alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::voice::VoiceCollector;

fuzz_target!(|data: &[u8]| {
    let mut collector = VoiceCollector::default();
    for burst in data.as_chunks::<33>().0 {
        let Ok(read) = Burst::decode(burst) else {
            continue;
        };
        let again = Burst::decode(&read.value.encode()).expect("an encoded burst decodes");
        assert_eq!(again.value, read.value);
        assert_eq!(again.corrected_bits, 0);
        if let Burst::Voice(voice) = read.value {
            let _ = collector.push(&voice, None);
        }
    }
});
