//! What a broadcast announces (TS 102 361-4 clause 7.2.19).
//!
//! 38 bits: the 14 of "broadcast parameters 1", then the 24 of "broadcast parameters 2".

use super::SystemCode;
use crate::dmr::fields::{Field, Fields};
use crate::dmr::layout::{Bits, bits, codes};

bits! {
    /// Control channels are added or withdrawn.
    WithdrawTscc: 38 {
        /// Kept as heard.
        reserved: u8 = 4,
        /// Colour code of the first channel.
        color_code_1: u8 = 4,
        /// Colour code of the second channel.
        color_code_2: u8 = 4,
        /// The first channel is withdrawn; otherwise added.
        withdraw_1: bool = 1,
        /// The second channel is withdrawn; otherwise added.
        withdraw_2: bool = 1,
        /// First logical channel; 0 none.
        channel_1: u16 = 12,
        /// Second logical channel; 0 none.
        channel_2: u16 = 12,
    }
}

bits! {
    /// Call timers, as encoded: 0 the radio's own value, all ones without limit.
    CallTimerParms: 38 {
        /// T_EMERG_TIMER.
        emergency_timer: u16 = 9,
        /// T_PACKET_TIMER.
        packet_timer: u8 = 5,
        /// T_MS-MS_TIMER.
        ms_ms_timer: u16 = 12,
        /// T_MS-LINE_TIMER.
        ms_line_timer: u16 = 12,
    }
}

bits! {
    /// A site: the one to vote for now, or a neighbour.
    Site: 38 {
        /// Which site.
        system_code: SystemCode = 14,
        /// `active_connection` and the priorities are valid.
        status_available: bool = 1,
        /// The site is connected to its network.
        active_connection: bool = 1,
        /// Priority of the confirmed channel.
        confirmed_channel_priority: u8 = 3,
        /// Priority of the adjacent channel.
        adjacent_channel_priority: u8 = 3,
        /// Kept as heard.
        reserved: u8 = 4,
        /// Its control channel; FFF: an absolute frequency follows.
        channel: u16 = 12,
    }
}

bits! {
    /// Date and time. Number 0 of day, month and weekday, 15 of the offset: not told.
    LocalTime: 38 {
        /// Day of the month, 1 to 31.
        day: u8 = 5,
        /// Month, 1 to 12.
        month: u8 = 4,
        /// Offset from UTC in hours.
        utc_offset_hours: u8 = 4,
        /// Local time is behind UTC.
        utc_offset_behind: bool = 1,
        /// Hours.
        hour: u8 = 5,
        /// Minutes.
        minute: u8 = 6,
        /// Seconds.
        second: u8 = 6,
        /// 1 Sunday to 7 Saturday.
        weekday: u8 = 3,
        /// Quarters of an hour, added to the offset.
        utc_offset_quarters: u8 = 2,
        /// Kept as heard.
        reserved: u8 = 2,
    }
}

codes! {
    /// How long radios spread a mass registration over, 4 bits.
    RegistrationWindow {
        Cancel = 0 "cancel",
        HalfSecond = 1 "0.5 s",
        Seconds1 = 2 "1 s",
        Seconds2 = 3 "2 s",
        Seconds5 = 4 "5 s",
        Seconds10 = 5 "10 s",
        Seconds20 = 6 "20 s",
        Seconds30 = 7 "30 s",
        Seconds100 = 8 "100 s",
        Seconds300 = 9 "300 s",
        Seconds1000 = 10 "1000 s",
        Seconds3000 = 11 "3000 s",
        Seconds10000 = 12 "10000 s",
        Seconds30000 = 13 "30000 s",
        Seconds100000 = 14 "100000 s",
        Seconds200000 = 15 "200000 s",
    }
    else Reserved "reserved"
}

bits! {
    /// All radios that fit must register again.
    MassReg: 38 {
        /// Kept as heard.
        reserved: u8 = 5,
        /// Over which time.
        window: RegistrationWindow = 4,
        /// How many low bits of a radio's address must equal `address`.
        mask: u8 = 5,
        /// The address that `mask` refers to; 0 with mask 0: all.
        address: u32 = 24,
    }
}

