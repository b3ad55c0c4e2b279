//! Rules for sensor alarms.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::config::error::Fault;
use crate::config::value::duration;
use crate::model::alarm::{
    AlarmRule, Level, LevelRule, NAME, PLACEHOLDERS, QUIET, unknown_placeholder,
};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::facts::{CHUNK_BYTES, stored_size};
use crate::model::roster::Node;
use crate::model::text;

/// Longest template, in characters: an alert's text has as many.
const TEXT: usize = 300;
/// Longest numbered answer, in characters.
const ANSWER: usize = 12;
/// Most levels of a rule.
const LEVELS: usize = 16;
/// Most targets of a level.
const TARGETS: usize = 100;

/// `[[alarm]]`: what is done about one kind of alarm at some sites.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmTable {
    /// The sites: one name or a list.
    #[serde(deserialize_with = "one_or_many")]
    pub site: Vec<String>,
    /// The kind of alarm.
    pub kind: String,
    /// Where the sites hang; the root if not set.
    #[serde(default)]
    pub node: Node,
    /// An alarm raised again so soon after its clearing is the same one.
    #[serde(default = "quiet", deserialize_with = "duration")]
    pub quiet: Duration,
    /// An alarm that still stands so long after its last alert is alerted again.
    #[serde(default, deserialize_with = "some_duration")]
    pub repeat_after: Option<Duration>,
    /// What those who were alerted are told once it is over.
    pub clear_text: Option<String>,
    /// What each level leads to, by its name.
    pub levels: BTreeMap<String, LevelTable>,
}

/// `[alarm.levels.NAME]`: what one level leads to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelTable {
    /// How urgent the alert is.
    pub precedence: Precedence,
    /// What it says, with [`PLACEHOLDERS`] in braces.
    pub text: String,
    /// Whom it names.
    pub to: Vec<String>,
    /// What it asks.
    #[serde(default = "receipt", deserialize_with = "ask")]
    pub ask: Ask,
    /// Whether it may go to telephones.
    #[serde(default = "yes")]
    pub sms: bool,
    /// How high the level stands, 1 to 255; 10, 20, 30 or 40 by its precedence if not set.
    pub rank: Option<u8>,
}

const fn quiet() -> Duration {
    QUIET
}

pub(super) const fn receipt() -> Ask {
    Ask::Receipt
}

const fn yes() -> bool {
    true
}

fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Many(Vec<String>),
    }
    match Written::deserialize(deserializer) {
        Ok(Written::One(site)) => Ok(vec![site]),
        Ok(Written::Many(sites)) => Ok(sites),
        Err(_) => Err(de::Error::custom(
            "it is no site: write a name, as in \"plant-7\", or a list of names",
        )),
    }
}

pub(super) fn ask<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ask, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Word(String),
        Answers(Vec<String>),
    }
    let wrong = || {
        de::Error::custom(
            "it is nothing to ask: write \"nothing\", \"receipt\", \"acknowledgement\" or a list \
             of 1 to 9 answers",
        )
    };
    match Written::deserialize(deserializer).map_err(|_| wrong())? {
        Written::Word(word) => match word.as_str() {
            "nothing" => Ok(Ask::Nothing),
            "receipt" => Ok(Ask::Receipt),
            "acknowledgement" => Ok(Ask::Acknowledgement),
            _ => Err(wrong()),
        },
        Written::Answers(answers) if (1..=9).contains(&answers.len()) => Ok(Ask::Answers(answers)),
        Written::Answers(_) => Err(wrong()),
    }
}

impl LevelTable {
    fn rank(&self) -> u8 {
        self.rank.unwrap_or(match self.precedence {
            Precedence::Routine => 10,
            Precedence::Priority => 20,
            Precedence::Immediate => 30,
            Precedence::Flash => 40,
        })
    }

    fn rule(&self, name: &str) -> LevelRule {
        let mut named = BTreeSet::new();
        let to = self.to.iter().filter_map(|text| text.parse().ok());
        LevelRule {
            level: Level {
                name: name.to_owned(),
                rank: self.rank(),
            },
            precedence: self.precedence,
            text: self.text.clone(),
            to: to
                .filter(|target: &Target| named.insert(target.clone()))
                .collect(),
            ask: self.ask.clone(),
            sms: self.sms,
        }
    }

    fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        check_text(&format!("{at}.text"), &self.text, faults);
        if !(1..=TARGETS).contains(&self.to.len()) {
            let why = format!("it names {}: name 1 to {TARGETS} targets", self.to.len());
            faults.push(Fault::new(format!("{at}.to"), why));
        }
        for (index, target) in self.to.iter().enumerate() {
            if let Err(error) = target.parse::<Target>() {
                faults.push(Fault::new(format!("{at}.to[{index}]"), error.to_string()));
            }
        }
        if self.rank == Some(0) {
            let why = "0 is out of range: 1 to 255";
            faults.push(Fault::new(format!("{at}.rank"), why));
        }
        if let Ask::Answers(answers) = &self.ask {
            for (index, answer) in answers.iter().enumerate() {
                check_words(&format!("{at}.ask[{index}]"), answer, ANSWER, faults);
            }
        }
    }
}

impl AlarmTable {
    /// The rule as the engine is told it.
    #[must_use]
    pub fn rule(&self) -> AlarmRule {
        let levels = self.levels.iter();
        let mut levels: Vec<LevelRule> = levels.map(|(name, level)| level.rule(name)).collect();
        levels.sort_by_key(|known| known.level.rank);
        AlarmRule {
            sites: self.site.clone(),
            kind: self.kind.clone(),
            node: self.node.clone(),
            levels,
            clear_text: self.clear_text.clone(),
            quiet: self.quiet,
            repeat_after: self.repeat_after,
        }
    }

    fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        if self.site.is_empty() {
            faults.push(Fault::new(
                format!("{at}.site"),
                "it is empty: name the site, or several in a list",
            ));
        }
        for site in &self.site {
            check_words(&format!("{at}.site"), site, NAME, faults);
        }
        check_words(&format!("{at}.kind"), &self.kind, NAME, faults);
        if !(1..=LEVELS).contains(&self.levels.len()) {
            faults.push(Fault::new(
                format!("{at}.levels"),
                format!(
                    "there are {}: write 1 to {LEVELS} tables [alarm.levels.NAME]",
                    self.levels.len()
                ),
            ));
        }
        let mut ranks: BTreeMap<u8, &str> = BTreeMap::new();
        for (name, level) in &self.levels {
            let at = format!("{at}.levels.{name}");
            check_words(&at, name, NAME, faults);
            level.check(&at, faults);
            if let Some(other) = ranks.insert(level.rank(), name) {
                faults.push(Fault::new(
                    format!("{at}.rank"),
                    format!(
                        "`{name}` stands as high as `{other}`: give one of them a rank of its own"
                    ),
                ));
            }
        }
        if let Some(text) = &self.clear_text {
            check_text(&format!("{at}.clear_text"), text, faults);
        }
        let day = Duration::from_secs(24 * 3_600);
        if self.quiet > day {
            faults.push(Fault::new(
                format!("{at}.quiet"),
                format!("{} s is out of range: 0s to 24h", self.quiet.as_secs()),
            ));
        }
        let minute = Duration::from_secs(60);
        if let Some(after) = self.repeat_after.filter(|it| !(minute..=day).contains(it)) {
            faults.push(Fault::new(
                format!("{at}.repeat_after"),
                format!("{} s is out of range: 1m to 24h", after.as_secs()),
            ));
        }
        let size = stored_size(&self.rule());
        if size > CHUNK_BYTES {
            faults.push(Fault::new(
                at,
                format!(
                    "the rule takes {size} bytes on disk and may take {CHUNK_BYTES}: split its \
                     sites, or name groups instead of people"
                ),
            ));
        }
    }
}

/// Checks all rules, and that no two are for the same alarm.
pub(super) fn check(rules: &[AlarmTable], faults: &mut Vec<Fault>) {
    let mut known = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("alarm[{index}]");
        rule.check(&at, faults);
        for site in &rule.site {
            if let Some(first) = known.insert((site, &rule.kind), index) {
                faults.push(Fault::new(
                    format!("{at}.site"),
                    format!(
                        "alarm[{first}] is for `{}` at `{site}` already: name the site once for \
                         each kind",
                        rule.kind
                    ),
                ));
            }
        }
    }
}

