//! CONNECT: a service provider asks to be let in (2.0 clause 7.4.1.1, 3.0 clause 8.4.1.1).

use bytes::{BufMut, BytesMut};
use nom::Parser;

use super::PduError;
use super::wire::{exact, octets, put_text, text, u8, u32};

/// The body of CONNECT, 27 octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Source_Addr: the account (SP id), at most 6 characters.
    pub account: String,
    /// AuthenticatorSource, see [`of_source`](super::authenticator::of_source).
    pub proof: [u8; 16],
    /// Version: 0x20 or 0x30; 0x21 exists.
    pub version: u8,
    /// Timestamp: MMDDHHMMSS in the gateway's local time, as a number.
    pub timestamp: u32,
}

impl Connect {
    pub(super) const NAME: &'static str = "CONNECT";

    /// Reads a body.
    ///
    /// # Errors
    /// It has not 27 octets.
    pub fn decode(body: &[u8]) -> Result<Self, PduError> {
        let fields = (
            text("Source_Addr", 6),
            octets("AuthenticatorSource"),
            u8("Version"),
            u32("Timestamp"),
        );
        let fields = fields.map(|(account, proof, version, timestamp)| Self {
            account,
            proof,
            version,
            timestamp,
        });
        exact(Self::NAME, body, fields)
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut BytesMut) {
        put_text(out, &self.account, 6);
        out.put_slice(&self.proof);
        out.put_u8(self.version);
        out.put_u32(self.timestamp);
    }
}

#[cfg(test)]
mod tests {
    use super::super::authenticator::{Secret, of_source};
    use super::super::pdu::Pdu;
    use super::super::{Version, deframe::Deframer};
    use super::*;

    #[test]
    fn a_connect_with_the_computed_proof_is_written_and_read() {
        let timestamp = 1_123_163_005;
        let connect = Connect {
            account: "901234".to_owned(),
            proof: of_source("901234", &Secret::new("secret"), timestamp),
            version: 0x30,
            timestamp,
        };
        let octets = Pdu::Connect(connect.clone()).encode(Version::V3, 1);
        assert_eq!(
            hex::encode(&octets),
            "000000270000000100000001393031323334dac045b55fa7238717903e9144ea68a73042f21b7d"
        );
        let mut deframer = Deframer::default();
        deframer.push(&octets);
        let (_, body) = deframer.next_pdu().expect("a length").expect("a PDU");
        assert_eq!(Connect::decode(&body), Ok(connect));
        let cut = Connect::decode(&body[..26]);
        assert!(matches!(
            cut,
            Err(PduError::Cut {
                field: "Timestamp",
                length: 26,
                ..
            })
        ));
    }
}
