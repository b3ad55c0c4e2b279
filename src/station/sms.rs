//! From an `[[sms]]` to its port and session.

use std::time::Duration;

use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::port::{PortConfig, SerialSettings};
use narrowcast_hardware::pump::Mask;
use narrowcast_protocol::session::Session;
use narrowcast_protocol::sms::cmpp::config as cmpp;
use narrowcast_protocol::sms::cmpp::session::CmppSession;
use narrowcast_protocol::sms::config::{ConfigError, Secret, ValidityForm};
use narrowcast_protocol::sms::gsm::config as gsm;
use narrowcast_protocol::sms::gsm::session::GsmSession;
use narrowcast_protocol::sms::phone::Prefix;
use narrowcast_protocol::sms::smpp::config as smpp;
use narrowcast_protocol::sms::smpp::session::SmppSession;
use narrowcast_protocol::sms::wall::WallClock;

use crate::config::{DefaultAlphabet, LongTexts, SmsKind, SmsLink, Validity, VerifyGateway};
use crate::station::link::{Link, LinkError};
use crate::station::masks;

/// A centre that answers no message for so long is stuck, and for twice the wait for an answer
/// if that is longer.
const STUCK: Duration = Duration::from_secs(60);

/// The link of one route to telephones.
pub(super) fn link(link: &SmsLink, clock: Clock) -> Result<Link, LinkError> {
    let name = format!("sms {}", link.name);
    let fault = |why: String| LinkError::Config {
        link: name.clone(),
        why,
    };
    let port = match (&link.kind, &link.path) {
        (SmsKind::Modem, Some(path)) => PortConfig::Serial {
            path: path.clone(),
            baud: link.baud,
            settings: SerialSettings::default(),
        },
        (SmsKind::Modem, None) => return Err(fault("it has no path".to_owned())),
        _ => PortConfig::TcpClient {
            address: link
                .address()
                .ok_or_else(|| fault("it has no host and port".to_owned()))?,
        },
    };
    let wall = wall(clock, link.utc_offset);
    let (session, description, mask) =
        session(link, wall).map_err(|error| fault(error.to_string()))?;
    Ok(Link {
        description,
        port,
        session,
        stations: vec![link.station()],
        mask: Some(mask),
        name,
    })
}

