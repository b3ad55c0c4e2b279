//! `narrowcast cap`: CAP documents, without a server.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use jiff::Timestamp;
use narrowcast::config::certificate;
use narrowcast_protocol::warning::cap::{Class, Document, Fault, Received, Refusal, Version, read};
use narrowcast_protocol::warning::cpeas;
use narrowcast_protocol::warning::signature::{MAX_KEYS, SignatureError, Trust};
use narrowcast_protocol::warning::xml::{MAX_OCTETS, Strictness};
use serde_json::{Value, json};

use super::access::Access;
use super::output::{safe, safe_json, say};

/// What can be done with CAP documents.
#[derive(Debug, Subcommand)]
pub(super) enum CapCommand {
    /// Check a CAP 1.2 document, also several alerts in EDXL-DE 1.0.
    ///
    /// Exit status 0: every alert is valid by the schema; 1: one is not, or the document is
    /// refused; what is wrong is printed, with the rule. What is valid and contradicts the
    /// words of the standard is printed as a fault of meaning. A document of the Chinese
    /// national early-warning form is named as such, with its faults: 0 if none is an error.
    /// With --certificate, 1 also if the document's signature does not hold, or it has none.
    Check {
        /// The document; - is standard input.
        file: PathBuf,
        /// Faults of meaning count as well, as they do when Narrowcast takes an alert in.
        #[arg(long)]
        strict: bool,
        /// Its signature must hold by this certificate or public key (PEM), or by one of several.
        #[arg(long, value_name = "FILE")]
        certificate: Vec<PathBuf>,
        /// Signatures with SHA-1 are taken.
        #[arg(long, requires = "certificate")]
        allow_sha1: bool,
        /// When certificates must be valid, as 2026-01-31T08:00:00+08:00; now if not given.
        #[arg(long, value_name = "TIME", requires = "certificate")]
        at: Option<Timestamp>,
    },
}

pub(super) fn run(access: &Access, command: CapCommand) -> anyhow::Result<ExitCode> {
    let CapCommand::Check {
        file,
        strict,
        certificate,
        allow_sha1,
        at,
    } = command;
    let octets = octets(&file)?;
    let signed = Signed::of(&octets, &certificate, allow_sha1, at)?;
    let read = read(&octets, Strictness::Strict);
    if let Some(national) = national(&read, &octets, &file) {
        if access.json {
            say(&safe_json(&signed.onto(national.as_json())));
        } else {
            let lines = national.lines();
            lines.iter().for_each(|line| say(&safe(line)));
            signed.line().iter().for_each(|line| say(&safe(line)));
        }
        let passed = !national.received.has_errors() && signed.holds();
        return Ok(ExitCode::from(u8::from(!passed)));
    }
    if access.json {
        say(&safe_json(&signed.onto(as_json(&read))));
    } else {
        lines(&read).iter().for_each(|line| say(&safe(line)));
        signed.line().iter().for_each(|line| say(&safe(line)));
    }
    let passed = read.is_ok_and(|document| document.alerts.iter().all(|it| passes(it, strict)));
    Ok(ExitCode::from(u8::from(!passed || !signed.holds())))
}

/// Whether the document is signed as it must be.
enum Signed {
    /// No certificate was given.
    NotAsked,
    /// By the key of this file.
    By(String),
    /// It is not.
    Not(SignatureError),
}

impl Signed {
    fn of(
        octets: &[u8],
        certificates: &[PathBuf],
        allow_sha1: bool,
        at: Option<Timestamp>,
    ) -> anyhow::Result<Self> {
        if certificates.is_empty() {
            return Ok(Self::NotAsked);
        }
        anyhow::ensure!(
            certificates.len() <= MAX_KEYS,
            "give at most {MAX_KEYS} certificates"
        );
        let keys = certificates.iter().map(|path| {
            certificate(path).with_context(|| format!("cannot use {}", path.display()))
        });
        let trust = Trust {
            keys: keys.collect::<anyhow::Result<_>>()?,
            required: true,
            allow_sha1,
        };
        Ok(
            match trust.check(octets, at.unwrap_or_else(Timestamp::now)) {
                Ok(Some(key)) => Self::By(key.name().to_owned()),
                Ok(None) => Self::Not(SignatureError::Missing),
                Err(error) => Self::Not(error),
            },
        )
    }

