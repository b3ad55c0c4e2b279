//! How much the appended blocks of a UDT hold: 12 octets each, the last two the CRC-CCITT.

/// Most appended blocks.
pub const MOST_BLOCKS: usize = 4;
/// Octets of content in so many appended blocks.
#[must_use]
pub const fn octets_in(blocks: usize) -> usize {
    blocks.saturating_mul(12).saturating_sub(2)
}

/// Appended blocks that so many octets of content need.
#[must_use]
pub const fn blocks_for(octets: usize) -> usize {
    octets.saturating_add(2).div_ceil(12)
}