type Made = (Box<dyn Session>, &'static str, Mask);

fn session(link: &SmsLink, wall: WallClock) -> Result<Made, ConfigError> {
    Ok(match link.kind {
        SmsKind::Smpp => {
            let session = SmppSession::new(smpp(link, wall))?;
            (Box::new(session), "smpp", masks::smpp)
        }
        SmsKind::Cmpp2 => {
            let session = CmppSession::new(cmpp(link, wall, cmpp::AskFor::V2))?;
            (Box::new(session), "cmpp", masks::cmpp)
        }
        SmsKind::Cmpp3 => {
            let session = CmppSession::new(cmpp(link, wall, cmpp::AskFor::V3))?;
            (Box::new(session), "cmpp", masks::cmpp)
        }
        SmsKind::Modem => {
            let session = GsmSession::new(gsm::GsmConfig {
                station: link.station(),
                pin: link.pin.as_ref().map(|pin| Secret::new(pin.expose())),
                limits: gsm::Limits::default(),
            })?;
            (Box::new(session), "modem", masks::modem)
        }
    })
}

/// The operator's clock: ours, in the operator's zone. It is read once: a clock that is set later
/// needs a restart before a gateway that compares times lets us in.
fn wall(clock: Clock, offset: i32) -> WallClock {
    let passed = i64::try_from(clock.now().as_micros()).unwrap_or(i64::MAX);
    let now = jiff::Timestamp::now().as_microsecond();
    WallClock::new(now.saturating_sub(passed), offset)
}

fn password(link: &SmsLink) -> Secret {
    let password = link.password.as_ref();
    Secret::new(password.map_or("", |secret| secret.expose()))
}

fn account(link: &SmsLink) -> String {
    link.user.clone().unwrap_or_default()
}

fn validity(link: &SmsLink, usual: ValidityForm) -> ValidityForm {
    match link.validity {
        Some(Validity::Absolute) => ValidityForm::Absolute,
        Some(Validity::Relative) => ValidityForm::Relative,
        Some(Validity::Omit) => ValidityForm::Omit,
        None => usual,
    }
}

fn smpp(link: &SmsLink, wall: WallClock) -> smpp::SmppConfig {
    let mut contract = smpp::Contract::new("");
    (contract.source, contract.source_ton, contract.source_npi) = source(&link.source);
    contract.service.clone_from(&link.service);
    contract.prefix = link.number_form.unwrap_or(Prefix::CountryCode);
    contract.alphabet = match link.alphabet {
        DefaultAlphabet::Gsm7 => smpp::Alphabet::Gsm7Unpacked,
        DefaultAlphabet::Gsm7Packed => smpp::Alphabet::Gsm7Packed,
        DefaultAlphabet::Ascii => smpp::Alphabet::Ascii,
        DefaultAlphabet::Latin1 => smpp::Alphabet::Latin1,
    };
    contract.joining = match link.long_texts {
        LongTexts::Header => smpp::Joining::Header,
        LongTexts::Sar => smpp::Joining::Sar,
    };
    contract.payload = link.payload;
    contract.validity = validity(link, contract.validity);
    contract.receipts_by_words = link.receipts_by_words;
    let mut limits = smpp::Limits {
        window: link.window,
        per_second: link.per_second,
        idle: link.keep_alive,
        ..smpp::Limits::default()
    };
    limits.answer = link.answer_wait.unwrap_or(limits.answer);
    limits.stuck = STUCK.max(limits.answer * 2);
    if link.payload {
        limits.longest = narrowcast_protocol::sms::smpp::deframe::LONGEST;
    }
    smpp::SmppConfig {
        station: link.station(),
        account: account(link),
        password: password(link),
        system_type: link.system_type.clone(),
        contract,
        limits,
        wall,
    }
}

/// A sender's number as SMPP writes it, with its type and numbering plan: digits of no special
/// type, an international number, or a name.
fn source(written: &str) -> (String, u8, u8) {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match written.strip_prefix('+') {
        Some(rest) if digits(rest) => (rest.to_owned(), 1, 1),
        _ if digits(written) => (written.to_owned(), 0, 1),
        _ => (written.to_owned(), 5, 0),
    }
}

fn cmpp(link: &SmsLink, wall: WallClock, version: cmpp::AskFor) -> cmpp::CmppConfig {
    let mut contract = cmpp::Contract::new(link.service.clone(), link.source.clone());
    contract.prefix = link.number_form.unwrap_or_default();
    contract.validity = validity(link, contract.validity);
    let mut limits = cmpp::Limits {
        window: link.window,
        per_second: link.per_second,
        idle: link.keep_alive,
        ..cmpp::Limits::default()
    };
    limits.answer = link.answer_wait.unwrap_or(limits.answer);
    cmpp::CmppConfig {
        station: link.station(),
        account: account(link),
        secret: password(link),
        version,
        verify: match link.verify_gateway {
            VerifyGateway::Strict => cmpp::Verify::Strict,
            VerifyGateway::Lenient => cmpp::Verify::Lenient,
            VerifyGateway::Off => cmpp::Verify::Off,
        },
        contract,
        limits,
        wall,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn links(text: &str) -> Result<Vec<Link>, LinkError> {
        let config = Config::parse("t", text).unwrap();
        assert_eq!(config.check(), []);
        config
            .sms
            .iter()
            .map(|it| link(it, Clock::start()))
            .collect()
    }

    #[test]
    fn every_kind_becomes_a_link_with_its_port_and_description() {
        let operator = |kind: &str, port: u16| {
            format!(
                "[[sms]]\nname = \"{kind}\"\nkind = \"{kind}\"\nhost = \"sms.example\"\n\
                 port = {port}\nuser = \"901234\"\npassword = \"secret\"\nsource = \"10690001\"\n"
            )
        };
        let modem = "[[sms]]\nname = \"stick\"\nkind = \"modem\"\npath = \"/dev/ttyUSB9\"\n";
        let text = format!(
            "{}{}{}{modem}",
            operator("smpp", 2775),
            operator("cmpp2", 7890),
            operator("cmpp3", 7891)
        );
        let made = links(&text).unwrap();
        let shown: Vec<_> = made
            .iter()
            .map(|it| (it.name.as_str(), it.description, it.port.to_string()))
            .collect();
        let tcp = |port: u16| format!("tcp:sms.example:{port}");
        let expected = [
            ("sms smpp", "smpp", tcp(2775)),
            ("sms cmpp2", "cmpp", tcp(7890)),
            ("sms cmpp3", "cmpp", tcp(7891)),
            ("sms stick", "modem", "/dev/ttyUSB9".to_owned()),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_link_that_passes_the_check_can_be_built() {
        // The longest texts that the configuration lets through.
        let (long, name) = ("1".repeat(20), "n".repeat(40));
        let text = format!(
            "[[sms]]\nname = \"{name}\"\nkind = \"smpp\"\nhost = \"a\"\nport = 1\n\
             user = \"{}\"\npassword = \"12345678\"\nsource = \"{long}\"\nservice = \"abcde\"\n\
             system_type = \"abcdefghijkl\"\nwindow = 255\nper_second = 65535\npayload = true\n\
             [[sms]]\nname = \"c\"\nkind = \"cmpp3\"\nhost = \"a\"\nport = 1\nuser = \"901234\"\n\
             password = \"p\"\nsource = \"{long}1\"\nservice = \"abcdefghij\"\n\
             [[sms]]\nname = \"m\"\nkind = \"modem\"\npath = \"/x\"\npin = \"12345678\"\n",
            "u".repeat(15)
        );
        assert_eq!(links(&text).unwrap().len(), 3);
    }

    #[test]
    fn a_sender_is_a_number_or_a_name_as_it_is_written() {
        assert_eq!(source("10690001"), ("10690001".to_owned(), 0, 1));
        assert_eq!(source("+4930"), ("4930".to_owned(), 1, 1));
        assert_eq!(source("Alert"), ("Alert".to_owned(), 5, 0));
        assert_eq!(source(""), (String::new(), 0, 1));
    }
}
