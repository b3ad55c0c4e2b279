//! Who asks, whether they may, and what is done about it.

use std::collections::HashSet;

use narrowcast_protocol::air::RadioId;

use crate::engine::Engine;
use crate::engine::checks;
use crate::engine::io::{Credential, Effect, Refusal, Request, Response, Ticket};
use crate::model::facts::{self, Fact};
use crate::model::ids::{DeliveryId, Seq, TokenId};
use crate::model::roster::{MEMBERS, Node, RosterEntry};
use crate::model::text;
use crate::model::token::{Principal, Right, Role, Token};

/// Longest name of a radio, person or group, in characters.
const NAME_CHARACTERS: usize = 100;

impl Engine {
    pub(super) fn request(&mut self, ticket: Ticket, credential: &Credential, request: Request) {
        let looks = request.only_looks();
        let result = self.answer(credential, request);
        let reply = Effect::Reply { ticket, result };
        if looks {
            self.outbox.let_out(Seq(0), reply);
        } else {
            // A refusal, too, waits for what was decided before it: it may rest on that.
            self.after_commit(reply);
        }
    }

    /// What a request is answered, if its asker may have it done.
    pub(super) fn answer(
        &mut self,
        credential: &Credential,
        request: Request,
    ) -> Result<Response, Refusal> {
        self.principal(credential).and_then(|who| {
            let right = match &request {
                Request::Submit(submit) | Request::DryRun(submit) => match request {
                    Request::Submit(_) => checks::right_for(submit),
                    _ => Right::Look,
                },
                other => other.right(),
            };
            if who.role.may(right) {
                self.serve(&who, request)
            } else {
                Err(Refusal::Forbidden)
            }
        })
    }

    fn principal(&self, credential: &Credential) -> Result<Principal, Refusal> {
        match credential {
            Credential::System => Ok(Principal::system()),
            Credential::Source(who) => Ok(who.as_ref().clone()),
            Credential::Token(hash) => {
                let token = self
                    .state
                    .tokens
                    .get(hash)
                    .ok_or(Refusal::Unauthenticated)?;
                Ok(Principal::of(token))
            }
        }
    }

    fn serve(&mut self, who: &Principal, request: Request) -> Result<Response, Refusal> {
        match request {
            Request::Submit(submit) => self.submit(who, submit),
            Request::DryRun(submit) => self.dry_run(who, submit),
            Request::Warn(warn) => self.warn(who, *warn),
            Request::Cancel { alert, because } => self.cancel(who, alert, because),
            Request::Resend { alert } => self.resend(who, alert),
            Request::Answer {
                alert,
                recipient,
                choice,
                text,
            } => self.answer_recorded(who, alert, &recipient, (choice, text)),
            Request::SystemSays {
                alert,
                delivery: index,
                sink,
                says,
            } => self.system_says(who, DeliveryId { alert, index }, &sink, says),
            Request::SinkSays { sink, why } => self.sink_says(who, sink, why),
            Request::TakeEmergency { id } => self.take_emergency(who, id),
            Request::CloseEmergency { id, because } => self.close_emergency(who, id, because),
            Request::ReportAlarm(report) => self.report_alarm(who, report),
            Request::SuppressAlarm {
                site,
                kind,
                until,
                why,
            } => self.suppress_alarm(who, (site, kind), until, why),
            Request::ImportRoster { entries, replace } => {
                self.import_roster(who, &entries, replace)
            }
            Request::CreateToken(token) => self.create_token(who, token),
            Request::RevokeToken { id } => self.revoke_token(who, id),
            Request::ConfirmClock => self.confirm_clock(who),
            Request::AcknowledgeSalvage => self.acknowledge_salvage(who),
            Request::Trim { up_to, hash } => self.trim(who, up_to, hash),
            query => self.query(who, query),
        }
    }

