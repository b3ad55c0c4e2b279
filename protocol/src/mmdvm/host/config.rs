//! What the host of a modem needs to know.

use core::time::Duration;

use crate::air::{GroupId, RadioId, Slot, StationId};
use crate::dmr::slot_type::ColorCode;
use crate::mmdvm::message::{Further, Levels, Modes, SetConfig, SetFreq, config_flag, level};

/// Value of the POCSAG frequency while paging is off, in Hz.
const NO_POCSAG_HZ: u32 = 433_000_000;

/// What the host of a modem needs to know.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The station's name in every report.
    pub station: StationId,
    /// Our own address on the air; in duplex also the repeater's, for radios that wake it.
    pub own: RadioId,
    /// Talkgroups whose traffic is for us.
    pub groups: Vec<GroupId>,
    /// DMR colour code.
    pub color_code: ColorCode,
    /// A repeater with two frequencies and both slots; otherwise one frequency and slot 2.
    pub duplex: bool,
    /// The slots to offer as carriers; slot 1 is ignored in simplex.
    pub slots: Vec<Slot>,
    /// Receive frequency in Hz.
    pub rx_hz: u32,
    /// Transmit frequency in Hz.
    pub tx_hz: u32,
    /// Leave the short form of SET_FREQ to DVMEGA boards, which know no other.
    pub dvmega: bool,
    /// Receive level in per cent.
    pub rx_level: u8,
    /// DMR transmit level in per cent.
    pub tx_level: u8,
    /// Transmit power, 0 to 255.
    pub rf_level: u8,
    /// Time from key to data, in units of 10 ms, 0 to 50.
    pub tx_delay: u8,
    /// Inversions and the like, see [`config_flag`]; the simplex bit follows from `duplex`.
    pub flags: u8,
    /// How long a board that the opening has reset needs: 2 s on a serial line, 0 over UDP.
    pub settle: Duration,
    /// How long after our last burst a radio's response is awaited: T_RspnsWait (180 ms),
    /// and what stands in the modem's queue before it.
    pub response_wait: Duration,
    /// How long a duplex transmitter stays keyed after the last activity.
    pub hang: Duration,
}

impl HostConfig {
    /// A configuration with the usual levels and timers.
    #[must_use]
    pub fn new(station: StationId, own: RadioId, color_code: ColorCode, hz: (u32, u32)) -> Self {
        let (rx_hz, tx_hz) = hz;
        Self {
            station,
            own,
            groups: Vec::new(),
            color_code,
            duplex: rx_hz != tx_hz,
            slots: vec![Slot::One, Slot::Two],
            rx_hz,
            tx_hz,
            dvmega: false,
            rx_level: 50,
            tx_level: 50,
            rf_level: 255,
            tx_delay: 10,
            flags: 0,
            settle: Duration::from_secs(2),
            response_wait: Duration::from_millis(1_000),
            hang: Duration::from_secs(4),
        }
    }

    /// The slots that are carriers.
    pub(super) fn carriers(&self) -> impl Iterator<Item = Slot> {
        [Slot::One, Slot::Two]
            .into_iter()
            .filter(|slot| self.slots.contains(slot) && (self.duplex || *slot == Slot::Two))
    }

    pub(super) fn set_freq(&self) -> SetFreq {
        SetFreq {
            rx_hz: self.rx_hz,
            tx_hz: self.tx_hz,
            further: (!self.dvmega).then_some(Further {
                rf_level: self.rf_level,
                pocsag_hz: NO_POCSAG_HZ,
            }),
        }
    }

    pub(super) fn set_config(&self) -> SetConfig {
        let simplex = if self.duplex { 0 } else { config_flag::SIMPLEX };
        SetConfig {
            flags: self.flags & !config_flag::SIMPLEX | simplex,
            modes: Modes::DMR,
            tx_delay: self.tx_delay.min(50),
            levels: Levels {
                rx: level(self.rx_level),
                dmr: level(self.tx_level),
                ..Levels::default()
            },
            color_code: self.color_code.get(),
            ..SetConfig::default()
        }
    }
}
