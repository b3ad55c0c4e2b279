//! The operating mode of a modem.

use core::fmt;

/// What a modem is doing, as it stands in SET_MODE and in the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Listens for any enabled mode.
    Idle,
    /// D-Star.
    DStar,
    /// DMR.
    Dmr,
    /// System Fusion.
    Ysf,
    /// P25.
    P25,
    /// NXDN.
    Nxdn,
    /// POCSAG.
    Pocsag,
    /// FM.
    Fm,
    /// Calibration (91 to 107) or a number without a meaning here.
    Other(u8),
}

impl From<u8> for Mode {
    fn from(value: u8) -> Self {
        match value {
            0 => Self::Idle,
            1 => Self::DStar,
            2 => Self::Dmr,
            3 => Self::Ysf,
            4 => Self::P25,
            5 => Self::Nxdn,
            6 => Self::Pocsag,
            10 => Self::Fm,
            other => Self::Other(other),
        }
    }
}

impl From<Mode> for u8 {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Idle => 0,
            Mode::DStar => 1,
            Mode::Dmr => 2,
            Mode::Ysf => 3,
            Mode::P25 => 4,
            Mode::Nxdn => 5,
            Mode::Pocsag => 6,
            Mode::Fm => 10,
            Mode::Other(other) => other,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::DStar => "D-Star",
            Self::Dmr => "DMR",
            Self::Ysf => "YSF",
            Self::P25 => "P25",
            Self::Nxdn => "NXDN",
            Self::Pocsag => "POCSAG",
            Self::Fm => "FM",
            Self::Other(91..=107) => "calibration",
            Self::Other(_) => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_a_mode_and_comes_back() {
        for value in 0..=u8::MAX {
            assert_eq!(u8::from(Mode::from(value)), value);
        }
        assert_eq!(Mode::from(94).to_string(), "calibration");
    }
}
