//! TERMINATE and TERMINATE_RESP: the connection is going to be closed (2.0 clause 7.4.2,
//! 3.0 clause 8.4.2). Neither has a body.

use super::PduError;

/// Reads the body of a PDU that has none.
///
/// # Errors
/// There are octets.
pub const fn decode(pdu: &'static str, body: &[u8]) -> Result<(), PduError> {
    match body.len() {
        0 => Ok(()),
        extra => Err(PduError::Trailing { pdu, extra }),
    }
}
