//! Where our alerts go as documents by themselves: directories.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};

use crate::config::cap_national::NO_AGENCY;
use crate::config::error::Fault;
use crate::config::homebrew::check_name;
use crate::config::webhook::SinkStart;
use crate::model::policy::SinkPolicy;
use crate::model::roster::Node;
use crate::model::warning::WarningForm;

/// `[[cap.out]]`: a directory into which documents are put.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapOutTable {
    /// What people call it, 1 to 40 characters. Its place in the ledger is kept under this name.
    pub name: String,
    /// The directory. It must be there: it is not made.
    pub directory: PathBuf,
    /// The form of the documents: `cap` or `cpeas`.
    #[serde(default = "cap", deserialize_with = "form")]
    pub form: WarningForm,
    /// Where it begins when it is new.
    #[serde(default)]
    pub from: SinkStart,
    /// The node whose share it gets, as a viewer of that node would; the root is everything.
    #[serde(default)]
    pub node: Node,
}

const fn cap() -> WarningForm {
    WarningForm::Cap
}

fn form<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WarningForm, D::Error> {
    let word = String::deserialize(deserializer)?;
    let forms = [WarningForm::Cap, WarningForm::Cpeas];
    let mut forms = forms.into_iter().filter(|form| form.name() == word);
    forms.next().ok_or_else(|| {
        de::Error::custom(format!(
            "`{word}` is no form: write \"cap\", or \"cpeas\" for the national one"
        ))
    })
}

impl CapOutTable {
    pub(super) fn policy(&self) -> SinkPolicy {
        SinkPolicy {
            name: self.name.clone(),
            kind: "directory".to_owned(),
            node: self.node.clone(),
        }
    }

    /// `agency` says that there is one in whose name the national form is written.
    pub(super) fn check(&self, at: &str, agency: bool, faults: &mut Vec<Fault>) {
        check_name(at, &self.name, faults);
        if self.form == WarningForm::Cpeas && !agency {
            faults.push(Fault::new(format!("{at}.form"), NO_AGENCY));
        }
        if self.directory.as_os_str().is_empty() {
            let says = "it is empty: write the path of a directory";
            faults.push(Fault::new(format!("{at}.directory"), says));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn faults(text: &str) -> Vec<String> {
        let config = Config::parse("t", text).unwrap();
        config.check().iter().map(ToString::to_string).collect()
    }

    const OUT: &str = "[[cap.out]]\nname = \"bureau\"\ndirectory = \"/var/spool/out\"\n";

    #[test]
    fn a_directory_is_a_sink_with_a_name_of_its_own() {
        assert_eq!(faults(OUT), Vec::<String>::new());
        let policy = Config::parse("t", OUT).unwrap().to_policy();
        let sink = policy.sinks.first().unwrap();
        assert_eq!(
            (sink.name.as_str(), sink.kind.as_str()),
            ("bureau", "directory")
        );
        let twice = format!("{OUT}{OUT}");
        assert!(
            faults(&twice)[0].starts_with("cap.out[1].name: "),
            "{:?}",
            faults(&twice)
        );
        let empty = OUT.replace("/var/spool/out", "");
        assert!(faults(&empty)[0].starts_with("cap.out[0].directory: "));
    }

    #[test]
    fn the_national_form_is_written_in_the_name_of_an_agency_only() {
        let out = format!("{OUT}form = \"cpeas\"\n");
        let hook = "[[webhook]]\nname = \"w\"\nurl = \"https://a.example/\"\n\
                    secret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"\nformat = \"cpeas\"\n";
        let agency = "[cap.national]\nsender = \"郑州市应急管理局\"\n\
                      sender_code = \"41010041600000\"\nevent_type = \"11B03\"\n";
        for (table, key) in [
            (out.as_str(), "cap.out[0].form: "),
            (hook, "webhook[0].format: "),
        ] {
            let found = faults(table);
            assert!(
                found.len() == 1
                    && found[0].starts_with(key)
                    && found[0].contains("[cap.national]"),
                "{found:?}"
            );
            assert_eq!(faults(&format!("{table}{agency}")), Vec::<String>::new());
        }
        let other = Config::parse("t", &out.replace("cpeas", "pdf")).unwrap_err();
        assert!(other.to_string().contains("\"cpeas\""), "{other}");
    }

    #[test]
    fn a_directory_out_of_which_documents_are_taken_in_is_none_to_put_ours_into() {
        let round =
            format!("{OUT}[[cap.source]]\nname = \"in\"\ndirectory = \"/var/spool/out/\"\n");
        let found = faults(&round);
        assert!(
            found
                .iter()
                .any(|it| it.starts_with("cap.out[0].directory: ") && it.contains("in a circle")),
            "{found:?}"
        );
    }
}
