//! SMPP 3.4, the protocol of short message centres (SMSC) and aggregators.
//!
//! We are the external short messaging entity (ESME), the client of a TCP connection. Every PDU
//! is a header of 16 octets and a body; integers are big endian, texts end with a NUL, and
//! optional parameters follow as tag, length, value. One body has one file, with both
//! directions: a simulated centre uses the same codec.
//!
//! The codec is our own and not the crate `rusmpp`: that one refuses a `deliver_sm` whose
//! `sm_length` is not true and a PDU whose last optional parameter is cut. Both come from live
//! centres, which repeat a refused PDU for days. Here only `command_length` bounds a PDU, and
//! what can be read of it is used.
//!
//! * [`session`]: the state machine of one connection
//! * [`deframe`]: from a stream to PDUs
//! * [`pdu`]: all PDUs
//! * [`message`]: the body of `submit_sm` and `deliver_sm`
//! * [`tlv`]: optional parameters
//! * [`status`]: what the status codes mean

pub mod bind;
pub mod bind_resp;
mod compose;
pub mod config;
pub mod deframe;
pub mod header;
pub mod message;
pub mod message_resp;
pub mod pdu;
mod receipt;
pub mod session;
pub mod status;
pub mod tlv;
mod wire;

pub use header::{Command, Header};
pub use pdu::Pdu;

/// A body that ends inside a mandatory field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{pdu}: the body of {length} octets ends inside {field}")]
pub struct Cut {
    /// Which PDU.
    pub pdu: &'static str,
    /// Which field.
    pub field: &'static str,
    /// Octets of the body.
    pub length: usize,
}
