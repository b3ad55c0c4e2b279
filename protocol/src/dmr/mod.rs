//! The DMR air interface (ETSI TS 102 361-1 V2.5.1, -2 V2.4.1, -3 V1.3.1).
//!
//! Bit 0 is the first transmitted and the most significant bit of byte 0.

pub mod burst;
pub mod cach;
pub mod channel;
mod codes;
pub mod crc;
pub mod csbk;
pub mod data_header;
pub mod emb;
pub mod feature_set;
pub mod fec;
pub mod fields;
pub mod gateway;
pub mod info;
pub mod ip;
mod layout;
pub mod lc;
pub mod mbc;
pub mod packet;
pub mod slot_type;
pub mod sync;
pub mod target;
#[cfg(test)]
pub(crate) mod test_bursts;
pub mod text;
pub mod tier3;
pub mod udt;
pub mod usbd;
pub mod voice;
