//! The ledger as a token, or a sink of the configuration, may see it: what a fact names by number only is placed first.

use std::collections::{HashMap, HashSet};

use narrowcast_protocol::air::RadioId;

use crate::api::backend::Backend;
use crate::api::body::EventBody;
use crate::api::problem::Problem;
use crate::engine::io::{Credential, Request, Response};
use crate::model::alert::Alert;
use crate::model::facts::{Fact, Record};
use crate::model::ids::{AlertId, EmergencyId, Seq};
use crate::model::roster::{Node, Recipient};
use crate::model::sight::{Places, Seen, Share};
use crate::model::token::Principal;

/// Records read at once when an alert is placed.
const PAGE: usize = 512;
/// Alerts whose share is remembered.
const REMEMBERED: usize = 256;

/// What one token or sink may see.
pub(crate) struct Sight {
    who: Principal,
    shares: HashMap<AlertId, Option<Share>>,
    radios: HashSet<RadioId>,
    emergencies: HashSet<EmergencyId>,
}

impl Sight {
    pub(crate) fn of(who: Principal) -> Self {
        Self {
            who,
            shares: HashMap::new(),
            radios: HashSet::new(),
            emergencies: HashSet::new(),
        }
    }

    /// The token as it stands now. If its node has changed, what was placed is forgotten.
    pub(super) fn renew(&mut self, who: Principal) {
        if self.who.node != who.node {
            self.shares.clear();
        }
        self.who = who;
    }

    pub(super) const fn node(&self) -> &Node {
        &self.who.node
    }

    /// Whether there is anything of this alert to see.
    pub(super) async fn alert(&mut self, backend: &Backend, id: AlertId) -> Result<bool, Problem> {
        Ok(self.share(backend, id).await?.is_some())
    }

    /// What is to be seen of this alert, if anything.
    pub(crate) async fn share(
        &mut self,
        backend: &Backend,
        id: AlertId,
    ) -> Result<Option<Share>, Problem> {
        if self.who.node == Node::root() {
            return Ok(Some(Share::Whole));
        }
        self.place_alerts(backend, HashSet::from([id])).await?;
        Ok(self.shares.get(&id).cloned().flatten())
    }

    /// What may be seen of these records, in their order.
    pub(super) async fn events<'a>(
        &mut self,
        backend: &Backend,
        credential: &Credential,
        records: impl Iterator<Item = &'a Record> + Clone,
    ) -> Result<Vec<EventBody>, Problem> {
        let seen = self.each(backend, credential, records, EventBody::new);
        Ok(seen.await?.into_iter().flatten().collect())
    }

    /// What `make` makes of what may be seen of each of these records; none for what may not.
    pub(crate) async fn each<'a, T>(
        &mut self,
        backend: &Backend,
        credential: &Credential,
        records: impl Iterator<Item = &'a Record> + Clone,
        make: impl Fn(&Record, &Seen<'_>) -> T,
    ) -> Result<Vec<Option<T>>, Problem> {
        if self.who.node != Node::root() {
            let facts = records.clone().map(|record| &record.fact);
            self.place_radios(backend, credential, facts.clone())
                .await?;
            self.place_alerts(backend, facts.filter_map(Fact::alert).collect())
                .await?;
        }
        let each = records.map(|record| {
            let seen = Seen::by(&self.who, &record.fact, self)?;
            Some(make(record, &seen))
        });
        Ok(each.collect())
    }

    async fn place_radios<'a>(
        &mut self,
        backend: &Backend,
        credential: &Credential,
        facts: impl Iterator<Item = &'a Fact>,
    ) -> Result<(), Problem> {
        let (mut radios, mut emergencies) = (HashSet::new(), HashSet::new());
        for fact in facts {
            match fact {
                Fact::ReportHeard { from: radio, .. }
                | Fact::RadioHeard { radio, .. }
                | Fact::RadioLeft { radio, .. } => {
                    radios.insert(*radio);
                }
                Fact::EmergencyRaised(emergency) => {
                    radios.insert(emergency.radio);
                }
                Fact::EmergencyAcknowledged { id }
                | Fact::EmergencyTaken { id, .. }
                | Fact::EmergencyClosed { id, .. } => {
                    emergencies.insert(*id);
                }
                _ => {}
            }
        }
        (self.radios, self.emergencies) = if radios.is_empty() && emergencies.is_empty() {
            Default::default()
        } else {
            within(backend, credential, radios, emergencies).await?
        };
        Ok(())
    }

    async fn place_alerts(
        &mut self,
        backend: &Backend,
        ids: HashSet<AlertId>,
    ) -> Result<(), Problem> {
        if self.shares.len() > REMEMBERED {
            self.shares.clear();
        }
        for id in ids {
            if !self.shares.contains_key(&id) {
                let share = match accepted(backend, id).await? {
                    Some((alert, to)) => Share::of(&alert, to.iter(), &self.who.node),
                    // Its acceptance is trimmed: it belongs to the root.
                    None => (self.who.node == Node::root()).then_some(Share::Whole),
                };
                self.shares.insert(id, share);
            }
        }
        Ok(())
    }
}

impl Places for Sight {
    fn radio(&self, id: RadioId) -> bool {
        self.radios.contains(&id)
    }

    fn emergency(&self, id: EmergencyId) -> bool {
        self.emergencies.contains(&id)
    }

    fn alert(&self, id: AlertId) -> Option<&Share> {
        self.shares.get(&id)?.as_ref()
    }
}

async fn within(
    backend: &Backend,
    credential: &Credential,
    radios: HashSet<RadioId>,
    emergencies: HashSet<EmergencyId>,
) -> Result<(HashSet<RadioId>, HashSet<EmergencyId>), Problem> {
    let request = Request::Within {
        radios: radios.into_iter().collect(),
        emergencies: emergencies.into_iter().collect(),
    };
    match backend.ask(credential.clone(), request).await?? {
        Response::Within {
            radios,
            emergencies,
        } => Ok((radios, emergencies)),
        _ => Err(Problem::unexpected()),
    }
}

/// An alert and its recipients as they were accepted; none if that is not on record (any more).
async fn accepted(
    backend: &Backend,
    id: AlertId,
) -> Result<Option<(Alert, Vec<Recipient>)>, Problem> {
    let mut from = Seq(0);
    let mut found: Option<(Alert, Vec<Recipient>)> = None;
    loop {
        let page = backend.of_alert(id, from, PAGE).await?;
        for record in &page {
            match (&mut found, &record.fact) {
                (None, Fact::AlertAccepted(alert)) => {
                    found = Some((alert.as_ref().clone(), Vec::new()));
                }
                (Some((_, to)), Fact::Recipients { recipients, .. }) => {
                    to.extend(recipients.iter().cloned());
                }
                // The recipients follow the acceptance at once.
                _ => return Ok(found),
            }
            from = record.seq.next();
        }
        if page.len() < PAGE {
            return Ok(found);
        }
    }
}
