//! Brokers: fed every event over MQTT 5, and a source of commands.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::homebrew::{check_name, read_secret};
use crate::config::value::{Secret, duration};
use crate::config::webhook::SinkStart;
use crate::model::policy::SinkPolicy;
use crate::model::roster::Node;
use crate::model::token::Role;

/// Longest prefix of the topics, in bytes: a whole topic stays below 200.
const PREFIX: usize = 100;

/// `[[mqtt]]`: one broker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttTable {
    /// What people call it, 1 to 40 characters. Its place in the ledger is kept under this name.
    pub name: String,
    /// Where it is: `mqtt://HOST:PORT`, or `mqtts://` for TLS.
    pub url: String,
    /// What every topic begins with.
    pub prefix: String,
    /// What commands over this broker may do; commands are refused if none.
    pub submit_role: Option<Role>,
    /// Where they may do it: at this node and below; the root if empty.
    #[serde(default)]
    pub submit_node: Node,
    /// The account at the broker.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// A file whose content, without the last line end, is the password.
    pub password_file: Option<PathBuf>,
    /// A file of PEM certificates of which the broker's must come; the system's if none.
    pub ca: Option<PathBuf>,
    /// Where it begins when it is new.
    #[serde(default)]
    pub from: SinkStart,
    /// Whether it gets whole telephone numbers.
    #[serde(default)]
    pub personal_data: bool,
    /// The node whose share it gets, as a viewer of that node would; the root is everything.
    #[serde(default)]
    pub node: Node,
    /// Between two publications of our state; 0 for only one after each connection.
    #[serde(default = "heartbeat", deserialize_with = "duration")]
    pub heartbeat: Duration,
}

const fn heartbeat() -> Duration {
    Duration::from_secs(60)
}

/// Where a broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Name or address.
    pub host: String,
    /// Port; 1883 or 8883 if none is written.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
}

impl MqttTable {
    pub(super) fn policy(&self) -> SinkPolicy {
        SinkPolicy {
            name: self.name.clone(),
            kind: "mqtt".to_owned(),
            node: self.node.clone(),
        }
    }

    /// What the URL says; none if it leads to no broker.
    #[must_use]
    pub fn address(&self) -> Option<BrokerAddress> {
        let (scheme, rest) = self.url.split_once("://")?;
        let (tls, usual) = match scheme {
            "mqtt" => (false, 1_883),
            "mqtts" => (true, 8_883),
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (
                    host,
                    after.strip_prefix(':').or(after.is_empty().then_some(""))?,
                )
            }
            None => rest.split_once(':').unwrap_or((rest, "")),
        };
        let wrong = |c: char| c.is_whitespace() || "/?#@[]".contains(c);
        if host.is_empty() || host.contains(wrong) {
            return None;
        }
        let port = match port {
            "" => usual,
            port => port.parse().ok().filter(|port| *port != 0)?,
        };
        Some(BrokerAddress {
            host: host.to_owned(),
            port,
            tls,
        })
    }

    pub(super) fn read_secrets(&mut self, at: &str, faults: &mut Vec<Fault>) {
        let file = self.password_file.as_deref();
        read_secret(&mut self.password, file, (at, "password"), faults);
    }

    pub(super) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        check_name(at, &self.name, faults);
        let mut fault = |key: &str, says: String| {
            faults.push(Fault::new(format!("{at}.{key}"), says));
        };
        if self.name.chars().count() > 40 {
            fault("name", "it must have 1 to 40 characters".to_owned());
        }
        let address = self.address();
        if address.is_none() {
            fault(
                "url",
                format!(
                    "`{}` leads to no broker: write mqtt://HOST:PORT, or mqtts:// for TLS",
                    self.url
                ),
            );
        }
        if self.ca.is_some() && address.is_some_and(|address| !address.tls) {
            let says = "without TLS it is of no use: write mqtts:// in `url`, or leave it out";
            fault("ca", says.to_owned());
        }
        if !is_prefix(&self.prefix) {
            fault(
                "prefix",
                format!(
                    "`{}` begins no topic: write 1 to {PREFIX} bytes such as nc/city, without +, #, \
                     $ in front and a slash at either end",
                    self.prefix
                ),
            );
        }
        if self.submit_role == Some(Role::Admin) {
            fault(
                "submit_role",
                "commands need no administrator: write \"dispatcher\"".to_owned(),
            );
        }
        let has_password = self.password.is_some() || self.password_file.is_some();
        match &self.user {
            None if has_password => {
                fault("user", "a password is set: name its account".to_owned());
            }
            Some(user) if user.is_empty() || user.contains(char::is_control) => {
                fault("user", "it must have visible characters".to_owned());
            }
            Some(_) if !has_password => {
                fault(
                    "password_file",
                    "the account has no password: name its file".to_owned(),
                );
            }
            _ => {}
        }
        let most = Duration::from_secs(24 * 3_600);
        if self.heartbeat > most || (self.heartbeat.as_secs() == 0 && !self.heartbeat.is_zero()) {
            fault("heartbeat", "write \"0s\", or \"1s\" to \"24h\"".to_owned());
        }
    }
}

