//! A GSM modem on a serial line: messages without an operator's contract, and when its gateway is
//! not reachable. 3GPP TS 23.040 for the messages, TS 27.005 and 27.007 for the commands.
//!
//! * [`session`]: the state machine of one modem
//! * [`submit`], [`deliver`] and [`status_report`]: the messages, in both directions
//! * [`address`], [`timestamp`] and [`user_data`]: what they are made of
//! * [`frame`]: a message as hexadecimal digits behind the address of the service centre
//! * [`lines`]: lines and prompts out of a stream
//! * [`cause`]: what the modem's error numbers mean

pub mod address;
pub mod cause;
pub mod config;
pub mod deliver;
pub mod frame;
pub mod lines;
pub mod session;
pub mod status_report;
pub mod submit;
pub mod timestamp;
pub mod user_data;

use super::message_id::MessageId;

/// Why a message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PduError {
    /// It ends inside a field.
    #[error("the message ends inside {0}")]
    Cut(&'static str),
    /// It is of another type.
    #[error("the message is of type {found}, expected {expected}")]
    Type {
        /// Two lowest bits of its first octet.
        found: u8,
        /// What they should be.
        expected: u8,
    },
    /// Not an even number of hexadecimal digits.
    #[error("the line is not hexadecimal")]
    NotHexadecimal,
}

/// The name of a message: its reference (TP-MR), which the modem gives and counts round at 256.
/// A receipt repeats it, and belongs to the newest open message with it to the same number.
#[must_use]
pub fn message_id(reference: u8) -> MessageId {
    let name = format!("mr:{reference:02x}");
    MessageId::short(&name)
}

/// Takes the first octet.
fn octet(octets: &mut &[u8], field: &'static str) -> Result<u8, PduError> {
    let (first, rest) = octets.split_first().ok_or(PduError::Cut(field))?;
    *octets = rest;
    Ok(*first)
}

/// Takes so many octets.
fn take<'a>(
    octets: &mut &'a [u8],
    count: usize,
    field: &'static str,
) -> Result<&'a [u8], PduError> {
    let split = octets.split_at_checked(count);
    let (taken, rest) = split.ok_or(PduError::Cut(field))?;
    *octets = rest;
    Ok(taken)
}

/// The two half-octets, in the order in which digits stand (TS 23.040 clause 9.1.2.3).
const fn halves(octet: u8) -> [u8; 2] {
    [octet & 0xF, octet >> 4]
}
