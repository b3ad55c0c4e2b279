//! ACTIVE_TEST and ACTIVE_TEST_RESP: whether the other end is there (2.0 clause 7.4.8,
//! 3.0 clause 8.4.8). The request has no body.

use super::PduError;

/// The body of ACTIVE_TEST_RESP: one reserved octet, which some gateways leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveTestResp;

impl ActiveTestResp {
    /// Reads a body.
    ///
    /// # Errors
    /// It has more than one octet.
    pub const fn decode(body: &[u8]) -> Result<Self, PduError> {
        match body {
            [] | [_] => Ok(Self),
            [_, rest @ ..] => Err(PduError::Trailing {
                pdu: "ACTIVE_TEST_RESP",
                extra: rest.len(),
            }),
        }
    }
}
