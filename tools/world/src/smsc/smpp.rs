//! SMPP 3.4 as a centre speaks it.

use bytes::Bytes;
use narrowcast_protocol::sms::smpp::bind::{Bind, Way};
use narrowcast_protocol::sms::smpp::bind_resp::BindResp;
use narrowcast_protocol::sms::smpp::deframe::{Deframer, LONGEST};
use narrowcast_protocol::sms::smpp::message::{Address, Message};
use narrowcast_protocol::sms::smpp::message_resp::MessageResp;
use narrowcast_protocol::sms::smpp::tlv::{Tag, Tlvs};
use narrowcast_protocol::sms::smpp::{Command, Header, Pdu, status};
use narrowcast_protocol::sms::udh;
use narrowcast_protocol::sms::wall::WallClock;
use narrowcast_protocol::sms::{Coding, Concatenation, Part, Reference};
use narrowcast_protocol::time::Instant;

use super::config::{CentreConfig, IdForm};
use super::delivery::{Delivery, What};
use super::request::{Fault, LogInRefusal, Request, Submitted};

/// Largest sequence number (clause 3.2).
const LAST_SEQUENCE: u32 = 0x7FFF_FFFF;

/// The protocol, and what was read of it.
#[derive(Debug)]
pub(super) struct Wire {
    deframer: Deframer,
    user: String,
    password: String,
    ids: IdForm,
    wall: WallClock,
    /// What the client has asked to be let in as.
    way: Way,
}

impl Wire {
    pub(super) fn new(config: &CentreConfig) -> Self {
        Self {
            deframer: Deframer::new(LONGEST),
            user: config.user.clone(),
            password: config.password.clone(),
            ids: config.ids,
            wall: config.wall,
            way: Way::Transceiver,
        }
    }

    pub(super) fn clear(&mut self) {
        self.deframer.clear();
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.deframer.push(bytes);
    }

    pub(super) fn next(&mut self) -> Result<Option<Request>, &'static str> {
        let pdu = self.deframer.next_pdu();
        let Some((header, body)) = pdu.map_err(|_| "a command_length that cannot be")? else {
            return Ok(None);
        };
        Ok(Some(self.request(header, &body)))
    }

    fn request(&mut self, header: Header, body: &[u8]) -> Request {
        let sequence = header.sequence;
        if header.command.is_request() && !(1..=LAST_SEQUENCE).contains(&sequence) {
            // The standard names no status for it.
            let answer = Pdu::GenericNack.encode(status::SYSTEM_ERROR, sequence);
            return wrong(Some(answer), "a sequence_number that cannot be");
        }
        let Ok(pdu) = Pdu::decode(header.command, body) else {
            // ESME_RINVCMDLEN
            let answer = refused(header.command.response(), 0x02, sequence);
            return wrong(Some(answer), "a body that ends inside a field");
        };
        match pdu {
            Pdu::Bind(bind) => Request::LogIn {
                sequence,
                refusal: self.bind(&bind),
            },
            Pdu::SubmitSm(message) => Request::Submit(Box::new(submitted(sequence, *message))),
            Pdu::DeliverSmResp(_) => Request::Kept {
                sequence,
                kept: header.status == status::OK,
            },
            Pdu::EnquireLink => Request::Enquiry { sequence },
            Pdu::EnquireLinkResp => Request::EnquiryAnswered,
            Pdu::Unbind => Request::Leave { sequence },
            Pdu::UnbindResp => Request::LeaveAnswered,
            Pdu::GenericNack => wrong(None, "the client has not understood us"),
            Pdu::BindResp(_) | Pdu::SubmitSmResp(_) | Pdu::DeliverSm(_) => {
                wrong(None, "what only a centre says")
            }
            Pdu::Other { command, .. } => {
                let answer = refused(command.response(), status::UNKNOWN_COMMAND, sequence);
                let answer = command.is_request().then_some(answer);
                wrong(answer, "a command that is not served")
            }
        }
    }

    fn bind(&mut self, bind: &Bind) -> Option<LogInRefusal> {
        self.way = bind.way;
        if bind.way != Way::Transceiver {
            return Some(LogInRefusal::Way);
        }
        if bind.system_id != self.user {
            return Some(LogInRefusal::Account);
        }
        (bind.password != self.password).then_some(LogInRefusal::Password)
    }

    pub(super) fn log_in_answer(&self, sequence: u32, refusal: Option<LogInRefusal>) -> Bytes {
        let code = match refusal {
            Some(LogInRefusal::Account) => 0x0F,
            Some(LogInRefusal::Password) => 0x0E,
            Some(LogInRefusal::Version | LogInRefusal::Way) => 0x0D,
            None => {
                let answer = BindResp {
                    way: self.way,
                    system_id: "centre".to_owned(),
                    version: Some(0x34),
                };
                return Pdu::BindResp(answer).encode(status::OK, sequence);
            }
        };
        refused(self.way.command().response(), code, sequence)
    }

    pub(super) fn submit_answer(&self, sequence: u32, done: Result<u64, Fault>) -> (Bytes, u32) {
        let code = match done {
            Ok(number) => {
                let message_id = self.ids.in_answer(number);
                let answer = Pdu::SubmitSmResp(MessageResp { message_id });
                return (answer.encode(status::OK, sequence), status::OK);
            }
            Err(Fault::Throttled) => 0x58,
            Err(Fault::Number) => 0x0B,
            Err(Fault::Structure(_)) => 0x01,
            Err(Fault::Account) => 0x0A,
            Err(Fault::LoggedOut) => status::NOT_BOUND,
        };
        (refused(Command::SUBMIT_SM.response(), code, sequence), code)
    }

    pub(super) fn name(&self, number: u64) -> String {
        self.ids.in_answer(number)
    }

    pub(super) fn delivery(&self, sequence: u32, delivery: &Delivery) -> Bytes {
        let mut message = Message {
            source: address(&delivery.phone),
            destination: address(&delivery.ours),
            ..Message::default()
        };
        match &delivery.what {
            What::Text(text) => {
                let narrow = Coding::Gsm7.encode_all(text);
                message.data_coding = if narrow.is_some() { 0 } else { 8 };
                let octets = narrow.or_else(|| Coding::Ucs2.encode_all(text));
                message.short_message = octets.unwrap_or_default();
            }
            What::Receipt {
                number,
                delivered,
                submitted,
                done,
            } => {
                let id = self.ids.in_receipt(*number);
                let (state, word) = if *delivered {
                    (2, "DELIVRD")
                } else {
                    (5, "UNDELIV")
                };
                let (count, error) = if *delivered { (1, 0) } else { (0, 69) };
                let text = format!(
                    "id:{id} sub:001 dlvrd:{count:03} submit date:{} done date:{} stat:{word} \
                     err:{error:03} text:",
                    minute(self.wall, *submitted),
                    minute(self.wall, *done),
                );
                message.esm_class = Message::RECEIPT;
                message.short_message = text.into_bytes();
                let mut named = id.into_bytes();
                named.push(0);
                message.tlvs.push(Tag::RECEIPTED_MESSAGE_ID, named);
                message.tlvs.push(Tag::MESSAGE_STATE, [state]);
            }
        }
        Pdu::DeliverSm(Box::new(message)).encode(status::OK, sequence)
    }
}

