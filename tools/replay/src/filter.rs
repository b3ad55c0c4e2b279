//! Which frames of a recording a command deals with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use clap::Args;
use jiff::Timestamp;
use narrowcast_protocol::dmr::fields::{Field, FieldValue};
use narrowcast_protocol::sms::Phone;

use crate::decode::{self, Kind, Report};
use crate::input::Raw;

/// Pairs of addresses of which it is remembered which station talks there.
const MOST_PAIRS: usize = 4_096;
/// Messages whose answers are waited for.
const MOST_ASKED: usize = 65_536;
/// The bit that makes a request's command that of its response.
const RESPONSE: u64 = 0x8000_0000;

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Only some frames")]
pub(crate) struct Filter {
    /// From or to this radio; may be given several times, as may the others
    #[arg(long, value_name = "ID")]
    pub(crate) radio: Vec<u32>,
    /// To this talkgroup
    #[arg(long, value_name = "ID")]
    pub(crate) group: Vec<u32>,
    /// From or to this telephone, whether written with its country code or without, with what
    /// answers its messages
    #[arg(long, value_name = "NUMBER", value_parser = phone)]
    pub(crate) phone: Vec<Phone>,
    /// In this timeslot
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) slot: Vec<u8>,
    /// On the link of this station: its repeater id, its ADDRESS or ADDRESS:PORT, or the
    /// name of the link
    #[arg(long, value_name = "STATION")]
    pub(crate) station: Vec<String>,
    /// Not before this time (UTC unless it says otherwise), as in 2026-01-31T12:00:00
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Timestamp>,
    /// Of this name, or with something of this name inside, as in RPTPING or CSBK
    #[arg(long, value_name = "NAME")]
    pub(crate) pdu: Vec<String>,
}

/// A telephone number, in whatever form it is written.
fn phone(text: &str) -> Result<Phone, String> {
    Phone::new(text).map_err(|error| format!("{text}: {error}"))
}

/// A time, a time without zone (UTC then), or a date.
fn time(text: &str) -> Result<Timestamp, String> {
    let spaced = text.trim().replacen(' ', "T", 1);
    [
        spaced.clone(),
        format!("{spaced}Z"),
        format!("{spaced}T00:00:00Z"),
    ]
    .iter()
    .find_map(|text| text.parse().ok())
    .ok_or_else(|| format!("{text}: expected a time, as in 2026-01-31T12:00:00Z"))
}

impl Filter {
    /// Whether it takes everything.
    pub(crate) fn is_idle(&self) -> bool {
        let Self {
            radio,
            group,
            phone,
            slot,
            station,
            since,
            until,
            pdu,
        } = self;
        radio.is_empty()
            && group.is_empty()
            && phone.is_empty()
            && slot.is_empty()
            && station.is_empty()
            && pdu.is_empty()
            && since.is_none()
            && until.is_none()
    }

    /// Ready to look at the frames of one recording in their order.
    pub(crate) fn sieve(&self) -> Sieve<'_> {
        Sieve {
            filter: self,
            stations: BTreeMap::new(),
            asked: BTreeSet::new(),
            keeps_log_ins: false,
        }
    }

    /// The same, for what is played: the log-ins of SMS links, which name no telephone, are
    /// taken beside the messages of one.
    pub(crate) fn sieve_to_play(&self) -> Sieve<'_> {
        Sieve {
            keeps_log_ins: true,
            ..self.sieve()
        }
    }
}

/// A filter at work on one recording.
#[derive(Debug)]
pub(crate) struct Sieve<'a> {
    filter: &'a Filter,
    /// Which repeater talks between two addresses: answers often do not name it.
    stations: BTreeMap<(SocketAddr, SocketAddr), u64>,
    /// Messages of a wanted telephone that were not answered yet: on which link, in which
    /// direction, and their command and number.
    asked: BTreeSet<(String, u64, u64)>,
    keeps_log_ins: bool,
}

