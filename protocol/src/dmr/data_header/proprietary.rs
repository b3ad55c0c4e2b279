//! Proprietary data packet header, DPF 15 (TS 102 361-1 clause 9.2.9), which follows a
//! confirmed or unconfirmed header with service access point 9.

use crate::dmr::fields::{Field, Fields};

use super::addressing::Sap;
use super::bits::Bits;

/// Data packet format.
pub(crate) const DPF: u8 = 15;

/// Manufacturer's feature set id of Motorola.
pub const MOTOROLA: u8 = 0x10;

/// A header whose content belongs to a manufacturer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Proprietary {
    /// Bits 0 to 3: the service access point of the packet that follows.
    pub sap: Sap,
    /// MFID.
    pub manufacturer: u8,
    /// The rest.
    pub payload: [u8; 8],
}

/// What Motorola's second header holds, from published observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MotorolaHeader {
    /// Service access point 1: network interface service, with the first payload octets.
    NetworkInterface {
        /// 01 location text, 11 LRRP, 33 ARS, 88 XCMP.
        kind: u8,
        /// The octets after it.
        payload: [u8; 6],
    },
    /// The packet is encrypted.
    Encryption {
        /// 3 bits: 0 basic, 1 RC4, 2 DES, 4 AES-128, 5 AES-256.
        algorithm: u8,
        /// Key id.
        key: u8,
        /// Initialisation vector.
        vector: [u8; 4],
    },
}

impl Proprietary {
    pub(crate) fn decode(bits: Bits) -> Self {
        let [sap, manufacturer, payload @ ..] = bits.octets();
        Self {
            sap: Sap::from_code(sap >> 4),
            manufacturer,
            payload,
        }
    }

    pub(crate) fn encode(&self) -> Bits {
        let bits = Bits::default()
            .with(0, 4, self.sap.code())
            .with(4, 4, DPF)
            .with(8, 8, self.manufacturer);
        (16..)
            .step_by(8)
            .zip(self.payload)
            .fold(bits, |bits, (at, octet)| bits.with(at, 8, octet))
    }

    /// What Motorola means by it; `None` for another manufacturer or an unknown layout.
    #[must_use]
    pub const fn motorola(&self) -> Option<MotorolaHeader> {
        if self.manufacturer != MOTOROLA {
            return None;
        }
        match (self.sap.code(), self.payload) {
            (1, [_, kind, payload @ ..]) => {
                Some(MotorolaHeader::NetworkInterface { kind, payload })
            }
            (_, [first, key, _, _, vector @ ..]) if first & 0x8F == 0x01 => {
                let algorithm = first >> 4;
                Some(MotorolaHeader::Encryption {
                    algorithm,
                    key,
                    vector,
                })
            }
            _ => None,
        }
    }
}

impl Fields for Proprietary {
    fn name(&self) -> &'static str {
        "P_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::coded(
            "sap",
            self.sap.code(),
            4,
            self.sap.to_string(),
        ));
        out.push(Field::number("manufacturer", self.manufacturer, 8));
        match self.motorola() {
            Some(MotorolaHeader::NetworkInterface { kind, payload }) => {
                out.push(Field::number("kind", kind, 8));
                out.push(Field::bytes("payload", payload));
            }
            Some(MotorolaHeader::Encryption {
                algorithm,
                key,
                vector,
            }) => {
                out.push(Field::number("algorithm", algorithm, 3));
                out.push(Field::number("key", key, 8));
                out.push(Field::bytes("vector", vector));
            }
            None => out.push(Field::bytes("payload", self.payload)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motorola_headers_are_told_apart_by_access_point() {
        let of = |sap, payload| Proprietary {
            sap: Sap::from_code(sap),
            manufacturer: MOTOROLA,
            payload,
        };
        assert_eq!(
            of(1, [0, 0x33, 1, 2, 3, 4, 5, 6]).motorola(),
            Some(MotorolaHeader::NetworkInterface {
                kind: 0x33,
                payload: [1, 2, 3, 4, 5, 6]
            })
        );
        assert_eq!(
            of(4, [0x51, 7, 0, 0, 9, 8, 7, 6]).motorola(),
            Some(MotorolaHeader::Encryption {
                algorithm: 5,
                key: 7,
                vector: [9, 8, 7, 6]
            })
        );
        assert_eq!(of(4, [0xFF; 8]).motorola(), None);
    }
}
