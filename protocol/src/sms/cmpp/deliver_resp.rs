//! DELIVER_RESP: we took a message or report, or not (2.0 clause 7.4.5.2, 3.0 clause 8.4.5.2).

use bytes::{BufMut, BytesMut};
use nom::Parser;

use super::wire::{code, exact, put_code, u64};
use super::{PduError, Version};

/// The body of DELIVER_RESP: 9 octets in 2.0, 12 in 3.0; its length says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliverResp {
    /// Msg_Id of the DELIVER.
    pub message: u64,
    /// Result: 0 taken, 1 structure, 8 too much at once.
    pub result: u32,
}

impl DeliverResp {
    pub(super) const NAME: &'static str = "DELIVER_RESP";

    /// Reads a body.
    ///
    /// # Errors
    /// It has neither 9 nor 12 octets.
    pub fn decode(body: &[u8]) -> Result<Self, PduError> {
        let fields = (u64("Msg_Id"), code("Result", body.len() > 9));
        let fields = fields.map(|(message, result)| Self { message, result });
        exact(Self::NAME, body, fields)
    }

    /// Appends the body.
    pub fn encode(&self, version: Version, out: &mut BytesMut) {
        out.put_u64(self.message);
        put_code(out, self.result, version == Version::V3);
    }
}
