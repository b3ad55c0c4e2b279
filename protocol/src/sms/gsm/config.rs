//! What the session of a modem is built with.

use core::time::Duration;

use crate::air::StationId;
use crate::sms::config::check_text;
pub use crate::sms::config::{ConfigError, Secret};

/// Timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long the answer to a command and the prompt are waited for. 5 s by default.
    pub answer: Duration,
    /// How long the network may take for a message. 60 s by default.
    pub network: Duration,
    /// Between two messages. 3 s by default.
    pub pause: Duration,
    /// How often a modem that is up is asked about its network. 60 s by default.
    pub health: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(5),
            network: Duration::from_secs(60),
            pause: Duration::from_secs(3),
            health: Duration::from_secs(60),
        }
    }
}

/// Everything that a session is built with.
#[derive(Debug, Clone)]
pub struct GsmConfig {
    /// Its name in every report; its one carrier is timeslot 1 of it.
    pub station: StationId,
    /// The PIN of the card, 4 to 8 digits. It is tried once: after three wrong ones the card is
    /// locked.
    pub pin: Option<Secret>,
    /// Timers.
    pub limits: Limits,
}

impl GsmConfig {
    /// Whether a session can be built with it.
    ///
    /// # Errors
    /// The PIN cannot be, or a timer is zero.
    pub fn check(&self) -> Result<(), ConfigError> {
        if let Some(pin) = &self.pin {
            let digits: Vec<u8> = pin.octets().to_vec();
            let digits = if digits.iter().all(u8::is_ascii_digit) {
                digits
            } else {
                // Its length is not told apart from its characters.
                Vec::new()
            };
            check_text("pin", &digits, 4, 8)?;
        }
        let limits = &self.limits;
        for (field, zero) in [
            ("answer", limits.answer.is_zero()),
            ("network", limits.network.is_zero()),
            ("health", limits.health.is_zero()),
        ] {
            if zero {
                return Err(ConfigError::Zero(field));
            }
        }
        Ok(())
    }
}
