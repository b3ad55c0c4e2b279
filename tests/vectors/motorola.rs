//! Datagrams of Motorola's text service.

use narrowcast_protocol::dmr::ip::{Datagram, id_of};
use narrowcast_protocol::dmr::text::tms::Tms;

use crate::records::{bytes, records};

#[test]
fn recorded_datagrams_decode_to_the_stated_text_and_acknowledgement() {
    for record in records("motorola/dmrshark_tms_ip.jsonl") {
        let expect = &record["expect"];
        let octets = bytes(&record);
        let total = usize::try_from(expect["ip_total_length"].as_u64().unwrap()).unwrap();
        let datagram = Datagram::decode(&octets).unwrap();
        assert_eq!(datagram.encode().unwrap(), octets[..total]);
        assert_eq!(
            u64::from(id_of(datagram.source)),
            expect["from"].as_u64().unwrap()
        );
        assert_eq!(
            u64::from(id_of(datagram.destination)),
            expect["to"].as_u64().unwrap()
        );
        for port in [datagram.source_port, datagram.destination_port] {
            assert_eq!(u64::from(port), expect["udp_port"].as_u64().unwrap());
        }
        assert_eq!(
            hex::encode(&datagram.payload),
            expect["tms_hex"].as_str().unwrap()
        );
        let message = Tms::decode(&datagram.payload).unwrap();
        assert_eq!(message.encode(), datagram.payload);
        let stated = match expect["text"].as_str() {
            Some(text) => {
                assert_eq!(expect["tms_seq_byte"], "0x83");
                let text = text.to_owned();
                Tms::Text {
                    ask: true,
                    reference: Some(3),
                    text,
                }
            }
            None => {
                assert!(expect["meaning"].as_str().unwrap().ends_with("0x83 -> 3"));
                Tms::Acknowledgement { reference: Some(3) }
            }
        };
        assert_eq!(message, stated);
    }
}

#[test]
fn an_example_text_decodes_to_the_stated_words() {
    for record in records("motorola/node_dmr_lib_examples.jsonl") {
        if record["layer"] != "motorola-tms" {
            continue;
        }
        let message = Tms::decode(&bytes(&record)).unwrap();
        assert_eq!(message.encode(), bytes(&record));
        let Tms::Text {
            ask,
            reference,
            text,
        } = message
        else {
            panic!("{message:?}")
        };
        let decoded = &record["expect"]["node_decode"];
        assert_eq!(text, decoded["text"].as_str().unwrap());
        // The source counts the flag of the next octet to the number, and shows the header.
        let number = decoded["msgId"].as_u64().unwrap() & 0x1F;
        assert_eq!(reference.map(u64::from), Some(number));
        assert_eq!(ask, decoded["op_B"].as_u64().unwrap() & 0x40 != 0);
    }
}