    fn import_roster(
        &mut self,
        who: &Principal,
        entries: &[RosterEntry],
        replace: bool,
    ) -> Result<Response, Refusal> {
        if replace {
            at_root(who, "replacing the whole roster")?;
        }
        self.roster_fence(who, entries)?;
        let dangling = self.state.roster.dangling(entries, replace);
        if !dangling.is_empty() {
            let why = format!(
                "{}; import those radios first or together",
                dangling.join(", ")
            );
            return Err(Refusal::Invalid {
                field: "members",
                why,
            });
        }
        let shared = self.state.roster.shared(entries, replace);
        if !shared.is_empty() {
            let why = format!(
                "{}: a radio belongs to one person; a shared one is a terminal of its own (of a \
                 vehicle or a shift): name it by `radio:`, alone or in a group",
                shared.join(", ")
            );
            return Err(Refusal::Invalid {
                field: "members",
                why,
            });
        }
        for entry in entries {
            if entry.radios().len() > MEMBERS {
                let why = format!(
                    "{} names more than {MEMBERS} radios: make several groups of it",
                    id_of(entry)
                );
                return Err(Refusal::Invalid {
                    field: "members",
                    why,
                });
            }
            let named = |why: String| Refusal::Invalid {
                field: "name",
                why: format!("{}: {why}", id_of(entry)),
            };
            text::check(name_of(entry)).map_err(|error| named(error.to_string()))?;
            let characters = name_of(entry).chars().count();
            if characters > NAME_CHARACTERS {
                return Err(named(format!(
                    "the name has {characters} characters; write at most {NAME_CHARACTERS}"
                )));
            }
            let size = facts::stored_size(entry);
            if size > facts::CHUNK_BYTES {
                return Err(Refusal::Invalid {
                    field: "entries",
                    why: format!(
                        "{}: the line takes {size} bytes on disk and may take {}: shorten it",
                        id_of(entry),
                        facts::CHUNK_BYTES
                    ),
                });
            }
        }
        if entries.is_empty() {
            return Err(Refusal::Invalid {
                field: "entries",
                why: "the roster is empty".into(),
            });
        }
        for (number, piece) in facts::pieces(entries, facts::stored_size).enumerate() {
            let clears = replace && number == 0;
            self.emit(Fact::RosterImported {
                by: who.name.clone(),
                clears,
                entries: piece.to_vec(),
            });
        }
        Ok(Response::Done(self.state.seq))
    }

    /// A node's roster names what hangs there: neither lines nor radios of elsewhere, and it
    /// takes nothing away from elsewhere.
    fn roster_fence(&self, who: &Principal, entries: &[RosterEntry]) -> Result<(), Refusal> {
        if who.node == Node::root() {
            return Ok(());
        }
        let imported: HashSet<RadioId> = entries
            .iter()
            .filter_map(|entry| match entry {
                RosterEntry::Radio(radio) => Some(radio.id),
                RosterEntry::Person(_) | RosterEntry::Group(_) | RosterEntry::System(_) => None,
            })
            .collect();
        let mut outside = Vec::new();
        for entry in entries {
            let stands = self.state.roster.stands_at(entry);
            if !who.node.covers(entry.node()) {
                outside.push(id_of(entry));
            } else if stands.is_some_and(|node| !who.node.covers(node)) {
                outside.push(format!("{}, which hangs elsewhere", id_of(entry)));
            }
            outside.extend(self.foreign_address(entry));
            let known = |id: &&RadioId| self.state.roster.radio(**id).is_some();
            let foreign = entry
                .radios()
                .iter()
                .filter(|id| !imported.contains(id))
                .filter(known)
                .filter(|id| !who.node.covers(self.node_of(**id)));
            outside.extend(foreign.map(|id| format!("radio:{id} of {}", id_of(entry))));
        }
        if outside.is_empty() {
            return Ok(());
        }
        Err(outside_node(who, outside))
    }

