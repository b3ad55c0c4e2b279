//! What the host of a modem needs to know.

use core::time::Duration;

use crate::air::{GroupId, RadioId, Slot, StationId};
use crate::dmr::channel::LONGEST_CALL;
use crate::dmr::csbk::{Backoff, SystemIdentity};
use crate::dmr::slot_type::ColorCode;
use crate::dmr::tier3::{Neighbour, Registration};
use crate::mmdvm::message::{
    AlohaNumber, Further, Levels, Modes, SetConfig, SetFreq, config_flag, level,
};

/// Value of the POCSAG frequency while paging is off, in Hz.
const NO_POCSAG_HZ: u32 = 433_000_000;

/// What makes a duplex modem a Tier III site.
#[derive(Debug, Clone)]
pub struct Trunking {
    /// Network, site and category of radios.
    pub identity: SystemIdentity,
    /// Its slots that are control channels; the others stay conventional.
    pub slots: Vec<Slot>,
    /// Who may register.
    pub registration: Registration,
    /// NRand_Wait while the site is quiet, 0 to 15.
    pub nrand_wait: u8,
    /// Backoff number while the site is quiet, 1 to 15.
    pub backoff: Backoff,
    /// Sites to announce.
    pub neighbours: Vec<Neighbour>,
    /// Logical channel that radios are sent to when they ask for a call.
    pub hand_over: Option<u16>,
    /// Which number DMR_ALOHA has in the modem's firmware.
    pub aloha: AlohaNumber,
    /// How long after a burst has left a radio's answer is awaited.
    pub answer_window: Duration,
    /// How often an individual fragment is sent before it is given up.
    pub tries: u8,
}

impl Trunking {
    /// Both slots as control channels of this site, without registration.
    #[must_use]
    pub fn new(identity: SystemIdentity) -> Self {
        Self {
            identity,
            slots: vec![Slot::One, Slot::Two],
            registration: Registration::default(),
            nrand_wait: 5,
            backoff: Backoff(4),
            neighbours: Vec::new(),
            hand_over: None,
            aloha: AlohaNumber::default(),
            answer_window: Duration::from_millis(240),
            tries: 8,
        }
    }
}

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
    /// How long one call holds a conventional channel against our traffic.
    pub longest_call: Duration,
    /// How long a duplex transmitter stays keyed after the last activity.
    pub hang: Duration,
    /// What makes it a Tier III site; needs `duplex`. Its transmitter stays keyed.
    pub trunking: Option<Trunking>,
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
            longest_call: LONGEST_CALL,
            hang: Duration::from_secs(4),
            trunking: None,
        }
    }

    /// The slots that are carriers.
    pub(super) fn carriers(&self) -> impl Iterator<Item = Slot> {
        [Slot::One, Slot::Two]
            .into_iter()
            .filter(|slot| self.slots.contains(slot) && (self.duplex || *slot == Slot::Two))
    }

    /// The trunking part, if this slot is a control channel.
    pub(super) fn control(&self, slot: Slot) -> Option<&Trunking> {
        let trunking = self.trunking.as_ref().filter(|_| self.duplex)?;
        trunking.slots.contains(&slot).then_some(trunking)
    }

    /// Whether any carrier is a control channel.
    pub(super) fn is_trunked(&self) -> bool {
        self.carriers().any(|slot| self.control(slot).is_some())
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
            trunking: self.is_trunked(),
            ..SetConfig::default()
        }
    }
}
