//! The roster in memory, and how targets become recipients.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use narrowcast_protocol::air::{GroupId, RadioId, TextForm};
use serde::{Deserialize, Serialize};

use crate::engine::io::Refusal;
use crate::model::alert::Target;
use crate::model::language::Language;
use crate::model::roster::{
    Contact, FurtherRadio, Group, Node, Person, Radio, Recipient, RosterEntry, System,
};

/// Radios, people and groups by their identities.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Roster {
    radios: BTreeMap<RadioId, Radio>,
    people: BTreeMap<String, Person>,
    groups: BTreeMap<String, Group>,
    systems: BTreeMap<String, System>,
    /// Who carries which radio.
    #[serde(skip)]
    owners: HashMap<RadioId, Arc<str>>,
}

/// Whom the targets of an alert name.
#[derive(Debug, Default)]
struct Named<'a> {
    /// Radios, and the talkgroup through which they were named first.
    radios: BTreeMap<RadioId, Option<GroupId>>,
    /// People, by id.
    people: BTreeSet<&'a str>,
    /// External systems, by id.
    systems: BTreeSet<&'a str>,
    /// Targets that reach beyond the sender's node.
    outside: BTreeSet<String>,
}

impl<'a> Named<'a> {
    fn radio(&mut self, radio: &Radio, talkgroup: Option<GroupId>, node: &Node, by: &Target) {
        if node.covers(&radio.node) {
            let known = self.radios.entry(radio.id).or_insert(talkgroup);
            *known = known.or(talkgroup);
        } else {
            self.outside.insert(by.to_string());
        }
    }

