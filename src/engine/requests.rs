//! Who asks, whether they may, and what is done about it.

use crate::engine::Engine;
use crate::engine::intake;
use crate::engine::io::{Credential, Effect, Refusal, Request, Response, Ticket};
use crate::model::facts::{self, Fact};
use crate::model::ids::TokenId;
use crate::model::roster::{MEMBERS, Node, RosterEntry};
use crate::model::text;
use crate::model::token::{Principal, Right, Role, Token};

impl Engine {
    pub(super) fn request(&mut self, ticket: Ticket, credential: &Credential, request: Request) {
        let result = self.principal(credential).and_then(|who| {
            let right = match &request {
                Request::Submit(submit) | Request::DryRun(submit) => match request {
                    Request::Submit(_) => intake::right_for(submit),
                    _ => Right::Look,
                },
                other => other.right(),
            };
            if who.role.may(right) {
                self.serve(&who, request)
            } else {
                Err(Refusal::Forbidden)
            }
        });
        // A refusal, too, waits for what was decided before it: it may rest on that.
        self.after_commit(Effect::Reply { ticket, result });
    }

    fn principal(&self, credential: &Credential) -> Result<Principal, Refusal> {
        match credential {
            Credential::System => Ok(Principal {
                token: TokenId(ulid::Ulid::nil()),
                name: "system".into(),
                role: Role::Admin,
                node: Node::root(),
            }),
            Credential::Token(hash) => {
                let token = self
                    .state
                    .tokens
                    .get(hash)
                    .ok_or(Refusal::Unauthenticated)?;
                Ok(Principal {
                    token: token.id,
                    name: token.name.clone(),
                    role: token.role,
                    node: token.node.clone(),
                })
            }
        }
    }

    fn serve(&mut self, who: &Principal, request: Request) -> Result<Response, Refusal> {
        match request {
            Request::Submit(submit) => self.submit(who, submit),
            Request::DryRun(submit) => self.dry_run(who, submit),
            Request::Cancel { alert, because } => self.cancel(who, alert, because),
            Request::Resend { alert } => self.resend(who, alert),
            Request::TakeEmergency { id } => self.take_emergency(who, id),
            Request::CloseEmergency { id, because } => self.close_emergency(who, id, because),
            Request::ImportRoster { entries, replace } => {
                self.import_roster(who, &entries, replace)
            }
            Request::CreateToken(token) => self.create_token(who, token),
            Request::RevokeToken { id } => self.revoke_token(who, id),
            Request::ConfirmClock => self.confirm_clock(who),
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
        let outside: Vec<String> = entries
            .iter()
            .filter(|entry| !who.node.covers(node_of(entry)))
            .map(id_of)
            .collect();
        if !outside.is_empty() || (replace && who.node != Node::root()) {
            let names = if outside.is_empty() {
                vec!["replacing the whole roster".into()]
            } else {
                outside
            };
            return Err(Refusal::OutsideNode {
                node: who.node.to_string(),
                names,
            });
        }
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
        for entry in entries {
            if entry.members() > MEMBERS {
                let why = format!(
                    "{} names more than {MEMBERS} radios: make several groups of it",
                    id_of(entry)
                );
                return Err(Refusal::Invalid {
                    field: "members",
                    why,
                });
            }
            text::check(name_of(entry)).map_err(|error| Refusal::Invalid {
                field: "name",
                why: format!("{}: {error}", id_of(entry)),
            })?;
        }
        if entries.is_empty() {
            return Err(Refusal::Invalid {
                field: "entries",
                why: "the roster is empty".into(),
            });
        }
        for (number, piece) in facts::pieces(entries, RosterEntry::size).enumerate() {
            let clears = replace && number == 0;
            self.emit(Fact::RosterImported {
                by: who.name.clone(),
                clears,
                entries: piece.to_vec(),
            });
        }
        Ok(Response::Done(self.state.seq))
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
            let names = vec![format!("node {}", token.node)];
            return Err(Refusal::OutsideNode {
                node: who.node.to_string(),
                names,
            });
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
            .find(|token| token.id == id)
            .ok_or(Refusal::NotFound("token"))?;
        if !who.node.covers(&known.node) {
            let names = vec![format!("token {}", known.name)];
            return Err(Refusal::OutsideNode {
                node: who.node.to_string(),
                names,
            });
        }
        let admins = self
            .state
            .tokens
            .values()
            .filter(|token| token.role == Role::Admin)
            .count();
        if known.role == Role::Admin && admins == 1 {
            return Err(Refusal::Conflict(
                "it is the last administrator's token: make another first".into(),
            ));
        }
        Ok(Response::Done(self.emit(Fact::TokenRevoked {
            by: who.name.clone(),
            token: id,
        })))
    }

    fn confirm_clock(&mut self, who: &Principal) -> Result<Response, Refusal> {
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

fn node_of(entry: &RosterEntry) -> &Node {
    match entry {
        RosterEntry::Radio(radio) => &radio.node,
        RosterEntry::Person(person) => &person.node,
        RosterEntry::Group(group) => &group.node,
    }
}

fn id_of(entry: &RosterEntry) -> String {
    match entry {
        RosterEntry::Radio(radio) => format!("radio:{}", radio.id),
        RosterEntry::Person(person) => format!("person:{}", person.id),
        RosterEntry::Group(group) => format!("group:{}", group.id),
    }
}

fn name_of(entry: &RosterEntry) -> &str {
    match entry {
        RosterEntry::Radio(radio) => &radio.name,
        RosterEntry::Person(person) => &person.name,
        RosterEntry::Group(group) => &group.name,
    }
}
