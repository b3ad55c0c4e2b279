//! SET_CONFIG (0x02): levels, enabled modes, colour code.

use super::{MessageError, Mode, Modes, Protocol};
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::Frame;
use crate::mmdvm::kind;

/// Bits of [`SetConfig::flags`].
pub mod flag {
    /// The receive signal is inverted.
    pub const RX_INVERT: u8 = 0x01;
    /// The transmit signal is inverted.
    pub const TX_INVERT: u8 = 0x02;
    /// The transmit key is inverted.
    pub const PTT_INVERT: u8 = 0x04;
    /// YSF with half the deviation.
    pub const YSF_LOW_DEVIATION: u8 = 0x08;
    /// The modem writes debug frames.
    pub const DEBUG: u8 = 0x10;
    /// The carrier-operated switch holds the transmitter off.
    pub const COS_LOCKOUT: u8 = 0x20;
    /// One frequency; DMR in slot 2 only.
    pub const SIMPLEX: u8 = 0x80;
}

/// A level octet from per cent, 0 to 100.
#[must_use]
pub const fn level(percent: u8) -> u8 {
    let percent = if percent > 100 { 100 } else { percent };
    // At most 255: 100 * 255 / 100.
    (percent as u16 * 255 / 100) as u8
}

/// Levels as octets, see [`level`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Levels {
    /// Receive.
    pub rx: u8,
    /// Morse identification.
    pub cw_id: u8,
    /// D-Star.
    pub d_star: u8,
    /// DMR.
    pub dmr: u8,
    /// System Fusion.
    pub ysf: u8,
    /// P25.
    pub p25: u8,
    /// NXDN.
    pub nxdn: u8,
    /// POCSAG.
    pub pocsag: u8,
    /// FM.
    pub fm: u8,
}

/// The configuration of a modem; answered by ACK or NAK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetConfig {
    /// See [`flag`].
    pub flags: u8,
    /// Modes to enable.
    pub modes: Modes,
    /// Time from key to data, in units of 10 ms, 0 to 50.
    pub tx_delay: u8,
    /// Mode to begin with.
    pub mode: Mode,
    /// Offset of the analogue output.
    pub tx_dc_offset: i8,
    /// Offset of the analogue input.
    pub rx_dc_offset: i8,
    /// Levels.
    pub levels: Levels,
    /// YSF, P25 and NXDN: how long the transmitter stays on after the last frame.
    pub tx_hang: [u8; 3],
    /// Tier III operation; version 2 only.
    pub trunking: bool,
    /// DMR colour code, 0 to 15.
    pub color_code: u8,
    /// DMR delay of simplex modems, in symbols.
    pub dmr_delay: u8,
}

impl Default for SetConfig {
    /// DMR alone at half level, colour code 1.
    fn default() -> Self {
        Self {
            flags: 0,
            modes: Modes::DMR,
            tx_delay: 10,
            mode: Mode::Idle,
            tx_dc_offset: 0,
            rx_dc_offset: 0,
            levels: Levels {
                rx: level(50),
                dmr: level(50),
                ..Levels::default()
            },
            tx_hang: [0; 3],
            trunking: false,
            color_code: 1,
            dmr_delay: 0,
        }
    }
}

const NAME: &str = "SET_CONFIG";
/// Octet whose meaning was given up; the firmware expects this value.
const OBSOLETE: u8 = 128;
const TRUNKING: u8 = 0x80;
/// Octets of data in version 1.
const V1_DATA: usize = 23;
/// Octets of data in version 2.
const V2_DATA: usize = 37;

/// A DC offset is written plus 128.
const fn offset_to_octet(offset: i8) -> u8 {
    offset.cast_unsigned() ^ 0x80
}

const fn offset_from_octet(octet: u8) -> i8 {
    (octet ^ 0x80).cast_signed()
}

