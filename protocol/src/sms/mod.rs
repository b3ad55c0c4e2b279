//! Short messages: what all SMS links have in common, and the links themselves.
//!
//! An SMS route is offered as a [carrier](crate::air::CarrierId) whose room is the part of the
//! operator's window that is free. The engine hands it one [`Submit`] for each part of a text.
//!
//! * [`cmpp`]: China Mobile's gateways
//! * [`smpp`]: short message centres and aggregators
//! * [`gsm`]: modems on serial lines
//! * [`config`]: what the configurations of the links share
//! * [`phone`]: whom a message is for, and who sent one
//! * [`part`]: one part of a text, as octets
//! * [`submit`]: what is sent
//! * [`incoming`]: what arrives from phones
//! * [`message_id`]: the names that an operator gives to messages
//! * [`receipt`]: what an operator says about a message later
//! * [`udh`]: the header in front of the parts of a long text
//! * [`wall`]: the operator's clock
//! * [`alphabet`] and [`gsm7`]: from characters to octets and back
//! * [`segment`] and [`reassemble`]: from texts to parts and back

pub mod alphabet;
pub mod cmpp;
pub mod config;
mod drops;
pub mod gsm;
pub mod gsm7;
mod hold;
pub mod incoming;
pub mod message_id;
mod pace;
pub mod part;
pub mod phone;
pub mod reassemble;
pub mod receipt;
pub mod segment;
pub mod smpp;
pub mod submit;
pub mod udh;
mod unanswered;
pub mod wall;
mod window;

pub use incoming::{Answer, Incoming, Sender, SmsToken};
pub use message_id::MessageId;
pub use part::{Coding, Part};
pub use phone::Phone;
pub use receipt::{Outcome, Receipt};
pub use submit::{RefusalClass, Submit};
pub use udh::{Concatenation, Reference};