bits! {
    /// What frequency a logical channel has; continuation blocks carry it.
    ChanFreq: 38 {
        /// Kept as heard.
        reserved: u32 = 26,
        /// The logical channel.
        channel: u16 = 12,
    }
}

bits! {
    /// General parameters of the site.
    GenSiteParams: 38 {
        /// Kept as heard.
        reserved_1: u16 = 14,
        /// About the site, as encoded.
        site_information: u8 = 8,
        /// Kept as heard.
        reserved_2: u8 = 8,
        /// About the network, as encoded.
        network_information: u8 = 8,
    }
}

macro_rules! announcements {
    ($($kind:literal => $variant:ident($layout:ident) $name:literal, $meaning:literal;)+) => {
        /// What a [`Bcast`](super::Bcast) announces, by announcement type (5 bits).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Announcement {
            $(#[doc = $meaning] $variant($layout),)+
            /// Reserved types, and 30 and 31, which manufacturers define.
            Other {
                /// Announcement type, 5 bits.
                kind: u8,
                /// Broadcast parameters 1 (14 bits) and 2 (24 bits).
                params: u64,
            },
        }

        impl Announcement {
            pub(super) fn new(kind: u8, params: u64) -> Self {
                match kind {
                    $($kind => Self::$variant(Bits::from_bits(params)),)+
                    _ => Self::Other { kind, params },
                }
            }

            /// The announcement type, 5 bits.
            #[must_use]
            pub const fn kind(&self) -> u8 {
                match *self {
                    $(Self::$variant(_) => $kind,)+
                    Self::Other { kind, .. } => kind & 0x1F,
                }
            }

            pub(super) fn params(&self) -> u64 {
                match *self {
                    $(Self::$variant(content) => content.to_bits(),)+
                    Self::Other { params, .. } => params,
                }
            }
        }

        impl Fields for Announcement {
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)+
                    Self::Other { .. } => "Other",
                }
            }

            fn fields(&self, out: &mut Vec<Field>) {
                match self {
                    $(Self::$variant(content) => content.fields(out),)+
                    Self::Other { params, .. } => out.push(Field::number("params", *params, 38)),
                }
            }
        }
    };
}

announcements! {
    0 => WithdrawTscc(WithdrawTscc) "Ann_WD_TSCC", "Control channels are added or withdrawn.";
    1 => CallTimerParms(CallTimerParms) "CallTimer_Parms", "Call timers.";
    2 => VoteNow(Site) "Vote_Now", "Measure this site and move if it is better.";
    3 => LocalTime(LocalTime) "Local_Time", "Date and time.";
    4 => MassReg(MassReg) "MassReg", "Register again.";
    5 => ChanFreq(ChanFreq) "Chan_Freq", "Frequency of a logical channel.";
    6 => AdjacentSite(Site) "Adjacent_Site", "A neighbour.";
    7 => GenSiteParams(GenSiteParams) "Gen_Site_Params", "Parameters of the site.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_local_time_reads_back_field_by_field() {
        let time = LocalTime {
            day: 23,
            month: 11,
            utc_offset_hours: 8,
            hour: 13,
            minute: 59,
            second: 7,
            weekday: 2,
            ..LocalTime::default()
        };
        let params = 0b10_1111_0111_0000_0110_1111_0110_0011_1010_0000;
        assert_eq!(Announcement::LocalTime(time).params(), params);
        assert_eq!(Announcement::new(3, params), Announcement::LocalTime(time));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn every_announcement_keeps_its_type_and_bits(kind in 0u8..32, params in 0u64..1 << 38) {
            let announcement = Announcement::new(kind, params);
            prop_assert_eq!((announcement.kind(), announcement.params()), (kind, params));
            prop_assert!(!announcement.to_fields().is_empty());
        }
    }
}
