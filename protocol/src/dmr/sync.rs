//! The synchronisation patterns (clause 9.1.1, table 9.2).

use super::fec::Corrected;

/// A known pattern of 48 bits in the middle of a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sync {
    /// Voice sent by a base station.
    BsVoice,
    /// Data or control sent by a base station.
    BsData,
    /// Voice sent by a mobile station.
    MsVoice,
    /// Data or control sent by a mobile station.
    MsData,
    /// A mobile station's standalone reverse channel burst.
    MsReverseChannel,
    /// Voice in slot 1 of TDMA direct mode.
    Direct1Voice,
    /// Data or control in slot 1 of TDMA direct mode.
    Direct1Data,
    /// Voice in slot 2 of TDMA direct mode.
    Direct2Voice,
    /// Data or control in slot 2 of TDMA direct mode.
    Direct2Data,
    /// Reserved by the standard.
    Reserved,
}

/// What follows from the sync about the burst around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Vocoder bits: burst A of a voice superframe.
    Voice,
    /// Slot type and info field.
    Data,
    /// Neither.
    Other,
}

impl Sync {
    /// Every pattern.
    pub const ALL: [Self; 10] = [
        Self::BsVoice,
        Self::BsData,
        Self::MsVoice,
        Self::MsData,
        Self::MsReverseChannel,
        Self::Direct1Voice,
        Self::Direct1Data,
        Self::Direct2Voice,
        Self::Direct2Data,
        Self::Reserved,
    ];

    /// The 48 bits.
    #[must_use]
    pub const fn pattern(self) -> u64 {
        match self {
            Self::BsVoice => 0x755F_D7DF_75F7,
            Self::BsData => 0xDFF5_7D75_DF5D,
            Self::MsVoice => 0x7F7D_5DD5_7DFD,
            Self::MsData => 0xD5D7_F77F_D757,
            Self::MsReverseChannel => 0x77D5_5F7D_FD77,
            Self::Direct1Voice => 0x5D57_7F77_57FF,
            Self::Direct1Data => 0xF7FD_D5DD_FD55,
            Self::Direct2Voice => 0x7DFF_D5F5_5D5F,
            Self::Direct2Data => 0xD755_7F5F_F7F5,
            Self::Reserved => 0xDD7F_F5D7_57DD,
        }
    }

    /// What kind of burst it announces.
    #[must_use]
    pub const fn content(self) -> Content {
        match self {
            Self::BsVoice | Self::MsVoice | Self::Direct1Voice | Self::Direct2Voice => {
                Content::Voice
            }
            Self::BsData | Self::MsData | Self::Direct1Data | Self::Direct2Data => Content::Data,
            Self::MsReverseChannel | Self::Reserved => Content::Other,
        }
    }

    /// The pattern in the low 48 bits, without a wrong bit.
    #[must_use]
    #[inline]
    pub fn exact(bits: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|sync| sync.pattern() == bits)
    }

    /// The pattern nearest to the low 48 bits, at most `distance` bits away. Up to
    /// [`DISTANCE`] it cannot be another one.
    #[must_use]
    #[inline]
    pub fn nearest(bits: u64, distance: u32) -> Option<Corrected<Self>> {
        if let Some(value) = Self::exact(bits) {
            return Some(Corrected {
                value,
                corrected_bits: 0,
            });
        }
        Self::ALL
            .into_iter()
            .map(|value| Corrected {
                value,
                corrected_bits: (value.pattern() ^ bits).count_ones(),
            })
            .filter(|found| found.corrected_bits <= distance)
            .min_by_key(|found| found.corrected_bits)
    }
}

/// Wrong bits that a sync may have and still be taken for one: rare enough in voice
/// (one embedded field in a hundred million looks like that).
pub const DISTANCE: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_within_reach_of_two_patterns() {
        for (i, a) in Sync::ALL.into_iter().enumerate() {
            for b in Sync::ALL.into_iter().skip(i + 1) {
                assert!((a.pattern() ^ b.pattern()).count_ones() > 2 * DISTANCE);
            }
        }
    }

    #[test]
    fn voice_and_data_of_one_family_are_symbol_complements() {
        for (voice, data) in [
            (Sync::BsVoice, Sync::BsData),
            (Sync::MsVoice, Sync::MsData),
            (Sync::Direct1Voice, Sync::Direct1Data),
            (Sync::Direct2Voice, Sync::Direct2Data),
            (Sync::MsReverseChannel, Sync::Reserved),
        ] {
            assert_eq!(voice.pattern() ^ data.pattern(), 0xAAAA_AAAA_AAAA);
        }
    }

    #[test]
    fn a_few_wrong_bits_are_forgiven_and_counted() {
        for sync in Sync::ALL {
            assert_eq!(Sync::exact(sync.pattern()), Some(sync));
            let noisy = sync.pattern() ^ 0x8000_0100_0003;
            assert_eq!(Sync::exact(noisy), None);
            assert_eq!(Sync::nearest(noisy, 3), None);
            let found = Sync::nearest(noisy, DISTANCE).unwrap();
            assert_eq!((found.value, found.corrected_bits), (sync, 4));
        }
    }
}
