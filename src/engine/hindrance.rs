//! What keeps recipients from ever getting an alert, said when it is accepted and not found out
//! delivery by delivery: a text that their radios cannot show, an exercise that no station of
//! theirs may carry.

use std::collections::{BTreeMap, HashMap};

use narrowcast_protocol::air::{CarrierId, CarrierKind, Delivery, StationId, TextForm};

use crate::engine::Engine;
use crate::engine::compose;
use crate::engine::io::Submit;
use crate::engine::known::known;
use crate::engine::sms;
use crate::engine::views::Hindrance;
use crate::model::alert::{Alert, Said};
use crate::model::delivery::FailReason;
use crate::model::ids::DeliveryIndex;
use crate::model::language::Language;
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
        let mut fits: HashMap<(Form, u8), bool> = HashMap::new();
        let mut fits_phones: HashMap<u8, bool> = HashMap::new();
        let mut of = Vec::new();
        let mut sums: BTreeMap<String, Hindrance> = BTreeMap::new();
        for (index, recipient) in (0u32..).map(DeliveryIndex).zip(recipients) {
            if recipient.system().is_some() && self.unfed(recipient).is_none() {
                continue;
            }
            let text = alert.text_for(&recipient.language);
            // By telephone it comes, whatever the radio can.
            if !recipient.phones().is_empty() {
                let fit = fits_phones
                    .entry(text)
                    .or_insert_with(|| self.fits_phones(alert, &recipient.language));
                if *fit {
                    continue;
                }
            }
            let (reason, remedy) = if let Some(remedy) = self.unfed(recipient) {
                (FailReason::NoPermittedStation, remedy)
            } else if recipient.radio.is_none() {
                match self.unrung(alert, recipient) {
                    Some(remedy) => (FailReason::NoPermittedStation, remedy),
                    None => (FailReason::Unencodable, shorten_for_phones()),
                }
            } else if let Some(remedy) = self.barred(alert, recipient) {
                (FailReason::NoPermittedStation, remedy)
            } else {
                let form = self.form_for(alert, recipient);
                let said = alert.said_to(&recipient.language);
                let fit = fits
                    .entry((form, text))
                    .or_insert_with(|| self.fits(said, form));
                if *fit {
                    continue;
                }
                (FailReason::Unencodable, self.shorten(said, form))
            };
            of.push((index, reason));
            let sum = sums.entry(remedy.clone()).or_insert(Hindrance {
                reason,
                recipients: 0,
                radios: Vec::new(),
                people: Vec::new(),
                systems: Vec::new(),
                remedy,
            });
            sum.recipients += 1;
            if sum.radios.len() < NAMED {
                sum.radios.extend(recipient.radio);
                sum.people.extend(recipient.person().map(str::to_owned));
                let system = recipient.system();
                sum.systems.extend(system.map(|(id, _)| id.to_owned()));
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
        let lives: Vec<CarrierId> = known!(self)
            .lives_at(recipient)
            .filter(|id| self.state.station(id.station).is_some())
            .collect();
        let may = |id: &CarrierId| self.state.permits(alert, *id);
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

    /// Why a person without a radio is not rung up.
    fn unrung(&self, alert: &Alert, recipient: &Recipient) -> Option<String> {
        if !recipient.phones().is_empty() {
            return None;
        }
        let why = self.no_sms_for(alert);
        let why = why.unwrap_or("the telephone is of another node");
        Some(format!("no radio, and no SMS: {why}"))
    }

    /// Why an alert is kept from telephones.
    pub(super) fn no_sms_for(&self, alert: &Alert) -> Option<&'static str> {
        self.why_no_sms(alert.sms, alert.station, alert.exercise)
    }

    /// Why a submission is kept from telephones.
    pub(super) fn no_sms(&self, submit: &Submit) -> Option<&'static str> {
        self.why_no_sms(submit.sms, submit.station, submit.exercise)
    }

    fn why_no_sms(
        &self,
        sms: bool,
        station: Option<StationId>,
        exercise: bool,
    ) -> Option<&'static str> {
        let policy = &self.state.policy;
        if !sms {
            Some("the alert forbids it")
        } else if station.is_some_and(|only| policy.route(only).is_none()) {
            Some("the alert goes through one station only")
        } else if policy.routes.is_empty() {
            Some("no route is configured: add one with [[sms]]")
        } else if !policy.has_route(exercise) {
            Some("no route carries exercises: set `exercises = true` for one")
        } else {
            None
        }
    }

    /// Whether some permitted route takes the text.
    fn fits_phones(&self, alert: &Alert, language: &Language) -> bool {
        let said = alert.said_to(language);
        let policy = &self.state.policy;
        let mut routes = policy.routes.iter().filter(|it| it.carries(alert));
        routes.any(|route| sms::parts(policy, route, said, 0).is_ok())
    }

    /// The form in which a recipient would be addressed now.
    fn form_for(&self, alert: &Alert, recipient: &Recipient) -> Form {
        let carrier = self.air.carrier_for(known!(self), alert, recipient);
        let kind = carrier.map_or(CarrierKind::Conventional, |id| self.state.kind(id));
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

    fn fits(&self, said: Said<'_>, (form, mode): Form) -> bool {
        compose::parts(&self.state.policy, said, form, mode, 0).is_ok()
    }

    /// How short the text would have to be for radios of this form.
    fn shorten(&self, said: Said<'_>, form: Form) -> String {
        let characters: Vec<char> = said.text.chars().collect();
        let (mut fits, mut too_long) = (0, characters.len());
        while too_long - fits > 1 {
            let middle = fits.midpoint(too_long);
            let start: String = characters.iter().take(middle).collect();
            let start = Said {
                text: &start,
                ..said
            };
            if self.fits(start, form) {
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

fn shorten_for_phones() -> String {
    "the text takes more short messages than telephones put together: shorten it".to_owned()
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
