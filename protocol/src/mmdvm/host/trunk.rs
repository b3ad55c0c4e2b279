//! What the modem of a Tier III site is told beside bursts: the C_ALOHA to repeat while
//! nothing is queued, and the short link control of its CACH.

use core::time::Duration;

use super::config::Trunking;
use super::lane::Lane;
use crate::dmr::csbk::{Aloha, ServiceFunction};
use crate::dmr::fec::short_lc;
use crate::dmr::lc::{ShortLc, SysParms};
use crate::mmdvm::message::{DmrAloha, DmrShortLc, ToModem};
use crate::time::Instant;

/// The slot counter is told this often; an unchanged C_ALOHA too, every so many times.
const REFRESH: Duration = Duration::from_secs(1);
const ALOHA_EVERY: u8 = 10;
/// The slot counter counts bursts of both slots, modulo 512.
const HALF_FRAME: Duration = Duration::from_millis(30);
const COUNTER: u128 = 512;

/// What the modem has been told.
#[derive(Debug, Default)]
pub(super) struct Trunk {
    aloha: Option<Aloha>,
    next: Instant,
    rounds: u8,
}

impl Trunk {
    /// The modem works from now on and knows nothing yet.
    pub(super) const fn start(&mut self, now: Instant) {
        self.aloha = None;
        self.next = now;
        self.rounds = 0;
    }

    pub(super) const fn deadline(&self) -> Instant {
        self.next
    }

    /// What to write now.
    pub(super) fn due(
        &mut self,
        now: Instant,
        trunking: &Trunking,
        lanes: &[Lane],
    ) -> Vec<ToModem> {
        let mut due = Vec::new();
        if now >= self.next {
            self.next = now + REFRESH;
            self.rounds += 1;
            due.push(ToModem::DmrShortLc(parameters(now, trunking)));
            if self.rounds >= ALOHA_EVERY {
                self.rounds = 0;
                self.aloha = None;
            }
        }
        let wanted = wanted(lanes);
        if let Some((lane, aloha)) = wanted
            && self.aloha != Some(aloha)
            && let Some(burst) = lane.channel.aloha_burst(aloha)
        {
            self.aloha = Some(aloha);
            let number = trunking.aloha;
            due.push(ToModem::DmrAloha(DmrAloha { number, burst }));
        }
        due
    }
}

/// There is one C_ALOHA for all slots: that of the slot that invites the fewest.
fn wanted(lanes: &[Lane]) -> Option<(&Lane, Aloha)> {
    let all = lanes
        .iter()
        .filter_map(|lane| Some((lane, lane.channel.aloha()?)));
    all.max_by_key(|(_, aloha)| {
        let narrow = aloha.service_function != ServiceFunction::All;
        (narrow, aloha.backoff.0, aloha.nrand_wait)
    })
}

/// C_SYS_Parms, coded for the CACH.
fn parameters(now: Instant, trunking: &Trunking) -> DmrShortLc {
    let counter = now.since(Instant::ZERO).as_micros() / HALF_FRAME.as_micros() % COUNTER;
    let parameters = ShortLc::CSysParms(SysParms {
        system_code: trunking.identity.code,
        registration: trunking.registration.required,
        common_slot_counter: u16::try_from(counter).unwrap_or_default(),
    });
    let lc = u32::try_from(parameters.encode() >> 8).unwrap_or_default();
    let coded = short_lc::encode(lc)
        .into_iter()
        .fold(0u128, |bits, payload| bits << 17 | u128::from(payload));
    // 68 bits, left-aligned in nine octets.
    let octets = (coded << 60).to_be_bytes();
    DmrShortLc(octets.first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::SystemIdentity;

    #[test]
    fn the_short_lc_names_the_site_and_counts_slots() {
        let identity = SystemIdentity::from_number(0xD007);
        let mut trunking = Trunking::new(identity);
        trunking.registration.required = true;
        let DmrShortLc(coded) = parameters(Instant::from_millis(30 * 515), &trunking);
        assert_eq!(coded[8] & 0x0F, 0, "padding");
        let mut octets = [0; 16];
        octets[..9].copy_from_slice(&coded);
        let bits = u128::from_be_bytes(octets) >> 60;
        let payloads = [51, 34, 17, 0].map(|shift| (bits >> shift) as u32 & 0x1_FFFF);
        let read = short_lc::decode(payloads).unwrap().value;
        let expected = SysParms {
            system_code: identity.code,
            registration: true,
            common_slot_counter: 3,
        };
        assert_eq!(u64::from(read), ShortLc::CSysParms(expected).encode() >> 8);
    }
}
