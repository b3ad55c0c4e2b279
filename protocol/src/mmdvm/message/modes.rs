//! A set of modes. Version 1, the version 2 configuration and the version 2
//! capabilities each give POCSAG and FM other bits.

use core::fmt;

/// Modes that are enabled, or that a modem is capable of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Modes {
    /// D-Star.
    pub d_star: bool,
    /// DMR.
    pub dmr: bool,
    /// System Fusion.
    pub ysf: bool,
    /// P25.
    pub p25: bool,
    /// NXDN.
    pub nxdn: bool,
    /// POCSAG.
    pub pocsag: bool,
    /// FM.
    pub fm: bool,
}

const D_STAR: u8 = 0x01;
const DMR: u8 = 0x02;
const YSF: u8 = 0x04;
const P25: u8 = 0x08;
const NXDN: u8 = 0x10;
/// POCSAG in the only octet of version 1.
const V1_POCSAG: u8 = 0x20;
/// FM in the first octet of a version 2 configuration.
const CONFIG_FM: u8 = 0x20;
/// FM in the first octet of the version 2 capabilities.
const CAPABLE_FM: u8 = 0x40;
/// POCSAG in the second octet of version 2.
const V2_POCSAG: u8 = 0x01;

impl Modes {
    /// DMR alone.
    pub const DMR: Self = Self {
        d_star: false,
        dmr: true,
        ysf: false,
        p25: false,
        nxdn: false,
        pocsag: false,
        fm: false,
    };
    /// What a modem of version 1 is taken to be capable of: it cannot say.
    pub const V1: Self = Self {
        d_star: true,
        dmr: true,
        ysf: true,
        p25: true,
        nxdn: true,
        pocsag: true,
        fm: false,
    };

    const fn from_common(octet: u8) -> Self {
        Self {
            d_star: octet & D_STAR != 0,
            dmr: octet & DMR != 0,
            ysf: octet & YSF != 0,
            p25: octet & P25 != 0,
            nxdn: octet & NXDN != 0,
            pocsag: false,
            fm: false,
        }
    }

    fn common(self) -> u8 {
        bit(self.d_star, D_STAR)
            | bit(self.dmr, DMR)
            | bit(self.ysf, YSF)
            | bit(self.p25, P25)
            | bit(self.nxdn, NXDN)
    }

    /// From the octet of version 1 (configuration and status).
    #[must_use]
    pub const fn from_v1(octet: u8) -> Self {
        Self {
            pocsag: octet & V1_POCSAG != 0,
            ..Self::from_common(octet)
        }
    }

    /// As the octet of version 1, which has no bit for FM.
    #[must_use]
    pub fn to_v1(self) -> u8 {
        self.common() | bit(self.pocsag, V1_POCSAG)
    }

    /// From the two octets of a version 2 configuration.
    #[must_use]
    pub const fn from_config([first, second]: [u8; 2]) -> Self {
        Self {
            pocsag: second & V2_POCSAG != 0,
            fm: first & CONFIG_FM != 0,
            ..Self::from_common(first)
        }
    }

    /// As the two octets of a version 2 configuration.
    #[must_use]
    pub fn to_config(self) -> [u8; 2] {
        [
            self.common() | bit(self.fm, CONFIG_FM),
            bit(self.pocsag, V2_POCSAG),
        ]
    }

    /// From the two octets of the version 2 capabilities.
    #[must_use]
    pub const fn from_capabilities([first, second]: [u8; 2]) -> Self {
        Self {
            pocsag: second & V2_POCSAG != 0,
            fm: first & CAPABLE_FM != 0,
            ..Self::from_common(first)
        }
    }

    /// As the two octets of the version 2 capabilities.
    #[must_use]
    pub fn to_capabilities(self) -> [u8; 2] {
        [
            self.common() | bit(self.fm, CAPABLE_FM),
            bit(self.pocsag, V2_POCSAG),
        ]
    }
}

fn bit(set: bool, value: u8) -> u8 {
    if set { value } else { 0 }
}

impl fmt::Display for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.d_star, "D-Star"),
            (self.dmr, "DMR"),
            (self.ysf, "YSF"),
            (self.p25, "P25"),
            (self.nxdn, "NXDN"),
            (self.pocsag, "POCSAG"),
            (self.fm, "FM"),
        ];
        let set: Vec<_> = all.iter().filter(|(set, _)| *set).map(|m| m.1).collect();
        f.write_str(&set.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fm_has_another_bit_as_capability_than_in_the_configuration() {
        let fm = Modes {
            fm: true,
            ..Modes::default()
        };
        assert_eq!(fm.to_config(), [0x20, 0]);
        assert_eq!(fm.to_capabilities(), [0x40, 0]);
        assert_eq!(Modes::V1.to_v1(), 0x3F);
        assert_eq!(Modes::DMR.to_string(), "DMR");
    }

    #[test]
    fn every_layout_comes_back() {
        for octet in 0..=0x3F {
            assert_eq!(Modes::from_v1(octet).to_v1(), octet);
            let config = [octet, octet & 1];
            assert_eq!(Modes::from_config(config).to_config(), config);
            let capable = [octet & 0x1F | (octet & 0x20) << 1, octet & 1];
            assert_eq!(Modes::from_capabilities(capable).to_capabilities(), capable);
        }
    }
}