    /// The talkgroup or home station of this line, if it belongs to another node: what is sent
    /// there is heard, and takes airtime, beyond the node's own radios.
    fn foreign_address(&self, entry: &RosterEntry) -> Option<String> {
        match entry {
            RosterEntry::Group(group) => {
                let talkgroup = group.talkgroup?;
                let stations = self.state.policy.stations.iter();
                let given = stations
                    .filter(|station| station.node != Node::root())
                    .filter(|station| station.groups.contains(&talkgroup))
                    .any(|station| station.node.covers(&group.node));
                let own = given || self.state.roster.has_talkgroup(talkgroup, &group.node);
                (!own).then(|| {
                    format!(
                        "talkgroup {talkgroup} of {} (an administrator of the whole tree imports a \
                         group with it at your node first)",
                        id_of(entry)
                    )
                })
            }
            RosterEntry::Radio(radio) => {
                let home = radio.home?;
                let station = self.state.station(home.station)?;
                let stands = self
                    .state
                    .roster
                    .radio(radio.id)
                    .and_then(|known| known.home);
                let own = station.node.covers(&radio.node) || stands == radio.home;
                (!own).then(|| {
                    format!(
                        "{}, the home of {}, which serves {}",
                        station.name,
                        id_of(entry),
                        station.node
                    )
                })
            }
            RosterEntry::Person(_) => None,
            RosterEntry::System(system) => {
                // A sink feeds what is at its own node: another's would tell it to outsiders.
                let sinks = &self.state.policy.sinks;
                let sink = sinks.iter().find(|sink| sink.name == system.sink)?;
                let own = sink.node.covers(&system.node);
                (!own).then(|| format!("the sink {} of {}", sink.name, id_of(entry)))
            }
        }
    }

    fn create_token(&mut self, who: &Principal, mut token: Token) -> Result<Response, Refusal> {
        let length = token.name.trim().chars().count();
        if length == 0 || length > 60 || text::check(&token.name).is_err() {
            return Err(Refusal::Invalid {
                field: "name",
                why: "name the holder in 1 to 60 printable characters".into(),
            });
        }
        if !who.node.covers(&token.node) {
            return Err(outside_node(who, vec![format!("node {}", token.node)]));
        }
        token.created_at = self.wall();
        Ok(Response::Done(self.emit(Fact::TokenCreated {
            by: who.name.clone(),
            token,
        })))
    }

    fn revoke_token(&mut self, who: &Principal, id: TokenId) -> Result<Response, Refusal> {
        let known = self
            .state
            .tokens
            .values()
            .find(|token| token.id == id && who.node.covers(&token.node))
            .ok_or(Refusal::NotFound("token"))?;
        let over_all = |token: &&Token| token.role == Role::Admin && token.node == Node::root();
        let admins = self.state.tokens.values().filter(over_all).count();
        if over_all(&known) && admins == 1 {
            return Err(Refusal::Conflict(
                "it is the last token of an administrator of the whole tree: make another first"
                    .into(),
            ));
        }
        Ok(Response::Done(self.emit(Fact::TokenRevoked {
            by: who.name.clone(),
            token: id,
        })))
    }

    fn confirm_clock(&mut self, who: &Principal) -> Result<Response, Refusal> {
        at_root(who, "the clock of all nodes")?;
        let step = self
            .clock
            .confirm()
            .ok_or_else(|| Refusal::Conflict("the clock did not step".into()))?;
        let seq = self.emit(Fact::ClockConfirmed {
            by: who.name.clone(),
            step_millis: step,
        });
        let live: Vec<_> = self.state.alerts.keys().copied().collect();
        live.into_iter().for_each(|alert| self.expiry_due(alert));
        Ok(Response::Done(seq))
    }
}

/// What concerns every node is done from the root only.
pub(super) fn at_root(who: &Principal, what: &str) -> Result<(), Refusal> {
    if who.node == Node::root() {
        Ok(())
    } else {
        Err(outside_node(who, vec![what.to_owned()]))
    }
}

fn outside_node(who: &Principal, names: Vec<String>) -> Refusal {
    Refusal::OutsideNode {
        node: who.node.to_string(),
        names,
    }
}

fn id_of(entry: &RosterEntry) -> String {
    match entry {
        RosterEntry::Radio(radio) => format!("radio:{}", radio.id),
        RosterEntry::Person(person) => format!("person:{}", person.id),
        RosterEntry::Group(group) => format!("group:{}", group.id),
        RosterEntry::System(system) => format!("system:{}", system.id),
    }
}

fn name_of(entry: &RosterEntry) -> &str {
    match entry {
        RosterEntry::Radio(radio) => &radio.name,
        RosterEntry::Person(person) => &person.name,
        RosterEntry::Group(group) => &group.name,
        RosterEntry::System(system) => &system.name,
    }
}
