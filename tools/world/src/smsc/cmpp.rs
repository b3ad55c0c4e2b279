//! CMPP 2.0 and 3.0 as a gateway speaks them.

use bytes::Bytes;
use narrowcast_protocol::sms::Coding;
use narrowcast_protocol::sms::cmpp::active_test::ActiveTestResp;
use narrowcast_protocol::sms::cmpp::authenticator::{Secret, StatusWidth, of_gateway, of_source};
use narrowcast_protocol::sms::cmpp::connect::Connect;
use narrowcast_protocol::sms::cmpp::connect_resp::ConnectResp;
use narrowcast_protocol::sms::cmpp::deframe::Deframer;
use narrowcast_protocol::sms::cmpp::deliver::Deliver;
use narrowcast_protocol::sms::cmpp::report::Report;
use narrowcast_protocol::sms::cmpp::submit::Submit;
use narrowcast_protocol::sms::cmpp::submit_resp::SubmitResp;
use narrowcast_protocol::sms::cmpp::{Command, Header, Pdu, Version};
use narrowcast_protocol::sms::udh;
use narrowcast_protocol::sms::wall::WallClock;
use narrowcast_protocol::time::Instant;

use super::config::{CentreConfig, CentreKind};
use super::delivery::{Delivery, What};
use super::request::{Fault, LogInRefusal, Request, Submitted};
use super::smpp::minute;

/// The number of the gateway, which stands in every Msg_Id.
const GATEWAY: u64 = 1_001;

/// The protocol, and what was read of it.
#[derive(Debug)]
pub(super) struct Wire {
    deframer: Deframer,
    user: String,
    secret: Secret,
    wall: WallClock,
    /// The highest version that is spoken.
    highest: Version,
    /// The one of this connection.
    version: Version,
    /// The client's proof, which ours rests on.
    proof: [u8; 16],
}

impl Wire {
    pub(super) fn new(config: &CentreConfig) -> Self {
        let highest = match config.kind {
            CentreKind::Cmpp3 => Version::V3,
            _ => Version::V2,
        };
        Self {
            deframer: Deframer::default(),
            user: config.user.clone(),
            secret: Secret::new(config.password.as_bytes()),
            wall: config.wall,
            highest,
            version: highest,
            proof: [0; 16],
        }
    }

    pub(super) fn clear(&mut self) {
        self.deframer.clear();
        self.version = self.highest;
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.deframer.push(bytes);
    }

