//! CONNECT_RESP: let in or not (2.0 clause 7.4.1.2, 3.0 clause 8.4.1.2).

use bytes::{BufMut, BytesMut};
use nom::Parser;

use super::wire::{code, exact, octets, put_code, u8};
use super::{PduError, Version};

/// The body of CONNECT_RESP: 18 octets in 2.0, 21 in 3.0. Its length says which: a 3.0 request
/// may be answered in 2.0 with status 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectResp {
    /// Status: 0 let in, 1 structure, 2 account, 3 proof, 4 version too high, 5 and above others.
    pub status: u32,
    /// AuthenticatorISMG, see [`of_gateway`](super::authenticator::of_gateway); zeros when not
    /// let in.
    pub proof: [u8; 16],
    /// Version: the highest that the gateway speaks.
    pub version: u8,
}

impl ConnectResp {
    pub(super) const NAME: &'static str = "CONNECT_RESP";

    /// Reads a body.
    ///
    /// # Errors
    /// It has neither 18 nor 21 octets.
    pub fn decode(body: &[u8]) -> Result<Self, PduError> {
        let fields = (
            code("Status", body.len() > 18),
            octets("AuthenticatorISMG"),
            u8("Version"),
        );
        let fields = fields.map(|(status, proof, version)| Self {
            status,
            proof,
            version,
        });
        exact(Self::NAME, body, fields)
    }

    /// Appends the body.
    pub fn encode(&self, version: Version, out: &mut BytesMut) {
        put_code(out, self.status, version == Version::V3);
        out.put_slice(&self.proof);
        out.put_u8(self.version);
    }
}
