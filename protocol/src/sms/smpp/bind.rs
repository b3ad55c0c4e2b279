//! `bind_receiver`, `bind_transmitter` and `bind_transceiver`: asks to be let in (clause 4.1).

use bytes::{BufMut, BytesMut};
use nom::Parser;

use super::Cut;
use super::header::Command;
use super::wire::{open, put_text, text, u8};

/// Which way messages may flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// To us only.
    Receiver,
    /// From us only.
    Transmitter,
    /// Both.
    Transceiver,
}

impl Way {
    /// The command of the request.
    #[must_use]
    pub const fn command(self) -> Command {
        match self {
            Self::Receiver => Command::BIND_RECEIVER,
            Self::Transmitter => Command::BIND_TRANSMITTER,
            Self::Transceiver => Command::BIND_TRANSCEIVER,
        }
    }
}

/// The body of the three requests.
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    /// Which of them it is.
    pub way: Way,
    /// `system_id`: the account, at most 15 characters.
    pub system_id: String,
    /// `password`: at most 8 characters.
    pub password: String,
    /// `system_type`: at most 12 characters, often none.
    pub system_type: String,
    /// `interface_version`: 34 (hexadecimal) for this version.
    pub version: u8,
    /// `addr_ton`: type of the numbers in `range`.
    pub ton: u8,
    /// `addr_npi`: their numbering plan.
    pub npi: u8,
    /// `address_range`: the numbers that we serve, at most 40 characters, often none.
    pub range: String,
}

// The password stays out of logs.
impl core::fmt::Debug for Bind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Bind")
            .field("way", &self.way)
            .field("system_id", &self.system_id)
            .field("system_type", &self.system_type)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Bind {
    /// Reads a body.
    ///
    /// # Errors
    /// A field is cut short.
    pub fn decode(way: Way, body: &[u8]) -> Result<Self, Cut> {
        let fields = (
            text("system_id"),
            text("password"),
            text("system_type"),
            u8("interface_version"),
            u8("addr_ton"),
            u8("addr_npi"),
            text("address_range"),
        );
        let fields = fields.map(|it| Self {
            way,
            system_id: it.0,
            password: it.1,
            system_type: it.2,
            version: it.3,
            ton: it.4,
            npi: it.5,
            range: it.6,
        });
        open("bind", body, fields).map(|(_, bind)| bind)
    }

    /// Appends the body. Texts that are longer than their fields are cut.
    pub fn encode(&self, out: &mut BytesMut) {
        put_text(out, &self.system_id, 16);
        put_text(out, &self.password, 9);
        put_text(out, &self.system_type, 13);
        out.put_slice(&[self.version, self.ton, self.npi]);
        put_text(out, &self.range, 41);
    }
}
