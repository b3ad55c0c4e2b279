//! The voice superframe (clause 5.1.2.2): bursts A to F, of which B to E carry a link
//! control in fragments.

use super::burst::{Burst, Middle, VoiceBurst};
use super::emb::Lcss;
use super::fec::{Corrected, FecError, embedded_lc, rs_12_9};
use super::lc::{FullLc, LcBody};
use super::slot_type::DataType;
use crate::air::RadioId;

/// A burst's place in its superframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// The one with the sync.
    A,
    /// First fragment of the link control.
    B,
    /// Second fragment.
    C,
    /// Third fragment.
    D,
    /// Last fragment.
    E,
    /// Null message, single burst message or reverse channel.
    F,
}

impl Position {
    /// In order.
    pub const ALL: [Self; 6] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F];

    /// The place of a burst by its own marks, with the one before it for the
    /// continuations, which look alike.
    const fn inferred(middle: &Middle, before: Option<Self>) -> Option<Self> {
        match middle {
            Middle::Sync(_) => Some(Self::A),
            Middle::Embedded { emb, .. } => match (emb.lcss, before) {
                (Lcss::First, _) => Some(Self::B),
                (Lcss::Continuation, Some(Self::B)) => Some(Self::C),
                (Lcss::Continuation, Some(Self::C)) => Some(Self::D),
                (Lcss::Continuation, _) => None,
                (Lcss::Last, _) => Some(Self::E),
                (Lcss::Single, _) => Some(Self::F),
            },
        }
    }

    /// Which fragment of the link control the burst carries.
    const fn fragment(self) -> Option<usize> {
        match self {
            Self::A | Self::F => None,
            Self::B => Some(0),
            Self::C => Some(1),
            Self::D => Some(2),
            Self::E => Some(3),
        }
    }
}

/// The radio that talks, if the burst is a voice header whose code is right, of a call whose
/// link control is not encrypted.
#[must_use]
pub fn talker(burst: &[u8; 33]) -> Option<RadioId> {
    let Ok(Corrected {
        value: Burst::Data(data),
        ..
    }) = Burst::decode(burst)
    else {
        return None;
    };
    let block = data.info.octets().first_chunk()?;
    let is_header = data.data_type == DataType::VoiceLcHeader;
    let read = rs_12_9::decode(block, rs_12_9::MASK_VOICE_LC_HEADER).ok();
    talker_of(&FullLc::decode(&read.filter(|_| is_header)?.lc))
}

/// The radio that talks, where the link control is one of a call and not encrypted.
#[must_use]
pub fn talker_of(lc: &FullLc) -> Option<RadioId> {
    let names = matches!(lc.body, LcBody::GroupVoice(_) | LcBody::UnitToUnitVoice(_));
    let source = lc.source().filter(|_| names && !lc.protect)?;
    RadioId::new(source).ok()
}

/// Follows one call through its superframes and puts the embedded link controls
/// together. Holds one superframe's four fragments and nothing else.
///
/// A lost burst costs the link control of its superframe only; the next one begins
/// afresh. More than a superframe of silence is a new call: use a new collector.
#[derive(Debug, Clone, Copy, Default)]
pub struct VoiceCollector {
    position: Option<Position>,
    fragments: [Option<u32>; 4],
}

impl VoiceCollector {
    /// The place of the last burst, if it could be told.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    /// Takes the next burst and gives the link control when its last fragment is here.
    ///
    /// `position` is the burst's place where the transport says it; else it is inferred.
    pub fn push(
        &mut self,
        burst: &VoiceBurst,
        position: Option<Position>,
    ) -> Option<Result<Corrected<[u8; 9]>, FecError>> {
        let before = self.position;
        self.position = position.or_else(|| Position::inferred(&burst.middle, before));
        if self.position.is_none() || self.position <= before {
            self.fragments = [None; 4];
        }
        let Middle::Embedded { emb, fragment } = burst.middle else {
            return None;
        };
        if emb.reverse_channel {
            return None;
        }
        *self.fragments.get_mut(self.position?.fragment()?)? = Some(fragment);
        let [Some(b), Some(c), Some(d), Some(e)] = self.fragments else {
            return None;
        };
        self.fragments = [None; 4];
        Some(embedded_lc::decode([b, c, d, e]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dmr::emb::Emb;
    use crate::dmr::slot_type::ColorCode;
    use crate::dmr::sync::Sync;

    const LC: [u8; 9] = [0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x20, 0xBA, 0xEF];

    fn burst(middle: Middle) -> VoiceBurst {
        VoiceBurst {
            middle,
            vocoder: [0; 27],
        }
    }

    fn embedded(lcss: Lcss, fragment: u32) -> VoiceBurst {
        let emb = Emb {
            color_code: ColorCode::default(),
            reverse_channel: false,
            lcss,
        };
        burst(Middle::Embedded { emb, fragment })
    }

    fn superframe(lc: &[u8; 9]) -> [VoiceBurst; 6] {
        let [b, c, d, e] = embedded_lc::encode(lc);
        [
            burst(Middle::Sync(Sync::BsVoice)),
            embedded(Lcss::First, b),
            embedded(Lcss::Continuation, c),
            embedded(Lcss::Continuation, d),
            embedded(Lcss::Last, e),
            embedded(Lcss::Single, 0),
        ]
    }

    #[test]
    fn a_superframe_gives_its_link_control_once_and_every_position() {
        let mut collector = VoiceCollector::default();
        for _ in 0..2 {
            for (burst, position) in superframe(&LC).iter().zip(Position::ALL) {
                let result = collector.push(burst, None);
                assert_eq!(collector.position(), Some(position));
                let lc = result.map(|read| read.unwrap().value);
                assert_eq!(lc, (position == Position::E).then_some(LC));
            }
        }
    }

    #[test]
    fn a_lost_burst_costs_one_link_control_at_most() {
        let other = [0x04, 0x00, 0xDA, 0x00, 0x52, 0x00, 0x34, 0x00, 0x57];
        for lost in 0..6 {
            for told in [false, true] {
                let mut collector = VoiceCollector::default();
                let mut found = Vec::new();
                let bursts = [superframe(&LC), superframe(&other)].concat();
                let positions = Position::ALL.into_iter().cycle();
                for (index, (burst, position)) in bursts.iter().zip(positions).enumerate() {
                    if index != lost {
                        let position = told.then_some(position);
                        found.extend(
                            collector
                                .push(burst, position)
                                .map(|read| read.unwrap().value),
                        );
                    }
                }
                let expected = if (1..=4).contains(&lost) {
                    vec![other]
                } else {
                    vec![LC, other]
                };
                assert_eq!(found, expected, "burst {lost} lost, position told: {told}");
            }
        }
    }

    #[test]
    fn a_reverse_channel_message_is_no_fragment() {
        let mut bursts = superframe(&LC);
        if let Middle::Embedded { emb, .. } = &mut bursts[2].middle {
            emb.reverse_channel = true;
        }
        let mut collector = VoiceCollector::default();
        assert!(
            bursts
                .iter()
                .all(|burst| collector.push(burst, None).is_none())
        );
    }

    proptest! {
        #[test]
        fn no_order_of_bursts_gives_another_link_control(order in proptest::collection::vec(0..6usize, 0..64)) {
            let bursts = superframe(&LC);
            let mut collector = VoiceCollector::default();
            for burst in order {
                if let Some(Ok(read)) = collector.push(&bursts[burst], None) {
                    prop_assert_eq!(read.value, LC);
                }
            }
        }
    }
}
