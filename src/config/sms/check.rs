//! What cannot be in an `[[sms]]`, and what would be right.

use std::time::Duration;

use super::{SmsKind, SmsLink};
use crate::config::error::Fault;
use crate::config::value::Secret;
use crate::model::sms_route::PLACE;
use crate::model::text;

/// Most characters of a name.
const NAME: usize = 40;
/// Most characters of a signature: with it a text must still fit its first part.
const SIGNATURE: usize = 20;
/// Most characters of a template besides `{text}`: half of two parts.
const TEMPLATE: usize = 100;
/// Most digits of a prefix.
const PREFIX: usize = 20;

struct Checker<'a> {
    at: &'a str,
    faults: &'a mut Vec<Fault>,
}

impl Checker<'_> {
    fn fault(&mut self, key: &str, says: impl Into<String>) {
        let field = format!("{}.{key}", self.at);
        self.faults.push(Fault::new(field, says));
    }

    /// A text of so many printable ASCII characters without blanks.
    fn ascii(&mut self, key: &str, text: &str, least: usize, most: usize) {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && (least..=most).contains(&text.len()) {
            return;
        }
        self.fault(
            key,
            format!("it must have {least} to {most} ASCII characters without blanks"),
        );
    }

    fn range(&mut self, key: &str, value: Duration, least: u64, most: u64, says: &str) {
        if !(least..=most).contains(&value.as_secs()) {
            self.fault(key, format!("it is out of range: {says}"));
        }
    }
}

