//! What all radio families have in common: identities, what can be put on the air,
//! and what can be heard there. SMS links take and report their own kinds of the same.
//!
//! The engine speaks only these types; it never sees a slot number's meaning, a PDU
//! or a checksum. A [`Transmission`] is one *fragment*: what cannot be interrupted
//! once it has begun, at most [`FRAGMENT_BURSTS`] bursts on a DMR carrier.

use core::fmt;
use core::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::dmr::text;
pub use crate::sms::{Incoming, MessageId, Phone, Receipt, SmsToken, Submit};
use crate::time::Instant;

/// Most bursts one fragment may occupy (0.72 s on a DMR slot).
pub const FRAGMENT_BURSTS: u32 = 12;

/// Microseconds of airtime one DMR burst occupies on its carrier.
pub const DMR_BURST_MICROS: u64 = 60_000;

/// Why a number is no radio or group identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{value} is not a {what}: expected {FIRST_ID} to {LAST_ID}")]
pub struct IdentityError {
    what: &'static str,
    value: u32,
}

/// Lowest individual or group address; 0 is the null address.
pub const FIRST_ID: u32 = 1;
/// Highest address of a radio; above it stand gateways and all-calls (TS 102 361-1 Annex A).
pub const LAST_ID: u32 = 0xFF_FCDF;

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(extend("minimum" = FIRST_ID, "maximum" = LAST_ID)))]
        #[serde(try_from = "u32", into = "u32")]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The identity with this number, or why there is none.
            ///
            /// # Errors
            /// The number is 0 or above [`LAST_ID`].
            pub const fn new(value: u32) -> Result<Self, IdentityError> {
                match NonZeroU32::new(value) {
                    Some(id) if value <= LAST_ID => Ok(Self(id)),
                    _ => Err(IdentityError { what: $what, value }),
                }
            }

            /// The 24-bit number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0.get()
            }
        }

        impl TryFrom<u32> for $name {
            type Error = IdentityError;

            fn try_from(value: u32) -> Result<Self, IdentityError> {
                Self::new(value)
            }
        }

        impl From<$name> for u32 {
            fn from(id: $name) -> u32 {
                id.get()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.get().fmt(f)
            }
        }
    };
}

identity!(
    /// The 24-bit individual address of a radio (TS 102 361-1 Annex A).
    RadioId,
    "radio id"
);
identity!(
    /// The 24-bit address of a talkgroup.
    GroupId,
    "group id"
);

/// Whom a transmission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Address {
    /// One radio.
    Radio(RadioId),
    /// Every radio that listens to the group.
    Group(GroupId),
}

impl Address {
    /// The 24-bit number.
    #[must_use]
    pub const fn get(self) -> u32 {
        match self {
            Self::Radio(id) => id.get(),
            Self::Group(id) => id.get(),
        }
    }

    /// Whether this is a group address.
    #[must_use]
    pub const fn is_group(self) -> bool {
        matches!(self, Self::Group(_))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Radio(id) => write!(f, "radio {id}"),
            Self::Group(id) => write!(f, "group {id}"),
        }
    }
}

/// A base station, modem or gateway terminal. For a Homebrew repeater this is the
/// id it logs in with; for others the number its configuration gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StationId(pub u32);

impl fmt::Display for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A DMR timeslot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Slot {
    /// Timeslot 1.
    One,
    /// Timeslot 2.
    Two,
}

impl Slot {
    /// 1 or 2, as written on every radio.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// One transmit opportunity of a station. Airtime belongs to a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CarrierId {
    /// The station.
    pub station: StationId,
    /// Which of its timeslots.
    pub slot: Slot,
}

impl fmt::Display for CarrierId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.station, self.slot.number())
    }
}

