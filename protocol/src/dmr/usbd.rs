//! Unified single block data (data type 11, CRC-CCITT mask 3333; TS 102 361-4): a poll of
//! one burst and an answer of one burst.

use crate::dmr::crc;
use crate::dmr::data_header::Bits;
use crate::dmr::fields::{Field, Fields};

/// Service type of the location information protocol.
pub const LIP: u8 = 0;

/// Why twelve octets are no single block data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CRC-CCITT of the single block data is {found:04x}, computed {computed:04x}")]
pub struct UsbdError {
    /// As received, mask included.
    pub found: u16,
    /// As it should be.
    pub computed: u16,
}

fn open(pdu: &[u8; 12]) -> Result<Bits, UsbdError> {
    let [information @ .., high, low] = pdu;
    let found = u16::from_be_bytes([*high, *low]);
    let computed = crc::ccitt(information, crc::mask::USBD);
    if found == computed {
        Ok(Bits::of(pdu))
    } else {
        Err(UsbdError { found, computed })
    }
}

/// What a base station asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsbdPoll {
    /// 4 bits: [`LIP`], 8 to 15 manufacturers'.
    pub service: u8,
    /// 2 bits: answer 30, 90, 150 or 210 ms after the poll.
    pub response_delay: u8,
    /// Bit 6: what the answer shall contain, by service.
    pub payload_contents: bool,
    /// Bit 7, reserved.
    pub reserved: bool,
    /// Parameters of the service.
    pub parameters: [u8; 6],
    /// The radio that shall answer, 24 bits.
    pub target: u32,
}

impl UsbdPoll {
    /// The poll in `pdu`, as sent by a base station.
    ///
    /// # Errors
    /// The CRC does not match.
    pub fn decode(pdu: &[u8; 12]) -> Result<Self, UsbdError> {
        let bits = open(pdu)?;
        let [_, a, b, c, d, e, f, ..] = *pdu;
        Ok(Self {
            service: bits.octet(0, 4),
            response_delay: bits.octet(4, 2),
            payload_contents: bits.flag(6),
            reserved: bits.flag(7),
            parameters: [a, b, c, d, e, f],
            target: bits.get(56, 24),
        })
    }

    /// The twelve octets.
    #[must_use]
    pub fn encode(&self) -> [u8; 12] {
        let bits = Bits::default()
            .with(0, 4, self.service)
            .with(4, 2, self.response_delay)
            .with(6, 1, self.payload_contents)
            .with(7, 1, self.reserved)
            .with(56, 24, self.target);
        let bits = (8..)
            .step_by(8)
            .zip(self.parameters)
            .fold(bits, |bits, (at, octet)| bits.with(at, 8, octet));
        crc::append_ccitt(&bits.octets(), crc::mask::USBD)
    }
}

impl Fields for UsbdPoll {
    fn name(&self) -> &'static str {
        "USBD_POLL"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("service", self.service, 4));
        out.push(Field::number("response_delay", self.response_delay, 2));
        out.push(Field::flag("payload_contents", self.payload_contents));
        out.push(Field::bytes("parameters", self.parameters));
        out.push(Field::number("target", self.target, 24));
    }
}

/// What a radio answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsbdAnswer {
    /// Its position.
    Location(UsbdLocation),
    /// Another service's 76 bits.
    Other {
        /// All ten information octets, the service in the first four bits.
        octets: [u8; 10],
    },
}

/// A position in one burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsbdLocation {
    /// 2 bits: age class of the fix.
    pub elapsed: u8,
    /// 25 bits, two's complement, in units of 360/2^25 degrees east.
    pub longitude: u32,
    /// 24 bits, two's complement, in units of 180/2^24 degrees north.
    pub latitude: u32,
    /// 3 bits.
    pub position_error: u8,
    /// 7 bits.
    pub velocity: u8,
    /// 4 bits: sixteenths of a circle.
    pub direction: u8,
    /// 3 bits: why it was sent.
    pub reason: u8,
    /// CRC-8 over the radio's address.
    pub source_hash: u8,
}

impl UsbdAnswer {
    /// The answer in `pdu`, as sent by a radio.
    ///
    /// # Errors
    /// The CRC does not match.
    pub fn decode(pdu: &[u8; 12]) -> Result<Self, UsbdError> {
        let bits = open(pdu)?;
        if bits.octet(0, 4) != LIP {
            let octets = bits.octets();
            return Ok(Self::Other { octets });
        }
        Ok(Self::Location(UsbdLocation {
            elapsed: bits.octet(4, 2),
            longitude: bits.get(6, 25),
            latitude: bits.get(31, 24),
            position_error: bits.octet(55, 3),
            velocity: bits.octet(58, 7),
            direction: bits.octet(65, 4),
            reason: bits.octet(69, 3),
            source_hash: bits.octet(72, 8),
        }))
    }

    /// The twelve octets.
    #[must_use]
    pub fn encode(&self) -> [u8; 12] {
        let octets = match self {
            Self::Location(at) => Bits::default()
                .with(4, 2, at.elapsed)
                .with(6, 25, at.longitude)
                .with(31, 24, at.latitude)
                .with(55, 3, at.position_error)
                .with(58, 7, at.velocity)
                .with(65, 4, at.direction)
                .with(69, 3, at.reason)
                .with(72, 8, at.source_hash)
                .octets(),
            Self::Other { octets } => *octets,
        };
        crc::append_ccitt(&octets, crc::mask::USBD)
    }
}

impl Fields for UsbdAnswer {
    fn name(&self) -> &'static str {
        "USBD_ANSWER"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        match self {
            Self::Location(at) => {
                out.push(Field::number("service", LIP, 4));
                out.push(Field::number("elapsed", at.elapsed, 2));
                out.push(Field::number("longitude", at.longitude, 25));
                out.push(Field::number("latitude", at.latitude, 24));
                out.push(Field::number("position_error", at.position_error, 3));
                out.push(Field::number("velocity", at.velocity, 7));
                out.push(Field::number("direction", at.direction, 4));
                out.push(Field::number("reason", at.reason, 3));
                out.push(Field::number("source_hash", at.source_hash, 8));
            }
            Self::Other { octets } => out.push(Field::bytes("octets", *octets)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_damaged_block_is_refused() {
        let mut pdu = UsbdPoll {
            service: LIP,
            response_delay: 1,
            payload_contents: false,
            reserved: false,
            parameters: [0; 6],
            target: 2_308_155,
        }
        .encode();
        assert_eq!(UsbdPoll::decode(&pdu).unwrap().target, 2_308_155);
        pdu[3] ^= 1;
        assert!(UsbdPoll::decode(&pdu).is_err());
    }

    proptest! {
        #[test]
        fn polls_and_answers_keep_every_bit(octets: [u8; 10]) {
            let pdu = crc::append_ccitt(&octets, crc::mask::USBD);
            prop_assert_eq!(UsbdPoll::decode(&pdu).unwrap().encode(), pdu);
            prop_assert_eq!(UsbdAnswer::decode(&pdu).unwrap().encode(), pdu);
        }
    }
}
