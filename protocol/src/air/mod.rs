//! What all radio families have in common: identities, what can be put on the air,
//! and what can be heard there. SMS links take and report their own kinds of the same.
//!
//! The engine speaks only these types; it never sees a slot number's meaning, a PDU
//! or a checksum. A [`Transmission`] is one *fragment*: what cannot be interrupted
//! once it has begun, at most [`FRAGMENT_BURSTS`] bursts on a DMR carrier.

mod acknowledgement;
mod carrier;
mod heard;
mod identity;
mod plan;
mod position;
mod text_form;
mod transmission;

pub use crate::sms::{Incoming, MessageId, Phone, Receipt, SmsToken, Submit};
pub use acknowledgement::{Acknowledgement, Owed};
pub use carrier::{CarrierId, CarrierKind, Slot, StationId};
pub use heard::{Heard, HeardKind};
pub use identity::{Address, FIRST_ID, GroupId, IdentityError, LAST_ID, RadioId};
pub use plan::{is_forbidden, text_bursts, text_octets, text_parts, text_room};
pub use position::Position;
pub use text_form::{Delivery, TextForm};
pub use transmission::{DMR_BURST_MICROS, FRAGMENT_BURSTS, JobId, Text, Transmission};
