//! Headers and blocks off the air to packets.
//!
//! State is kept per timeslot and source, because a confirmed packet may take several
//! transmissions and other radios may come in between; blocks belong to the source whose
//! header was last on their timeslot. Use one [`Reassembler`] per link and direction.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::air::Slot;
use crate::dmr::data_header::{Addressing, DataHeader, NackReason};
use crate::time::Instant;

use super::assembly::{Assembly, Progress};
use super::block::Block;
use super::build::Outgoing;
use super::complete::Packet;
use super::response;

/// Without a block for so long a transmission is over.
pub const SILENCE: Duration = Duration::from_secs(1);
/// T_DataTxLmt (TS 102 361-3 Annex A): a sender gives up after this, so the pieces of its
/// packet are forgotten, and a repetition is a new packet.
pub const T_DATA_TX_LMT: Duration = Duration::from_secs(60);

/// Why a packet cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// All blocks are there and the check over all of them does not match.
    #[error("the packet's CRC does not match")]
    Checksum,
    /// Blocks of an unconfirmed packet were lost; nobody will repeat them.
    #[error("blocks of an unconfirmed packet are missing")]
    Incomplete,
    /// The header announces no block where one must be, or more padding than data.
    #[error("the header contradicts itself")]
    Malformed,
    /// A retry of blocks whose first transmission was not heard.
    #[error("a retry of a packet that is not known")]
    UnknownRetry,
}

/// What a header, a block or silence led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Pending,
    /// A packet.
    Complete(Packet),
    /// A confirmed transmission is over and these blocks are missing.
    Missing(Missing),
    /// No packet will come of it.
    Failed {
        /// The header of the packet.
        header: DataHeader,
        /// Why.
        why: Failure,
    },
    /// A block that no header announced.
    Stray,
}

/// What is missing of a confirmed packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The packet's header.
    pub header: DataHeader,
    /// How many blocks it has.
    pub total: usize,
    /// Serial numbers of the missing ones, ascending.
    pub blocks: Vec<u8>,
}

impl Outcome {
    /// The link layer's answer that is due: ACK, SACK or NACK; `None` for packets that
    /// nobody waits for.
    #[must_use]
    pub fn response(&self) -> Option<Outgoing> {
        match self {
            Self::Complete(packet) => packet.acknowledgement(),
            Self::Missing(missing) => {
                let to = waits(&missing.header)?;
                let n_s = missing.header.send_sequence();
                Some(response::sack(to, n_s, missing.total, &missing.blocks))
            }
            Self::Failed { header, why } => {
                let reason = match why {
                    Failure::Checksum => NackReason::PacketCrcFailed,
                    Failure::Malformed => NackReason::IllegalFormat,
                    Failure::Incomplete | Failure::UnknownRetry => return None,
                };
                Some(response::nack(
                    waits(header)?,
                    header.send_sequence(),
                    reason,
                ))
            }
            Self::Pending | Self::Stray => None,
        }
    }
}

/// The addresses of a packet whose sender waits for an answer.
fn waits(header: &DataHeader) -> Option<&Addressing> {
    let addressing = header.addressing()?;
    (header.is_confirmed() && addressing.response_requested && !addressing.group)
        .then_some(addressing)
}

/// Whose packet: timeslot and source.
type Key = (Slot, u32);

/// Puts packets together. Memory is bounded: at most `capacity` packets of at most 127 blocks.
#[derive(Debug)]
pub struct Reassembler {
    assemblies: BTreeMap<Key, Assembly>,
    /// Whose blocks come on a timeslot now.
    talking: BTreeMap<Slot, u32>,
    capacity: usize,
}

impl Default for Reassembler {
    fn default() -> Self {
        Self::new(64)
    }
}

