//! What an SMPP PDU says.

use narrowcast_protocol::dmr::fields::{Field, FieldValue};
use narrowcast_protocol::sms::smpp::bind::Bind;
use narrowcast_protocol::sms::smpp::header::{Header, OCTETS};
use narrowcast_protocol::sms::smpp::message::{Address, Message};
use narrowcast_protocol::sms::smpp::tlv::{Tag, Tlv, Tlvs};
use narrowcast_protocol::sms::smpp::{Command, Pdu};
use narrowcast_protocol::sms::udh::{Concatenation, Reference};
use narrowcast_protocol::sms::{Coding, receipt::ReceiptText};

use super::super::short_text::{self, Content};
use super::names;
use crate::decode::kind::Context;
use crate::decode::report::Report;
use crate::decode::secrets::HIDDEN;
use crate::input::Raw;

pub(super) fn read(raw: &Raw, context: Context) -> Report {
    let bytes = raw.bytes.as_slice();
    let mut report = Report::new(super::KIND.name, bytes);
    report.pdu = "Unknown";
    let Some((header, body)) = bytes
        .split_first_chunk::<OCTETS>()
        .map(|(header, body)| (Header::decode(header), body))
    else {
        report.fail("the PDU ends within its header of 16 octets");
        return report;
    };
    report.add(&[
        Field::number("command_length", header.length, 32),
        Field::coded(
            "command_id",
            header.command.0,
            32,
            names::command(header.command.0).unwrap_or("unknown"),
        ),
        Field::coded(
            "command_status",
            header.status,
            32,
            names::status(header.status),
        ),
        Field::number("sequence_number", header.sequence, 32),
    ]);
    match names::command(header.command.0) {
        Some(name) => {
            report.pdu = name;
            if header.status != 0 {
                report.remark(names::status(header.status));
            }
        }
        None => report.fail(format!(
            "the command_id {:08X} is not known",
            header.command.0
        )),
    }
    if usize::try_from(header.length) != Ok(bytes.len()) {
        let (said, has) = (header.length, bytes.len());
        report.fail(format!("command_length says {said} and the PDU has {has}"));
    }
    match Pdu::decode(header.command, body) {
        Ok(pdu) => say(&mut report, &pdu, body, context),
        Err(error) => report.fail(error),
    }
    report
}

fn say(report: &mut Report, pdu: &Pdu, body: &[u8], context: Context) {
    match pdu {
        Pdu::Bind(bind) => say_bind(report, bind, context),
        Pdu::BindResp(it) if !body.is_empty() => {
            report.add(&[Field::text("system_id", &it.system_id)]);
            let rest = body.iter().position(|octet| *octet == 0);
            let rest = rest.and_then(|end| body.get(end + 1..));
            parameters(report, &Tlvs::decode(rest.unwrap_or_default()));
        }
        Pdu::SubmitSm(message) => say_message(report, message, false),
        Pdu::DeliverSm(message) => say_message(report, message, true),
        Pdu::SubmitSmResp(it) | Pdu::DeliverSmResp(it) if !body.is_empty() => {
            report.add(&[Field::text("message_id", &it.message_id)]);
        }
        Pdu::Other { command, body } if *command == Command::OUTBIND && !context.secrets => {
            let account = body.split(|octet| *octet == 0).next().unwrap_or_default();
            report.add(&[
                Field::text("system_id", String::from_utf8_lossy(account)),
                Field::text("password", HIDDEN),
            ]);
        }
        // Of what is no known command nothing is shown beside its bytes: it may be a log-in.
        Pdu::Other { body, .. } if !body.is_empty() && report.ok => {
            report.add(&[Field::bytes("body", body.to_vec())]);
        }
        _ => {}
    }
}

fn say_bind(report: &mut Report, bind: &Bind, context: Context) {
    let password = match context.secrets {
        true => bind.password.as_str(),
        false => HIDDEN,
    };
    report.add(&[
        Field::text("system_id", &bind.system_id),
        Field::text("password", password),
        Field::text("system_type", &bind.system_type),
        Field::coded(
            "interface_version",
            bind.version,
            8,
            format!("{}.{}", bind.version >> 4, bind.version & 0xF),
        ),
        Field::coded("addr_ton", bind.ton, 8, names::type_of_number(bind.ton)),
        Field::coded("addr_npi", bind.npi, 8, names::numbering_plan(bind.npi)),
        Field::text("address_range", &bind.range),
    ]);
}

