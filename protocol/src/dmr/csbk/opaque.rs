//! CSBKs whose opcode is known by name and whose content is not public.

use nom::IResult;
use nom::Parser;
use nom::number::complete::be_u64;

use crate::dmr::fields::{Field, Fields};

/// Eight octets kept as heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opaque {
    /// Octets 2 to 9 of the CSBK.
    pub payload: [u8; 8],
}

impl Opaque {
    pub(crate) fn parse(i: &[u8]) -> IResult<&[u8], Self> {
        be_u64
            .map(|bits: u64| Self {
                payload: bits.to_be_bytes(),
            })
            .parse(i)
    }

    pub(crate) const fn to_bits(self) -> u64 {
        u64::from_be_bytes(self.payload)
    }
}

impl Fields for Opaque {
    fn name(&self) -> &'static str {
        "Opaque"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::bytes("payload", self.payload));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::layout::keeps_every_bit;

    keeps_every_bit!(Opaque, 8);
}
