//! What keeps recipients from ever getting an alert, said when it is accepted and not found out
//! delivery by delivery: a text that their radios cannot show, an exercise that no station of
//! theirs may carry.

use std::collections::{BTreeMap, HashMap};

use narrowcast_protocol::air::{CarrierId, CarrierKind, Delivery, TextForm};

use crate::engine::Engine;
use crate::engine::compose;
use crate::engine::views::Hindrance;
use crate::model::alert::Alert;
use crate::model::delivery::FailReason;
use crate::model::ids::DeliveryIndex;
use crate::model::roster::Recipient;

/// How many radios one hindrance names.
const NAMED: usize = 20;

/// The form and confirmation that decide how many characters a radio takes.
type Form = (TextForm, Delivery);

/// Which recipients of an alert cannot get it.
#[derive(Debug, Default)]
pub(super) struct Hindered {
    /// By their place among the recipients, and why.
    pub(super) of: Vec<(DeliveryIndex, FailReason)>,
    /// The same in sum, with the remedy.
    pub(super) told: Vec<Hindrance>,
}

impl Engine {
    /// Which of these recipients cannot get the alert, and what would help.
    pub(super) fn hindered(&self, alert: &Alert, recipients: &[Recipient]) -> Hindered {
        let mut fits: HashMap<Form, bool> = HashMap::new();
        let mut of = Vec::new();
        let mut sums: BTreeMap<String, Hindrance> = BTreeMap::new();
        for (index, recipient) in (0u32..).map(DeliveryIndex).zip(recipients) {
            let (reason, remedy) = if let Some(remedy) = self.barred(alert, recipient) {
                (FailReason::NoPermittedStation, remedy)
            } else {
                let form = self.form_for(alert, recipient);
                let fit = fits
                    .entry(form)
                    .or_insert_with(|| self.fits(alert, form, &alert.text));
                if *fit {
                    continue;
                }
                (FailReason::Unencodable, self.shorten(alert, form))
            };
            of.push((index, reason));
            let sum = sums.entry(remedy.clone()).or_insert(Hindrance {
                reason,
                recipients: 0,
                radios: Vec::new(),
                remedy,
            });
            sum.recipients += 1;
            if sum.radios.len() < NAMED {
                sum.radios.push(recipient.radio);
            }
        }
        let told = sums.into_values().collect();
        Hindered { of, told }
    }

    /// Why no station of a recipient may carry this alert: those where its radio is or lives are
    /// of the other kind.
    fn barred(&self, alert: &Alert, recipient: &Recipient) -> Option<String> {
        if alert.station.is_some() {
            return None;
        }
        // A home whose station is not configured any more is none.
        let lives: Vec<CarrierId> = self
            .lives_at(recipient)
            .filter(|id| self.state.station(id.station).is_some())
            .collect();
        let may = |id: &CarrierId| self.permits(alert, *id);
        let station = if lives.is_empty() {
            let stations = &self.state.policy.stations;
            if stations
                .iter()
                .any(|station| station.permits(alert.exercise))
            {
                return None;
            }
            stations.first()
        } else if lives.iter().any(may) {
            return None;
        } else {
            lives.first().and_then(|id| self.state.station(id.station))
        };
        // Without any station it waits: one may be configured at the next start.
        let name = station?.name.as_str();
        Some(if alert.exercise {
            format!("{name} carries no exercises: set `exercises = true` for it")
        } else {
            format!("{name} is a test station and carries exercises only")
        })
    }

    /// The form in which a recipient would be addressed now.
    fn form_for(&self, alert: &Alert, recipient: &Recipient) -> Form {
        let carrier = self.carrier_for(alert, recipient);
        let kind = carrier.map_or(CarrierKind::Conventional, |id| self.kind(id));
        let form = match kind {
            CarrierKind::Conventional => recipient.form,
            CarrierKind::Control | CarrierKind::Backhaul => TextForm::Udt,
        };
        let mode = if recipient.confirms {
            Delivery::Confirmed
        } else {
            Delivery::Unconfirmed
        };
        (form, mode)
    }

    fn fits(&self, alert: &Alert, (form, mode): Form, text: &str) -> bool {
        let worded = Alert {
            text: text.to_owned(),
            ..alert.clone()
        };
        compose::parts(&self.state.policy, &worded, form, mode, 0).is_ok()
    }

    /// How short the text would have to be for radios of this form.
    fn shorten(&self, alert: &Alert, form: Form) -> String {
        let characters: Vec<char> = alert.text.chars().collect();
        let (mut fits, mut too_long) = (0, characters.len());
        while too_long - fits > 1 {
            let middle = fits.midpoint(too_long);
            let start: String = characters.iter().take(middle).collect();
            if self.fits(alert, form, &start) {
                fits = middle;
            } else {
                too_long = middle;
            }
        }
        format!(
            "the text has {} characters and these radios take {fits} of it with what is asked: \
             shorten it, or send it in two alerts",
            characters.len()
        )
    }
}

impl Hindered {
    /// Why nobody at all gets the alert, if its text is the reason.
    pub(super) fn text_for_nobody(&self, recipients: usize) -> Option<&str> {
        let all = self.of.len() == recipients;
        let by_text = |(_, why): &(DeliveryIndex, FailReason)| *why == FailReason::Unencodable;
        let told = self.told.first()?;
        (all && self.of.iter().all(by_text)).then_some(told.remedy.as_str())
    }
}
