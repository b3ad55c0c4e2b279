//! Packet data: from user data to PDUs and back (TS 102 361-1 clauses 8 and 9.2).

mod assembly;
mod block;
mod build;
mod complete;
mod joining;
mod outcome;
mod outgoing;
mod pdu;
mod preamble;
mod rate;
mod reassembly;
mod repetition;
pub mod response;
mod timers;

pub use block::{Block, BlockError};
pub use build::{
    BuildError, MOST_BLOCKS, MOST_DATAGRAM_OCTETS, MOST_SHORT_DATA_BLOCKS, Sequence, blocks_for,
    confirmed, fragments, octets_in, raw_short_data, short_data, unconfirmed,
};
pub use complete::{Extent, Packet};
pub use outcome::{Failure, Missing, Outcome};
pub use outgoing::Outgoing;
pub use pdu::Pdu;
pub use preamble::preamble;
pub use rate::Rate;
pub use reassembly::{Reassembler, SILENCE};
pub use timers::T_DATA_TX_LMT;
