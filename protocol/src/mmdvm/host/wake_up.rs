//! A radio that wakes a repeater.

use crate::dmr::burst::{Burst, DataBurst};
use crate::dmr::csbk::{Context, Csbk, CsbkBody};
use crate::dmr::info::Info;
use crate::dmr::slot_type::DataType;

/// Stands for any repeater (TS 102 361-2 clause 7.1.2.1).
const ANY: u32 = 0xFF_FFFF;

/// Whether `burst` holds a BS_Dwn_Act for the repeater `own`.
pub(super) fn is_for(burst: &[u8; 33], own: u32) -> bool {
    let Ok(Burst::Data(DataBurst {
        data_type: DataType::Csbk,
        info: Info::Bptc(pdu),
        ..
    })) = Burst::decode(burst).map(|decoded| decoded.value)
    else {
        return false;
    };
    match Csbk::decode(&pdu, Context::default()).map(|csbk| csbk.body) {
        Ok(CsbkBody::BsDwnAct(wake)) => matches!(wake.bs_address, ANY) || wake.bs_address == own,
        _ => false,
    }
}

/// The burst with which `source` wakes the repeater `bs_address`.
#[cfg(test)]
pub(super) fn burst(bs_address: u32, source: u32) -> [u8; 33] {
    use crate::dmr::csbk::BsDwnAct;
    use crate::dmr::slot_type::ColorCode;
    use crate::dmr::sync::Sync;

    let body = CsbkBody::BsDwnAct(BsDwnAct {
        reserved: 0,
        bs_address,
        source,
    });
    DataBurst {
        sync: Sync::MsData,
        color_code: ColorCode::new(1).unwrap(),
        data_type: DataType::Csbk,
        info: Info::Bptc(Csbk::from(body).encode()),
    }
    .encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_address_and_the_one_for_any_wake_us() {
        assert!(is_for(&burst(101, 7), 101));
        assert!(is_for(&burst(ANY, 7), 101));
        assert!(!is_for(&burst(102, 7), 101));
        assert!(!is_for(&[0; 33], 101));
    }
}
