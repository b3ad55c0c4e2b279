//! Frames of MMDVM modems, one stream damaged.

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::mmdvm::deframe::{Deframed, Deframer};
use narrowcast_protocol::mmdvm::kind::Direction;
use narrowcast_protocol::mmdvm::message::{Reason, ToHost};
use narrowcast_protocol::time::Instant;

use crate::dmr::check_burst;
use crate::records::{bytes, records, reference};

/// The frames in `octets`, the last one given up on when nothing follows.
fn frames(octets: &[u8]) -> Vec<Deframed> {
    let mut deframer = Deframer::new(Direction::ToHost);
    let mut input = octets;
    let mut found: Vec<_> =
        std::iter::from_fn(|| deframer.next(Instant::ZERO, &mut input)).collect();
    found.extend(std::iter::from_fn(|| {
        deframer.next(Instant::from_millis(1_000), &mut input)
    }));
    found
}

#[test]
fn recorded_modem_frames_are_found_and_read_as_stated() {
    for record in records("mmdvm_serial/serial_frames.jsonl") {
        let octets = bytes(&record);
        let found = frames(&octets);
        let expect = &record["expect"];
        if let Some(good) = expect["good_frames"].as_array() {
            let whole = good
                .iter()
                .filter(|frame| frame["complete_and_followed_by_E0"] == true);
            let stated: Vec<_> = whole
                .map(|frame| {
                    (
                        frame["offset"].as_u64().unwrap(),
                        frame["hex"].as_str().unwrap().to_owned(),
                    )
                })
                .collect();
            let seen: Vec<_> = found
                .iter()
                .map(|it| (it.offset, hex::encode(it.frame.to_bytes())))
                .collect();
            assert_eq!(seen, stated);
            for (it, stated) in found.iter().zip(good) {
                let ToHost::DmrData(data) = ToHost::decode(&it.frame).unwrap() else {
                    panic!("{stated}")
                };
                let command = stated["command"].as_str().unwrap();
                assert_eq!((data.slot, command), (Slot::Two, "0x1A DMR_DATA2"));
                let control = format!("{:#04x}", u8::from(data.control));
                assert_eq!(control, stated["control"].as_str().unwrap());
                let length = u64::try_from(it.frame.total()).unwrap();
                assert_eq!(Some(length), stated["length"].as_u64());
            }
            continue;
        }
        assert_eq!(found.len(), 1);
        match ToHost::decode(&found[0].frame).unwrap() {
            ToHost::DmrData(data) => {
                let command = expect["command"].as_str().unwrap();
                assert_eq!((data.slot, command), (Slot::Two, "0x1A DMR_DATA2 (slot 2)"));
                let control = format!("{:#04x} ", u8::from(data.control));
                assert!(
                    expect["control_byte"]
                        .as_str()
                        .unwrap()
                        .starts_with(&control)
                );
                let rssi = data.rssi.map(|rssi| format!("{rssi:04x}"));
                assert_eq!(rssi.as_deref(), expect["trailing_after_payload"].as_str());
                let length = u64::try_from(found[0].frame.total()).unwrap();
                for stated in ["length", "actual_length"] {
                    assert_eq!(Some(length), expect[stated].as_u64());
                }
                assert_eq!(
                    hex::encode(data.burst),
                    expect["payload_33"].as_str().unwrap()
                );
                check_burst(&data.burst, reference(&record), "modem frame");
            }
            ToHost::Nak(nak) => {
                assert_eq!(u64::from(nak.command), expect["command"].as_u64().unwrap());
                assert_eq!(nak.reason, Reason::BufferFull);
                assert_eq!(
                    Some(u64::from(u8::from(nak.reason))),
                    expect["reason"].as_u64()
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