    const fn holds(&self) -> bool {
        !matches!(self, Self::Not(_))
    }

    fn line(&self) -> Option<String> {
        match self {
            Self::NotAsked => None,
            Self::By(name) => Some(format!("signature: holds, by {name}")),
            Self::Not(error) => Some(format!("signature: {error}")),
        }
    }

    /// What `as_json` gives, with the signature.
    fn onto(&self, mut json: Value) -> Value {
        let signature = match self {
            Self::NotAsked => return json,
            Self::By(name) => json!({ "holds": true, "by": name }),
            Self::Not(error) => json!({ "holds": false, "why": error.to_string() }),
        };
        if let Some(object) = json.as_object_mut() {
            object.insert("signature".to_owned(), signature);
        }
        json
    }
}

/// A document of the national early-warning form.
struct National {
    received: cpeas::Received,
    /// What is wrong with it, and where the file's name says something else.
    faults: Vec<cpeas::Fault>,
}

/// The document as one of the national early-warning form, if it is one and no CAP.
fn national(read: &Result<Document, Refusal>, octets: &[u8], file: &Path) -> Option<National> {
    let (Refusal::NoNamespace | Refusal::Namespace(_)) = read.as_ref().err()? else {
        return None;
    };
    let received = cpeas::read(octets, Strictness::Strict).ok()?;
    let mut faults = received.faults.clone();
    let name = file.file_name().and_then(|name| name.to_str());
    if let (Some(name), Some(message)) = (name.and_then(cpeas::FileName::parse), &received.message)
    {
        faults.extend(name.differences(message));
    }
    Some(National { received, faults })
}

impl National {
    fn lines(&self) -> Vec<String> {
        let verdict = if self.received.has_errors() {
            "not valid"
        } else {
            "valid"
        };
        let id = self.id().map(|id| format!(" ({id})")).unwrap_or_default();
        let mut lines = vec![format!(
            "{verdict} national early-warning form, not CAP{id}"
        )];
        let faults = self.faults.iter();
        lines.extend(faults.map(|fault| format!("  {}: {fault}", level(fault.level()))));
        lines
    }

    fn id(&self) -> Option<String> {
        self.received
            .message
            .as_ref()
            .map(|message| message.identifier.to_string())
    }

    fn as_json(&self) -> Value {
        let faults = self.faults.iter().map(|fault| {
            json!({
                "level": level(fault.level()),
                "path": fault.path,
                "line": fault.line,
                "rule": fault.rule.to_string(),
            })
        });
        json!({
            "form": "national early-warning form, not CAP",
            "id": self.id(),
            "valid": !self.received.has_errors(),
            "faults": faults.collect::<Vec<_>>(),
        })
    }
}

const fn level(level: cpeas::Level) -> &'static str {
    match level {
        cpeas::Level::Error => "error",
        cpeas::Level::Notice => "notice",
    }
}

/// The document, at most one octet more than is read.
fn octets(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let most = u64::try_from(MAX_OCTETS).unwrap_or(u64::MAX);
    let most = most.saturating_add(1);
    if file == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut octets)
    } else {
        let opened = std::fs::File::open(file);
        opened.and_then(|file| file.take(most).read_to_end(&mut octets))
    }
    .with_context(|| format!("cannot read {}", file.display()))?;
    Ok(octets)
}

fn passes(received: &Received, strict: bool) -> bool {
    received.is_valid() && (!strict || received.is_meaningful())
}

