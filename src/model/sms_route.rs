//! SMS routes: ways to telephones.

use std::fmt;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, Phone, Slot, StationId};
use serde::{Deserialize, Serialize};

use crate::model::alert::Alert;

/// Where an alert's words stand in an operator's template.
pub const PLACE: &str = "{text}";

/// What a route speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// SMPP 3.4 to a short message service centre.
    Smpp,
    /// CMPP 2.0 to an operator's gateway.
    Cmpp2,
    /// CMPP 3.0 to an operator's gateway.
    Cmpp3,
    /// A GSM modem on a serial line.
    Modem,
}

impl fmt::Display for RouteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smpp => "smpp",
            Self::Cmpp2 => "cmpp2",
            Self::Cmpp3 => "cmpp3",
            Self::Modem => "modem",
        })
    }
}

/// An SMS route as the engine knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsRoute {
    /// Its number, made from its name.
    pub id: StationId,
    /// Its name.
    pub name: String,
    /// The protocol of its operator.
    pub kind: RouteKind,
    /// Whether exercises may leave over it.
    pub exercises: bool,
    /// How long a receipt is waited for, and how long a message whose fate is not known is not
    /// sent again.
    pub receipt_wait: Duration,
    /// Numbers that begin so go over this route first.
    pub prefixes: Vec<String>,
    /// What operators demand in front of every text, `【应急管理局】`; may be empty.
    pub signature: String,
    /// The text that the operator has approved, with [`PLACE`] once where an alert's words stand,
    /// `尊敬的用户：{text}，请知悉。`; empty where the operator takes any text.
    pub template: String,
    /// What one part costs, in hundredths of the currency.
    pub cost: u32,
    /// Most messages to one telephone in a day; 0 has no limit. A Flash is always sent.
    pub daily_cap: u32,
}

impl SmsRoute {
    /// Whether it may carry an alert with this exercise flag.
    #[must_use]
    pub fn permits(&self, exercise: bool) -> bool {
        !exercise || self.exercises
    }

    /// Whether it may carry this alert.
    #[must_use]
    pub fn carries(&self, alert: &Alert) -> bool {
        self.permits(alert.exercise)
            && alert.sms
            && alert.station.is_none_or(|only| only == self.id)
    }

    /// How many characters of a number its longest fitting prefix has; 0 if none fits.
    #[must_use]
    pub fn fits(&self, phone: Phone) -> usize {
        let written = phone.to_string();
        let bare = |number: &str| {
            let rest = number.strip_prefix('+').unwrap_or(number);
            let rest = rest.strip_prefix("86").filter(|rest| rest.len() <= 11);
            rest.unwrap_or(number).to_owned()
        };
        let number = bare(&written);
        let prefixes = self.prefixes.iter();
        let fitting = prefixes.filter(|prefix| number.starts_with(&bare(prefix)));
        fitting.map(|prefix| prefix.len()).max().unwrap_or(0)
    }

    /// The carrier whose room is this route's.
    #[must_use]
    pub const fn carrier(&self) -> CarrierId {
        CarrierId {
            station: self.id,
            slot: Slot::One,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_fits_however_the_country_is_written() {
        let route = SmsRoute {
            id: StationId(1),
            name: "operator".into(),
            kind: RouteKind::Cmpp2,
            exercises: false,
            receipt_wait: Duration::from_secs(900),
            prefixes: vec!["+86139".into(), "1380".into(), "+49".into()],
            signature: String::new(),
            template: String::new(),
            cost: 0,
            daily_cap: 0,
        };
        let fits = |phone: &str| route.fits(Phone::new(phone).unwrap()) > 0;
        assert!(fits("13912345678") && fits("+86 139 1234 5678") && fits("13801234567"));
        assert!(fits("+4917012345678") && !fits("13701234567") && !fits("+12025550123"));
    }
}
