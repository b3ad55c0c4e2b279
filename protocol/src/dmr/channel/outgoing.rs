//! A burst on its way to the air.

use crate::air::JobId;

/// A burst to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// The 264 bits.
    pub burst: [u8; 33],
    /// Data type of its slot type, 0 to 15.
    pub data_type: u8,
    /// 24-bit source.
    pub src: u32,
    /// 24-bit destination.
    pub dst: u32,
    /// Whether the destination is a talkgroup.
    pub group: bool,
    /// First burst of a transmission.
    pub new_stream: bool,
    /// Last burst of this job.
    pub last_of: Option<JobId>,
}
