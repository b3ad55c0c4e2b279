//! Broadcast: what the control channel tells everyone.

use nom::IResult;
use nom::Parser;

use super::announcement::Announcement;
use super::{Backoff, SystemIdentity};
use crate::dmr::fields::{Field, Fields};
use crate::dmr::layout::{BitReader, BitWriter, Bits, Octets, U24, U40};

/// Announcement (TS 102 361-4 clause 7.1.1.1.5). Its content stands in two places:
/// 14 bits before and 24 bits after the common fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bcast {
    /// What is announced.
    pub announcement: Announcement,
    /// Radios must register before they use the system.
    pub registration: bool,
    /// How far radios spread their attempts.
    pub backoff: Backoff,
    /// Whose control channel this is.
    pub system_identity: SystemIdentity,
}

impl Bcast {
    pub(crate) fn parse(i: &[u8]) -> IResult<&[u8], Self> {
        let (rest, (head, params_2)) = (U40::parse, U24::parse).parse(i)?;
        let mut head = BitReader::new(head, U40::BITS);
        let kind = head.take(5) as u8;
        let params_1 = head.take(14);
        let bcast = Self {
            announcement: Announcement::new(kind, params_1 << 24 | params_2),
            registration: bool::from_bits(head.take(1)),
            backoff: Backoff::from_bits(head.take(4)),
            system_identity: SystemIdentity::from_bits(head.take(16)),
        };
        Ok((rest, bcast))
    }

    pub(crate) fn to_bits(self) -> u64 {
        let params = self.announcement.params();
        let mut bits = BitWriter::default();
        bits.put(u64::from(self.announcement.kind()), 5);
        bits.put(params >> 24, 14);
        bits.put(self.registration.to_bits(), 1);
        bits.put(self.backoff.to_bits(), 4);
        bits.put(self.system_identity.to_bits(), 16);
        bits.put(params, 24);
        bits.finish()
    }
}

impl Fields for Bcast {
    fn name(&self) -> &'static str {
        "C_BCAST"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        let kind = self.announcement.kind();
        out.push(Field::coded(
            "announcement_type",
            kind,
            5,
            self.announcement.name(),
        ));
        out.push(Field::nested("announcement", &self.announcement));
        out.push(self.registration.field("registration", 1));
        out.push(self.backoff.field("backoff", 4));
        out.push(self.system_identity.field("system_identity", 16));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::CsbkBody;
    use crate::dmr::csbk::announcement::Site;
    use crate::dmr::csbk::testing::outbound;
    use crate::dmr::csbk::{NetworkModel, SystemCode};
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn adjacent_sites_match_the_recorded_pdus() {
        let huge = Bcast {
            announcement: Announcement::AdjacentSite(Site {
                system_code: SystemCode {
                    model: NetworkModel::Huge,
                    network: 1,
                    site: 4,
                },
                status_available: true,
                active_connection: true,
                channel: 206,
                ..Site::default()
            }),
            registration: true,
            backoff: Backoff(6),
            system_identity: SystemIdentity::from_bits(0xD007),
        };
        outbound("a800368096d007c000ce9b39", &CsbkBody::Bcast(huge));
        let tiny = Bcast {
            announcement: Announcement::AdjacentSite(Site {
                system_code: SystemCode {
                    model: NetworkModel::Tiny,
                    network: 1,
                    site: 2,
                },
                status_available: true,
                active_connection: true,
                confirmed_channel_priority: 1,
                adjacent_channel_priority: 1,
                channel: 25,
                ..Site::default()
            }),
            registration: true,
            backoff: Backoff(2),
            system_identity: SystemIdentity::from_bits(0x0027),
        };
        outbound("a8003001520027c90019955c", &CsbkBody::Bcast(tiny));
    }

    keeps_every_bit!(Bcast, 8);
}
