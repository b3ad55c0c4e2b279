//! Packet data: from user data to PDUs and back (TS 102 361-1 clauses 8 and 9.2).

mod assembly;
mod block;
mod build;
mod complete;
mod joining;
mod outcome;
mod pdu;
mod preamble;
mod reassembly;
pub mod response;

pub use block::{Block, BlockError};
pub use build::{
    BuildError, MOST_BLOCKS, MOST_SHORT_DATA_BLOCKS, Outgoing, Sequence, blocks_for, confirmed,
    fragments, octets_in, raw_short_data, short_data, unconfirmed,
};
pub use complete::{Extent, Packet};
pub use joining::MOST_DATAGRAM_OCTETS;
pub use outcome::{Failure, Missing, Outcome};
pub use pdu::{Pdu, Rate};
pub use preamble::preamble;
pub use reassembly::{Reassembler, SILENCE, T_DATA_TX_LMT};
