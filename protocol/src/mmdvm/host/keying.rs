//! Keys and unkeys a duplex modem.

use core::time::Duration;

use crate::mmdvm::message::{DmrStart, Flags, Mode, SetMode, Status, ToModem};
use crate::time::Instant;

/// The transmitter of a duplex modem, as the host wants it and as a status showed it.
#[derive(Debug, Default)]
pub(super) struct Keying {
    /// Until then the transmitter is wanted.
    until: Option<Instant>,
    /// The last status showed the transmitter on.
    on: bool,
    /// The mode is DMR: shown by a status, or asked for since.
    dmr: bool,
}

impl Keying {
    /// Whether the repeater is up: radios are heard only then.
    pub(super) const fn is_wanted(&self) -> bool {
        self.until.is_some()
    }

    /// Something is to be sent or was heard: stay keyed for `hang`. Returns what to write
    /// before a burst. Both commands may be repeated: an octet of them may be lost.
    pub(super) fn want(&mut self, now: Instant, hang: Duration) -> impl Iterator<Item = ToModem> {
        self.until = Some(now + hang);
        self.again()
    }

    /// A radio was heard.
    pub(super) fn heard(&mut self, now: Instant, hang: Duration) {
        if self.until.is_some() {
            self.until = Some(now + hang);
        }
    }

    pub(super) const fn status(&mut self, status: &Status) {
        self.on = status.flags.has(Flags::TRANSMITTING);
        self.dmr = matches!(status.mode, Mode::Dmr);
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Whether the hang time is over; then the transmitter is no longer wanted.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        let over = self.until.take_if(|until| now >= *until).is_some();
        self.on &= !over;
        over
    }

    /// Whether a status showed the transmitter off although it is wanted.
    pub(super) const fn is_missing(&self) -> bool {
        self.until.is_some() && !self.on
    }

    /// What to write while the transmitter is missing.
    pub(super) fn again(&mut self) -> impl Iterator<Item = ToModem> {
        let mode = (!self.dmr).then_some(ToModem::SetMode(SetMode(Mode::Dmr)));
        let start = (!self.on).then_some(ToModem::DmrStart(DmrStart(true)));
        self.dmr = true;
        mode.into_iter().chain(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mmdvm::message::Spaces;

    const HANG: Duration = Duration::from_secs(4);

    fn status(mode: Mode, flags: u8) -> Status {
        Status {
            enabled: None,
            mode,
            flags: Flags(flags),
            spaces: Spaces::default(),
        }
    }

    #[test]
    fn start_is_repeated_until_a_status_shows_the_transmitter_on() {
        let mut keying = Keying::default();
        let now = Instant::ZERO;
        assert_eq!(keying.want(now, HANG).count(), 2);
        let start = [ToModem::DmrStart(DmrStart(true))];
        assert!(keying.want(now, HANG).eq(start.clone()));
        keying.status(&status(Mode::Dmr, Flags::TRANSMITTING));
        assert_eq!(keying.want(now, HANG).count(), 0);
        keying.status(&status(Mode::Dmr, 0));
        assert!(keying.want(now, HANG).eq(start));
    }

    #[test]
    fn the_hang_time_counts_from_the_last_activity() {
        let mut keying = Keying::default();
        keying.heard(Instant::ZERO, HANG);
        assert!(!keying.is_wanted(), "hearing alone does not key");
        let _ = keying.want(Instant::ZERO, HANG);
        keying.heard(Instant::from_millis(1_000), HANG);
        assert!(!keying.is_over(Instant::from_millis(4_999)));
        assert!(keying.is_over(Instant::from_millis(5_000)));
        assert!(!keying.is_wanted());
    }
}