impl SmsLink {
    pub(in crate::config) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        let mut checker = Checker { at, faults };
        self.check_common(&mut checker);
        match self.kind {
            SmsKind::Modem => self.check_modem(&mut checker),
            SmsKind::Smpp | SmsKind::Cmpp2 | SmsKind::Cmpp3 => self.check_operator(&mut checker),
        }
        match self.kind {
            SmsKind::Smpp => self.check_smpp(&mut checker),
            SmsKind::Cmpp2 | SmsKind::Cmpp3 => self.check_cmpp(&mut checker),
            SmsKind::Modem => {}
        }
    }

    fn check_common(&self, checker: &mut Checker<'_>) {
        if let Err(error) = text::check(&self.name) {
            checker.fault("name", error.to_string());
        } else if !(1..=NAME).contains(&self.name.trim().chars().count()) {
            checker.fault("name", format!("it must have 1 to {NAME} characters"));
        }
        if let Err(error) = text::check(&self.signature) {
            checker.fault("signature", error.to_string());
        } else if self.signature.chars().count() > SIGNATURE {
            checker.fault(
                "signature",
                format!("it must have at most {SIGNATURE} characters, as in \"【应急】\""),
            );
        }
        self.check_template(checker);
        for prefix in &self.prefixes {
            let digits = prefix.strip_prefix('+').unwrap_or(prefix);
            let number = digits.bytes().all(|byte| byte.is_ascii_digit());
            if !number || !(1..=PREFIX).contains(&digits.len()) {
                checker.fault(
                    "prefixes",
                    format!("`{prefix}` begins no number: write digits, as in \"+86139\""),
                );
            }
        }
        let (wait, keep_alive) = (self.receipt_wait, self.keep_alive);
        checker.range("receipt_wait", wait, 30, 259_200, "\"30s\" to \"72h\"");
        checker.range("keep_alive", keep_alive, 5, 600, "\"5s\" to \"10m\"");
        if let Some(answer) = self.answer_wait {
            checker.range("answer_wait", answer, 1, 300, "\"1s\" to \"5m\"");
        }
        for (key, zero) in [
            ("window", self.window == 0),
            ("per_second", self.per_second == 0),
        ] {
            if zero {
                checker.fault(key, "it is 0, so nothing would ever leave: 1 or more");
            }
        }
    }

    fn check_template(&self, checker: &mut Checker<'_>) {
        if self.template.is_empty() {
            return;
        }
        let example = "as in \"尊敬的用户：{text}，请知悉。\"";
        let mut fault = |says: String| checker.fault("template", says);
        if let Err(error) = text::check(&self.template) {
            return fault(error.to_string());
        }
        let places = self.template.matches(PLACE).count();
        if places != 1 {
            return fault(format!(
                "it has {places} {PLACE}: write exactly one where the words of an alert stand, \
                 {example}"
            ));
        }
        let rest = self.template.replacen(PLACE, "", 1);
        if rest.contains(['{', '}']) {
            return fault(format!(
                "it has braces besides {PLACE}: people would read them; write {PLACE} alone, \
                 {example}"
            ));
        }
        let characters = rest.chars().count();
        if characters > TEMPLATE {
            fault(format!(
                "it has {characters} characters besides {PLACE}: write at most {TEMPLATE}, {example}"
            ));
        }
    }

    /// What an operator's link needs, and what it cannot have.
    fn check_operator(&self, checker: &mut Checker<'_>) {
        let host = self.host.as_deref().unwrap_or_default();
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
        // Only an address of IPv6 has colons; others would hide a port.
        let colons = host.contains(':') && host.parse::<std::net::Ipv6Addr>().is_err();
        if !(1..=253).contains(&host.len()) || !host.bytes().all(fine) || colons {
            checker.fault(
                "host",
                "set the operator's host, as in \"sms.example\" or \"192.0.2.1\", without a port",
            );
        }
        if self.port.unwrap_or(0) == 0 {
            checker.fault(
                "port",
                "set the operator's port, 1 to 65535 (SMPP 2775, CMPP 7890)",
            );
        }
        for (key, there) in [("path", self.path.is_some()), ("pin", self.pin.is_some())] {
            if there {
                checker.fault(
                    key,
                    "only a modem has it: set kind = \"modem\", or leave it out",
                );
            }
        }
    }

    fn check_account(&self, checker: &mut Checker<'_>, most: usize, what: &str) {
        match &self.user {
            Some(user) => checker.ascii("user", user, 1, most),
            None => checker.fault("user", format!("there is none: set {what}")),
        }
        let none = self.password_file.is_none();
        match &self.password {
            None if none => {
                checker.fault("password", "there is none: set password or password_file");
            }
            Some(secret) if secret.expose().is_empty() => {
                checker.fault(
                    "password",
                    "it is empty: set what the operator has given you",
                );
            }
            _ => {}
        }
    }

    fn check_smpp(&self, checker: &mut Checker<'_>) {
        self.check_account(checker, 15, "the system_id that the operator has given you");
        if let Some(secret) = &self.password {
            let fits = secret.expose().len() <= 8;
            let plain = secret.expose().bytes().all(|byte| byte.is_ascii_graphic());
            if !fits || !plain {
                checker.fault(
                    "password",
                    "SMPP 3.4 allows 8 ASCII characters without blanks: ask the operator for one",
                );
            }
        }
        checker.ascii("source", &self.source, 0, 20);
        checker.ascii("service", &self.service, 0, 5);
        checker.ascii("system_type", &self.system_type, 0, 12);
    }

    fn check_cmpp(&self, checker: &mut Checker<'_>) {
        self.check_account(checker, 6, "the SP id, usually 6 digits");
        checker.ascii("source", &self.source, 1, 21);
        checker.ascii("service", &self.service, 0, 10);
        if !self.system_type.is_empty() {
            checker.fault("system_type", "only SMPP has it: leave it out");
        }
    }

    fn check_modem(&self, checker: &mut Checker<'_>) {
        if self.path.is_none() {
            checker.fault(
                "path",
                "there is none: set the serial device, best by /dev/serial/by-id/...",
            );
        }
        if !(1_200..=4_000_000).contains(&self.baud) {
            let baud = self.baud;
            checker.fault(
                "baud",
                format!("{baud} is out of range: usual are 9600 and 115200"),
            );
        }
        let digits = |pin: &Secret| {
            let pin = pin.expose().as_bytes();
            (4..=8).contains(&pin.len()) && pin.iter().all(u8::is_ascii_digit)
        };
        if self.pin.as_ref().is_some_and(|pin| !digits(pin)) {
            checker.fault("pin", "it must have 4 to 8 digits, as on the card's letter");
        }
        for (key, there) in [
            ("host", self.host.is_some()),
            ("port", self.port.is_some()),
            ("user", self.user.is_some()),
            (
                "password",
                self.password.is_some() && self.password_file.is_none(),
            ),
            ("password_file", self.password_file.is_some()),
            ("source", !self.source.is_empty()),
            ("service", !self.service.is_empty()),
            ("system_type", !self.system_type.is_empty()),
        ] {
            if there {
                checker.fault(
                    key,
                    "a modem has none: leave it out, or set kind to \"smpp\", \"cmpp2\" or \"cmpp3\"",
                );
            }
        }
    }
}
