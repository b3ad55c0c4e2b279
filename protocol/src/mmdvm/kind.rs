//! The type octet of a frame, and which whole-frame lengths are legal with it.
//!
//! The protocol has no checksum and does not escape its start byte, so the table of
//! legal lengths is all that tells a frame from payload that looks like one.

/// Asks for the protocol version; answered with the same type.
pub const GET_VERSION: u8 = 0x00;
/// Asks for mode, flags and buffer space; answered with the same type.
pub const GET_STATUS: u8 = 0x01;
/// Levels, modes, colour code.
pub const SET_CONFIG: u8 = 0x02;
/// Changes the operating mode.
pub const SET_MODE: u8 = 0x03;
/// Receive and transmit frequency.
pub const SET_FREQ: u8 = 0x04;
/// Calibration data.
pub const CAL_DATA: u8 = 0x08;
/// Calibration: received signal strength.
pub const RSSI_DATA: u8 = 0x09;
/// Sends a Morse identification.
pub const SEND_CWID: u8 = 0x0A;
/// D-Star header; data, lost and end of transmission follow it up to 0x13.
pub const DSTAR_HEADER: u8 = 0x10;
/// D-Star data.
pub const DSTAR_DATA: u8 = 0x11;
/// D-Star signal lost.
pub const DSTAR_LOST: u8 = 0x12;
/// D-Star end of transmission.
pub const DSTAR_EOT: u8 = 0x13;
/// A C_ALOHA to repeat while the queue is empty, as numbered by MMDVM-SDR's trunking variant.
pub const DMR_ALOHA_SDR: u8 = 0x14;
/// A C_ALOHA to repeat while the queue is empty.
pub const DMR_ALOHA: u8 = 0x17;
/// A burst of slot 1.
pub const DMR_DATA1: u8 = 0x18;
/// Signal lost on slot 1.
pub const DMR_LOST1: u8 = 0x19;
/// A burst of slot 2.
pub const DMR_DATA2: u8 = 0x1A;
/// Signal lost on slot 2.
pub const DMR_LOST2: u8 = 0x1B;
/// Short link control for the CACH.
pub const DMR_SHORTLC: u8 = 0x1C;
/// Keys or unkeys the duplex transmitter.
pub const DMR_START: u8 = 0x1D;
/// Drops what is queued on a slot.
pub const DMR_ABORT: u8 = 0x1E;
/// One POCSAG batch.
pub const POCSAG_DATA: u8 = 0x50;
/// The command was carried out.
pub const ACK: u8 = 0x70;
/// The command was refused.
pub const NAK: u8 = 0x7F;
/// Octets of an attached serial device.
pub const SERIAL_DATA: u8 = 0x80;
/// Octets for an attached I2C device.
pub const I2C_DATA: u8 = 0x81;
/// Opaque data between a host and its modem.
pub const TRANSPARENT: u8 = 0x90;
/// Call information for displays.
pub const QSO_INFO: u8 = 0x91;
/// Debug text with no value; up to 0xF5 with one to four values.
pub const DEBUG1: u8 = 0xF1;
/// Debug text with four values.
pub const DEBUG5: u8 = 0xF5;
/// Debug dump.
pub const DEBUG_DUMP: u8 = 0xFA;

/// Who writes a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Host to modem.
    ToModem,
    /// Modem to host.
    ToHost,
}

/// Whether a frame of type `kind` may be `total` octets long, start byte included.
#[must_use]
pub const fn is_legal(direction: Direction, kind: u8, total: usize) -> bool {
    match direction {
        Direction::ToModem => is_legal_to_modem(kind, total),
        Direction::ToHost => is_legal_to_host(kind, total),
    }
}

const fn is_legal_to_modem(kind: u8, total: usize) -> bool {
    match kind {
        GET_VERSION | GET_STATUS | DSTAR_LOST | DSTAR_EOT => total == 3,
        SET_CONFIG => matches!(total, 26 | 40),
        SET_MODE | DMR_START | DMR_ABORT => total == 4,
        SET_FREQ => matches!(total, 12 | 17),
        SEND_CWID => matches!(total, 3..=203),
        DSTAR_HEADER => total == 44,
        DSTAR_DATA => total == 15,
        DMR_ALOHA | DMR_ALOHA_SDR => total == 36,
        DMR_DATA1 | DMR_DATA2 => total == 37,
        DMR_SHORTLC => total == 12,
        POCSAG_DATA => total == 71,
        I2C_DATA | QSO_INFO => matches!(total, 4..=255),
        _ => is_legal_both_ways(kind, total),
    }
}

const fn is_legal_to_host(kind: u8, total: usize) -> bool {
    match kind {
        GET_VERSION => matches!(total, 5..=255),
        GET_STATUS => matches!(total, 10..=13 | 20),
        RSSI_DATA => matches!(total, 4..=255),
        DSTAR_HEADER => matches!(total, 44 | 46),
        DSTAR_DATA => matches!(total, 15 | 17),
        DSTAR_LOST | DSTAR_EOT | DMR_LOST1 | DMR_LOST2 => total == 3,
        DMR_DATA1 | DMR_DATA2 => matches!(total, 37 | 39),
        ACK => total == 4,
        NAK => total == 5,
        DEBUG1..=DEBUG5 | DEBUG_DUMP => matches!(total, 4..=510),
        _ => is_legal_both_ways(kind, total),
    }
}

/// Whether the length of a frame of this type says nothing about whether it is one.
#[must_use]
pub const fn has_any_length(direction: Direction, kind: u8) -> bool {
    // No type of fixed lengths has this one.
    is_legal(direction, kind, 64)
}

/// Types whose length says nothing: calibration, the other voice modes, and what is
/// passed through. Only the last may take the long form.
const fn is_legal_both_ways(kind: u8, total: usize) -> bool {
    match kind {
        CAL_DATA | 0x20 | 0x21 | 0x30..=0x32 | 0x40 | 0x41 => matches!(total, 4..=255),
        0x60..=0x63 | 0x65..=0x68 | SERIAL_DATA | TRANSPARENT => matches!(total, 4..=510),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_depend_on_the_direction() {
        assert!(is_legal(Direction::ToHost, DMR_DATA2, 39));
        assert!(!is_legal(Direction::ToModem, DMR_DATA2, 39));
        assert!(is_legal(Direction::ToModem, GET_STATUS, 3));
        assert!(!is_legal(Direction::ToHost, GET_STATUS, 3));
        assert!(is_legal(Direction::ToHost, GET_STATUS, 11));
        assert!(!is_legal(Direction::ToHost, ACK, 5));
    }

    #[test]
    fn the_stray_zero_of_the_recorded_stream_makes_no_legal_long_frame() {
        assert!(!is_legal(Direction::ToHost, DMR_DATA2, 0x25 + 255));
    }

    #[test]
    fn only_listed_types_are_legal() {
        for direction in [Direction::ToModem, Direction::ToHost] {
            for kind in [0x05, 0x1F, 0x51, 0x64, 0x71, 0xE0, 0xF0, 0xFF] {
                assert!((0..600).all(|total| !is_legal(direction, kind, total)));
            }
        }
    }
}
