//! Which events belong to a drill: every document that leaves says so.

use std::collections::HashMap;

use crate::api::backend::Backend;
use crate::bridge::platform::event::Mark;
use crate::engine::io::{Credential, Request, Response};
use crate::model::facts::{Fact, Record};
use crate::model::ids::{AlertId, EmergencyId, Seq};

/// Alerts and emergencies that are remembered.
const REMEMBERED: usize = 4_096;

/// What is known of the alerts and emergencies of late.
#[derive(Debug, Default)]
pub(super) struct Marks {
    alerts: HashMap<AlertId, Mark>,
    emergencies: HashMap<EmergencyId, Mark>,
}

impl Marks {
    /// The mark of the event of a record; none if it belongs to nothing that can be a drill, or if
    /// what it belongs to is not on record any more.
    pub(super) async fn of(
        &mut self,
        backend: &Backend,
        record: &Record,
    ) -> Result<Option<Mark>, String> {
        if let Some(own) = own(&record.fact) {
            self.remember(&record.fact, own);
            return Ok(Some(own));
        }
        match &record.fact {
            Fact::EmergencyAcknowledged { id }
            | Fact::EmergencyTaken { id, .. }
            | Fact::EmergencyClosed { id, .. } => self.of_emergency(backend, *id).await,
            fact => match fact.alert() {
                Some(alert) => self.of_alert(backend, alert).await,
                None => Ok(None),
            },
        }
    }

    async fn of_alert(&mut self, backend: &Backend, id: AlertId) -> Result<Option<Mark>, String> {
        if let Some(known) = self.alerts.get(&id) {
            return Ok(Some(*known));
        }
        let first = backend.of_alert(id, Seq(0), 1).await;
        let first = first.map_err(|error| error.to_string())?;
        let Some(record) = first.first() else {
            return Ok(None);
        };
        let mark = own(&record.fact);
        if let Some(mark) = mark {
            self.remember(&record.fact, mark);
        }
        Ok(mark)
    }

    /// Where its raising was read before the process began, the engine knows it.
    async fn of_emergency(
        &mut self,
        backend: &Backend,
        id: EmergencyId,
    ) -> Result<Option<Mark>, String> {
        if !self.emergencies.contains_key(&id) {
            let asked = backend.ask(Credential::System, Request::Emergencies);
            let asked = asked.await.map_err(|error| error.to_string())?;
            if let Ok(Response::Emergencies(known)) = asked {
                for emergency in known {
                    let fact = Fact::EmergencyRaised(Box::new(emergency));
                    own(&fact)
                        .into_iter()
                        .for_each(|mark| self.remember(&fact, mark));
                }
            }
        }
        Ok(self.emergencies.get(&id).copied())
    }

    fn remember(&mut self, fact: &Fact, mark: Mark) {
        match fact {
            Fact::AlertAccepted(alert) => {
                if self.alerts.len() >= REMEMBERED {
                    self.alerts.clear();
                }
                self.alerts.insert(alert.id, mark);
            }
            Fact::EmergencyRaised(emergency) => {
                if self.emergencies.len() >= REMEMBERED {
                    self.emergencies.clear();
                }
                self.emergencies.insert(emergency.id, mark);
            }
            _ => {}
        }
    }
}

/// What a fact says by itself.
fn own(fact: &Fact) -> Option<Mark> {
    let drill = |exercise| Mark {
        exercise,
        precedence: None,
    };
    match fact {
        Fact::AlertAccepted(alert) => Some(Mark {
            exercise: alert.exercise,
            precedence: Some(alert.precedence),
        }),
        Fact::EmergencyRaised(emergency) => Some(drill(emergency.exercise)),
        Fact::AlarmRaised(alarm) | Fact::AlarmRestated(alarm) => Some(drill(alarm.of.exercise)),
        Fact::AlarmUpdated(update) => Some(drill(update.of.exercise)),
        Fact::AlarmCleared { of, .. }
        | Fact::AlarmEnded { of }
        | Fact::AlarmAlerted { of, .. }
        | Fact::AlarmUnalerted { of, .. } => Some(drill(of.exercise)),
        Fact::WarningTaken(taken) => Some(drill(taken.message.exercise)),
        _ => None,
    }
}