fn check_text(at: &str, template: &str, faults: &mut Vec<Fault>) {
    check_words(at, template, TEXT, faults);
    if let Some(word) = unknown_placeholder(template) {
        let known = PLACEHOLDERS.map(|word| format!("{{{word}}}"));
        faults.push(Fault::new(
            at,
            format!(
                "`{{{word}}}` stands for nothing: write {}",
                known.join(", ")
            ),
        ));
    }
}

fn check_words(at: &str, words: &str, most: usize, faults: &mut Vec<Fault>) {
    let characters = words.chars().count();
    if let Err(error) = text::check(words) {
        faults.push(Fault::new(at, error.to_string()));
    } else if words.trim().is_empty() || characters > most {
        faults.push(Fault::new(
            at,
            format!("it has {characters} characters; write 1 to {most}"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const RULE: &str = r#"
        [[alarm]]
        site = ["plant-7", "plant-8"]
        kind = "gas"
        node = "city/east"
        clear_text = "{site}: over"
        [alarm.levels.low]
        precedence = "priority"
        text = "{site} {kind} {level} {value} {count}"
        to = ["group:fire-1"]
        [alarm.levels.high]
        precedence = "flash"
        text = "{site}: leave at once"
        to = ["node:city/east", "person:li-wei"]
        ask = ["gone", "hurt"]
        sms = false
    "#;

    fn faults(text: &str) -> Vec<String> {
        let config = Config::parse("t", text).unwrap();
        config.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_is_part_of_the_policy_with_its_levels_in_order() {
        assert_eq!(faults(RULE), Vec::<String>::new());
        let policy = Config::parse("t", RULE).unwrap().to_policy();
        let rule = policy.alarms.first().unwrap();
        assert!(rule.is_for("plant-8", "gas") && !rule.is_for("plant-9", "gas"));
        let ranks: Vec<u8> = rule.levels.iter().map(|it| it.level.rank).collect();
        assert_eq!(ranks, [20, 40]);
        assert_eq!(rule.quiet, Duration::from_secs(300));
        assert_eq!(rule.repeat_after, None);
        let low = rule.level("low").unwrap();
        assert_eq!((low.ask.clone(), low.sms), (Ask::Receipt, true));
        let single = RULE.replace("[\"plant-7\", \"plant-8\"]", "\"plant-7\"");
        let policy = Config::parse("t", &single).unwrap().to_policy();
        assert_eq!(policy.alarms[0].sites, ["plant-7"]);
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_said_by_its_key_with_the_remedy() {
        for (from, to, field, says) in [
            ("person:li-wei", "town:x", "levels.high.to[1]", "person:ID"),
            ("[\"group:fire-1\"]", "[]", "levels.low.to", "1 to 100"),
            ("{value}", "{valu}", "levels.low.text", "{value}"),
            ("{site}: over", "{", "clear_text", "{count}"),
            (
                "\"flash\"",
                "\"priority\"",
                "levels.low.rank",
                "rank of its own",
            ),
            ("kind = \"gas\"", "kind = \"\"", "kind", "1 to 60"),
            ("\"plant-8\"", "\"plant-7\"", "site", "once"),
            ("[\"plant-7\", \"plant-8\"]", "[]", "site", "name the site"),
            (
                "\"hurt\"",
                "\"much too long an answer\"",
                "levels.high.ask[1]",
                "1 to 12",
            ),
            (
                "kind = \"gas\"",
                "kind = \"gas\"\nquiet = \"48h\"",
                "quiet",
                "24h",
            ),
            (
                "kind = \"gas\"",
                "kind = \"gas\"\nrepeat_after = \"1s\"",
                "repeat_after",
                "1m",
            ),
        ] {
            let found = faults(&RULE.replace(from, to));
            let first = found.first().unwrap();
            let start = format!("alarm[0].{field}: ");
            assert!(
                first.starts_with(&start) && first.contains(says),
                "{found:?}"
            );
        }
        let error = Config::parse("t", &RULE.replace("[\"gone\", \"hurt\"]", "\"what\""));
        assert!(error.unwrap_err().to_string().contains("acknowledgement"));
        let error = Config::parse("t", &RULE.replace("\"city/east\"\n", "\"a b\"\n"));
        assert!(error.unwrap_err().to_string().contains("level"));
    }
}
