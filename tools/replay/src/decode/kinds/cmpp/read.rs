//! What a CMPP PDU says.

use narrowcast_protocol::dmr::fields::{Field, FieldValue};
use narrowcast_protocol::sms::Coding;
use narrowcast_protocol::sms::cmpp::deliver::Deliver;
use narrowcast_protocol::sms::cmpp::header::{Header, OCTETS};
use narrowcast_protocol::sms::cmpp::submit::Submit;
use narrowcast_protocol::sms::cmpp::{Command, Pdu, Version};

use super::super::short_text::{self, Content};
use super::results;
use crate::decode::kind::Context;
use crate::decode::report::Report;
use crate::decode::secrets::HIDDEN;
use crate::input::Raw;

pub(super) fn read(
    kind: &'static str,
    raw: &Raw,
    forced: Option<Version>,
    context: Context,
) -> Report {
    let bytes = raw.bytes.as_slice();
    let mut report = Report::new(kind, bytes);
    report.pdu = "Unknown";
    let Some((header, body)) = bytes
        .split_first_chunk::<OCTETS>()
        .map(|(header, body)| (Header::decode(header), body))
    else {
        report.fail("the PDU ends within its header of 12 octets");
        return report;
    };
    let known = name(header.command.0);
    report.pdu = known.unwrap_or("Unknown");
    report.add(&[
        Field::number("Total_Length", header.length, 32),
        Field::coded(
            "Command_Id",
            header.command.0,
            32,
            known.unwrap_or("unknown"),
        ),
        Field::number("Sequence_Id", header.sequence, 32),
    ]);
    if usize::try_from(header.length) != Ok(bytes.len()) {
        let (said, has) = (header.length, bytes.len());
        report.fail(format!("Total_Length says {said} and the PDU has {has}"));
    }
    let version = forced.unwrap_or_else(|| version(raw.version, header.command, body));
    match Pdu::decode(version, header.command, body) {
        Ok(pdu) => say(&mut report, &pdu, version, context),
        Err(_) if matches!(header.command.0 & 0x7FFF_FFFF, super::QUERY | super::CANCEL) => {
            report.add(&[Field::bytes("body", body)]);
            report.remark("its body is not read here");
        }
        Err(error) => report.fail(error),
    }
    report
}

/// The version of the log-in if the body fits it, else the one that it fits. Without a log-in a
/// text can by chance make a body of 2.0 as long as one of 3.0: then the one whose fields are
/// filled up with zeros, as they must be.
fn version(agreed: Option<Version>, command: Command, body: &[u8]) -> Version {
    if agreed.is_none() {
        let is_exact = |version: &Version| super::is_exact(*version, command, body);
        let mut exact = [Version::V3, Version::V2].into_iter().filter(is_exact);
        if let Some(version) = exact.next() {
            return version;
        }
    }
    let first = agreed.unwrap_or(Version::V3);
    let other = match first {
        Version::V2 => Version::V3,
        Version::V3 => Version::V2,
    };
    match super::fits(other, command, body) && !super::fits(first, command, body) {
        true => other,
        false => first,
    }
}

const fn name(command: u32) -> Option<&'static str> {
    Some(match command {
        0x0000_0001 => "CMPP_CONNECT",
        0x8000_0001 => "CMPP_CONNECT_RESP",
        0x0000_0002 => "CMPP_TERMINATE",
        0x8000_0002 => "CMPP_TERMINATE_RESP",
        0x0000_0004 => "CMPP_SUBMIT",
        0x8000_0004 => "CMPP_SUBMIT_RESP",
        0x0000_0005 => "CMPP_DELIVER",
        0x8000_0005 => "CMPP_DELIVER_RESP",
        0x0000_0006 => "CMPP_QUERY",
        0x8000_0006 => "CMPP_QUERY_RESP",
        0x0000_0007 => "CMPP_CANCEL",
        0x8000_0007 => "CMPP_CANCEL_RESP",
        0x0000_0008 => "CMPP_ACTIVE_TEST",
        0x8000_0008 => "CMPP_ACTIVE_TEST_RESP",
        _ => return None,
    })
}

fn proof(name: &'static str, proof: &[u8; 16], context: Context) -> Field {
    match context.secrets {
        true => Field::bytes(name, *proof),
        false => Field::text(name, HIDDEN),
    }
}

fn message_id(message: u64) -> Field {
    Field::text("Msg_Id", format!("{message:016x}"))
}

fn named_version(version: u8) -> Field {
    let said = format!("{}.{}", version >> 4, version & 0xF);
    Field::coded("Version", version, 8, said)
}

fn say(report: &mut Report, pdu: &Pdu, version: Version, context: Context) {
    let refused = |report: &mut Report, result: u32, words: &'static str| {
        if result != 0 {
            report.remark(words);
        }
    };
    match pdu {
        Pdu::Connect(it) => report.add(&[
            Field::text("Source_Addr", &it.account),
            proof("AuthenticatorSource", &it.proof, context),
            named_version(it.version),
            Field::text("Timestamp", format!("{:010}", it.timestamp)),
        ]),
        Pdu::ConnectResp(it) => {
            let words = results::connect(it.status);
            report.add(&[
                Field::coded("Status", it.status, 32, words),
                proof("AuthenticatorISMG", &it.proof, context),
                named_version(it.version),
            ]);
            refused(report, it.status, words);
        }
        Pdu::Submit(it) => say_submit(report, it, version),
        Pdu::Deliver(it) => say_deliver(report, it, version),
        Pdu::SubmitResp(it) => {
            let words = results::message(it.result);
            report.add(&[
                message_id(it.message),
                Field::coded("Result", it.result, 32, words),
            ]);
            refused(report, it.result, words);
        }
        Pdu::DeliverResp(it) => {
            let words = results::message(it.result);
            report.add(&[
                message_id(it.message),
                Field::coded("Result", it.result, 32, words),
            ]);
            refused(report, it.result, words);
        }
        Pdu::Terminate | Pdu::TerminateResp | Pdu::ActiveTest | Pdu::ActiveTestResp(_) => {}
    }
}

