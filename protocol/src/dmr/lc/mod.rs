//! Link control (TS 102 361-1 clause 9.1.6, TS 102 361-2 clause 7.1).
//!
//! * [`FullLc`]: 72 bits in voice headers, terminators and embedded signalling
//! * [`TalkerAlias`]: the name of the talker, collected from up to four of them
//! * [`ShortLc`]: 28 bits in the CACH of a base station

mod full;
mod gps_info;
mod service_options;
mod short;
mod sum;
mod talker_alias;
mod talker_alias_block;
mod td_lc;
mod voice;

pub use full::{FullLc, LcBody};
pub use gps_info::{GpsInfo, Latitude, Longitude, PositionError};
pub use service_options::ServiceOptions;
pub use short::{Activity, ActivityUpdate, ShortLc, ShortLcError, SysParms};
pub use sum::{SumError, sum5};
pub use talker_alias::TalkerAlias;
pub use talker_alias_block::{AliasFormat, TalkerAliasBlock, TalkerAliasHeader};
pub use td_lc::TdLc;
pub use voice::{CapacityPlusGroupVoice, CapacityPlusUnitVoice, GroupVoice, UnitToUnitVoice};