impl Reassembler {
    /// Keeps at most `capacity` packets (at least one); the longest untouched gives way.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            assemblies: BTreeMap::new(),
            talking: BTreeMap::new(),
            capacity: capacity.max(1),
        }
    }

    /// A data header was heard. A transmission that was under way on the slot is over
    /// without a report; call [`ended`](Self::ended) first to hear of it.
    pub fn header(&mut self, now: Instant, slot: Slot, header: &DataHeader) -> Outcome {
        if let DataHeader::Proprietary(second) = header {
            let taken = self
                .talker(slot)
                .and_then(|key| self.assemblies.get_mut(&key))
                .is_some_and(|assembly| assembly.extend(*second, now));
            if taken {
                return Outcome::Pending;
            }
        }
        let source = header
            .addressing()
            .map_or(0, |addressing| addressing.source);
        let key = (slot, source);
        self.interrupted(slot);
        if header.is_confirmed() && !header.is_full_message() {
            return self.retry(now, key, header);
        }
        let mut assembly = Assembly::new(*header, now);
        if header.blocks() == 0 {
            return match assembly.finish() {
                Ok(packet) => Outcome::Complete(packet),
                Err(why) => Outcome::Failed {
                    header: *header,
                    why,
                },
            };
        }
        if let Some(old) = self.assemblies.get(&key)
            && now.since(old.touched) < T_DATA_TX_LMT
        {
            assembly.follows(old);
        }
        self.make_room(key);
        self.assemblies.insert(key, assembly);
        self.talking.insert(slot, source);
        Outcome::Pending
    }

    fn retry(&mut self, now: Instant, key: Key, header: &DataHeader) -> Outcome {
        match self.assemblies.get_mut(&key) {
            Some(assembly) if assembly.continues(header) => {
                assembly.retry(header, now);
                self.talking.insert(key.0, key.1);
                Outcome::Pending
            }
            _ => Outcome::Failed {
                header: *header,
                why: Failure::UnknownRetry,
            },
        }
    }

    /// A data block was heard.
    pub fn block(&mut self, now: Instant, slot: Slot, block: &Block) -> Outcome {
        let Some(key) = self.talker(slot) else {
            return Outcome::Stray;
        };
        let Some(assembly) = self.assemblies.get_mut(&key) else {
            return Outcome::Stray;
        };
        match assembly.block(block, now) {
            Progress::More => Outcome::Pending,
            Progress::Over(missing) => self.over(key, missing),
        }
    }

    /// The transmission on `slot` is over: a terminator, a voice burst or another header
    /// came, or a second of silence.
    pub fn ended(&mut self, slot: Slot) -> Outcome {
        let Some(key) = self.talker(slot) else {
            return Outcome::Pending;
        };
        match self.assemblies.get_mut(&key).and_then(Assembly::close) {
            Some(missing) => self.over(key, missing),
            None => Outcome::Pending,
        }
    }

    fn over(&mut self, key: Key, missing: Vec<u8>) -> Outcome {
        let Some(assembly) = self.assemblies.get_mut(&key) else {
            return Outcome::Pending;
        };
        let header = assembly.header;
        let why = if missing.is_empty() {
            match assembly.finish() {
                Ok(packet) if header.is_confirmed() => {
                    self.talking.remove(&key.0);
                    return Outcome::Complete(packet);
                }
                Ok(packet) => {
                    self.forget(key);
                    return Outcome::Complete(packet);
                }
                Err(why) => why,
            }
        } else if header.is_confirmed() {
            return Outcome::Missing(Missing {
                header,
                total: assembly.total(),
                blocks: missing,
            });
        } else {
            Failure::Incomplete
        };
        self.forget(key);
        Outcome::Failed { header, why }
    }

    /// Lets time pass: ends transmissions that fell silent, forgets packets that nobody
    /// will repeat any more. At most one outcome per timeslot.
    pub fn tick(&mut self, now: Instant) -> Vec<Outcome> {
        self.assemblies.retain(|_, assembly| {
            assembly.is_open() || now.since(assembly.touched) < T_DATA_TX_LMT
        });
        let silent: Vec<Slot> = self
            .assemblies
            .iter()
            .filter(|(_, assembly)| assembly.is_open() && now.since(assembly.touched) >= SILENCE)
            .map(|(&(slot, _), _)| slot)
            .collect();
        let mut outcomes = Vec::new();
        for slot in silent {
            outcomes.push(self.ended(slot));
            self.talking.remove(&slot);
        }
        outcomes
    }

    /// When [`tick`](Self::tick) next has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.assemblies
            .values()
            .map(|assembly| {
                let patience = if assembly.is_open() {
                    SILENCE
                } else {
                    T_DATA_TX_LMT
                };
                assembly.touched + patience
            })
            .min()
    }

    fn talker(&self, slot: Slot) -> Option<Key> {
        self.talking.get(&slot).map(|&source| (slot, source))
    }

    fn interrupted(&mut self, slot: Slot) {
        let Some(key) = self.talker(slot) else {
            return;
        };
        self.talking.remove(&slot);
        if let Some(assembly) = self.assemblies.get_mut(&key) {
            assembly.close();
            if !assembly.header.is_confirmed() {
                self.assemblies.remove(&key);
            }
        }
    }

    fn forget(&mut self, key: Key) {
        self.assemblies.remove(&key);
        self.talking.remove(&key.0);
    }

    fn make_room(&mut self, key: Key) {
        if self.assemblies.len() < self.capacity || self.assemblies.contains_key(&key) {
            return;
        }
        let oldest = self
            .assemblies
            .iter()
            .min_by_key(|(_, assembly)| assembly.touched);
        if let Some(oldest) = oldest.map(|(&key, _)| key) {
            self.assemblies.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::dmr::data_header::{Sap, Verdict};
    use crate::dmr::packet::{Pdu, Rate, Sequence, build};

    use super::*;

    const NOW: Instant = Instant::from_millis(1_000);

    fn header(hex: &str) -> DataHeader {
        DataHeader::decode(&hex::decode(hex).unwrap().try_into().unwrap()).unwrap()
    }

    fn block(hex: &str) -> Block {
        let octets = hex::decode(hex).unwrap();
        let rate = if octets.len() == 12 {
            Rate::Half
        } else {
            Rate::ThreeQuarters
        };
        Block::new(rate, &octets).unwrap()
    }

    fn feed(reassembler: &mut Reassembler, head: &str, blocks: &[&str]) -> Outcome {
        let mut outcome = reassembler.header(NOW, Slot::One, &header(head));
        for hex in blocks {
            assert_eq!(outcome, Outcome::Pending, "before {hex}");
            outcome = reassembler.block(NOW, Slot::One, &block(hex));
        }
        outcome
    }

    fn packet(outcome: Outcome) -> Packet {
        match outcome {
            Outcome::Complete(packet) => packet,
            other => panic!("{other:?}"),
        }
    }

    const TEXT: [&str; 5] = [
        "00764500003e6ecb00004011e9580c20f96d",
        "03030c2110dd0fa70fa7002a9f970020e000",
        "04be83040d000a0045006c006a0065006e00",
        "077020006100200053004f00520021000000",
        "08180000000000000000000000005c10548e",
    ];
    const HEAD: &str = "434e2110dd20f96d8558bf5b";

    #[test]
    fn recorded_packets_reassemble_without_padding() {
        let mut air = Reassembler::default();
        let text = packet(feed(&mut air, HEAD, &TEXT));
        assert_eq!(text.data.len(), 62);
        assert_eq!(text.rate, Some(Rate::ThreeQuarters));
        let ack = packet(feed(
            &mut air,
            "023a2337fc2337fe820081a3",
            &["d6790062620003bf00070000", "0000000000000000210b9a3d"],
        ));
        assert_eq!(hex::encode(ack.data), "d6790062620003bf0007");
        assert!(text.acknowledgement().is_some());
        let short = packet(feed(
            &mut air,
            "4da323383b23383b05608040",
            &[
                "00620001410048004f004a00200054004100",
                "02f24400590020004d004100520045004b00",
                "0538000000000000000000000000f486aed8",
            ],
        ));
        assert_eq!(short.data.len(), 32);
        let answer = packet(feed(&mut air, "014020f96d2110dd000d22e2", &[]));
        assert_eq!((answer.data.len(), answer.rate), (0, None));
    }

    #[test]
    fn udt_blocks_are_checked_together() {
        let mut air = Reassembler::default();
        let text = packet(feed(
            &mut air,
            "000423386323383b309b0a46",
            &["414c4552542d3100000039d5"],
        ));
        assert_eq!(text.data, b"ALERT-1\0\0\0");
        let wrong = feed(
            &mut air,
            "000423386323383b309b0a46",
            &["414c4552542d3200000039d5"],
        );
        assert!(matches!(
            wrong,
            Outcome::Failed {
                why: Failure::Checksum,
                ..
            }
        ));
    }

    #[test]
    fn missing_blocks_are_asked_for_and_filled_by_the_retry() {
        let mut air = Reassembler::default();
        let [a, b, _, d, e] = TEXT;
        let outcome = feed(&mut air, HEAD, &[a, b, d, e]);
        let Outcome::Missing(missing) = &outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((missing.total, missing.blocks.as_slice()), (5, &[2_u8][..]));
        let sack = outcome.response().unwrap();
        assert_eq!(
            hex::encode(sack.header.encode()),
            "014020f96d2110dd01850153"
        );

        let to = *header(HEAD).addressing().unwrap();
        let whole = Outgoing {
            header: header(HEAD),
            blocks: TEXT.iter().map(|hex| block(hex)).collect(),
        };
        let retry = whole.retry(&missing.blocks).unwrap();
        let later = NOW + Duration::from_secs(3);
        // Another radio's status in between does not disturb.
        air.header(later, Slot::One, &header("4ea023386323383b0005a2eb"));
        assert_eq!(
            air.header(later, Slot::One, &retry.header),
            Outcome::Pending
        );
        let outcome = air.block(later, Slot::One, &retry.blocks[0]);
        let response = outcome.response().unwrap();
        assert_eq!(response, response::ack(&to, 5));
        assert_eq!(packet(outcome).data.len(), 62);
    }

    #[test]
    fn bursts_that_a_link_repeats_are_not_counted_twice() {
        let mut air = Reassembler::default();
        air.header(NOW, Slot::One, &header(HEAD));
        for hex in &TEXT[..4] {
            for _ in 0..3 {
                assert_eq!(air.block(NOW, Slot::One, &block(hex)), Outcome::Pending);
            }
        }
        packet(air.block(NOW, Slot::One, &block(TEXT[4])));
        assert_eq!(air.block(NOW, Slot::One, &block(TEXT[4])), Outcome::Stray);
    }

    #[test]
    fn a_lost_acknowledgement_is_answered_again_but_not_delivered_again() {
        let mut air = Reassembler::default();
        assert!(!packet(feed(&mut air, HEAD, &TEXT)).repeated);
        let again = packet(feed(&mut air, HEAD, &TEXT));
        assert!(again.repeated && again.acknowledgement().is_some());

        let mut retry = header(HEAD);
        if let DataHeader::Confirmed(header) = &mut retry {
            header.full_message = false;
            header.blocks_to_follow = 2;
        }
        assert_eq!(air.header(NOW, Slot::One, &retry), Outcome::Pending);
        assert_eq!(air.block(NOW, Slot::One, &block(TEXT[1])), Outcome::Pending);
        let outcome = air.block(NOW, Slot::One, &block(TEXT[4]));
        assert!(packet(outcome).repeated);

        air.tick(NOW + T_DATA_TX_LMT);
        assert!(!packet(feed(&mut air, HEAD, &TEXT)).repeated);
    }

    #[test]
    fn the_same_short_data_twice_is_two_messages() {
        let mut air = Reassembler::default();
        for _ in 0..2 {
            let outcome = feed(
                &mut air,
                "4da123386323383b05104566",
                &["01330001668ba56241003100000064a0a230"],
            );
            assert!(!packet(outcome).repeated);
        }
    }

    #[test]
    fn silence_ends_a_transmission_after_one_second() {
        let mut air = Reassembler::default();
        feed(&mut air, HEAD, &TEXT[..2]);
        let deadline = air.deadline().unwrap();
        assert_eq!(deadline, NOW + SILENCE);
        assert_eq!(air.tick(NOW + SILENCE / 2), []);
        let outcomes = air.tick(deadline);
        let [Outcome::Missing(missing)] = outcomes.as_slice() else {
            panic!("{outcomes:?}");
        };
        assert_eq!(missing.blocks, [2, 3, 4]);
        assert_eq!(air.tick(deadline + SILENCE), []);
        assert_eq!(air.deadline(), Some(NOW + T_DATA_TX_LMT));
        air.tick(NOW + T_DATA_TX_LMT);
        assert_eq!(air.deadline(), None);
    }

    #[test]
    fn a_lost_block_of_an_unconfirmed_packet_is_reported_at_the_end() {
        let mut air = Reassembler::default();
        feed(
            &mut air,
            "023a2337fc2337fe820081a3",
            &["d6790062620003bf00070000"],
        );
        let outcome = air.ended(Slot::One);
        assert!(matches!(
            outcome,
            Outcome::Failed {
                why: Failure::Incomplete,
                ..
            }
        ));
        assert_eq!(outcome.response(), None);
        assert_eq!(air.block(NOW, Slot::One, &block(TEXT[0])), Outcome::Stray);
    }

    #[test]
    fn a_packet_whose_crc_32_fails_is_refused_by_name() {
        let to = *header(HEAD).addressing().unwrap();
        let mut sent =
            build::confirmed(to, Rate::Half, Sequence::default(), b"0123456789").unwrap();
        sent.blocks[0] = Block::confirmed(Rate::Half, 0, b"1123456789").unwrap();
        let mut air = Reassembler::default();
        air.header(NOW, Slot::Two, &sent.header);
        air.block(NOW, Slot::Two, &sent.blocks[0]);
        let outcome = air.block(NOW, Slot::Two, &sent.blocks[1]);
        let DataHeader::Response(answer) = outcome.response().unwrap().header else {
            panic!("no response");
        };
        assert_eq!(answer.verdict, Verdict::Nack(NackReason::PacketCrcFailed));
    }

    #[test]
    fn a_proprietary_second_header_counts_as_a_block() {
        let to = Addressing {
            group: false,
            response_requested: true,
            sap: Sap::Proprietary,
            destination: 1,
            source: 2,
        };
        let mut sent = build::confirmed(to, Rate::Half, Sequence::default(), &[9; 16]).unwrap();
        let DataHeader::Confirmed(first) = &mut sent.header else {
            panic!("another format");
        };
        first.blocks_to_follow += 1;
        let second = DataHeader::read(&[0x1F, 0x10, 0, 0x33, 1, 2, 3, 4, 5, 6, 0, 0]);
        let mut air = Reassembler::default();
        air.header(NOW, Slot::One, &sent.header);
        assert_eq!(air.header(NOW, Slot::One, &second), Outcome::Pending);
        let mut outcome = Outcome::Pending;
        for block in &sent.blocks {
            outcome = air.block(NOW, Slot::One, block);
        }
        let packet = packet(outcome);
        assert_eq!(packet.data, [9; 16]);
        assert!(packet.second.is_some());
    }

    #[test]
    fn memory_is_bounded_by_the_capacity() {
        let mut air = Reassembler::new(4);
        for source in 0..100 {
            let mut head = header(HEAD);
            if let DataHeader::Confirmed(head) = &mut head {
                head.addressing.source = source;
            }
            air.header(NOW, Slot::One, &head);
        }
        assert_eq!(air.assemblies.len(), 4);
    }

    fn any_pdu() -> impl Strategy<Value = Pdu> {
        let rates = vec![Rate::Half, Rate::ThreeQuarters, Rate::Full];
        prop_oneof![
            any::<[u8; 12]>().prop_map(Pdu::DataHeader),
            (
                prop::sample::select(rates),
                any::<[u8; 12]>(),
                0_u8..4,
                any::<bool>()
            )
                .prop_map(|(rate, octets, serial, confirmed)| {
                    let block = if confirmed {
                        Block::confirmed(rate, serial, &octets[..10])
                    } else {
                        Block::new(rate, &octets)
                    };
                    Pdu::Block(block.unwrap())
                }),
        ]
    }

    proptest! {
        #[test]
        fn any_order_and_duplication_of_confirmed_blocks_reassembles(
            data in prop::collection::vec(any::<u8>(), 0..300),
            rate in prop::sample::select(vec![Rate::Half, Rate::ThreeQuarters, Rate::Full]),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            shuffle in any::<u64>(),
        ) {
            let to = *header(HEAD).addressing().unwrap();
            let sent = build::confirmed(to, rate, Sequence::default(), &data).unwrap();
            let mut order: Vec<usize> = (0..sent.blocks.len()).collect();
            order.extend(picks.iter().map(|pick| pick.index(sent.blocks.len())));
            order.sort_by_key(|&i| (i as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
            let mut air = Reassembler::default();
            air.header(NOW, Slot::One, &sent.header);
            let complete: Vec<Packet> = order
                .iter()
                .filter_map(|&i| match air.block(NOW, Slot::One, &sent.blocks[i]) {
                    Outcome::Complete(packet) => Some(packet),
                    _ => None,
                })
                .collect();
            prop_assert_eq!(complete.len(), 1);
            prop_assert_eq!(&complete[0].data, &data);
        }

        #[test]
        fn random_headers_and_blocks_never_panic(
            pdus in prop::collection::vec((any_pdu(), 0_u64..2_000, any::<bool>()), 0..64),
        ) {
            let mut air = Reassembler::new(3);
            let mut now = NOW;
            for (pdu, gap, two) in pdus {
                now += Duration::from_millis(gap);
                let slot = if two { Slot::Two } else { Slot::One };
                let outcome = match pdu {
                    Pdu::DataHeader(octets) => air.header(now, slot, &DataHeader::read(&octets)),
                    Pdu::Block(block) => air.block(now, slot, &block),
                    Pdu::Csbk(_) => air.ended(slot),
                };
                let _ = outcome.response();
                for outcome in air.tick(now) {
                    let _ = outcome.response();
                }
                prop_assert!(air.assemblies.len() <= 3);
            }
        }
    }
}
