//! The answer to GET_VERSION (0x00).

use nom::Parser as _;
use nom::bytes::complete::take;
use nom::combinator::rest;
use nom::number::complete::u8 as octet;

use super::{MessageError, Modes};
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::{Frame, TooLong};
use crate::mmdvm::kind;

/// The protocol version a modem speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Version 1: older boards and many hotspots.
    V1,
    /// Version 2.
    V2,
}

/// The processor of a modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cpu {
    /// Atmel.
    Atmel,
    /// NXP.
    Nxp,
    /// ST; its unique id has 12 octets.
    St,
    /// Another.
    Other(u8),
}

impl From<u8> for Cpu {
    fn from(value: u8) -> Self {
        match value {
            0 => Self::Atmel,
            1 => Self::Nxp,
            2 => Self::St,
            other => Self::Other(other),
        }
    }
}

impl From<Cpu> for u8 {
    fn from(cpu: Cpu) -> Self {
        match cpu {
            Cpu::Atmel => 0,
            Cpu::Nxp => 1,
            Cpu::St => 2,
            Cpu::Other(other) => other,
        }
    }
}

/// What a modem says about itself. Texts are octets made printable: a modem is a peer
/// like any other, and its text reaches logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// Protocol version 1.
    V1 {
        /// Firmware, in words.
        text: String,
    },
    /// Protocol version 2.
    V2 {
        /// What it is capable of.
        capabilities: Modes,
        /// Its processor.
        cpu: Cpu,
        /// Its serial number, 16 octets.
        unique_id: [u8; 16],
        /// Firmware, in words.
        text: String,
    },
    /// A version nobody has described.
    Other {
        /// The version number.
        version: u8,
        /// What follows it.
        rest: Vec<u8>,
    },
}

const NAME: &str = "GET_VERSION";

impl Version {
    /// Reads the data of the frame: version, then what the version defines.
    ///
    /// # Errors
    /// The data is shorter than the version's fixed part.
    pub fn decode(data: &[u8]) -> Result<Self, MessageError> {
        let short = || MessageError::length(NAME, data);
        let (version, body) = data.split_first().ok_or_else(short)?;
        match version {
            1 => Ok(Self::V1 {
                text: printable(body),
            }),
            2 => {
                let (_, (first, second, cpu, id, text)) =
                    (octet::<_, ()>, octet, octet, take(16usize), rest)
                        .parse(body)
                        .map_err(|_| short())?;
                let mut unique_id = [0; 16];
                unique_id.copy_from_slice(id);
                Ok(Self::V2 {
                    capabilities: Modes::from_capabilities([first, second]),
                    cpu: cpu.into(),
                    unique_id,
                    text: printable(text),
                })
            }
            &version => Ok(Self::Other {
                version,
                rest: body.to_vec(),
            }),
        }
    }

    /// The frame.
    ///
    /// # Errors
    /// The text is too long.
    pub fn encode(&self) -> Result<Frame, TooLong> {
        let mut data = Vec::with_capacity(64);
        match self {
            Self::V1 { text } => {
                data.push(1);
                data.extend_from_slice(text.as_bytes());
            }
            Self::V2 {
                capabilities,
                cpu,
                unique_id,
                text,
            } => {
                data.push(2);
                data.extend_from_slice(&capabilities.to_capabilities());
                data.push(u8::from(*cpu));
                data.extend_from_slice(unique_id);
                data.extend_from_slice(text.as_bytes());
            }
            Self::Other { version, rest } => {
                data.push(*version);
                data.extend_from_slice(rest);
            }
        }
        Frame::new(kind::GET_VERSION, data)
    }

    /// The protocol to speak with this modem; `None` if there is no common one.
    #[must_use]
    pub const fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::V1 { .. } => Some(Protocol::V1),
            Self::V2 { .. } => Some(Protocol::V2),
            Self::Other { .. } => None,
        }
    }

    /// What it is capable of.
    #[must_use]
    pub const fn capabilities(&self) -> Modes {
        match self {
            Self::V2 { capabilities, .. } => *capabilities,
            _ => Modes::V1,
        }
    }

    /// Firmware, in printable words.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::V1 { text } | Self::V2 { text, .. } => text,
            Self::Other { .. } => "",
        }
    }
}

/// Printable ASCII as it is, everything else as `?`; trailing NULs are padding.
pub(super) fn printable(octets: &[u8]) -> String {
    let end = octets.iter().rposition(|&octet| octet != 0);
    octets
        .iter()
        .take(end.map_or(0, |last| last + 1))
        .map(|&octet| match octet {
            b' '..=b'~' => char::from(octet),
            _ => '?',
        })
        .collect()
}

impl Fields for Version {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        match self {
            Self::V1 { text } => {
                out.push(Field::number("version", 1u8, 8));
                out.push(Field::text("text", text));
            }
            Self::V2 {
                capabilities,
                cpu,
                unique_id,
                text,
            } => {
                out.push(Field::number("version", 2u8, 8));
                out.push(Field::text("capabilities", capabilities.to_string()));
                let meaning = match cpu {
                    Cpu::Atmel => "Atmel",
                    Cpu::Nxp => "NXP",
                    Cpu::St => "ST",
                    Cpu::Other(_) => "unknown",
                };
                out.push(Field::coded("cpu", u8::from(*cpu), 8, meaning));
                out.push(Field::bytes("unique_id", unique_id.as_slice()));
                out.push(Field::text("text", text));
            }
            Self::Other { version, rest } => {
                out.push(Field::number("version", *version, 8));
                out.push(Field::bytes("rest", rest.as_slice()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_has_text_only_and_is_taken_to_know_every_digital_mode() {
        let version = Version::decode(b"\x01MMDVM_HS_Hat-v1.5.2").unwrap();
        assert_eq!(version.text(), "MMDVM_HS_Hat-v1.5.2");
        assert_eq!(version.protocol(), Some(Protocol::V1));
        assert_eq!(version.capabilities(), Modes::V1);
    }

    #[test]
    fn version_2_names_capabilities_cpu_and_serial_number() {
        let mut data = vec![2, 0x42, 0x01, 2];
        data.extend_from_slice(&[7; 16]);
        data.extend_from_slice(b"MMDVM 20260801\x1b[2J");
        let version = Version::decode(&data).unwrap();
        let Version::V2 { cpu, unique_id, .. } = &version else {
            panic!("{version:?}")
        };
        assert_eq!((*cpu, unique_id), (Cpu::St, &[7; 16]));
        let capable = version.capabilities();
        assert!(capable.dmr && capable.fm && capable.pocsag && !capable.ysf);
        assert_eq!(version.text(), "MMDVM 20260801?[2J");
        assert_eq!(version.encode().unwrap().data()[..20], data[..20]);
    }

    #[test]
    fn another_version_is_kept_and_has_no_protocol() {
        let version = Version::decode(&[3, 1, 2]).unwrap();
        assert_eq!(version.protocol(), None);
        assert!(Version::decode(&[]).is_err());
        assert!(Version::decode(&[2, 0, 0]).is_err());
    }
}