impl SetConfig {
    /// Reads the data of the frame: 23 octets are version 1, 37 are version 2. The
    /// values are as sent; see [`check`](Self::check).
    ///
    /// # Errors
    /// Any other length.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        if let Ok(v1) = <&[u8; V1_DATA]>::try_from(data) {
            Ok(Self::decode_v1(v1))
        } else if let Ok(v2) = <&[u8; V2_DATA]>::try_from(data) {
            Ok(Self::decode_v2(v2))
        } else {
            Err(MessageError::length(NAME, data))
        }
    }

    fn decode_v1(d: &[u8; V1_DATA]) -> Self {
        Self {
            flags: d[0],
            modes: Modes::from_v1(d[1]),
            tx_delay: d[2],
            mode: d[3].into(),
            tx_dc_offset: offset_from_octet(d[13]),
            rx_dc_offset: offset_from_octet(d[14]),
            levels: Levels {
                rx: d[4],
                cw_id: d[5],
                d_star: d[9],
                dmr: d[10],
                ysf: d[11],
                p25: d[12],
                nxdn: d[15],
                pocsag: d[17],
                fm: d[18],
            },
            tx_hang: [d[16], d[19], d[20]],
            trunking: false,
            color_code: d[6],
            dmr_delay: d[7],
        }
    }

    fn decode_v2(d: &[u8; V2_DATA]) -> Self {
        Self {
            flags: d[0],
            modes: Modes::from_config([d[1], d[2]]),
            tx_delay: d[3],
            mode: d[4].into(),
            tx_dc_offset: offset_from_octet(d[5]),
            rx_dc_offset: offset_from_octet(d[6]),
            levels: Levels {
                rx: d[7],
                cw_id: d[8],
                d_star: d[9],
                dmr: d[10],
                ysf: d[11],
                p25: d[12],
                nxdn: d[13],
                pocsag: d[15],
                fm: d[16],
            },
            tx_hang: [d[20], d[21], d[22]],
            trunking: d[25] & TRUNKING != 0,
            color_code: d[26],
            dmr_delay: d[27],
        }
    }

    /// The frame in the form of `protocol`. Version 1 has no trunking and no FM mode.
    #[must_use]
    pub fn encode(&self, protocol: Protocol) -> Frame {
        match protocol {
            Protocol::V1 => self.encode_v1(),
            Protocol::V2 => self.encode_v2(),
        }
    }

    fn encode_v1(&self) -> Frame {
        let mut d = [0; V1_DATA];
        d[0] = self.flags;
        d[1] = self.modes.to_v1();
        d[2] = self.tx_delay;
        d[3] = self.mode.into();
        d[4] = self.levels.rx;
        d[5] = self.levels.cw_id;
        d[6] = self.color_code;
        d[7] = self.dmr_delay;
        d[8] = OBSOLETE;
        d[9] = self.levels.d_star;
        d[10] = self.levels.dmr;
        d[11] = self.levels.ysf;
        d[12] = self.levels.p25;
        d[13] = offset_to_octet(self.tx_dc_offset);
        d[14] = offset_to_octet(self.rx_dc_offset);
        d[15] = self.levels.nxdn;
        d[17] = self.levels.pocsag;
        d[18] = self.levels.fm;
        [d[16], d[19], d[20]] = self.tx_hang;
        Frame::fixed(kind::SET_CONFIG, d)
    }

    fn encode_v2(&self) -> Frame {
        let mut d = [0; V2_DATA];
        d[0] = self.flags;
        [d[1], d[2]] = self.modes.to_config();
        d[3] = self.tx_delay;
        d[4] = self.mode.into();
        d[5] = offset_to_octet(self.tx_dc_offset);
        d[6] = offset_to_octet(self.rx_dc_offset);
        d[7] = self.levels.rx;
        d[8] = self.levels.cw_id;
        d[9] = self.levels.d_star;
        d[10] = self.levels.dmr;
        d[11] = self.levels.ysf;
        d[12] = self.levels.p25;
        d[13] = self.levels.nxdn;
        d[15] = self.levels.pocsag;
        d[16] = self.levels.fm;
        [d[20], d[21], d[22]] = self.tx_hang;
        d[25] = if self.trunking { TRUNKING } else { 0 };
        d[26] = self.color_code;
        d[27] = self.dmr_delay;
        d[28] = OBSOLETE;
        Frame::fixed(kind::SET_CONFIG, d)
    }

    /// What a firmware would refuse: delay, colour code, initial mode.
    ///
    /// # Errors
    /// Names the field.
    pub const fn check(&self) -> Result<(), MessageError> {
        let (field, value) = match *self {
            Self { tx_delay, .. } if tx_delay > 50 => ("tx_delay", tx_delay),
            Self { color_code, .. } if color_code > 15 => ("color_code", color_code),
            Self {
                mode: Mode::Other(value),
                ..
            } => ("mode", value),
            _ => return Ok(()),
        };
        let message = NAME;
        Err(MessageError::Value {
            message,
            field,
            value,
        })
    }

    /// Whether this is a modem of one frequency.
    #[must_use]
    pub const fn is_simplex(&self) -> bool {
        self.flags & flag::SIMPLEX != 0
    }
}