impl Sieve<'_> {
    /// Whether the filter takes this record, whose family is guessed when `kind` is left out.
    pub(crate) fn takes_raw(&mut self, raw: &Raw, kind: Option<&Kind>) -> bool {
        if self.filter.is_idle() {
            return true;
        }
        let kind = kind.or_else(|| raw.stream.then(|| Kind::of_stream(raw)));
        self.takes(raw, &decode::frame(raw, kind, decode::Context::default()))
    }

    /// Whether the filter takes what a frame, or a message of several frames, says.
    pub(crate) fn takes(&mut self, raw: &Raw, report: &Report) -> bool {
        let filter = self.filter;
        let station = self.station(raw, report);
        let is_of_phone = filter.phone.is_empty() || self.is_of_phone(raw, report);
        let timely = |at: Timestamp| {
            filter.since.is_none_or(|since| at >= since)
                && filter.until.is_none_or(|until| at < until)
        };
        let is_timed = filter.since.is_some() || filter.until.is_some();
        let any = |of: &dyn Fn(&Report) -> bool| layers(report).any(of);
        let named = |name: &str, report: &Report| {
            [Some(report.pdu), report.content]
                .into_iter()
                .flatten()
                .any(|of| of.eq_ignore_ascii_case(name))
        };
        (!is_timed || raw.at.is_some_and(timely))
            && (filter.radio.is_empty()
                || filter.radio.iter().any(|id| any(&|it| has_radio(it, *id))))
            && (filter.group.is_empty()
                || filter.group.iter().any(|id| any(&|it| has_group(it, *id))))
            && is_of_phone
            && (filter.slot.is_empty()
                || any(&|it| it.slot.is_some_and(|slot| filter.slot.contains(&slot))))
            && (filter.pdu.is_empty() || filter.pdu.iter().any(|name| any(&|it| named(name, it))))
            && (filter.station.is_empty()
                || filter
                    .station
                    .iter()
                    .any(|name| is_station(name, raw, station)))
    }

    /// Whether a frame names a wanted telephone, or answers one that did.
    fn is_of_phone(&mut self, raw: &Raw, report: &Report) -> bool {
        let number = |names: [&str; 2]| names.into_iter().find_map(|name| number(report, name));
        let command = number(["command_id", "Command_Id"]);
        let sequence = number(["sequence_number", "Sequence_Id"]);
        let way = match raw.peers {
            Some((a, b)) => format!("{} {}", a.min(b), a.max(b)),
            None => raw.interface.clone(),
        };
        let names = self.filter.phone.iter().any(|phone| names(report, *phone));
        match command.zip(sequence) {
            Some((command, sequence)) if command & RESPONSE != 0 => {
                let asked = (way, command & !RESPONSE, sequence);
                self.asked.remove(&asked) || (self.keeps_log_ins && is_log_in(command))
            }
            Some((command, sequence)) => {
                if names && self.asked.len() < MOST_ASKED {
                    self.asked.insert((way, command, sequence));
                }
                names || (self.keeps_log_ins && is_log_in(command))
            }
            None => names,
        }
    }

    /// The repeater on whose link a frame went, by its own words or by those before it.
    fn station(&mut self, raw: &Raw, report: &Report) -> Option<u64> {
        let said = match report.fields.get("repeater_id") {
            Some(FieldValue::Number { value, .. }) => Some(*value),
            _ => None,
        };
        let pair = raw.peers.map(|(a, b)| (a.min(b), a.max(b)));
        match (said, pair) {
            (Some(id), Some(pair)) if self.stations.len() < MOST_PAIRS => {
                self.stations.insert(pair, id);
            }
            (None, Some(pair)) => return self.stations.get(&pair).copied(),
            _ => {}
        }
        said
    }
}

/// A report and those of what it carries.
fn layers(report: &Report) -> impl Iterator<Item = &Report> {
    core::iter::successors(Some(report), |report| report.inner.as_deref())
}

/// The number in a field of a report.
fn number(report: &Report, name: &str) -> Option<u64> {
    match report.fields.get(name) {
        Some(FieldValue::Number { value, .. } | FieldValue::Coded { value, .. }) => Some(*value),
        _ => None,
    }
}

/// Whether a PDU of SMPP or CMPP begins or ends the use of its connection.
const fn is_log_in(command: u64) -> bool {
    matches!(command & !RESPONSE, 1 | 2 | 6 | 9)
}

/// Whether a short message is from or to this telephone.
fn names(report: &Report, phone: Phone) -> bool {
    let is_it = |written: &str| Phone::new(written) == Ok(phone);
    let of_field = |field: &Field| {
        let text = matches!(&field.value, FieldValue::Text(text) if is_it(text));
        field.name == "Dest_terminal_Id" && text
    };
    let parties = report.parties.as_ref();
    parties.is_some_and(|(from, to)| is_it(from) || is_it(to))
        || report.fields.as_slice().iter().any(of_field)
}

