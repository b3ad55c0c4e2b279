//! What a radio or the system asks for: service kind and service options.

use crate::dmr::fields::Field;
use crate::dmr::layout::{Bits, bits, codes};

codes! {
    /// Service kind (TS 102 361-4 clause 7.2.12), 4 bits.
    ServiceKind {
        IndividualVoice = 0 "individual voice call",
        GroupVoice = 1 "talkgroup voice call",
        IndividualPacket = 2 "individual packet data",
        GroupPacket = 3 "talkgroup packet data",
        IndividualUdt = 4 "individual UDT short data",
        GroupUdt = 5 "talkgroup UDT short data",
        UdtPolling = 6 "UDT polling",
        Status = 7 "status",
        CallDiversion = 8 "call diversion",
        CallAnswer = 9 "call answer",
        DuplexVoice = 10 "duplex voice call",
        DuplexPacket = 11 "duplex packet data",
        Supplementary = 13 "supplementary service",
        Registration = 14 "registration, authentication or check",
        Cancel = 15 "cancel call",
    }
    else Reserved "reserved service"
}

impl ServiceKind {
    /// Whether the target is a talkgroup by the kind alone.
    #[must_use]
    pub const fn is_group(self) -> bool {
        matches!(self, Self::GroupVoice | Self::GroupPacket | Self::GroupUdt)
    }
}

bits! {
    /// Options of a voice call.
    VoiceOptions: 7 {
        /// Emergency.
        emergency: bool = 1,
        /// Encrypted.
        privacy: bool = 1,
        /// Supplementary data follows.
        supplementary_data: bool = 1,
        /// Broadcast: no one may answer.
        broadcast: bool = 1,
        /// Kept as heard.
        reserved: u8 = 1,
        /// 0 lowest to 3 highest.
        priority: u8 = 2,
    }
}

bits! {
    /// Options of a packet data call.
    PacketOptions: 7 {
        /// Emergency.
        emergency: bool = 1,
        /// Encrypted.
        privacy: bool = 1,
        /// Supplementary data follows.
        supplementary_data: bool = 1,
        /// Both timeslots are wanted.
        high_rate: bool = 1,
        /// Several packets will be sent.
        multi_item: bool = 1,
        /// 0 lowest to 3 highest.
        priority: u8 = 2,
    }
}

bits! {
    /// Options of UDT short data.
    UdtOptions: 7 {
        /// Emergency.
        emergency: bool = 1,
        /// Encrypted.
        privacy: bool = 1,
        /// Supplementary data follows.
        supplementary_data: bool = 1,
        /// Kept as heard.
        reserved: u8 = 4,
    }
}

bits! {
    /// Options of a UDT poll.
    PollOptions: 7 {
        /// Emergency.
        emergency: bool = 1,
        /// Encrypted.
        privacy: bool = 1,
        /// Supplementary data follows.
        supplementary_data: bool = 1,
        /// UDT format of the wanted answer; 10 stands for status.
        polling_format: u8 = 4,
    }
}

bits! {
    /// Options of a status; its other two bits stand in "appended".
    StatusOptions: 7 {
        /// The target is a talkgroup.
        group: bool = 1,
        /// Supplementary data follows.
        supplementary_data: bool = 1,
        /// Bits 6 to 2 of the status.
        status_high: u8 = 5,
    }
}

bits! {
    /// Options of call diversion.
    DiversionOptions: 7 {
        /// Kept as heard.
        reserved: u8 = 2,
        /// Divert; otherwise stop diverting.
        divert: bool = 1,
        /// Voice calls.
        voice: bool = 1,
        /// Packet data.
        packet: bool = 1,
        /// UDT short data.
        udt: bool = 1,
        /// Status.
        status: bool = 1,
    }
}

bits! {
    /// Options of a registration.
    RegistrationOptions: 7 {
        /// Kept as heard.
        reserved: u8 = 1,
        /// Encryption is available.
        privacy: bool = 1,
        /// An IP address is registered too.
        ip_inform: bool = 1,
        /// Power save request, 0 none.
        power_save: u8 = 3,
        /// Register; otherwise deregister.
        register: bool = 1,
    }
}

/// Makes the enum over the option layouts from rows of service kinds.
macro_rules! options {
    ($($(#[$doc:meta])* $variant:ident($layout:ident) for $($kind:ident)|+;)+) => {
        /// Service options, 7 bits, as their service kind means them
        /// (TS 102 361-4 clause 7.2.13).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Options {
            $($(#[$doc])* $variant($layout),)+
            /// Any other service kind.
            Other(u8),
        }

        impl Options {
            /// What these 7 bits mean for a service.
            #[must_use]
            pub fn of(kind: ServiceKind, bits: u8) -> Self {
                match kind {
                    $($(ServiceKind::$kind)|+ => Self::$variant(Bits::from_bits(u64::from(bits))),)+
                    _ => Self::Other(bits),
                }
            }

            /// The 7 bits.
            #[must_use]
            pub fn bits(self) -> u8 {
                match self {
                    $(Self::$variant(options) => options.to_bits() as u8,)+
                    Self::Other(bits) => bits & 0x7F,
                }
            }

            pub(super) fn field(self, name: &'static str) -> Field {
                match self {
                    $(Self::$variant(options) => options.field(name, 7),)+
                    Self::Other(bits) => Field::number(name, bits, 7),
                }
            }
        }
    };
}

options! {
    /// Voice.
    Voice(VoiceOptions) for IndividualVoice | GroupVoice;
    /// Packet data.
    Packet(PacketOptions) for IndividualPacket | GroupPacket;
    /// UDT short data.
    Udt(UdtOptions) for IndividualUdt | GroupUdt;
    /// UDT poll.
    Poll(PollOptions) for UdtPolling;
    /// Status.
    Status(StatusOptions) for Status;
    /// Call diversion.
    Diversion(DiversionOptions) for CallDiversion;
    /// Registration.
    Registration(RegistrationOptions) for Registration;
}

impl Options {
    /// The 7-bit status that these options and the two bits of "appended" make.
    pub(super) const fn status(self, appended: u8) -> Option<u8> {
        match self {
            Self::Status(options) => Some((options.status_high & 0x1F) << 2 | (appended & 3)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_every_kind_comes_back() {
        for kind in 0..16 {
            let kind = ServiceKind::from_number(kind);
            for bits in 0..0x80 {
                assert_eq!(Options::of(kind, bits).bits(), bits);
            }
        }
    }

    #[test]
    fn a_registration_and_its_end_differ_in_one_bit() {
        let register = Options::of(ServiceKind::Registration, 1);
        let expected = RegistrationOptions {
            register: true,
            ..RegistrationOptions::default()
        };
        assert_eq!(register, Options::Registration(expected));
    }
}
