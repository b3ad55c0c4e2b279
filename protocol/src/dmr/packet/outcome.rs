//! What a header, a block or silence led to.

use crate::dmr::data_header::{DataHeader, NackReason};

use super::build::MOST_DATAGRAM_OCTETS;
use super::complete::Packet;
use super::outgoing::Outgoing;
use super::response;

/// Why a packet cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// All blocks are there and the check over all of them does not match.
    #[error("the packet's CRC does not match")]
    Checksum,
    /// Blocks of an unconfirmed packet were lost; nobody will repeat them.
    #[error("blocks of an unconfirmed packet are missing")]
    Incomplete,
    /// The header announces no block where one must be, or more padding than data.
    #[error("the header contradicts itself")]
    Malformed,
    /// A retry of some blocks whose first transmission was not heard.
    #[error("a retry of a packet that is not known")]
    UnknownRetry,
    /// A fragment of a datagram whose fragments before it are not all there.
    #[error("fragments before this one are missing")]
    OutOfSequence,
    /// A datagram in more fragments than are kept.
    #[error("the datagram is longer than {MOST_DATAGRAM_OCTETS} octets")]
    TooLong,
}

/// What a header, a block or silence led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Pending,
    /// A packet, or the datagram that it completes.
    Complete(Packet),
    /// A fragment of a datagram, all before it being there; more are to come.
    Fragment(Packet),
    /// A confirmed transmission is over and these blocks are missing.
    Missing(Missing),
    /// No packet will come of it.
    Failed {
        /// The header of the packet.
        header: DataHeader,
        /// What makes the packet useless; decides the reason of the NACK, and whether one is sent.
        why: Failure,
    },
    /// A block that no header announced.
    Stray,
}

/// What is missing of a confirmed packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The packet's header.
    pub header: DataHeader,
    /// How many blocks it has.
    pub total: usize,
    /// Serial numbers of the missing ones, ascending.
    pub blocks: Vec<u8>,
}

impl Outcome {
    /// The link layer's answer that is due: ACK, SACK or NACK; `None` for packets that
    /// nobody waits for.
    #[must_use]
    pub fn response(&self) -> Option<Outgoing> {
        match self {
            Self::Complete(packet) | Self::Fragment(packet) => packet.acknowledgement(),
            Self::Missing(missing) => {
                let to = missing.header.awaits_response()?;
                let n_s = missing.header.send_sequence();
                Some(response::sack(to, n_s, missing.total, &missing.blocks))
            }
            Self::Failed { header, why } => {
                let reason = match why {
                    Failure::Checksum => NackReason::PacketCrcFailed,
                    Failure::Malformed => NackReason::IllegalFormat,
                    Failure::OutOfSequence => NackReason::FragmentOutOfSequence,
                    Failure::TooLong => NackReason::MemoryFull,
                    Failure::Incomplete | Failure::UnknownRetry => return None,
                };
                Some(response::nack(
                    header.awaits_response()?,
                    header.send_sequence(),
                    reason,
                ))
            }
            Self::Pending | Self::Stray => None,
        }
    }
}
