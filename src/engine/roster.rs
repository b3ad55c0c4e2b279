//! The roster in memory, and how targets become recipients.

use std::collections::{BTreeMap, BTreeSet};

use narrowcast_protocol::air::{GroupId, RadioId};
use serde::{Deserialize, Serialize};

use crate::engine::io::Refusal;
use crate::model::alert::Target;
use crate::model::roster::{Group, Node, Person, Radio, Recipient, RosterEntry};

/// Radios, people and groups by their identities.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Roster {
    radios: BTreeMap<RadioId, Radio>,
    people: BTreeMap<String, Person>,
    groups: BTreeMap<String, Group>,
}

impl Roster {
    pub(super) fn import(&mut self, clears: bool, entries: &[RosterEntry]) {
        if clears {
            *self = Self::default();
        }
        let mut last = Node::root();
        for mut entry in entries.iter().cloned() {
            let node = match &mut entry {
                RosterEntry::Radio(radio) => &mut radio.node,
                RosterEntry::Person(person) => &mut person.node,
                RosterEntry::Group(group) => &mut group.node,
            };
            node.share(&last);
            last.clone_from(node);
            match entry {
                RosterEntry::Radio(radio) => drop(self.radios.insert(radio.id, radio)),
                RosterEntry::Person(person) => drop(self.people.insert(person.id.clone(), person)),
                RosterEntry::Group(group) => drop(self.groups.insert(group.id.clone(), group)),
            }
        }
    }

    /// Lets radios of one node that follow one another share its path.
    pub(super) fn share_nodes(&mut self) {
        let mut last = Node::root();
        for radio in self.radios.values_mut() {
            radio.node.share(&last);
            last.clone_from(&radio.node);
        }
    }

    /// Lets a recipient share its node's path with its radio, while they are the same.
    pub(super) fn share_node(&self, recipient: &mut Recipient) {
        if let Some(radio) = self.radios.get(&recipient.radio) {
            recipient.node.share(&radio.node);
        }
    }

    pub(super) fn radio(&self, id: RadioId) -> Option<&Radio> {
        self.radios.get(&id)
    }

    pub(super) fn radio_count(&self) -> usize {
        self.radios.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = RosterEntry> + '_ {
        let radios = self.radios.values().cloned().map(RosterEntry::Radio);
        let people = self.people.values().cloned().map(RosterEntry::Person);
        let groups = self.groups.values().cloned().map(RosterEntry::Group);
        radios.chain(people).chain(groups)
    }