fn is_prefix(text: &str) -> bool {
    let length = (1..=PREFIX).contains(&text.len());
    let edge = text.starts_with(['/', '$']) || text.ends_with('/');
    length && !edge && !text.contains(['+', '#']) && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> MqttTable {
        let base = "name = \"platform\"\n";
        toml::from_str(&format!("{base}{text}")).unwrap()
    }

    fn faults(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        table(text).check("mqtt[0]", &mut faults);
        faults.iter().map(ToString::to_string).collect()
    }

    const GOOD: &str = "url = \"mqtt://127.0.0.1:1883\"\nprefix = \"nc/city\"\n";

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for (url, host, port, tls) in [
            ("mqtt://127.0.0.1:1884", "127.0.0.1", 1_884, false),
            ("mqtt://broker.example", "broker.example", 1_883, false),
            ("mqtts://broker.example/", "broker.example", 8_883, true),
            ("mqtts://[fd00::1]:1", "fd00::1", 1, true),
        ] {
            let address = table(&format!("url = \"{url}\"\nprefix = \"nc\"")).address();
            let host = host.to_owned();
            assert_eq!(address, Some(BrokerAddress { host, port, tls }), "{url}");
        }
        for url in [
            "127.0.0.1:1883",
            "http://x",
            "mqtt://",
            "mqtt://:1883",
            "mqtt://x:0",
            "mqtt://x:99999",
            "mqtt://u@x",
            "mqtt://x/y",
            "mqtt://[::1",
            "mqtt://[x]:1",
        ] {
            let address = table(&format!("url = \"{url}\"\nprefix = \"nc\"")).address();
            assert_eq!(address, None, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_by_its_field() {
        assert_eq!(faults(GOOD), Vec::<String>::new());
        for (more, field) in [
            ("submit_role = \"admin\"", "submit_role"),
            ("password = \"x\"", "user"),
            ("user = \"x\"", "password_file"),
            ("heartbeat = \"500ms\"", "heartbeat"),
            ("ca = \"/x.pem\"", "ca"),
        ] {
            let said = faults(&format!("{GOOD}{more}"));
            let start = format!("mqtt[0].{field}: ");
            assert!(
                said.iter().any(|it| it.starts_with(&start)),
                "{more}: {said:?}"
            );
        }
        for prefix in ["", "/nc", "nc/", "$share/x", "nc/+", "nc/#", "a\\u0000"] {
            let said = faults(&format!("url = \"mqtt://x\"\nprefix = \"{prefix}\""));
            assert!(
                said.iter().any(|it| it.starts_with("mqtt[0].prefix: ")),
                "{prefix}"
            );
        }
        let unknown =
            toml::from_str::<MqttTable>(&format!("name = \"x\"\n{GOOD}submit_role = \"boss\""));
        assert!(unknown.unwrap_err().to_string().contains("dispatcher"));
    }
}
