//! Beacon request.

use bytes::Bytes;
use nom::Parser;
use nom::combinator::success;

use super::MessageError;
use super::wire::open;
use crate::dmr::fields::{Field, Fields};

/// The master asks for a site beacon now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rptsbkn;

impl Rptsbkn {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTSBKN";

    /// Reads a datagram; what follows the name is ignored.
    ///
    /// # Errors
    /// The name is cut short.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        open(Self::NAME, datagram, success(()).map(|()| Self)).map(|(_, message)| message)
    }

    /// The 7 bytes to send.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        Bytes::from_static(Self::NAME.as_bytes())
    }
}

impl Fields for Rptsbkn {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, _: &mut Vec<Field>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_its_name_and_whatever_follows() {
        assert_eq!(Rptsbkn.encode(), b"RPTSBKN".as_slice());
        assert_eq!(Rptsbkn::decode(b"RPTSBKN"), Ok(Rptsbkn));
        assert_eq!(Rptsbkn::decode(b"RPTSBKN\x00\x23\xc1\x61"), Ok(Rptsbkn));
        assert!(Rptsbkn::decode(b"RPTSBK").is_err());
    }
}