fn lines(read: &Result<Document, Refusal>) -> Vec<String> {
    let document = match read {
        Ok(document) => document,
        Err(refusal) => return vec![format!("refused: {refusal}")],
    };
    let mut lines = Vec::new();
    for (at, received) in document.alerts.iter().enumerate() {
        let verdict = if received.is_valid() {
            "valid"
        } else {
            "not valid"
        };
        lines.push(format!(
            "alert {}: {verdict} CAP 1.2{}",
            at + 1,
            name(received)
        ));
        let faults = received.faults.iter();
        lines.extend(faults.map(|fault| format!("  {}: {fault}", word(fault.class()))));
    }
    lines
}

/// What the alert is called, if it could be read.
fn name(received: &Received) -> String {
    let id = received
        .alert
        .as_ref()
        .map(|alert| format!(" ({})", alert.id()));
    id.unwrap_or_default()
}

const fn word(class: Class) -> &'static str {
    match class {
        Class::Structure => "structure",
        Class::Meaning => "meaning",
        Class::Notice => "notice",
    }
}

fn as_json(read: &Result<Document, Refusal>) -> Value {
    match read {
        Err(refusal) => json!({ "refused": refusal.to_string() }),
        Ok(document) => {
            let alerts: Vec<Value> = document.alerts.iter().map(alert_as_json).collect();
            json!({ "alerts": alerts })
        }
    }
}