fn has_radio(report: &Report, id: u32) -> bool {
    let is_target = report.dst == Some(id) && report.group != Some(true);
    report.src == Some(id) || is_target || lists(report, "radio", id)
}

fn has_group(report: &Report, id: u32) -> bool {
    (report.dst == Some(id) && report.group == Some(true)) || lists(report, "group", id)
}

/// Whether a list of addresses names this one.
fn lists(report: &Report, name: &str, id: u32) -> bool {
    let is_it = |field: &Field| {
        let value =
            matches!(&field.value, FieldValue::Number { value, .. } if *value == u64::from(id));
        field.name == name && value
    };
    report.fields.as_slice().iter().any(is_it)
}

fn is_station(name: &str, raw: &Raw, repeater: Option<u64>) -> bool {
    let of_address = |address: SocketAddr| {
        name.parse()
            .is_ok_and(|wanted: SocketAddr| wanted == address)
            || name
                .parse()
                .is_ok_and(|wanted: std::net::IpAddr| wanted == address.ip())
    };
    name.parse().is_ok_and(|id: u64| Some(id) == repeater)
        || raw.interface == name
        || raw
            .peers
            .is_some_and(|(a, b)| of_address(a) || of_address(b))
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::sms::cmpp::{self, submit_resp::SubmitResp};
    use narrowcast_protocol::sms::smpp::{self, message_resp::MessageResp};

    use super::*;
    use crate::encode::{frames, tests_args};
    use crate::input;

    const LOG: &str = "\
2026-01-31T12:00:00Z hb1 < 52 50 54 4C 00 2F 9B 80 # 10.0.0.2:4000 -> 10.0.0.1:62031
2026-01-31T12:00:01Z hb1 > 52 50 54 41 43 4B 01 02 03 04 # 10.0.0.1:62031 -> 10.0.0.2:4000
2026-01-31T12:00:02Z hb1 < 52 50 54 4C 00 2F 9B 81 # 10.0.0.3:4000 -> 10.0.0.1:62031
2026-01-31T12:00:03Z hb1 < 44 4D 52 54 03 01 00 00 09 # 10.0.0.3:4000 -> 10.0.0.1:62031
2026-01-31T12:00:04Z hb2 < 44 4D 52 44 01 00 03 E9 00 03 EA 00 2F 9B 80 66 0C 5D D5 0A 4B F6 03 7B 23 D4 4F 96 84 D9 90 23 05 8D FF 57 D7 5D F5 D3 38 FC 08 C2 43 A2 32 EC 55 42 C1 01 25 00 00 # 10.0.0.2:4000 -> 10.0.0.1:62031
";

    fn taken(filter: &Filter) -> Vec<usize> {
        let mut sieve = filter.sieve();
        let all = input::lines(LOG);
        let places = all.iter().enumerate();
        let taken = places.filter(|(_, raw)| sieve.takes_raw(raw, None));
        taken.map(|(place, _)| place).collect()
    }

    #[test]
    fn frames_are_chosen_by_what_they_say_and_where_they_went() {
        let all = |filter: Filter| taken(&filter);
        let idle = Filter::default();
        assert_eq!(all(idle.clone()), [0, 1, 2, 3, 4]);
        let texts = |text: &str| vec![text.to_owned()];
        // The answer to a log-in does not name the station that logs in.
        assert_eq!(
            all(Filter {
                station: texts("3120000"),
                ..idle.clone()
            }),
            [0, 1, 4]
        );
        assert_eq!(
            all(Filter {
                station: texts("10.0.0.3"),
                ..idle.clone()
            }),
            [2, 3]
        );
        assert_eq!(
            all(Filter {
                station: texts("10.0.0.2:4000"),
                ..idle.clone()
            }),
            [0, 1, 4]
        );
        assert_eq!(
            all(Filter {
                station: texts("hb2"),
                ..idle.clone()
            }),
            [4]
        );
        assert_eq!(
            all(Filter {
                radio: vec![1002, 7],
                ..idle.clone()
            }),
            [4]
        );
        assert_eq!(
            all(Filter {
                group: vec![1002],
                ..idle.clone()
            }),
            Vec::<usize>::new()
        );
        assert_eq!(
            all(Filter {
                group: vec![9],
                ..idle.clone()
            }),
            [3]
        );
        assert_eq!(
            all(Filter {
                slot: vec![1],
                ..idle.clone()
            }),
            [4]
        );
        assert_eq!(
            all(Filter {
                slot: vec![2],
                ..idle.clone()
            }),
            Vec::<usize>::new()
        );
        assert_eq!(
            all(Filter {
                pdu: texts("rptl"),
                ..idle.clone()
            }),
            [0, 2]
        );
        assert_eq!(
            all(Filter {
                pdu: texts("Data_Header"),
                ..idle.clone()
            }),
            [4]
        );
        let between = Filter {
            since: Some(time("2026-01-31 12:00:01").unwrap()),
            until: Some(time("2026-01-31T13:00:03+01:00").unwrap()),
            ..idle
        };
        assert_eq!(all(between), [1, 2]);
    }

    /// SUBMITs to two telephones under numbers 1 and 2, then their answers and a log-in.
    fn sms_log(kind: &str) -> String {
        let mut lines = String::new();
        let mut say = |way: &str, bytes: &[u8]| {
            lines += &format!("2026-01-31T12:00:00Z sms {way} {}\n", spaced(bytes));
        };
        for (sequence, to) in [(1, "13800138000"), (2, "+8613900139000")] {
            let mut args = tests_args();
            args.kind = Kind::named(kind).unwrap();
            (args.from, args.to) = ("10690001".into(), to.into());
            args.sms.sequence = sequence;
            say(">", &frames(&args).unwrap()[0]);
        }
        for sequence in [2, 1] {
            if kind == "smpp" {
                let answer = smpp::Pdu::SubmitSmResp(MessageResp {
                    message_id: "7F".into(),
                });
                say("<", &answer.encode(0, sequence));
            } else {
                let answer = SubmitResp {
                    message: 1,
                    result: 0,
                };
                let answer = cmpp::Pdu::SubmitResp(answer);
                say("<", &answer.encode(cmpp::Version::V2, sequence));
            }
        }
        let unbind = match kind {
            "smpp" => smpp::Pdu::Unbind.encode(0, 3),
            _ => cmpp::Pdu::Terminate.encode(cmpp::Version::V2, 3),
        };
        say(">", &unbind);
        lines
    }

    fn spaced(bytes: &[u8]) -> String {
        let octets: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        octets.join(" ")
    }

    #[test]
    fn a_telephone_is_found_in_every_form_of_its_number_with_the_answers_to_its_messages() {
        for kind in ["smpp", "cmpp2"] {
            let all = input::lines(&sms_log(kind));
            let found = |filter: &Filter, to_play: bool| -> Vec<usize> {
                let mut sieve = match to_play {
                    true => filter.sieve_to_play(),
                    false => filter.sieve(),
                };
                let kind = Kind::named(kind);
                let places = (0..).zip(&all);
                let taken = places.filter(|(_, raw)| sieve.takes_raw(raw, kind));
                taken.map(|(place, _)| place).collect()
            };
            for (number, frames) in [
                ("+86 138 0013 8000", vec![0, 3]),
                ("13900139000", vec![1, 2]),
                ("10690001", vec![0, 1, 2, 3]),
                ("13700137000", vec![]),
            ] {
                let filter = Filter {
                    phone: vec![phone(number).unwrap()],
                    ..Filter::default()
                };
                assert_eq!(found(&filter, false), frames, "{kind} {number}");
                let with_log_ins = [frames, vec![4]].concat();
                assert_eq!(found(&filter, true), with_log_ins, "{kind} {number}");
            }
        }
        assert!(phone("police").unwrap_err().contains("digits only"));
    }

    #[test]
    fn times_are_read_with_and_without_zone() {
        let want = "2026-01-31T00:00:00Z".parse().unwrap();
        for text in [
            "2026-01-31",
            "2026-01-31T00:00",
            "2026-01-31 00:00:00",
            "2026-01-31T01:00+01",
        ] {
            assert_eq!(time(text), Ok(want), "{text}");
        }
        assert!(time("yesterday").unwrap_err().contains("expected a time"));
    }
}
