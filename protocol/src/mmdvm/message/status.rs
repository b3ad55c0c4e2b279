//! The answer to GET_STATUS (0x01): mode, flags and free buffer space.

use super::{MessageError, Mode, Modes};
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::{Frame, START};
use crate::mmdvm::kind;

/// The flags octet of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// The transmitter is on.
    pub const TRANSMITTING: u8 = 0x01;
    /// The analogue input is overdriven.
    pub const ADC_OVERFLOW: u8 = 0x02;
    /// Received data were lost.
    pub const RX_OVERFLOW: u8 = 0x04;
    /// Data to transmit were lost.
    pub const TX_OVERFLOW: u8 = 0x08;
    /// An external input holds the transmitter off.
    pub const LOCKOUT: u8 = 0x10;
    /// The analogue output is overdriven.
    pub const DAC_OVERFLOW: u8 = 0x20;
    /// A carrier is heard.
    pub const CARRIER_DETECT: u8 = 0x40;

    /// Whether any of these bits is set.
    #[must_use]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// Free space per mode: bursts or frames; POCSAG in batches of 68 octets. 0 for a mode
/// that is not enabled or not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Spaces {
    /// D-Star.
    pub d_star: u8,
    /// DMR slot 1 (always 10 on a simplex modem) and slot 2.
    pub dmr: [u8; 2],
    /// System Fusion.
    pub ysf: u8,
    /// P25.
    pub p25: u8,
    /// NXDN.
    pub nxdn: u8,
    /// FM.
    pub fm: u8,
    /// POCSAG.
    pub pocsag: u8,
}

/// How a modem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Enabled modes: in version 1 only, and what makes it version 1.
    pub enabled: Option<Modes>,
    /// What it is doing.
    pub mode: Mode,
    /// Flags.
    pub flags: Flags,
    /// Free space.
    pub spaces: Spaces,
}

const NAME: &str = "GET_STATUS";
/// Octets of data in version 2.
const V2_DATA: usize = 17;

impl Status {
    /// Reads the data of the frame: 17 octets are version 2, 7 to 10 are version 1.
    ///
    /// # Errors
    /// Any other length, or version 2 data that run into the next frame.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        match *data {
            // The start byte in a place that is always zero: octets were lost, and this is
            // the next frame.
            [.., START] if data.len() == V2_DATA => Err(MessageError::Value {
                message: NAME,
                field: "reserved",
                value: START,
            }),
            [
                mode,
                flags,
                _,
                d_star,
                one,
                two,
                ysf,
                p25,
                nxdn,
                _,
                fm,
                pocsag,
                _,
                _,
                _,
                _,
                _,
            ] => Ok(Self {
                enabled: None,
                mode: mode.into(),
                flags: Flags(flags),
                spaces: Spaces {
                    d_star,
                    dmr: [one, two],
                    ysf,
                    p25,
                    nxdn,
                    fm,
                    pocsag,
                },
            }),
            [modes, mode, flags, d_star, one, two, ysf, ref further @ ..] if further.len() <= 3 => {
                let space = |place: usize| further.get(place).copied().unwrap_or(0);
                Ok(Self {
                    enabled: Some(Modes::from_v1(modes)),
                    mode: mode.into(),
                    flags: Flags(flags),
                    spaces: Spaces {
                        d_star,
                        dmr: [one, two],
                        ysf,
                        p25: space(0),
                        nxdn: space(1),
                        fm: 0,
                        pocsag: space(2),
                    },
                })
            }
            _ => Err(MessageError::length(NAME, data)),
        }
    }

    /// The frame: version 1 in its longest form, or version 2.
    #[must_use]
    pub fn encode(&self) -> Frame {
        let (mode, Flags(flags), s) = (u8::from(self.mode), self.flags, self.spaces);
        let [one, two] = s.dmr;
        match self.enabled {
            Some(modes) => Frame::fixed(
                kind::GET_STATUS,
                [
                    modes.to_v1(),
                    mode,
                    flags,
                    s.d_star,
                    one,
                    two,
                    s.ysf,
                    s.p25,
                    s.nxdn,
                    s.pocsag,
                ],
            ),
            None => Frame::fixed(
                kind::GET_STATUS,
                [
                    mode, flags, 0, s.d_star, one, two, s.ysf, s.p25, s.nxdn, 0, s.fm, s.pocsag, 0,
                    0, 0, 0, 0,
                ],
            ),
        }
    }
}

impl Fields for Status {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        if let Some(modes) = self.enabled {
            out.push(Field::text("enabled", modes.to_string()));
        }
        out.push(Field::coded(
            "mode",
            u8::from(self.mode),
            8,
            self.mode.to_string(),
        ));
        for (name, bit) in [
            ("transmitting", Flags::TRANSMITTING),
            ("adc_overflow", Flags::ADC_OVERFLOW),
            ("rx_overflow", Flags::RX_OVERFLOW),
            ("tx_overflow", Flags::TX_OVERFLOW),
            ("lockout", Flags::LOCKOUT),
            ("dac_overflow", Flags::DAC_OVERFLOW),
            ("carrier_detect", Flags::CARRIER_DETECT),
        ] {
            out.push(Field::flag(name, self.flags.has(bit)));
        }
        let [one, two] = self.spaces.dmr;
        for (name, space) in [
            ("d_star_space", self.spaces.d_star),
            ("dmr_slot_1_space", one),
            ("dmr_slot_2_space", two),
            ("ysf_space", self.spaces.ysf),
            ("p25_space", self.spaces.p25),
            ("nxdn_space", self.spaces.nxdn),
            ("fm_space", self.spaces.fm),
            ("pocsag_space", self.spaces.pocsag),
        ] {
            out.push(Field::number(name, space, 8));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_has_20_octets() {
        let data = [2, 0x11, 0, 1, 10, 7, 2, 3, 4, 0, 5, 58, 0, 0, 0, 0, 0];
        let status = Status::decode(&data).unwrap();
        assert_eq!(status.mode, Mode::Dmr);
        assert!(status.flags.has(Flags::TRANSMITTING) && status.flags.has(Flags::LOCKOUT));
        assert!(!status.flags.has(Flags::TX_OVERFLOW));
        assert_eq!((status.spaces.dmr, status.spaces.pocsag), ([10, 7], 58));
        assert_eq!(status.encode().data(), data);
        assert_eq!(status.encode().total(), 20);
    }

    #[test]
    fn version_1_says_only_as_much_as_it_is_long() {
        let long = [0x22, 2, 1, 0, 10, 9, 8, 7, 6, 5];
        for length in 7..=10 {
            let status = Status::decode(&long[..length]).unwrap();
            assert_eq!(status.enabled.map(Modes::to_v1), Some(0x22));
            assert_eq!(status.spaces.dmr, [10, 9]);
            assert_eq!(status.spaces.pocsag, if length == 10 { 5 } else { 0 });
            assert_eq!(status.spaces.p25, if length >= 8 { 7 } else { 0 });
        }
        assert_eq!(Status::decode(&long).unwrap().encode().data(), long);
    }

    #[test]
    fn a_status_that_lost_an_octet_to_the_line_is_refused() {
        let mut data = [0; V2_DATA];
        data[16] = START;
        assert_eq!(
            Status::decode(&data).unwrap_err().to_string(),
            "GET_STATUS: reserved is 224"
        );
    }

    #[test]
    fn other_lengths_are_refused() {
        for length in (0..7).chain(11..17).chain(18..30) {
            assert!(Status::decode(&vec![0; length]).is_err());
        }
    }
}
