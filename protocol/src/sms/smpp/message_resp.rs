//! `submit_sm_resp` and `deliver_sm_resp` (clauses 4.4.2 and 4.6.2). A refusal may have no body,
//! and some centres leave it out of every response.

use bytes::BytesMut;

use super::wire::{put_text, readable};

/// Taken or not, as the status in the header says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageResp {
    /// `message_id`: the centre's name of the message, at most 64 characters; none in
    /// `deliver_sm_resp`.
    pub message_id: String,
}

impl MessageResp {
    /// Reads a body: up to the NUL, or to the end where a centre has forgotten it.
    #[must_use]
    pub fn decode(body: &[u8]) -> Self {
        let id = body.split(|octet| *octet == 0).next();
        Self {
            message_id: readable(id.unwrap_or_default()),
        }
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut BytesMut) {
        put_text(out, &self.message_id, 65);
    }
}
