//! Why a text cannot be sent.

use crate::dmr::ip::IpError;
use crate::dmr::packet::BuildError;
use crate::dmr::udt::UdtError;

/// Why a text cannot be put on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A control or bidirectional character: it never reaches the air.
    #[error("{character:?} at character {index} must not be sent; take it out")]
    Control {
        /// Its position, counted in characters.
        index: usize,
        /// The character that is refused.
        character: char,
    },
    /// More than one fragment takes; [`split`](super::split) it.
    #[error("{octets} octets of text, one fragment takes {capacity}")]
    TooLong {
        /// Octets of the text in this form.
        octets: usize,
        /// Octets there may be.
        capacity: usize,
    },
    /// More bursts than the options allow.
    #[error("the text takes {bursts} bursts, allowed are {limit}")]
    TooManyBursts {
        /// Preambles, header and blocks.
        bursts: usize,
        /// [`Options::limit`](super::Options::limit).
        limit: u32,
    },
    /// One packet was wanted.
    #[error("the text takes {packets} packets where one is wanted; split it")]
    Fragments {
        /// Packets it takes.
        packets: usize,
    },
    /// TMS message numbers end at 127.
    #[error("{0} is no TMS message number: 0 to 127")]
    Reference(u8),
    /// More than a header can announce.
    #[error(transparent)]
    Packet(#[from] BuildError),
    /// More than a datagram can hold.
    #[error(transparent)]
    Datagram(#[from] IpError),
    /// More than a UDT can hold.
    #[error(transparent)]
    Udt(#[from] UdtError),
}
