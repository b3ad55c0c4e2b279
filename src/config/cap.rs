//! CAP alerts: whom they are for, and in whose name ours are written.

use std::collections::BTreeSet;
use std::path::PathBuf;

use narrowcast_protocol::warning::cap::Sender;
use narrowcast_protocol::warning::signature::{MAX_KEYS, Trust};
use serde::Deserialize;

use crate::config::alarm::{ask, receipt};
use crate::config::cap_area::CapAreaTable;
use crate::config::cap_national::CapNationalTable;
use crate::config::cap_out::CapOutTable;
use crate::config::cap_source::CapSourceTable;
use crate::config::cap_targets::{check_targets, targets};
use crate::config::certificates::certificate;
use crate::config::error::Fault;
use crate::model::alert::Ask;
use crate::model::cap::CapRules;

/// Our sender, if none is set.
const SENDER: &str = "narrowcast";

/// `[cap]`: what is made of CAP alerts (`POST /api/v1/cap`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapTable {
    /// The `sender` of CAP documents that we write.
    pub sender: String,
    /// What alerts from CAP ask.
    #[serde(deserialize_with = "ask")]
    pub ask: Ask,
    /// Whom an alert is for whose areas are none of `area`.
    pub default_targets: Vec<String>,
    /// Whether those who had a warning are told that it is over, when its source cancels it.
    pub all_clear: bool,
    /// Files with the certificates of those who sign; none: signatures are not verified.
    pub certificates: Vec<PathBuf>,
    /// Which documents must be signed; `required` if not set, and there are certificates.
    pub signatures: Option<Signatures>,
    /// Whether signatures with SHA-1 are taken.
    pub allow_sha1: bool,
    /// What is in the files.
    #[serde(skip)]
    trust: Option<Trust>,
    /// Areas and whom they stand for.
    pub area: Vec<CapAreaTable>,
    /// In whose name the national early-warning form is written.
    pub national: Option<CapNationalTable>,
    /// Directories and feeds that documents come from.
    pub source: Vec<CapSourceTable>,
    /// Directories that our alerts go to as documents.
    pub out: Vec<CapOutTable>,
}

/// Which documents must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signatures {
    /// Every one.
    Required,
    /// None; but a signature that is there must hold.
    Checked,
}

impl Default for CapTable {
    fn default() -> Self {
        Self {
            sender: SENDER.to_owned(),
            ask: receipt(),
            default_targets: Vec::new(),
            all_clear: true,
            certificates: Vec::new(),
            signatures: None,
            allow_sha1: false,
            trust: None,
            area: Vec::new(),
            national: None,
            source: Vec::new(),
            out: Vec::new(),
        }
    }
}

impl CapTable {
    /// The rules for the mapping, with the sign that stands on exercises.
    #[must_use]
    pub fn rules(&self, exercise_sign: &str) -> CapRules {
        let areas = self.area.iter().map(CapAreaTable::rule);
        CapRules {
            sender: self.sender.clone(),
            ask: self.ask.clone(),
            areas: areas.collect(),
            default_targets: targets(&self.default_targets),
            all_clear: self.all_clear,
            national: self.national.as_ref().and_then(CapNationalTable::agency),
            exercise_sign: exercise_sign.to_owned(),
            trust: self.trust.clone(),
        }
    }

    /// Reads the files of certificates.
    pub(super) fn read_certificates(&mut self, faults: &mut Vec<Fault>) {
        if self.certificates.is_empty() {
            return;
        }
        let mut keys = Vec::new();
        for (index, path) in self.certificates.iter().take(MAX_KEYS).enumerate() {
            match certificate(path) {
                Ok(key) => keys.push(key),
                Err(error) => faults.push(Fault::new(
                    format!("cap.certificates[{index}]"),
                    format!("{}: {error}", path.display()),
                )),
            }
        }
        self.trust = Some(Trust {
            keys,
            required: self.signatures != Some(Signatures::Checked),
            allow_sha1: self.allow_sha1,
        });
    }

    pub(super) fn read_secrets(&mut self, faults: &mut Vec<Fault>) {
        for (index, source) in self.source.iter_mut().enumerate() {
            source.read_secrets(&format!("cap.source[{index}]"), faults);
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        if let Err(error) = Sender::new(&self.sender) {
            faults.push(Fault::new("cap.sender", error.to_string()));
        }
        check_targets("cap.default_targets", &self.default_targets, faults);
        let count = self.certificates.len();
        if count > MAX_KEYS {
            let why = format!("it names {count}: name at most {MAX_KEYS} files");
            faults.push(Fault::new("cap.certificates", why));
        }
        for (key, set) in [
            ("signatures", self.signatures.is_some()),
            ("allow_sha1", self.allow_sha1),
        ] {
            if set && count == 0 {
                let why = "it does nothing without keys to verify with: name the sources' \
                           certificates in `certificates`, or take it out";
                faults.push(Fault::new(format!("cap.{key}"), why));
            }
        }
        for (index, out) in self.out.iter().enumerate() {
            let mut sources = self.source.iter().filter_map(|it| it.directory.as_ref());
            // Paths are compared by their parts: a slash at the end is none.
            if sources.any(|it| *it == out.directory) {
                let why = "a [[cap.source]] takes documents out of it, so that ours would come back \
                           in a circle: name another";
                faults.push(Fault::new(format!("cap.out[{index}].directory"), why));
            }
        }
        CapAreaTable::check_all(&self.area, faults);
        if let Some(national) = &self.national {
            national.check(faults);
        }
        let mut names = BTreeSet::new();
        for (index, source) in self.source.iter().enumerate() {
            let at = format!("cap.source[{index}]");
            source.check(&at, faults);
            if !names.insert(&source.name) {
                let why = format!("`{}` is the name of another source too", source.name);
                faults.push(Fault::new(format!("{at}.name"), why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::alert::Target;

    fn faults(text: &str) -> Vec<String> {
        let config = Config::parse("t", text).unwrap();
        config.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn whom_it_is_for_by_default_and_what_it_asks_are_read() {
        let text =
            "[cap]\nsender = \"a.example\"\ndefault_targets = [\"all\"]\nask = \"nothing\"\n";
        assert_eq!(faults(text), Vec::<String>::new());
        let rules = Config::parse("t", text).unwrap().cap_rules();
        assert_eq!(rules.sender, "a.example");
        assert_eq!(
            (rules.ask, rules.default_targets),
            (Ask::Nothing, vec![Target::All])
        );
    }

    #[test]
    fn what_is_wrong_is_said_by_its_key_with_the_remedy() {
        for (text, start, says) in [
            ("sender = \"a b\"", "cap.sender: ", "white space"),
            (
                "default_targets = [\"town:x\"]",
                "cap.default_targets[0]: ",
                "person:ID",
            ),
        ] {
            let found = faults(&format!("[cap]\n{text}\n"));
            let first = found.first().unwrap();
            assert!(
                first.starts_with(start) && first.contains(says),
                "{found:?}"
            );
        }
    }
}