fn alert_as_json(received: &Received) -> Value {
    let faults = received.faults.iter().map(|fault: &Fault| {
        json!({
            "class": word(fault.class()),
            "path": fault.path,
            "line": fault.line,
            "rule": fault.rule.to_string(),
        })
    });
    json!({
        "id": received.alert.as_ref().map(|alert| alert.id().to_string()),
        "version": match received.version { Version::V1_1 => "1.1", Version::V1_2 => "1.2" },
        "valid": received.is_valid(),
        "meaningful": received.alert.is_some() && received.is_meaningful(),
        "faults": faults.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An Update; it is valid, and wrong as long as it names no earlier message.
    fn update(inside: &str) -> Vec<u8> {
        format!(
            "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>i</identifier>\n\
             <sender>s</sender><sent>2026-01-31T08:00:00+08:00</sent><status>Actual</status>\
             <msgType>Update</msgType><scope>Public</scope>{inside}<info>\
             <category>Met</category><event>e</event><urgency>Past</urgency>\
             <severity>Minor</severity><certainty>Likely</certainty></info></alert>"
        )
        .into_bytes()
    }

    #[test]
    fn faults_of_meaning_count_only_when_strict() {
        let read = read(&update(""), Strictness::Strict);
        let said = lines(&read).join("\n");
        assert!(
            said.starts_with("alert 1: valid CAP 1.2 (s,i,2026-01-31T08:00:00+08:00)"),
            "{said}"
        );
        assert!(
            said.contains("meaning: line 1: references must name"),
            "{said}"
        );
        let document = read.expect("CAP");
        assert!(passes(&document.alerts[0], false));
        assert!(!passes(&document.alerts[0], true));
    }

    #[test]
    fn what_is_not_valid_is_said_with_its_rule() {
        let read = read(&update("<x/>"), Strictness::Strict);
        let said = lines(&read).join("\n");
        assert!(said.starts_with("alert 1: not valid CAP 1.2"), "{said}");
        assert!(
            said.contains("structure: line 2: x is no element of CAP 1.2"),
            "{said}"
        );
        let json = as_json(&read);
        assert_eq!(json["alerts"][0]["valid"], false);
        assert_eq!(json["alerts"][0]["faults"][0]["line"], 2);
        assert!(!passes(&read.expect("CAP").alerts[0], false));
    }

    #[test]
    fn a_refused_document_is_said_with_the_reason() {
        let said = lines(&read(b"<!DOCTYPE a><a/>", Strictness::Strict));
        assert!(
            said[0].starts_with("refused: line 1: a document type"),
            "{said:?}"
        );
    }

    /// A document of the national form with a colour.
    fn early_warning(colour: &str) -> Vec<u8> {
        format!(
            "<alert><identifier>41010041600000_20261123163005</identifier><sender>s</sender>\n\
             <senderCode>41010041600000</senderCode><sendTime>2026-11-23 16:25:00+08:00</sendTime>\
             <status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info>\
             <eventType>11B03</eventType><urgency>Unknown</urgency><severity>{colour}</severity>\
             <certainty>Unknown</certainty><effective>2026-11-23 16:31:00+08:00</effective>\
             <senderName>n</senderName><headline>h</headline><description>d</description></info>\
             </alert>"
        )
        .into_bytes()
    }

    fn as_national(octets: &[u8], file: &str) -> Option<National> {
        national(&read(octets, Strictness::Strict), octets, Path::new(file))
    }

    #[test]
    fn the_national_form_is_named_and_is_valid_without_errors() {
        let found = as_national(&early_warning("Red"), "a.xml").expect("of the form");
        assert_eq!(
            found.lines(),
            ["valid national early-warning form, not CAP (41010041600000_20261123163005)"]
        );
        assert!(!found.received.has_errors());
        assert_eq!(found.as_json()["valid"], true);
    }

    #[test]
    fn errors_of_the_national_form_are_said_and_notices_do_not_count() {
        let found = as_national(&early_warning(""), "-").expect("of the form");
        let said = found.lines().join("\n");
        assert!(
            said.starts_with("not valid national early-warning form, not CAP"),
            "{said}"
        );
        assert!(
            said.contains("error: line 2: info/severity is missing"),
            "{said}"
        );
        assert!(found.received.has_errors());
        let json = found.as_json();
        assert_eq!(json["valid"], false);
        assert_eq!(json["faults"][0]["level"], "error");
        assert_eq!(json["faults"][0]["line"], 2);
        let name = "in/41010041600000_20261123163005_11B03_BLUE_ALERT.XML";
        let found = as_national(&early_warning("Red"), name).expect("of the form");
        let said = found.lines().join("\n");
        assert!(
            said.contains("notice: info/severity is \"Red\", and the file's name"),
            "{said}"
        );
        assert!(!found.received.has_errors());
    }

    #[test]
    fn a_signature_is_named_with_its_certificate_or_with_what_is_wrong() {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/cap");
        let pem = vectors.join("signed.pem");
        let octets = std::fs::read(vectors.join("signed.xml")).expect("the document");
        let of = |octets: &[u8]| {
            Signed::of(octets, std::slice::from_ref(&pem), false, None).expect("a key")
        };
        let good = of(&octets);
        assert!(good.holds());
        let said = format!("signature: holds, by {}", pem.display());
        assert_eq!(good.line(), Some(said));
        assert_eq!(good.onto(json!({}))["signature"]["holds"], true);
        let text = String::from_utf8(octets).expect("UTF-8");
        let changed = of(text.replacen("Severe", "Minor", 1).as_bytes());
        assert!(!changed.holds());
        let said = changed.line().expect("a line");
        assert!(said.starts_with("signature: DigestValue: "), "{said}");
        assert_eq!(changed.onto(json!({}))["signature"]["holds"], false);
        assert!(!of(&update("")).holds());
        let nobody = Signed::of(&update(""), &[], false, None).expect("not asked");
        assert!(nobody.holds() && nobody.line().is_none());
        let missing = Signed::of(&update(""), &[vectors.join("no.pem")], false, None);
        let error = missing.err().expect("no file");
        assert!(format!("{error:#}").contains("no.pem"), "{error:#}");
    }

    #[test]
    fn cap_and_what_is_neither_are_not_taken_for_the_national_form() {
        assert!(as_national(&update(""), "-").is_none());
        assert!(as_national(b"<alert><sent/></alert>", "-").is_none());
        assert!(as_national(b"<!DOCTYPE a><a/>", "-").is_none());
    }
}
