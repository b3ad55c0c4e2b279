//! Bursts of a radio's call, for tests.

use super::burst::{Burst, DataBurst, Middle, VoiceBurst};
use super::emb::{Emb, Lcss};
use super::fec::{embedded_lc, rs_12_9};
use super::info::Info;
use super::slot_type::{ColorCode, DataType};
use super::sync::Sync;

/// The link control of a call from this radio to a talkgroup.
pub(crate) fn link_control(source: u32, group: u32) -> [u8; 9] {
    let [_, group @ ..] = group.to_be_bytes();
    let [_, source @ ..] = source.to_be_bytes();
    let lc = [&[0; 3][..], &group, &source].concat();
    lc.try_into().expect("three times three octets")
}

fn data(data_type: DataType, block: [u8; 12]) -> [u8; 33] {
    Burst::Data(DataBurst {
        sync: Sync::MsData,
        color_code: ColorCode::default(),
        data_type,
        info: Info::Bptc(block),
    })
    .encode()
}

/// A voice header.
pub(crate) fn header(source: u32, group: u32) -> [u8; 33] {
    let mask = rs_12_9::MASK_VOICE_LC_HEADER;
    let block = rs_12_9::encode(&link_control(source, group), mask);
    data(DataType::VoiceLcHeader, block)
}

/// A terminator.
pub(crate) fn terminator(source: u32, group: u32) -> [u8; 33] {
    let block = rs_12_9::encode(&link_control(source, group), rs_12_9::MASK_TERMINATOR);
    data(DataType::TerminatorWithLc, block)
}

/// A voice header or terminator of whose octets two are wrong.
pub(crate) fn damaged(data_type: DataType, source: u32, group: u32) -> [u8; 33] {
    let mask = match data_type {
        DataType::TerminatorWithLc => rs_12_9::MASK_TERMINATOR,
        _ => rs_12_9::MASK_VOICE_LC_HEADER,
    };
    let mut block = rs_12_9::encode(&link_control(source, group), mask);
    block[0] ^= 0x40;
    block[9] ^= 1;
    data(data_type, block)
}

fn voice(middle: Middle) -> [u8; 33] {
    let vocoder = [0x55; 27];
    Burst::Voice(VoiceBurst { middle, vocoder }).encode()
}

/// Burst A of a superframe.
pub(crate) fn voice_sync() -> [u8; 33] {
    voice(Middle::Sync(Sync::MsVoice))
}

/// Bursts B to E with this link control.
pub(crate) fn embedded(lc: &[u8; 9]) -> [[u8; 33]; 4] {
    let parts = [
        Lcss::First,
        Lcss::Continuation,
        Lcss::Continuation,
        Lcss::Last,
    ];
    let fragments = embedded_lc::encode(lc);
    core::array::from_fn(|place| {
        let emb = Emb {
            color_code: ColorCode::default(),
            reverse_channel: false,
            lcss: parts[place],
        };
        let fragment = fragments[place];
        voice(Middle::Embedded { emb, fragment })
    })
}