const fn layout(version: Version) -> &'static str {
    match version {
        Version::V2 => "2.0",
        Version::V3 => "3.0",
    }
}

fn say_submit(report: &mut Report, submit: &Submit, version: Version) {
    let wide = version == Version::V3;
    let coding = coding(submit.format);
    report.add(&[
        Field::text("layout", layout(version)),
        message_id(submit.message),
        Field::number("Pk_total", submit.total, 8),
        Field::number("Pk_number", submit.number, 8),
        Field::number("Registered_Delivery", submit.registered, 8),
        Field::number("Msg_level", submit.level, 8),
        Field::text("Service_Id", &submit.service),
        Field::number("Fee_UserType", submit.fee_user, 8),
        Field::text("Fee_terminal_Id", &submit.fee_number),
    ]);
    if wide {
        report.add(&[Field::number(
            "Fee_terminal_type",
            submit.fee_number_type,
            8,
        )]);
    }
    report.add(&[
        Field::number("TP_pId", submit.protocol_id, 8),
        Field::flag("TP_udhi", submit.header),
        Field::coded("Msg_Fmt", submit.format, 8, coding.1),
        Field::text("Msg_src", &submit.account),
        Field::text("FeeType", &submit.fee_type),
        Field::text("FeeCode", &submit.fee_code),
        Field::text("ValId_Time", &submit.valid_until),
        Field::text("At_Time", &submit.at),
        Field::text("Src_Id", &submit.source),
    ]);
    let numbers = submit.numbers.iter();
    let numbers: Vec<Field> = numbers
        .map(|number| Field::text("Dest_terminal_Id", number))
        .collect();
    report.add(&numbers);
    if wide {
        report.add(&[Field::number("Dest_terminal_type", submit.number_type, 8)]);
    }
    let to = match submit.numbers.as_slice() {
        [first, rest @ ..] if !rest.is_empty() => format!("{first} and {} more", rest.len()),
        numbers => numbers.concat(),
    };
    report.parties = Some((submit.source.clone(), to.clone()));
    Content {
        name: "Msg_Content",
        from: &submit.source,
        to: &to,
        octets: &submit.content,
        has_header: submit.header,
        beside: None,
        coding,
    }
    .describe(report);
    let name = if wide { "LinkID" } else { "Reserve" };
    report.add(&[Field::text(name, &submit.link)]);
}

fn say_deliver(report: &mut Report, deliver: &Deliver, version: Version) {
    let coding = coding(deliver.format);
    report.add(&[
        Field::text("layout", layout(version)),
        message_id(deliver.message),
        Field::text("Dest_Id", &deliver.destination),
        Field::text("Service_Id", &deliver.service),
        Field::number("TP_pid", deliver.protocol_id, 8),
        Field::flag("TP_udhi", deliver.header),
        Field::coded("Msg_Fmt", deliver.format, 8, coding.1),
        Field::text("Src_terminal_Id", &deliver.source),
    ]);
    if version == Version::V3 {
        report.add(&[Field::number("Src_terminal_type", deliver.source_type, 8)]);
    }
    let registered = match deliver.is_report {
        true => "report",
        false => "message",
    };
    report.add(&[Field::coded(
        "Registered_Delivery",
        u8::from(deliver.is_report),
        8,
        registered,
    )]);
    report.parties = Some((deliver.source.clone(), deliver.destination.clone()));
    match deliver.report() {
        Some(Ok(said)) => {
            let id = format!("{:016x}", said.message);
            report.text = Some(format!(
                "id:{id} done date:{} stat:{}",
                said.done, said.state
            ));
            report.encoding = Some("report".to_owned());
            report.add(&[Field {
                name: "report",
                value: FieldValue::Nested(vec![
                    Field::text("Msg_Id", id),
                    Field::text("Stat", said.state),
                    Field::text("Submit_time", said.submitted),
                    Field::text("Done_time", said.done),
                    Field::text("Dest_terminal_Id", said.to),
                    Field::number("SMSC_sequence", said.centre_sequence, 32),
                ]),
            }]);
        }
        Some(Err(error)) => report.fail(error),
        None => Content {
            name: "Msg_Content",
            from: &deliver.source,
            to: &deliver.destination,
            octets: &deliver.content,
            has_header: deliver.header,
            beside: None,
            coding,
        }
        .describe(report),
    }
    if deliver.damaged {
        report.remark("Msg_Length is not true");
    }
}

/// How a text is coded (Msg_Fmt), and what that is called.
fn coding(format: u8) -> (Coding, &'static str) {
    match format {
        0 => (Coding::Ascii, "ASCII"),
        8 => (Coding::Ucs2, "UCS-2"),
        15 => (Coding::Gbk, "GBK"),
        4 => (Coding::Octets, "binary"),
        3 => (Coding::Octets, "writes to the card"),
        other => short_text::by_class(other, (Coding::Ascii, "ASCII")),
    }
}