/// `YYMMDDhhmm`.
pub(super) fn minute(wall: WallClock, at: Instant) -> String {
    wall.absolute(at).chars().take(10).collect()
}

pub(super) fn enquiry(sequence: u32) -> Bytes {
    Pdu::EnquireLink.encode(status::OK, sequence)
}

pub(super) fn enquiry_answer(sequence: u32) -> Bytes {
    Pdu::EnquireLinkResp.encode(status::OK, sequence)
}

pub(super) fn leave(sequence: u32) -> Bytes {
    Pdu::Unbind.encode(status::OK, sequence)
}

pub(super) fn leave_answer(sequence: u32) -> Bytes {
    Pdu::UnbindResp.encode(status::OK, sequence)
}

fn wrong(answer: Option<Bytes>, why: &'static str) -> Request {
    Request::Wrong { answer, why }
}

/// A refusal, which has no body.
fn refused(command: Command, code: u32, sequence: u32) -> Bytes {
    let body = Bytes::new();
    Pdu::Other { command, body }.encode(code, sequence)
}

fn address(written: &str) -> Address {
    let digits = written.trim_start_matches('+');
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    Address {
        ton: if number { 1 } else { 5 },
        npi: number.into(),
        digits: digits.to_owned(),
    }
}

fn submitted(sequence: u32, message: Message) -> Submitted {
    let has_header = message.esm_class & Message::HEADER != 0;
    let content = message.content();
    let header = if has_header {
        udh::Header::decode(content)
    } else {
        udh::Header::default()
    };
    let octets = content.get(header.octets..).unwrap_or_default().to_vec();
    let sar = sar(&message.tlvs);
    let part = header.concatenation.or(sar);
    let coding = coding(message.data_coding);
    let digits = &message.destination.digits;
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
    let whole = Part {
        coding: coding.unwrap_or(Coding::Octets),
        concatenation: part,
        octets: octets.clone(),
    };
    let payload = message.tlvs.get(Tag::MESSAGE_PAYLOAD).is_some();
    let faults = [
        (message.cut, "sm_length is not true"),
        (message.tlvs.damaged, "optional parameters are cut"),
        (header.damaged, "a header that is cut"),
        (has_header && sar.is_some(), "a header and sar parameters"),
        (payload && !message.short_message.is_empty(), "a text twice"),
        (coding.is_none(), "a data_coding that nobody knows"),
        (!whole.fits(), "longer than a part may be"),
        (
            whole.coding == Coding::Ucs2 && !octets.len().is_multiple_of(2),
            "half a character",
        ),
        (
            !matches!(message.validity.len(), 0 | 16),
            "a validity that is no time",
        ),
        (
            !matches!(message.registered & 3, 0 | 1),
            "a registered_delivery that is not served",
        ),
    ];
    let fault = faults.into_iter().find(|(wrong, _)| *wrong);
    let fault = fault.map(|(_, why)| Fault::Structure(why));
    Submitted {
        sequence,
        from: message.source.digits,
        to: message.destination.digits,
        service: message.service,
        coding: whole.coding,
        part,
        octets,
        receipt: message.registered & 3 == 1,
        validity: message.validity,
        fault: fault.or((!number).then_some(Fault::Number)),
    }
}

const fn coding(data_coding: u8) -> Option<Coding> {
    match data_coding {
        0 | 0x10 => Some(Coding::Gsm7),
        1 => Some(Coding::Ascii),
        3 => Some(Coding::Latin1),
        4 => Some(Coding::Octets),
        8 | 0x18 => Some(Coding::Ucs2),
        _ => None,
    }
}

fn sar(tlvs: &Tlvs) -> Option<Concatenation> {
    let octet = |tag| tlvs.get(tag).and_then(|value| value.first().copied());
    let reference = tlvs.get(Tag::SAR_MSG_REF_NUM)?.first_chunk()?;
    Concatenation::new(
        Reference::Sixteen(u16::from_be_bytes(*reference)),
        octet(Tag::SAR_TOTAL_SEGMENTS)?,
        octet(Tag::SAR_SEGMENT_SEQNUM)?,
    )
}
