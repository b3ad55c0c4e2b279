//! CMPP, the protocol of China Mobile's gateways (ISMG), versions 2.0 and 3.0.
//!
//! We are the service provider (SP), the client of a TCP connection. Every PDU is a header of 12
//! octets and a body; all integers are big endian, texts are padded with NULs. One PDU has one
//! file, with both directions: a simulated gateway uses the same codec.
//!
//! * [`session`]: the state machine of one connection
//! * [`deframe`]: from a stream to PDUs
//! * [`pdu`]: all PDUs
//! * [`authenticator`]: the proofs of the log-in
//! * [`result`]: what the gateway's result codes mean

pub mod active_test;
pub mod authenticator;
mod compose;
pub mod config;
pub mod connect;
pub mod connect_resp;
pub mod deframe;
pub mod deliver;
pub mod deliver_resp;
pub mod header;
pub mod pdu;
pub mod report;
pub mod result;
pub mod session;
pub mod submit;
pub mod submit_resp;
pub mod terminate;
mod wire;

pub use header::{Command, Header};
pub use pdu::Pdu;

/// Which layout the PDUs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// CMPP 2.0 and what came before 3.0.
    V2,
    /// CMPP 3.0.
    V3,
}

impl Version {
    /// As it is named in CONNECT: the major number in the upper four bits.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::V2 => 0x20,
            Self::V3 => 0x30,
        }
    }

    /// The layout that a named version has.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        if code >= 0x30 { Self::V3 } else { Self::V2 }
    }
}

/// Why a PDU cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PduError {
    /// The body ends inside a field.
    #[error("{pdu}: the body of {length} octets ends inside {field}")]
    Cut {
        /// Which PDU.
        pdu: &'static str,
        /// Which field.
        field: &'static str,
        /// Octets of the body.
        length: usize,
    },
    /// The body goes on behind the last field.
    #[error("{pdu}: {extra} octets follow the last field")]
    Trailing {
        /// Which PDU.
        pdu: &'static str,
        /// How many.
        extra: usize,
    },
    /// No PDU between a gateway and a service provider has this command.
    #[error("the command {0:#010x} is not known")]
    UnknownCommand(u32),
}

impl PduError {
    /// A short fixed word, usable as a metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cut { .. } => "cut-pdu",
            Self::Trailing { .. } => "long-pdu",
            Self::UnknownCommand(_) => "unknown-command",
        }
    }
}
