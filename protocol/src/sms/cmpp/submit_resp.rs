//! SUBMIT_RESP: the gateway took a message or not (2.0 clause 7.4.3.2, 3.0 clause 8.4.3.2).

use bytes::{BufMut, BytesMut};
use nom::Parser;

use super::wire::{code, exact, put_code, u64};
use super::{PduError, Version};

/// The body of SUBMIT_RESP: 9 octets in 2.0, 12 in 3.0; its length says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmitResp {
    /// Msg_Id: the gateway's name of the message.
    pub message: u64,
    /// Result, see [`class`](super::result::class).
    pub result: u32,
}

impl SubmitResp {
    pub(super) const NAME: &'static str = "SUBMIT_RESP";

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