    /// Those that hang at or below `node`.
    pub(super) fn entries_within<'a>(
        &'a self,
        node: &'a Node,
    ) -> impl Iterator<Item = RosterEntry> + 'a {
        let radios = self
            .radios
            .values()
            .filter(|radio| node.covers(&radio.node));
        let people = self
            .people
            .values()
            .filter(|person| node.covers(&person.node));
        let groups = self
            .groups
            .values()
            .filter(|group| node.covers(&group.node));
        let radios = radios.cloned().map(RosterEntry::Radio);
        let people = people.cloned().map(RosterEntry::Person);
        let groups = groups.cloned().map(RosterEntry::Group);
        radios.chain(people).chain(groups)
    }

    /// How many hang at or below `node`.
    pub(super) fn count_within(&self, node: &Node) -> usize {
        let radios = self.radios.values().map(|radio| &radio.node);
        let people = self.people.values().map(|person| &person.node);
        let groups = self.groups.values().map(|group| &group.node);
        let nodes = radios.chain(people).chain(groups);
        nodes.filter(|other| node.covers(other)).count()
    }

    /// Whether a group at `node` or above has this talkgroup: then it may be used there.
    pub(super) fn has_talkgroup(&self, talkgroup: GroupId, node: &Node) -> bool {
        let mut groups = self.groups.values();
        groups.any(|group| group.talkgroup == Some(talkgroup) && group.node.covers(node))
    }

    /// Where the radio, person or group of this identity hangs; none if there is none yet.
    pub(super) fn stands_at(&self, entry: &RosterEntry) -> Option<&Node> {
        match entry {
            RosterEntry::Radio(radio) => self.radios.get(&radio.id).map(|known| &known.node),
            RosterEntry::Person(person) => self.people.get(&person.id).map(|known| &known.node),
            RosterEntry::Group(group) => self.groups.get(&group.id).map(|known| &known.node),
        }
    }

    /// The recipients that `targets` name, each radio once, in order of radio.
    ///
    /// # Errors
    /// A target is unknown, resolves to nobody, or reaches outside `node`; all such are named.
    pub(super) fn resolve(
        &self,
        targets: &[Target],
        node: &Node,
    ) -> Result<Vec<Recipient>, Refusal> {
        let mut found: BTreeMap<RadioId, Option<GroupId>> = BTreeMap::new();
        let mut outside = BTreeSet::new();
        for target in targets {
            for (id, talkgroup) in self.members(target)? {
                #[cfg(narrowcast_mutant)]
                let root = Node::root();
                #[cfg(narrowcast_mutant)]
                let node = if crate::mutant::planted("sending_leaves_the_node") {
                    &root
                } else {
                    node
                };
                match self.radios.get(&id) {
                    Some(radio) if node.covers(&radio.node) => {
                        let known = found.entry(id).or_insert(talkgroup);
                        *known = known.or(talkgroup);
                    }
                    _ => drop(outside.insert(target.to_string())),
                }
            }
        }
        if !outside.is_empty() {
            return Err(Refusal::OutsideNode {
                node: node.to_string(),
                names: outside.into_iter().collect(),
            });
        }
        if found.is_empty() {
            return Err(Refusal::Invalid {
                field: "targets",
                why: "they name no radio".into(),
            });
        }
        let frozen = found.into_iter().filter_map(|(id, talkgroup)| {
            self.radios.get(&id).map(|radio| Recipient {
                radio: id,
                name: radio.name.clone(),
                node: radio.node.clone(),
                form: radio.form,
                confirms: radio.confirms,
                home: radio.home,
                talkgroup,
            })
        });
        Ok(frozen.collect())
    }

    fn members(&self, target: &Target) -> Result<Vec<(RadioId, Option<GroupId>)>, Refusal> {
        let unknown = || Refusal::Invalid {
            field: "targets",
            why: format!("{target} is not in the roster"),
        };
        let plain = |ids: &[RadioId]| ids.iter().map(|&id| (id, None)).collect();
        match target {
            Target::Radio(id) => self
                .radios
                .get(id)
                .map(|radio| vec![(radio.id, None)])
                .ok_or_else(unknown),
            Target::Person(id) => {
                let person = self.people.get(id).ok_or_else(unknown)?;
                if person.radios.is_empty() {
                    return Err(Refusal::Invalid {
                        field: "targets",
                        why: format!("{target} has no radio, and telephones are not reached yet"),
                    });
                }
                Ok(plain(&person.radios))
            }
            Target::Group(id) => {
                let group = self.groups.get(id).ok_or_else(unknown)?;
                Ok(group
                    .members
                    .iter()
                    .map(|&id| (id, group.talkgroup))
                    .collect())
            }
            Target::Node(node) => {
                let below = self
                    .radios
                    .values()
                    .filter(|radio| node.covers(&radio.node));
                let ids: Vec<_> = below.map(|radio| (radio.id, None)).collect();
                if ids.is_empty() {
                    Err(unknown())
                } else {
                    Ok(ids)
                }
            }
            Target::All => Ok(self.radios.keys().map(|&id| (id, None)).collect()),
        }
    }

    /// Radios that these lines would give to a second person.
    pub(super) fn shared(&self, entries: &[RosterEntry], clears: bool) -> Vec<String> {
        // Of two lines with one id the later one stands.
        let named: BTreeMap<&str, &Person> = entries
            .iter()
            .filter_map(|entry| match entry {
                RosterEntry::Person(person) => Some((person.id.as_str(), person)),
                RosterEntry::Radio(_) | RosterEntry::Group(_) => None,
            })
            .collect();
        let known = self.people.values();
        let stay = known.filter(|person| !clears && !named.contains_key(person.id.as_str()));
        let mut owners: BTreeMap<RadioId, &str> = BTreeMap::new();
        for person in stay {
            owners.extend(
                person
                    .radios
                    .iter()
                    .map(|radio| (*radio, person.id.as_str())),
            );
        }
        let mut shared = Vec::new();
        for person in named.values() {
            for radio in &person.radios {
                let other = owners.insert(*radio, &person.id);
                if let Some(other) = other.filter(|other| *other != person.id) {
                    shared.push(format!("radio {radio} of {} is {other}'s", person.id));
                }
            }
        }
        shared
    }

    /// Members of groups and radios of people that no radio line defines.
    pub(super) fn dangling(&self, entries: &[RosterEntry], clears: bool) -> Vec<String> {
        let named: BTreeSet<RadioId> = entries
            .iter()
            .filter_map(|entry| {
                if let RosterEntry::Radio(radio) = entry {
                    Some(radio.id)
                } else {
                    None
                }
            })
            .collect();
        let known = |id: &RadioId| named.contains(id) || (!clears && self.radios.contains_key(id));
        let lines = entries.iter().flat_map(|entry| match entry {
            RosterEntry::Radio(_) => Vec::new(),
            RosterEntry::Person(person) => missing(&person.id, &person.radios, known),
            RosterEntry::Group(group) => missing(&group.id, &group.members, known),
        });
        lines.collect()
    }
}

fn missing(owner: &str, radios: &[RadioId], known: impl Fn(&RadioId) -> bool) -> Vec<String> {
    radios
        .iter()
        .filter(|id| !known(id))
        .map(|id| format!("{owner} names radio {id}"))
        .collect()
}