/// What kind of channel a carrier is: what a transmission costs on it, and which evidence
/// and which ways of collecting answers it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CarrierKind {
    /// A conventional channel: one fragment at a time, and the radio's answer on the same
    /// channel before the next. Each fragment begins with a preamble.
    #[default]
    Conventional,
    /// A Tier III control channel: both directions at once, no preambles, and the session has
    /// several fragments under way while their acknowledgements come in. Radios can be polled
    /// ([`Job::Collect`](crate::session::Job::Collect)) and admitted in portions
    /// ([`Job::Admit`](crate::session::Job::Admit)).
    Control,
    /// A trunked site behind its own controller, which decides about the air by itself:
    /// transfers, not bursts. Their airtime is an estimate.
    Backhaul,
}

/// A job's number, chosen by the engine and never used twice in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The form in which a radio understands text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TextForm {
    /// Defined short data, UTF-8 (TS 102 361-3).
    ShortDataUtf8,
    /// Defined short data, UTF-16BE (TS 102 361-3).
    ShortDataUtf16,
    /// Motorola TMS over UDP/IPv4, UCS-2 little endian.
    #[default]
    Tms,
    /// Unified data transport, UTF-16BE (TS 102 361-4).
    Udt,
}

/// How a data packet is protected on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// Sent once; the terminal's link layer says nothing.
    Unconfirmed,
    /// The terminal's link layer answers; missing blocks are sent again.
    Confirmed,
}

/// Whether this character may be in no text, name or log line: it is invisible or turns the
/// direction of writing around. A line feed may be in a text.
#[must_use]
pub fn is_forbidden(character: char) -> bool {
    text::is_forbidden(character)
}

/// Octets that a text occupies in this form.
#[must_use]
pub fn text_octets(form: TextForm, text: &str) -> usize {
    text::octets(text, form)
}

/// Octets of text that one fragment carries in this form.
#[must_use]
pub const fn text_room(form: TextForm, delivery: Delivery) -> usize {
    text::capacity(form, delivery)
}

/// Bursts that a text of so many octets occupies outbound on such a carrier: the header, its
/// blocks, and on a conventional channel one preamble.
#[must_use]
pub fn text_bursts(kind: CarrierKind, form: TextForm, delivery: Delivery, octets: usize) -> u32 {
    let conventional = text::bursts(form, delivery, octets);
    match kind {
        CarrierKind::Conventional => conventional,
        CarrierKind::Control | CarrierKind::Backhaul => conventional - text::PREAMBLE_BURSTS,
    }
}

/// Cuts a text into parts that fit one fragment each with `overhead` octets left free,
/// behind a space where one is near; none if the overhead leaves no room.
#[must_use]
pub fn text_parts(
    form: TextForm,
    delivery: Delivery,
    text: &str,
    overhead: usize,
) -> Option<Vec<String>> {
    text::split(text, form, delivery, overhead).ok()
}

/// One text fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Our own address on this system.
    pub from: RadioId,
    /// Whom it is for.
    pub to: Address,
    /// What it says; fits one fragment, see [`crate::dmr::text`].
    pub text: String,
    /// The form the terminal understands.
    pub form: TextForm,
    /// Whether the link layer is asked to confirm.
    pub delivery: Delivery,
    /// The message number where the form carries one (TMS: 0 to 127); a retry repeats it.
    pub reference: u8,
}

/// What the engine asks a carrier to put on the air: one fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transmission {
    /// A text fragment.
    Text(Text),
    /// Asks whether a radio is there (proves presence only).
    RadioCheck {
        /// Our own address.
        from: RadioId,
        /// The radio.
        to: RadioId,
    },
    /// One part of a text for a phone. Only an SMS link takes it.
    Sms(Submit),
}