fn address(names: [&'static str; 3], of: &Address) -> [Field; 3] {
    let [ton, npi, digits] = names;
    [
        Field::coded(ton, of.ton, 8, names::type_of_number(of.ton)),
        Field::coded(npi, of.npi, 8, names::numbering_plan(of.npi)),
        Field::text(digits, &of.digits),
    ]
}

fn say_message(report: &mut Report, message: &Message, deliver: bool) {
    let of = |it: &Address| match it.ton {
        1 => format!("+{}", it.digits.trim_start_matches('+')),
        _ => it.digits.clone(),
    };
    let (from, to) = (of(&message.source), of(&message.destination));
    report.add(&[Field::text("service_type", &message.service)]);
    let source = ["source_addr_ton", "source_addr_npi", "source_addr"];
    report.add(&address(source, &message.source));
    let destination = ["dest_addr_ton", "dest_addr_npi", "destination_addr"];
    report.add(&address(destination, &message.destination));
    let octets = message.content();
    let coding = coding(message.data_coding, octets);
    let registered = match message.registered & 3 {
        0 => "no receipt",
        1 => "receipt of success and failure",
        2 => "receipt of failure",
        _ => "reserved",
    };
    report.add(&[
        Field::coded(
            "esm_class",
            message.esm_class,
            8,
            names::esm_class(message.esm_class, deliver),
        ),
        Field::number("protocol_id", message.protocol_id, 8),
        Field::number("priority_flag", message.priority, 8),
        Field::text("schedule_delivery_time", &message.schedule),
        Field::text("validity_period", &message.validity),
        Field::coded("registered_delivery", message.registered, 8, registered),
        Field::number("replace_if_present_flag", message.replace, 8),
        Field::coded("data_coding", message.data_coding, 8, coding.1),
        Field::number("sm_default_msg_id", message.canned, 8),
        Field::number(
            "sm_length",
            u64::try_from(message.short_message.len()).unwrap_or(u64::MAX),
            8,
        ),
    ]);
    report.parties = Some((from.clone(), to.clone()));
    if deliver && is_receipt(message) {
        report.text = Some(words(octets));
        report.encoding = Some("receipt".to_owned());
        report.add(&[Field {
            name: "receipt",
            value: FieldValue::Nested(short_text::receipt(octets)),
        }]);
    } else {
        Content {
            name: "short_message",
            from: &from,
            to: &to,
            octets,
            has_header: message.esm_class & Message::HEADER != 0,
            beside: sar(&message.tlvs),
            coding,
        }
        .describe(report);
    }
    parameters(report, &message.tlvs);
    if message.cut {
        report.fail("the PDU ends inside short_message");
    }
}

/// A receipt as it was written.
fn words(octets: &[u8]) -> String {
    match octets {
        [0, _, 0, _, ..] => Coding::Ucs2.decode(octets),
        _ => Coding::Latin1.decode(octets),
    }
}

fn is_receipt(message: &Message) -> bool {
    match message.esm_class & Message::TYPE {
        Message::RECEIPT | Message::INTERMEDIATE => true,
        0 => {
            let words = || ReceiptText::decode(message.content());
            message.tlvs.get(Tag::RECEIPTED_MESSAGE_ID).is_some() || words().receipt(None).is_some()
        }
        _ => false,
    }
}

/// How a text is coded. What the default alphabet is, the contract says: septets in octets as a
/// rule; octets that are none are taken for ISO 8859-1.
fn coding(data_coding: u8, octets: &[u8]) -> (Coding, &'static str) {
    let usual = match octets.is_ascii() {
        true => (Coding::Gsm7, "GSM 7-bit, one septet an octet"),
        false => (Coding::Latin1, "ISO 8859-1, by its octets"),
    };
    match data_coding {
        0 => usual,
        1 => (Coding::Ascii, "ASCII"),
        3 => (Coding::Latin1, "ISO 8859-1"),
        8 => (Coding::Ucs2, "UCS-2"),
        other => short_text::by_class(other, usual),
    }
}

/// Which part of a long text it is, as the optional parameters say.
fn sar(tlvs: &Tlvs) -> Option<Concatenation> {
    let reference = *tlvs.get(Tag::SAR_MSG_REF_NUM)?.first_chunk()?;
    let [total] = *tlvs.get(Tag::SAR_TOTAL_SEGMENTS)?.first_chunk()?;
    let [number] = *tlvs.get(Tag::SAR_SEGMENT_SEQNUM)?.first_chunk()?;
    let reference = Reference::Sixteen(u16::from_be_bytes(reference));
    Concatenation::new(reference, total, number)
}

fn parameters(report: &mut Report, tlvs: &Tlvs) {
    let fields: Vec<Field> = tlvs.all.iter().map(parameter).collect();
    report.add(&fields);
    if tlvs.damaged {
        report.remark("octets behind the last parameter are none");
    }
}

fn parameter(tlv: &Tlv) -> Field {
    let Some(name) = names::tag(tlv.tag.0) else {
        return Field {
            name: "parameter",
            value: FieldValue::Nested(vec![
                Field::coded("tag", tlv.tag.0, 16, "not known here"),
                Field::bytes("value", tlv.value.clone()),
            ]),
        };
    };
    match (tlv.tag.0, tlv.value.as_slice()) {
        // Shown as the text.
        (0x0424, payload) => {
            let octets = u64::try_from(payload.len()).unwrap_or(u64::MAX);
            Field::text(name, format!("{octets} octets"))
        }
        (0x0427, [state]) => Field::coded(name, *state, 8, names::message_state(*state)),
        (0x0423, [network, high, low]) => {
            let network = match network {
                1 => "ANSI-136",
                2 => "IS-95",
                3 => "GSM",
                _ => "reserved",
            };
            let code = u16::from_be_bytes([*high, *low]);
            Field::text(name, format!("{network} {code}"))
        }
        (0x001E | 0x001D, text) => {
            let text = text.split(|octet| *octet == 0).next().unwrap_or_default();
            Field::text(name, String::from_utf8_lossy(text))
        }
        (_, [one]) => Field::number(name, *one, 8),
        (0x0204 | 0x020A | 0x020B | 0x020C, [high, low]) => {
            Field::number(name, u16::from_be_bytes([*high, *low]), 16)
        }
        (_, value) => Field::bytes(name, value),
    }
}