    pub(super) fn next(&mut self) -> Result<Option<Request>, &'static str> {
        let pdu = self.deframer.next_pdu();
        let Some((header, body)) = pdu.map_err(|_| "a Total_Length that cannot be")? else {
            return Ok(None);
        };
        Ok(Some(self.request(header, &body)))
    }

    fn request(&mut self, header: Header, body: &[u8]) -> Request {
        let sequence = header.sequence;
        let Ok(pdu) = Pdu::decode(self.version, header.command, body) else {
            let answer = match header.command {
                Command::SUBMIT => Some(self.submit_answer(sequence, Err(UNREADABLE)).0),
                Command::CONNECT => Some(self.connect_resp(sequence, 1)),
                _ => None,
            };
            let why = "a body whose length is not that of its fields";
            return Request::Wrong { answer, why };
        };
        match pdu {
            Pdu::Connect(connect) => Request::LogIn {
                sequence,
                refusal: self.connect(&connect),
            },
            Pdu::Submit(submit) => Request::Submit(Box::new(self.submitted(sequence, *submit))),
            Pdu::DeliverResp(answer) => Request::Kept {
                sequence,
                kept: answer.result == 0,
            },
            Pdu::ActiveTest => Request::Enquiry { sequence },
            Pdu::ActiveTestResp(_) => Request::EnquiryAnswered,
            Pdu::Terminate => Request::Leave { sequence },
            Pdu::TerminateResp => Request::LeaveAnswered,
            Pdu::ConnectResp(_) | Pdu::SubmitResp(_) | Pdu::Deliver(_) => Request::Wrong {
                answer: None,
                why: "what only a gateway says",
            },
        }
    }

    fn connect(&mut self, connect: &Connect) -> Option<LogInRefusal> {
        let asked = Version::from_code(connect.version);
        if asked == Version::V3 && self.highest == Version::V2 {
            return Some(LogInRefusal::Version);
        }
        self.version = asked;
        self.proof = connect.proof;
        if connect.account != self.user {
            return Some(LogInRefusal::Account);
        }
        let proof = of_source(&self.user, &self.secret, connect.timestamp);
        (proof != connect.proof).then_some(LogInRefusal::Password)
    }

    pub(super) fn log_in_answer(&self, sequence: u32, refusal: Option<LogInRefusal>) -> Bytes {
        let status = match refusal {
            None => 0,
            Some(LogInRefusal::Account | LogInRefusal::Way) => 2,
            Some(LogInRefusal::Password) => 3,
            Some(LogInRefusal::Version) => 4,
        };
        self.connect_resp(sequence, status)
    }

    fn connect_resp(&self, sequence: u32, status: u32) -> Bytes {
        let width = match self.version {
            Version::V2 => StatusWidth::One,
            Version::V3 => StatusWidth::Four,
        };
        let proof = match status {
            0 => of_gateway(width, 0, &self.proof, &self.secret),
            _ => [0; 16],
        };
        let version = self.highest.code();
        let answer = ConnectResp {
            status,
            proof,
            version,
        };
        Pdu::ConnectResp(answer).encode(self.version, sequence)
    }

    pub(super) fn submit_answer(&self, sequence: u32, done: Result<u64, Fault>) -> (Bytes, u32) {
        let (message, result) = match done {
            Ok(number) => (number, 0),
            Err(Fault::Structure(_)) => (0, 1),
            Err(Fault::Throttled) => (0, 8),
            // 2.0 has one code for all else.
            Err(_) if self.version == Version::V2 => (0, 9),
            Err(Fault::Number) => (0, 13),
            Err(Fault::Account) => (0, 11),
            Err(Fault::LoggedOut) => (0, 9),
        };
        let answer = Pdu::SubmitResp(SubmitResp { message, result });
        (answer.encode(self.version, sequence), result)
    }

    /// Date and time, the gateway, and a counter of 16 bits.
    pub(super) fn number_after(&self, last: u64, now: Instant) -> u64 {
        let stamp = u64::from(self.wall.log_in_stamp(now));
        let two = |place: u64| stamp / place % 100;
        let (month, day, hour) = (two(100_000_000), two(1_000_000), two(10_000));
        let time = month << 60 | day << 55 | hour << 50 | two(100) << 44 | two(1) << 38;
        time | GATEWAY << 16 | last.wrapping_add(1) & 0xFFFF
    }

    pub(super) fn enquiry(&self, sequence: u32) -> Bytes {
        Pdu::ActiveTest.encode(self.version, sequence)
    }

    pub(super) fn enquiry_answer(&self, sequence: u32) -> Bytes {
        Pdu::ActiveTestResp(ActiveTestResp).encode(self.version, sequence)
    }

    pub(super) fn leave(&self, sequence: u32) -> Bytes {
        Pdu::Terminate.encode(self.version, sequence)
    }

    pub(super) fn leave_answer(&self, sequence: u32) -> Bytes {
        Pdu::TerminateResp.encode(self.version, sequence)
    }

    pub(super) fn delivery(&self, sequence: u32, delivery: &Delivery) -> Bytes {
        let (format, content) = match &delivery.what {
            What::Text(text) if text.is_ascii() => (0, text.clone().into_bytes()),
            What::Text(text) => (8, Coding::Ucs2.encode_all(text).unwrap_or_default()),
            What::Receipt {
                number,
                delivered,
                submitted,
                done,
            } => {
                let report = Report {
                    message: *number,
                    state: if *delivered { "DELIVRD" } else { "UNDELIV" }.to_owned(),
                    submitted: minute(self.wall, *submitted),
                    done: minute(self.wall, *done),
                    to: delivery.phone.clone(),
                    centre_sequence: 1,
                };
                (0, report.encode(self.version))
            }
        };
        let deliver = Deliver {
            message: delivery.own,
            destination: delivery.ours.clone(),
            service: String::new(),
            protocol_id: 0,
            header: false,
            format,
            source: delivery.phone.clone(),
            source_type: 0,
            is_report: matches!(delivery.what, What::Receipt { .. }),
            content,
            damaged: false,
        };
        Pdu::Deliver(Box::new(deliver)).encode(self.version, sequence)
    }

    fn submitted(&self, sequence: u32, submit: Submit) -> Submitted {
        let header = if submit.header {
            udh::Header::decode(&submit.content)
        } else {
            udh::Header::default()
        };
        let part = header.concatenation;
        let (total, number) = part.map_or((1, 1), |part| (part.total, part.number));
        let octets = submit.content.get(header.octets..).unwrap_or_default();
        let coding = coding(submit.format);
        let most = if submit.format & 0x0C == 0 && coding == Some(Coding::Ascii) {
            159
        } else {
            140
        };
        let faults = [
            (submit.numbers.len() != 1, "a message is for one phone here"),
            (header.damaged, "a header that is cut"),
            (
                (submit.total, submit.number) != (total, number),
                "Pk_total and Pk_number are not those of the header",
            ),
            (coding.is_none(), "a Msg_Fmt that nobody knows"),
            (submit.content.len() > most, "longer than a part may be"),
            (
                coding == Some(Coding::Ucs2) && !octets.len().is_multiple_of(2),
                "half a character",
            ),
            (
                submit.registered > 1,
                "a Registered_Delivery that is not served",
            ),
            (submit.fee_user > 3, "a Fee_UserType that is none"),
            (
                submit.message != 0,
                "a Msg_Id that the gateway has not given",
            ),
            (
                !matches!(submit.valid_until.len(), 0 | 16),
                "a ValId_Time that is no time",
            ),
        ];
        let fault = faults.into_iter().find(|(wrong, _)| *wrong);
        let fault = fault.map(|(_, why)| Fault::Structure(why));
        let fault = fault.or((submit.account != self.user).then_some(Fault::Account));
        let to = submit.numbers.into_iter().next().unwrap_or_default();
        let digits = to.strip_prefix('+').unwrap_or(&to);
        let dialled = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
        Submitted {
            sequence,
            from: submit.source,
            service: submit.service,
            coding: coding.unwrap_or(Coding::Octets),
            part,
            octets: octets.to_vec(),
            receipt: submit.registered == 1,
            validity: submit.valid_until,
            fault: fault.or((!dialled).then_some(Fault::Number)),
            to,
        }
    }
}

/// What could not be read.
const UNREADABLE: Fault = Fault::Structure("");

const fn coding(format: u8) -> Option<Coding> {
    match format {
        0 | 0x10 => Some(Coding::Ascii),
        4 => Some(Coding::Octets),
        8 | 0x18 => Some(Coding::Ucs2),
        15 => Some(Coding::Gbk),
        _ => None,
    }
}