/// An answer that says "I have your message". The session names what is owed when it
/// reports the message; the engine hands it back once the message is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledgement {
    /// A data response for a confirmed packet (TS 102 361-1 clause 8.2.2).
    Data {
        /// Our own address, to which the packet was sent.
        from: RadioId,
        /// The radio that sent it.
        to: RadioId,
        /// Service access point of the packet, 0 to 15.
        sap: u8,
        /// N(S) of the packet, 0 to 7.
        sequence: u8,
    },
    /// A TMS acknowledgement.
    Tms {
        /// Our own address.
        from: RadioId,
        /// The radio that sent the text.
        to: RadioId,
        /// Its message number, 0 to 127.
        reference: u8,
    },
    /// The system's acknowledgement of an emergency call.
    Emergency {
        /// Our own address.
        from: RadioId,
        /// The radio in distress.
        to: RadioId,
    },
    /// A trunked system has taken a radio's short data or status ("message accepted").
    Accepted {
        /// The 24-bit address that the radio sent to: ours, a group's or a gateway's.
        from: u32,
        /// The radio that sent it.
        to: RadioId,
    },
    /// An operator's gateway is answered for a message or a receipt. The session offers
    /// [`Answer::Taken`](crate::sms::Answer::Taken); who has no room for it sends `Busy` instead.
    Sms {
        /// Which message.
        token: SmsToken,
        /// What the operator is told.
        answer: crate::sms::Answer,
    },
}

/// An acknowledgement that the radio waits for, and until when it makes sense to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What to send.
    pub acknowledgement: Acknowledgement,
    /// Later than this it is withheld: the radio repeats, and the repeat is answered.
    pub until: Instant,
}

/// A position in WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// Degrees north, -90 to 90.
    #[cfg_attr(feature = "schema", schemars(range(min = -90, max = 90)))]
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    #[cfg_attr(feature = "schema", schemars(range(min = -180, max = 180)))]
    pub longitude: f64,
}

/// Something heard on the air that the rest of the system can use.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Where.
    pub carrier: CarrierId,
    /// What.
    pub what: HeardKind,
    /// What the radio waits for in return, most urgent first.
    pub owed: Vec<Owed>,
}

/// What was heard. Identities heard on the air can be forged: they are claims.
#[derive(Debug, Clone, PartialEq)]
pub enum HeardKind {
    /// A text for us, complete and checked.
    Text {
        /// The radio that says so.
        from: RadioId,
        /// Our address or a group we own.
        to: Address,
        /// What it says, as sent.
        text: String,
        /// The sender's message number where the form carries one; equal numbers from
        /// one radio within a short time are one message heard twice.
        reference: Option<u16>,
    },
    /// A terminal acknowledged the text that carried this message number.
    TextAcknowledged {
        /// The radio that says so.
        from: RadioId,
        /// The message number of our text.
        reference: u8,
    },
    /// A status code for us.
    Status {
        /// The radio that says so.
        from: RadioId,
        /// Our address or a group we own.
        to: Address,
        /// 0 to 1023; 0 to 127 on a trunked system.
        code: u16,
        /// Whether the radio was asked for it. A polled value may have been set at any time
        /// before; one that the radio sent by itself counts from its transmission.
        polled: bool,
    },
    /// The emergency button, whoever it was addressed to.
    Emergency {
        /// The radio that says so.
        from: RadioId,
        /// The address in the emergency PDU, as a number (often a talkgroup).
        to: u32,
    },
    /// A position report.
    Position {
        /// The radio that says so.
        from: RadioId,
        /// Where it says it is.
        position: Position,
    },
    /// Any other sign of life: a call, a radio-check answer, data for others.
    Presence {
        /// The radio that says so.
        from: RadioId,
    },
    /// A radio registered with a trunked site; the session has answered it.
    Registered {
        /// The radio that says so.
        from: RadioId,
    },
    /// A radio took leave of a trunked site.
    Deregistered {
        /// The radio that says so.
        from: RadioId,
    },
    /// A phone sent a text, or one part of it, to a number of ours.
    Sms(Box<Incoming>),
    /// An operator says what became of a text that we sent.
    Receipt(Box<Receipt>),
}

impl HeardKind {
    /// The radio that was heard, if it was a radio.
    #[must_use]
    pub const fn radio(&self) -> Option<RadioId> {
        match self {
            Self::Text { from, .. }
            | Self::TextAcknowledged { from, .. }
            | Self::Status { from, .. }
            | Self::Emergency { from, .. }
            | Self::Position { from, .. }
            | Self::Presence { from }
            | Self::Registered { from }
            | Self::Deregistered { from } => Some(*from),
            Self::Sms(_) | Self::Receipt(_) => None,
        }
    }
}
