//! Channel timing, for radios that share a frequency without a repeater.

use crate::dmr::fields::Field;
use crate::dmr::layout::{codes, pdu};

codes! {
    /// What a [`CtCsbk`] says about timing: CTO, its two bits together (TS 102 361-2 clause 7.2.11).
    ChannelTimingOpcode {
        UnalignedRequest = 0 "unaligned request",
        UnalignedTerminator = 1 "unaligned terminator",
        AlignedStatus = 2 "aligned channel timing status",
        AlignedPush = 3 "aligned channel timing push",
    }
    else Reserved "reserved"
}

pdu! {
    /// Channel timing (TS 102 361-2 clause 7.1.2.7).
    CtCsbk, "CT_CSBK" {
        U16 {
            /// Age of the timing, in steps of 500 ms.
            sync_age: u16 = 11,
            /// Radios between the leader and this one.
            generation: u8 = 5,
        }
        U24 {
            /// Low 20 bits of the leader's address.
            leader_identifier: u32 = 20,
            /// The leader is a new one.
            new_leader: bool = 1,
            /// The leader's dynamic identifier.
            leader_dynamic_identifier: u8 = 2,
            /// High bit of the channel timing opcode.
            channel_timing_opcode_high: u8 = 1,
        }
        U24 {
            /// Low 20 bits of the sender's address.
            source_identifier: u32 = 20,
            /// Kept as heard.
            reserved: u8 = 1,
            /// The sender's dynamic identifier.
            source_dynamic_identifier: u8 = 2,
            /// Low bit of the channel timing opcode.
            channel_timing_opcode_low: u8 = 1,
        }
    }
    also show_opcode
}

impl CtCsbk {
    /// What it says about timing.
    #[must_use]
    pub const fn opcode(&self) -> ChannelTimingOpcode {
        let (high, low) = (
            self.channel_timing_opcode_high,
            self.channel_timing_opcode_low,
        );
        ChannelTimingOpcode::from_number((high & 1) << 1 | low & 1)
    }
}

fn show_opcode(pdu: &CtCsbk, out: &mut Vec<Field>) {
    let opcode = pdu.opcode();
    out.push(Field::coded(
        "channel_timing_opcode",
        opcode.number(),
        2,
        opcode.meaning(),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::CsbkBody;
    use crate::dmr::csbk::testing::inbound;
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn matches_the_recorded_pdu() {
        let expected = CtCsbk {
            sync_age: 10,
            generation: 1,
            leader_identifier: 2,
            new_leader: true,
            source_identifier: 1,
            channel_timing_opcode_low: 1,
            ..CtCsbk::default()
        };
        assert_eq!(expected.opcode(), ChannelTimingOpcode::UnalignedTerminator);
        inbound("870001410000280000113057", &CsbkBody::CtCsbk(expected));
    }

    keeps_every_bit!(CtCsbk, 8);
}
