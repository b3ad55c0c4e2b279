//! SET_FREQ (0x04): receive and transmit frequency.

use nom::Parser as _;
use nom::number::complete::{le_u32, u8 as octet};

use super::MessageError;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// The part that the short form leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Further {
    /// Transmit power, 0 to 255.
    pub rf_level: u8,
    /// POCSAG transmit frequency in Hz.
    pub pocsag_hz: u32,
}

/// Receive and transmit frequency; answered by ACK or NAK. Full-size boards accept and
/// ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetFreq {
    /// Receive frequency in Hz.
    pub rx_hz: u32,
    /// Transmit frequency in Hz.
    pub tx_hz: u32,
    /// Absent in the short form, which only DVMEGA boards take.
    pub further: Option<Further>,
}

const NAME: &str = "SET_FREQ";

impl SetFreq {
    /// Reads the data of the frame: 9 or 14 octets, integers least significant octet first.
    ///
    /// # Errors
    /// Any other length.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        let error = |_| MessageError::length(NAME, data);
        let (rest, (_, rx_hz, tx_hz)) = (octet::<_, ()>, le_u32, le_u32)
            .parse(data)
            .map_err(|e: nom::Err<()>| error(e))?;
        if rest.is_empty() {
            return Ok(Self {
                rx_hz,
                tx_hz,
                further: None,
            });
        }
        let (rest, (rf_level, pocsag_hz)) = (octet::<_, ()>, le_u32)
            .parse(rest)
            .map_err(|e: nom::Err<()>| error(e))?;
        if !rest.is_empty() {
            return Err(MessageError::length(NAME, data));
        }
        Ok(Self {
            rx_hz,
            tx_hz,
            further: Some(Further {
                rf_level,
                pocsag_hz,
            }),
        })
    }

    /// The frame.
    #[must_use]
    pub fn encode(self) -> Frame {
        let [r0, r1, r2, r3] = self.rx_hz.to_le_bytes();
        let [t0, t1, t2, t3] = self.tx_hz.to_le_bytes();
        match self.further {
            None => Frame::fixed(kind::SET_FREQ, [0, r0, r1, r2, r3, t0, t1, t2, t3]),
            Some(Further {
                rf_level,
                pocsag_hz,
            }) => {
                let [p0, p1, p2, p3] = pocsag_hz.to_le_bytes();
                Frame::fixed(
                    kind::SET_FREQ,
                    [0, r0, r1, r2, r3, t0, t1, t2, t3, rf_level, p0, p1, p2, p3],
                )
            }
        }
    }
}

impl Fields for SetFreq {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("rx_hz", self.rx_hz, 32));
        out.push(Field::number("tx_hz", self.tx_hz, 32));
        if let Some(further) = self.further {
            out.push(Field::number("rf_level", further.rf_level, 8));
            out.push(Field::number("pocsag_hz", further.pocsag_hz, 32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_little_endian_in_both_forms() {
        let short = SetFreq {
            rx_hz: 0x0102_0304,
            tx_hz: 0x0506_0708,
            further: None,
        };
        assert_eq!(short.encode().data(), [0, 4, 3, 2, 1, 8, 7, 6, 5]);
        assert_eq!(short.encode().total(), 12);
        let long = SetFreq {
            further: Some(Further {
                rf_level: 255,
                pocsag_hz: 433_000_000,
            }),
            ..short
        };
        assert_eq!(long.encode().total(), 17);
        assert_eq!(long.encode().data()[9..], [0xFF, 0x40, 0x0E, 0xCF, 0x19]);
        for freq in [short, long] {
            assert_eq!(SetFreq::decode(freq.encode().data()), Ok(freq));
        }
        assert!(SetFreq::decode(&[0; 10]).is_err());
    }
}
