//! The common announcement channel in the gap before every outbound burst (clause 6.3,
//! B.4.1): 24 bits, of which four consecutive ones carry a short LC.

use super::emb::Lcss;
use super::fec::hamming::HAMMING_7_4;
use super::fec::{Corrected, FecError, short_lc};
use crate::air::Slot;

/// Places of the activity type's seven bits among the 24, first transmitted = 0.
const TACT_PLACES: u32 = places(&[0, 4, 8, 12, 14, 18, 22]);
const TACT_BITS: u32 = 7;

const fn places(mut list: &[u32]) -> u32 {
    let mut mask = 0;
    while let [first, rest @ ..] = list {
        mask |= 1 << (23 - *first);
        list = rest;
    }
    mask
}

/// TDMA access channel type, four bits with their parity (clause 9.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tact {
    /// AT: the inbound slot is busy.
    pub busy: bool,
    /// TC: the slot of the outbound burst that follows.
    pub slot: Slot,
    /// Which fragment of the short LC the payload is.
    pub lcss: Lcss,
}

impl Tact {
    /// The 7-bit codeword.
    #[must_use]
    pub const fn encode(self) -> u32 {
        let slot = self.slot.number() - 1;
        HAMMING_7_4.encode((self.busy as u32) << 3 | (slot as u32) << 2 | self.lcss.number() as u32)
    }

    /// The field of a received word in the low 7 bits.
    ///
    /// # Errors
    /// None in practice: every word is at most one bit from a codeword.
    pub fn decode(word: u32) -> Result<Corrected<Self>, FecError> {
        Ok(HAMMING_7_4.decode(word)?.map(|bits| Self {
            busy: bits >> 3 & 1 == 1,
            slot: if bits >> 2 & 1 == 1 {
                Slot::Two
            } else {
                Slot::One
            },
            lcss: Lcss::from_number(bits as u8),
        }))
    }
}

/// One CACH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cach {
    /// What it announces.
    pub tact: Tact,
    /// 17 bits of a short LC, without protection of their own.
    pub payload: u32,
}

impl Cach {
    /// The 24 bits.
    #[must_use]
    pub fn encode(self) -> [u8; 3] {
        let (mut tact, mut payload) = (self.tact.encode() << 25, self.payload << 15);
        let bits = (0..24).rev().fold(0, |bits, place| {
            let source = if TACT_PLACES >> place & 1 == 1 {
                &mut tact
            } else {
                &mut payload
            };
            let bit = *source >> 31;
            *source <<= 1;
            bits << 1 | bit
        });
        let [_, octets @ ..] = u32::to_be_bytes(bits);
        octets
    }

    /// Reads 24 received bits.
    ///
    /// # Errors
    /// As [`Tact::decode`].
    pub fn decode(octets: [u8; 3]) -> Result<Corrected<Self>, FecError> {
        let [a, b, c] = octets;
        let bits = u32::from_be_bytes([0, a, b, c]);
        let (tact, payload) = (0..24).rev().fold((0, 0), |(tact, payload), place| {
            let bit = bits >> place & 1;
            if TACT_PLACES >> place & 1 == 1 {
                (tact << 1 | bit, payload)
            } else {
                (tact, payload << 1 | bit)
            }
        });
        Ok(Tact::decode(tact)?.map(|tact| Self { tact, payload }))
    }
}

const _: () = assert!(TACT_PLACES.count_ones() == TACT_BITS);

/// Puts the short LC of four consecutive CACHs together. Holds four payloads at most.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShortLcCollector {
    payloads: [u32; 4],
    held: usize,
}

impl ShortLcCollector {
    /// Takes the next CACH and gives the 28 bits of a short LC when it was the last of
    /// four. After a lost one nothing comes until the next first fragment.
    pub fn push(&mut self, cach: Cach) -> Option<Result<Corrected<u32>, FecError>> {
        self.held = match (cach.tact.lcss, self.held) {
            (Lcss::First, _) => 0,
            (Lcss::Continuation, held @ 1..=2) | (Lcss::Last, held @ 3) => held,
            _ => {
                self.held = 0;
                return None;
            }
        };
        *self.payloads.get_mut(self.held)? = cach.payload;
        self.held += 1;
        if self.held < self.payloads.len() {
            return None;
        }
        self.held = 0;
        Some(short_lc::decode(self.payloads))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn tact(busy: bool, slot: Slot, lcss: Lcss) -> Tact {
        Tact { busy, slot, lcss }
    }

    #[test]
    fn worked_activity_types_agree_both_ways() {
        for (value, word) in [
            (tact(false, Slot::One, Lcss::First), 0b000_1011),
            (tact(true, Slot::Two, Lcss::First), 0b110_1001),
            (tact(true, Slot::One, Lcss::Continuation), 0b101_1000),
            (tact(false, Slot::Two, Lcss::Last), 0b011_0001),
            (tact(true, Slot::Two, Lcss::Single), 0b110_0010),
        ] {
            assert_eq!(value.encode(), word);
            for bit in 0..7 {
                let read = Tact::decode(word ^ 1 << bit).unwrap();
                assert_eq!((read.value, read.corrected_bits), (value, 1));
            }
        }
    }

    #[test]
    fn the_activity_type_is_spread_over_the_payload() {
        let cach = Cach {
            tact: tact(true, Slot::Two, Lcss::First),
            payload: 0,
        };
        // 1101001 at 0, 4, 8, 12, 14, 18 and 22.
        assert_eq!(cach.encode(), [0b1000_1000, 0b0000_1000, 0b0000_0010]);
    }

    const SEQUENCE: [Lcss; 4] = [
        Lcss::First,
        Lcss::Continuation,
        Lcss::Continuation,
        Lcss::Last,
    ];

    fn sequence(info: u32) -> impl Iterator<Item = Cach> {
        let payloads = short_lc::encode(info).into_iter();
        payloads.zip(SEQUENCE).map(|(payload, lcss)| Cach {
            tact: tact(false, Slot::One, lcss),
            payload,
        })
    }

    #[test]
    fn four_announcements_make_a_short_lc_and_three_make_none() {
        let mut collector = ShortLcCollector::default();
        for lost in 0..=4 {
            let results: Vec<_> = sequence(0x200_2605)
                .enumerate()
                .filter(|&(index, _)| index != lost)
                .filter_map(|(_, cach)| collector.push(cach))
                .collect();
            if lost == 4 {
                let value = results.first().unwrap().unwrap().value;
                assert_eq!((results.len(), value), (1, 0x200_2605));
            } else {
                assert!(results.is_empty(), "with number {lost} lost");
            }
        }
    }

    proptest! {
        #[test]
        fn every_announcement_survives_its_coding(busy: bool, two: bool, lcss in 0..4u8, payload in 0..1u32 << 17) {
            let slot = if two { Slot::Two } else { Slot::One };
            let sent = Cach { tact: tact(busy, slot, Lcss::from_number(lcss)), payload };
            let expected = Corrected { value: sent, corrected_bits: 0 };
            prop_assert_eq!(Cach::decode(sent.encode()), Ok(expected));
        }
    }
}
