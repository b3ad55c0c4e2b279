//! Packet data: reassembly, and what packets say.

use core::time::Duration;

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::data_header::{DataHeader, DdFormat};
use narrowcast_protocol::dmr::ip::{CompressedUdp, Datagram};
use narrowcast_protocol::dmr::packet::{Block, Outcome, Pdu, Rate, Reassembler};
use narrowcast_protocol::dmr::text::{interpret, port5016, short_data, tms::Tms};
use narrowcast_protocol::dmr::udt;
use narrowcast_protocol::time::Instant;

use super::air;
use super::input::{Input, assert_bounded};

/// Headers and blocks in any order, whole packets of several radios among them; then what
/// the packets hold.
pub fn reassembly(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let mut reassembler = Reassembler::new(4);
    let mut now = Instant::ZERO;
    let slots = [Slot::One, Slot::Two];
    while let Some(choice) = input.octet() {
        let slot = *input.pick(&slots);
        now += Duration::from_millis(60);
        match choice % 8 {
            0 => {
                let header = DataHeader::read(&input.array());
                outcome(&reassembler.header(now, slot, &header));
            }
            1 => {
                let rate = *input.pick(&[Rate::Half, Rate::ThreeQuarters, Rate::Full]);
                if let Some(block) = Block::new(rate, input.some()) {
                    outcome(&reassembler.block(now, slot, &block));
                }
            }
            2 => now += Duration::from_millis(input.wide() as u64),
            3 => outcome(&reassembler.ended(slot)),
            _ => {
                let from = air::RADIO + u32::from(choice / 8);
                for packet in air::packets(input, from, air::OWN) {
                    transmission(input, &mut reassembler, now, slot, &packet.pdus(0));
                }
            }
        }
        reassembler.tick(now).iter().for_each(outcome);
        assert!(reassembler.deadline().is_none_or(|at| at > now));
    }
    // Four packets of at most 127 blocks and eight datagrams of at most 16,384 octets.
    assert_bounded(&reassembler, 1 << 20);
}

/// A packet whose bursts are lost, repeated or damaged as the input says.
fn transmission(
    input: &mut Input<'_>,
    reassembler: &mut Reassembler,
    now: Instant,
    slot: Slot,
    pdus: &[Pdu],
) {
    for pdu in pdus {
        let fate = input.number();
        for _ in 0..[1, 1, 1, 1, 1, 1, 0, 2][fate % 8] {
            match pdu {
                Pdu::Csbk(_) => {}
                Pdu::DataHeader(octets) => {
                    let header = DataHeader::read(octets);
                    outcome(&reassembler.header(now, slot, &header));
                }
                Pdu::Block(block) if fate / 8 == 1 => {
                    let octets = input.damaged(&[block.octets()]);
                    if let Some(block) = Block::new(block.rate(), &octets) {
                        outcome(&reassembler.block(now, slot, &block));
                    }
                }
                Pdu::Block(block) => outcome(&reassembler.block(now, slot, block)),
            }
        }
    }
}

fn outcome(outcome: &Outcome) {
    if let Some(response) = outcome.response() {
        for pdu in response.pdus(1) {
            let _ = air::burst(&pdu);
        }
    }
    if let Outcome::Complete(packet) | Outcome::Fragment(packet) = outcome {
        let message = interpret(packet);
        let _ = message.parties();
        payload(&packet.data);
    }
}

/// Everything that user data can hold, read from the same octets.
pub fn payload(octets: &[u8]) {
    if let Ok(datagram) = Datagram::decode(octets) {
        let again = datagram.encode().expect("it fitted before");
        assert_eq!(Datagram::decode(&again), Ok(datagram));
    }
    if let Ok(datagram) = CompressedUdp::decode(octets) {
        assert_eq!(CompressedUdp::decode(&datagram.encode()), Ok(datagram));
    }
    if let Ok(message) = Tms::decode(octets) {
        let _ = Tms::decode(&message.encode()).expect("what we write is read");
    }
    let _ = port5016::decode(octets);
    if let Some((format, data)) = octets.split_first() {
        let _ = short_data::decode(DdFormat::from_code(format & 0x3F), data);
    }
    if let Some((header, data)) = octets.split_first_chunk::<12>() {
        let mut header = *header;
        header[0] &= 0xF0;
        if let DataHeader::Udt(header) = DataHeader::read(&header) {
            let content = udt::read(&header, data);
            if let Ok(outgoing) = udt::build(header.addressing, header.opcode, &content) {
                assert!(outgoing.blocks.len() <= udt::MOST_BLOCKS);
            }
        }
    }
}