    fn person(&mut self, person: &'a Person, node: &Node, by: &Target) {
        if node.covers(&person.node) {
            self.people.insert(&person.id);
        } else {
            self.outside.insert(by.to_string());
        }
    }
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
                RosterEntry::System(system) => &mut system.node,
            };
            node.share(&last);
            last.clone_from(node);
            match entry {
                RosterEntry::Radio(radio) => drop(self.radios.insert(radio.id, radio)),
                RosterEntry::Person(person) => self.put_person(person),
                RosterEntry::Group(group) => drop(self.groups.insert(group.id.clone(), group)),
                RosterEntry::System(system) => {
                    self.systems.insert(system.id.clone(), system);
                }
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
        let radio = recipient.radio.and_then(|id| self.radios.get(&id));
        let person = recipient.person().and_then(|id| self.people.get(id));
        let nodes = [person.map(|it| &it.node), radio.map(|it| &it.node)];
        for node in nodes.into_iter().flatten() {
            recipient.node.share(node);
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
        let systems = self.systems.values().cloned().map(RosterEntry::System);
        radios.chain(people).chain(groups).chain(systems)
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
        let systems = self.systems.values();
        let systems = systems.filter(|system| node.covers(&system.node));
        let systems = systems.cloned().map(RosterEntry::System);
        radios.chain(people).chain(groups).chain(systems)
    }

    /// How many hang at or below `node`.
    pub(super) fn count_within(&self, node: &Node) -> usize {
        let radios = self.radios.values().map(|radio| &radio.node);
        let people = self.people.values().map(|person| &person.node);
        let groups = self.groups.values().map(|group| &group.node);
        let systems = self.systems.values().map(|system| &system.node);
        let nodes = radios.chain(people).chain(groups).chain(systems);
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
            RosterEntry::System(system) => self.systems.get(&system.id).map(|known| &known.node),
        }
    }

    /// The person who carries a radio.
    pub(super) fn owner(&self, radio: RadioId) -> Option<&Person> {
        self.people.get(self.owners.get(&radio)?.as_ref())
    }

    /// Learns again who carries which radio.
    pub(super) fn index_owners(&mut self) {
        self.owners.clear();
        for person in self.people.values() {
            let id: Arc<str> = person.id.as_str().into();
            let radios = person.radios.iter();
            self.owners
                .extend(radios.map(|radio| (*radio, Arc::clone(&id))));
        }
    }

    fn put_person(&mut self, person: Person) {
        let before = self
            .people
            .get(&person.id)
            .map(|known| known.radios.as_slice());
        for radio in before.unwrap_or_default() {
            if self.owners.get(radio).is_some_and(|id| **id == *person.id) {
                self.owners.remove(radio);
            }
        }
        let id: Arc<str> = person.id.as_str().into();
        let radios = person.radios.iter();
        self.owners
            .extend(radios.map(|radio| (*radio, Arc::clone(&id))));
        self.people.insert(person.id.clone(), person);
    }

    /// The recipients that `targets` name, each once: people with all their addresses within
    /// `node`, and radios that are nobody's or were named alone. Those with a radio come first, in
    /// order of radio. Telephones are left out unless `sms`.
    ///
    /// # Errors
    /// A target is unknown, resolves to nobody, or reaches outside `node`; all such are named.
    pub(super) fn resolve(
        &self,
        targets: &[Target],
        node: &Node,
        sms: bool,
    ) -> Result<Vec<Recipient>, Refusal> {
        let mut named = Named::default();
        for target in targets {
            self.name(target, node, &mut named)?;
        }
        if !named.outside.is_empty() {
            return Err(Refusal::OutsideNode {
                node: node.to_string(),
                names: named.outside.into_iter().collect(),
            });
        }
        let people = named.people.iter().filter_map(|id| self.people.get(*id));
        let mut found: Vec<Recipient> = Vec::new();
        let mut covered: BTreeSet<RadioId> = BTreeSet::new();
        for person in people {
            covered.extend(person.radios.iter().copied());
            found.extend(self.person(person, node, &named.radios, sms));
        }
        let systems = named.systems.iter();
        found.extend(systems.filter_map(|id| self.systems.get(*id)).map(external));
        let alone = named.radios.iter().filter(|(id, _)| !covered.contains(id));
        found.extend(alone.filter_map(|(id, talkgroup)| self.terminal(*id, *talkgroup)));
        found.sort_by(|a, b| {
            let key = |it: &Recipient| (it.radio.is_none(), it.radio);
            key(a)
                .cmp(&key(b))
                .then_with(|| (a.system(), a.person()).cmp(&(b.system(), b.person())))
        });
        if found.is_empty() {
            return Err(Refusal::Invalid {
                field: "targets",
                why: "they name no radio and nobody with a telephone".into(),
            });
        }
        Ok(found)
    }

    /// Adds whom a target names.
    fn name<'a>(
        &'a self,
        target: &'a Target,
        node: &Node,
        named: &mut Named<'a>,
    ) -> Result<(), Refusal> {
        let unknown = || Refusal::Invalid {
            field: "targets",
            why: format!("{target} is not in the roster"),
        };
        match target {
            Target::Radio(id) => {
                let radio = self.radios.get(id).ok_or_else(unknown)?;
                named.radio(radio, None, node, target);
            }
            Target::Person(id) => {
                let person = self.people.get(id).ok_or_else(unknown)?;
                if person.radios.is_empty() && person.phones.is_empty() {
                    return Err(Refusal::Invalid {
                        field: "targets",
                        why: format!("{target} has neither a radio nor a telephone"),
                    });
                }
                let radios = person.radios.iter().filter_map(|id| self.radios.get(id));
                radios.for_each(|radio| named.radio(radio, None, node, target));
                // Who has a radio within the node is reached over that, wherever the line hangs.
                if person.radios.is_empty() && !node.covers(&person.node) {
                    named.outside.insert(target.to_string());
                }
                named.people.insert(&person.id);
            }
            Target::Group(id) => {
                let group = self.groups.get(id).ok_or_else(unknown)?;
                for id in &group.members {
                    match self.radios.get(id) {
                        Some(radio) => named.radio(radio, group.talkgroup, node, target),
                        None => drop(named.outside.insert(target.to_string())),
                    }
                    named.people.extend(self.reachable_owner(*id, node));
                }
            }
            Target::System(id) => {
                let system = self.systems.get(id).ok_or_else(unknown)?;
                if node.covers(&system.node) {
                    named.systems.insert(&system.id);
                } else {
                    named.outside.insert(target.to_string());
                }
            }
            Target::Node(below) => {
                let radios = self
                    .radios
                    .values()
                    .filter(|radio| below.covers(&radio.node));
                let people = self.people.values();
                let people = people.filter(|person| below.covers(&person.node));
                let people = people.filter(|person| !person.phones.is_empty());
                let mut any = false;
                for radio in radios {
                    any = true;
                    named.radio(radio, None, node, target);
                    named.people.extend(self.reachable_owner(radio.id, node));
                }
                for person in people {
                    any = true;
                    named.person(person, node, target);
                }
                if !any {
                    return Err(unknown());
                }
            }
            Target::All => {
                for radio in self.radios.values() {
                    named.radio(radio, None, node, target);
                    named.people.extend(self.reachable_owner(radio.id, node));
                }
                let people = self.people.values();
                for person in people.filter(|person| !person.phones.is_empty()) {
                    named.person(person, node, target);
                }
            }
        }
        Ok(())
    }

    /// The person who carries a radio, if the line hangs within `node`: a sender of one node
    /// rings up nobody of another.
    fn reachable_owner(&self, radio: RadioId, node: &Node) -> Option<&str> {
        let owner = self.owner(radio).filter(|owner| node.covers(&owner.node));
        owner.map(|owner| owner.id.as_str())
    }

    /// A radio that is addressed as such.
    fn terminal(&self, id: RadioId, talkgroup: Option<GroupId>) -> Option<Recipient> {
        let radio = self.radios.get(&id)?;
        Some(Recipient {
            radio: Some(id),
            name: radio.name.clone(),
            node: radio.node.clone(),
            form: radio.form,
            confirms: radio.confirms,
            home: radio.home,
            talkgroup,
            contact: None,
            language: radio.language.clone(),
        })
    }

    /// A person with all addresses within `node`; the radio that a group names comes first.
    fn person(
        &self,
        person: &Person,
        node: &Node,
        named: &BTreeMap<RadioId, Option<GroupId>>,
        sms: bool,
    ) -> Option<Recipient> {
        let within = |radio: &&Radio| node.covers(&radio.node);
        let radios = person.radios.iter().filter_map(|id| self.radios.get(id));
        let mut radios: Vec<FurtherRadio> = radios
            .filter(within)
            .map(|radio| FurtherRadio {
                radio: radio.id,
                form: radio.form,
                confirms: radio.confirms,
                home: radio.home,
                talkgroup: named.get(&radio.id).copied().flatten(),
            })
            .collect();
        radios.sort_by_key(|radio| radio.talkgroup.is_none());
        let rings = sms && node.covers(&person.node);
        let phones = if rings {
            person.phones.clone()
        } else {
            Vec::new()
        };
        let mut radios = radios.into_iter();
        let first = radios.next();
        if first.is_none() && person.phones.is_empty() {
            return None;
        }
        Some(Recipient {
            radio: first.map(|it| it.radio),
            name: person.name.clone(),
            node: person.node.clone(),
            form: first.map_or(TextForm::default(), |it| it.form),
            confirms: first.is_some_and(|it| it.confirms),
            home: first.and_then(|it| it.home),
            talkgroup: first.and_then(|it| it.talkgroup),
            contact: Some(Box::new(Contact {
                id: person.id.clone(),
                radios: radios.collect(),
                phones,
                phone_first: person.phone_first,
                sink: None,
            })),
            language: person.language.clone(),
        })
    }

    /// Radios that these lines would give to a second person.
    pub(super) fn shared(&self, entries: &[RosterEntry], clears: bool) -> Vec<String> {
        // Of two lines with one id the later one stands.
        let named: BTreeMap<&str, &Person> = entries
            .iter()
            .filter_map(|entry| match entry {
                RosterEntry::Person(person) => Some((person.id.as_str(), person)),
                RosterEntry::Radio(_) | RosterEntry::Group(_) | RosterEntry::System(_) => None,
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
            RosterEntry::Radio(_) | RosterEntry::System(_) => Vec::new(),
            RosterEntry::Person(person) => missing(&person.id, &person.radios, known),
            RosterEntry::Group(group) => missing(&group.id, &group.members, known),
        });
        lines.collect()
    }
}

/// An external system as a recipient.
fn external(system: &System) -> Recipient {
    Recipient {
        radio: None,
        name: system.name.clone(),
        node: system.node.clone(),
        form: TextForm::default(),
        confirms: false,
        home: None,
        talkgroup: None,
        contact: Some(Box::new(Contact {
            id: system.id.clone(),
            radios: Vec::new(),
            phones: Vec::new(),
            phone_first: false,
            sink: Some(system.sink.clone()),
        })),
        language: Language::default(),
    }
}

fn missing(owner: &str, radios: &[RadioId], known: impl Fn(&RadioId) -> bool) -> Vec<String> {
    radios
        .iter()
        .filter(|id| !known(id))
        .map(|id| format!("{owner} names radio {id}"))
        .collect()
}
