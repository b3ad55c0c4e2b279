//! Control signalling: CSBKs, link control, multi-block control, single-block data.

use narrowcast_protocol::dmr::crc::{append_ccitt, mask};
use narrowcast_protocol::dmr::csbk::{Context, Csbk, Direction, System};
use narrowcast_protocol::dmr::fec::{embedded_lc, rs_12_9};
use narrowcast_protocol::dmr::fields::Fields as _;
use narrowcast_protocol::dmr::lc::{FullLc, ShortLc, TalkerAlias};
use narrowcast_protocol::dmr::mbc::MbcAssembly;
use narrowcast_protocol::dmr::usbd::{UsbdAnswer, UsbdPoll};

use super::input::{Input, assert_bounded};

/// CSBKs with a right check and any content: what is read is written alike.
pub fn csbk(octets: &[u8]) {
    let input = &mut Input::new(octets);
    while let Some(choice) = input.octet() {
        let context = Context {
            direction: if choice & 1 == 0 {
                Direction::Inbound
            } else {
                Direction::Outbound
            },
            system: if choice & 2 == 0 {
                System::Conventional
            } else {
                System::Trunked
            },
        };
        let content: [u8; 10] = input.array();
        let pdu = append_ccitt(&content, mask::CSBK);
        let csbk = Csbk::decode(&pdu, context).expect("its check is right");
        assert_eq!(csbk.encode(), pdu);
        assert!(!csbk.name().is_empty());
        let _ = (csbk.source(), csbk.target(), csbk.to_fields());
        let mut damaged = pdu;
        damaged[input.number() % 12] ^= input.octet().unwrap_or(1) | 1;
        assert!(Csbk::decode(&damaged, context).is_err());

        let usbd = append_ccitt(&content, mask::USBD);
        assert_eq!(UsbdPoll::decode(&usbd).map(|poll| poll.encode()), Ok(usbd));
        assert_eq!(
            UsbdAnswer::decode(&usbd).map(|answer| answer.encode()),
            Ok(usbd)
        );
        if let Ok(mut assembly) =
            MbcAssembly::begin(&append_ccitt(&content, mask::MBC_HEADER), context)
        {
            while let Ok(None) = assembly.push(&input.array()) {}
            assert_bounded(&assembly, 4_096);
        }
    }
}

/// Link control in all its coverings, and the talker alias that it brings.
pub fn lc(octets: &[u8]) {
    let input = &mut Input::new(octets);
    let mut alias = TalkerAlias::default();
    while let Some(choice) = input.octet() {
        let mut octets: [u8; 9] = input.array();
        if choice & 1 == 1 {
            // A talker alias block.
            octets[0] = 4 | octets[0] & 3;
            octets[1] = 0;
        }
        let lc = FullLc::decode(&octets);
        assert_eq!(lc.encode(), octets);
        let _ = (lc.source(), lc.to_fields());
        alias.push(&lc.body);
        assert!(alias.text().is_none_or(|text| text.chars().count() <= 31));
        let words = embedded_lc::encode(&octets);
        assert_eq!(embedded_lc::decode(words).map(|it| it.value), Ok(octets));
        let _ = embedded_lc::decode(words.map(|word| word ^ input.wide() as u32));
        let block = rs_12_9::encode(&octets, rs_12_9::MASK_TERMINATOR);
        let _ = rs_12_9::decode(&input.array(), rs_12_9::MASK_TERMINATOR);
        assert!(rs_12_9::decode(&block, rs_12_9::MASK_TERMINATOR).is_ok());
        let sum: [u8; 10] = input.array();
        if let Ok(lc) = FullLc::decode_with_sum(&sum) {
            assert_eq!(lc.encode(), sum[..9]);
        }
        let short = u64::from_be_bytes(input.array());
        if let Ok(lc) = ShortLc::decode(short) {
            assert_eq!(lc.encode(), short & 0xF_FFFF_FFFF);
        }
    }
}