impl Fields for SetConfig {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        for (name, bit) in [
            ("rx_invert", flag::RX_INVERT),
            ("tx_invert", flag::TX_INVERT),
            ("ptt_invert", flag::PTT_INVERT),
            ("debug", flag::DEBUG),
            ("cos_lockout", flag::COS_LOCKOUT),
            ("simplex", flag::SIMPLEX),
        ] {
            out.push(Field::flag(name, self.flags & bit != 0));
        }
        out.push(Field::text("modes", self.modes.to_string()));
        let delay = u16::from(self.tx_delay) * 10;
        out.push(Field::text("tx_delay", format!("{delay} ms")));
        out.push(Field::coded(
            "mode",
            u8::from(self.mode),
            8,
            self.mode.to_string(),
        ));
        out.push(Field::number("rx_level", self.levels.rx, 8));
        out.push(Field::number("dmr_tx_level", self.levels.dmr, 8));
        out.push(Field::number("pocsag_tx_level", self.levels.pocsag, 8));
        out.push(Field::flag("trunking", self.trunking));
        out.push(Field::number("color_code", self.color_code, 8));
        out.push(Field::number("dmr_delay", self.dmr_delay, 8));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_two_versions_have_their_own_offsets() {
        let config = SetConfig {
            flags: flag::SIMPLEX,
            color_code: 7,
            dmr_delay: 3,
            trunking: true,
            tx_hang: [1, 2, 4],
            ..SetConfig::default()
        };
        let v1 = config.encode(Protocol::V1).to_bytes();
        assert_eq!((v1.len(), v1[1]), (26, 26));
        assert_eq!([v1[3], v1[4], v1[5]], [0x80, 0x02, 10]);
        assert_eq!([v1[7], v1[9], v1[10], v1[11]], [127, 7, 3, 128]);
        assert_eq!([v1[13], v1[16], v1[17]], [127, 128, 128]);
        assert_eq!([v1[19], v1[22], v1[23]], [1, 2, 4]);
        let v2 = config.encode(Protocol::V2).to_bytes();
        assert_eq!((v2.len(), v2[1]), (40, 40));
        assert_eq!([v2[3], v2[4], v2[5], v2[6]], [0x80, 0x02, 0, 10]);
        assert_eq!([v2[8], v2[9], v2[10], v2[13]], [128, 128, 127, 127]);
        assert_eq!([v2[23], v2[24], v2[25]], [1, 2, 4]);
        assert_eq!([v2[28], v2[29], v2[30], v2[31]], [0x80, 7, 3, 128]);
    }

    #[test]
    fn the_check_names_what_a_firmware_refuses() {
        assert_eq!(SetConfig::default().check(), Ok(()));
        let slow = SetConfig {
            tx_delay: 51,
            ..SetConfig::default()
        };
        assert_eq!(
            slow.check().unwrap_err().to_string(),
            "SET_CONFIG: tx_delay is 51"
        );
        let code = SetConfig {
            color_code: 16,
            ..SetConfig::default()
        };
        assert!(code.check().is_err());
    }

    #[test]
    fn levels_are_per_cent_of_255() {
        assert_eq!(
            [level(0), level(50), level(100), level(200)],
            [0, 127, 255, 255]
        );
    }

    proptest! {
        #[test]
        fn what_was_decoded_encodes_to_the_same_configuration(d in any::<[u8; V2_DATA]>()) {
            let v2 = SetConfig::decode(&d).unwrap();
            prop_assert_eq!(SetConfig::decode(v2.encode(Protocol::V2).data()), Ok(v2));
            let v1 = SetConfig::decode(&d[..V1_DATA]).unwrap();
            prop_assert_eq!(SetConfig::decode(v1.encode(Protocol::V1).data()), Ok(v1));
        }
    }
}
