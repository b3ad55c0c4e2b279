//! PDUs of SMS links that carry a text, or what became of one.

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use narrowcast_protocol::sms::cmpp::deliver::Deliver;
use narrowcast_protocol::sms::cmpp::report::Report;
use narrowcast_protocol::sms::cmpp::submit::Submit;
use narrowcast_protocol::sms::cmpp::{self, Version};
use narrowcast_protocol::sms::segment::{Form, MOST_PARTS, Signature, segment};
use narrowcast_protocol::sms::smpp::message::{Address, Message};
use narrowcast_protocol::sms::smpp::tlv::{Tag, Tlvs};
use narrowcast_protocol::sms::{Coding, Part, Reference, smpp};

use super::EncodeArgs;

/// Of the clock by which receipts have their times.
const UTC_OFFSET: SignedDuration = SignedDuration::from_hours(8);
/// Most characters of a message id of SMPP.
const LONGEST_ID: usize = 64;

/// What a PDU carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum What {
    /// A text to a telephone
    #[default]
    Submit,
    /// A text from a telephone
    Deliver,
    /// What became of a text: a receipt of SMPP, a report of CMPP
    Receipt,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Alphabet {
    Gsm7,
    Ascii,
    Latin1,
    Ucs2,
    Gbk,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "PDUs of SMS links (smpp, cmpp2, cmpp3)")]
pub(crate) struct SmsArgs {
    /// What the PDUs carry; a long text takes several
    #[arg(long, value_name = "WHAT", default_value = "submit")]
    pub(crate) carry: What,
    /// Alphabet of the text; the narrowest that has all its characters when left out
    #[arg(long)]
    pub(crate) coding: Option<Alphabet>,
    /// Sequence number of the first PDU
    #[arg(long, default_value_t = 1)]
    pub(crate) sequence: u32,
    /// Account of the service provider in a SUBMIT of CMPP
    #[arg(long, default_value = "901234")]
    pub(crate) account: String,
    /// Service code of CMPP, service_type of SMPP
    #[arg(long, default_value = "")]
    pub(crate) service: String,
    /// Message id that a receipt names, of CMPP (also of a DELIVER) in hex digits
    #[arg(long, default_value = "1")]
    pub(crate) id: String,
    /// State word of a receipt
    #[arg(long, value_name = "WORD", default_value = "DELIVRD")]
    pub(crate) stat: String,
    /// Time of a receipt, as in 2026-01-31T12:00:00Z; now when left out. It is written by
    /// the clock of China
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
}

/// PDUs of SMPP 3.4.
pub(crate) fn smpp(args: &EncodeArgs) -> Result<Vec<Vec<u8>>> {
    let sms = &args.sms;
    let (source, destination) = (address("--from", &args.from)?, address("--to", &args.to)?);
    plain("--service", &sms.service, 0, 5)?;
    let message = Message {
        service: sms.service.clone(),
        source,
        destination,
        ..Message::default()
    };
    if sms.carry == What::Receipt {
        return numbered(
            sms,
            vec![Box::new(receipt(sms, message)?)],
            |sequence, it| smpp::Pdu::DeliverSm(it).encode(0, sequence).to_vec(),
        );
    }
    let form = Form::gsm();
    let known = |alphabet| !matches!(alphabet, Alphabet::Gbk);
    let messages = parts(args, form, known)?.into_iter().map(|part| {
        let header = part.concatenation.map(|it| it.encode());
        Box::new(Message {
            esm_class: if header.is_some() { Message::HEADER } else { 0 },
            registered: u8::from(sms.carry == What::Submit),
            data_coding: match part.coding {
                Coding::Gsm7 => 0,
                Coding::Ascii => 1,
                Coding::Latin1 => 3,
                _ => 8,
            },
            short_message: [header.unwrap_or_default(), part.octets].concat(),
            ..message.clone()
        })
    });
    numbered(sms, messages.collect(), |sequence, message| {
        let pdu = match sms.carry {
            What::Submit => smpp::Pdu::SubmitSm(message),
            What::Deliver | What::Receipt => smpp::Pdu::DeliverSm(message),
        };
        pdu.encode(0, sequence).to_vec()
    })
}

/// The words of SMPP 3.4 appendix B, and the two parameters that say the same.
fn receipt(sms: &SmsArgs, message: Message) -> Result<Message> {
    plain("--id", &sms.id, 1, LONGEST_ID)?;
    plain("--stat", &sms.stat, 1, 7)?;
    let (state, delivered) = match sms.stat.as_str() {
        "ENROUTE" => (1, 0),
        "DELIVRD" => (2, 1),
        "EXPIRED" => (3, 0),
        "DELETED" => (4, 0),
        "UNDELIV" => (5, 0),
        "ACCEPTD" => (6, 0),
        "REJECTD" => (8, 0),
        _ => (7, 0),
    };
    let (id, stat, at) = (&sms.id, &sms.stat, time(sms));
    let words = format!(
        "id:{id} sub:001 dlvrd:00{delivered} submit date:{at} done date:{at} stat:{stat} err:000 text:"
    );
    let mut tlvs = Tlvs::default();
    tlvs.push(Tag::RECEIPTED_MESSAGE_ID, [id.as_bytes(), b"\0"].concat());
    tlvs.push(Tag::MESSAGE_STATE, [state]);
    Ok(Message {
        esm_class: Message::RECEIPT,
        short_message: words.into_bytes(),
        tlvs,
        ..message
    })
}

/// PDUs of CMPP 2.0.
pub(crate) fn cmpp2(args: &EncodeArgs) -> Result<Vec<Vec<u8>>> {
    cmpp(args, Version::V2)
}

/// PDUs of CMPP 3.0.
pub(crate) fn cmpp3(args: &EncodeArgs) -> Result<Vec<Vec<u8>>> {
    cmpp(args, Version::V3)
}

/// Nothing says which version is wanted.
pub(crate) fn cmpp_of_no_version(_: &EncodeArgs) -> Result<Vec<Vec<u8>>> {
    bail!("--as cmpp: the versions differ; name one: --as cmpp2 or --as cmpp3")
}

fn cmpp(args: &EncodeArgs, version: Version) -> Result<Vec<Vec<u8>>> {
    let sms = &args.sms;
    let phone = match version {
        Version::V2 => 21,
        Version::V3 => 32,
    };
    let (from, to) = match sms.carry {
        What::Submit => (21, phone),
        What::Deliver | What::Receipt => (phone, 21),
    };
    plain("--from", &args.from, 1, from)?;
    plain("--to", &args.to, 1, to)?;
    plain("--service", &sms.service, 0, 10)?;
    plain("--account", &sms.account, 1, 6)?;
    let message = u64::from_str_radix(&sms.id, 16)
        .with_context(|| format!("--id {}: CMPP has ids of 1 to 16 hex digits", sms.id))?;
    let deliver = |is_report, header, format, content| {
        cmpp::Pdu::Deliver(Box::new(Deliver {
            message,
            destination: args.to.clone(),
            service: sms.service.clone(),
            protocol_id: 0,
            header,
            format,
            source: args.from.clone(),
            source_type: 0,
            is_report,
            content,
            damaged: false,
        }))
    };
    let write = |sequence, pdu: cmpp::Pdu| pdu.encode(version, sequence).to_vec();
    if sms.carry == What::Receipt {
        plain("--stat", &sms.stat, 1, 7)?;
        let report = Report {
            message,
            state: sms.stat.clone(),
            submitted: time(sms),
            done: time(sms),
            to: args.from.clone(),
            centre_sequence: sms.sequence,
        };
        let content = report.encode(version);
        return numbered(sms, vec![deliver(true, false, 0, content)], write);
    }
    let known = |alphabet| !matches!(alphabet, Alphabet::Gsm7 | Alphabet::Latin1);
    let pdus = parts(args, Form::cmpp(), known)?.into_iter().map(|part| {
        let format = match part.coding {
            Coding::Ascii => 0,
            Coding::Gbk => 15,
            _ => 8,
        };
        let place = part.concatenation;
        let header = place.map(|it| it.encode()).unwrap_or_default();
        let content = [header, part.octets].concat();
        if sms.carry == What::Deliver {
            return deliver(false, place.is_some(), format, content);
        }
        cmpp::Pdu::Submit(Box::new(Submit {
            message: 0,
            total: place.map_or(1, |it| it.total),
            number: place.map_or(1, |it| it.number),
            registered: 1,
            level: 0,
            service: sms.service.clone(),
            fee_user: 2,
            fee_number: String::new(),
            fee_number_type: 0,
            protocol_id: 0,
            header: place.is_some(),
            format,
            account: sms.account.clone(),
            fee_type: "01".to_owned(),
            fee_code: "000000".to_owned(),
            valid_until: String::new(),
            at: String::new(),
            source: args.from.clone(),
            numbers: vec![args.to.clone()],
            number_type: 0,
            content,
            link: String::new(),
        }))
    });
    numbered(sms, pdus.collect(), write)
}

/// The parts of the text.
fn parts(args: &EncodeArgs, form: Form, known: fn(Alphabet) -> bool) -> Result<Vec<Part>> {
    let text = args.said()?;
    let form = match args.sms.coding {
        None => form,
        Some(alphabet) => {
            ensure!(
                known(alphabet),
                "--coding: {} does not have this alphabet; leave it out",
                args.kind.name
            );
            let coding = match alphabet {
                Alphabet::Gsm7 => Coding::Gsm7,
                Alphabet::Ascii => Coding::Ascii,
                Alphabet::Latin1 => Coding::Latin1,
                Alphabet::Ucs2 => Coding::Ucs2,
                Alphabet::Gbk => Coding::Gbk,
            };
            ensure!(
                coding.encode_all(text).is_some(),
                "--coding: it lacks a character of --text; leave it out"
            );
            Form {
                narrow: Some(coding),
                wide: coding,
                signature: Signature::None,
                most_parts: MOST_PARTS,
            }
        }
    };
    segment(text, &form, Reference::Eight(args.reference)).context("--text")
}

/// The PDUs under numbers that follow each other.
fn numbered<T>(
    sms: &SmsArgs,
    pdus: Vec<T>,
    write: impl Fn(u32, T) -> Vec<u8>,
) -> Result<Vec<Vec<u8>>> {
    let many = u32::try_from(pdus.len()).unwrap_or(u32::MAX);
    let most = 0x7FFF_FFFF - many;
    ensure!(
        (1..=most).contains(&sms.sequence),
        "--sequence {}: it must be 1 to {most}",
        sms.sequence
    );
    let numbered = (sms.sequence..).zip(pdus);
    Ok(numbered
        .map(|(sequence, pdu)| write(sequence, pdu))
        .collect())
}

/// YYMMDDHHMM.
fn time(sms: &SmsArgs) -> String {
    let at = sms.at.unwrap_or_else(Timestamp::now);
    let there = at.checked_add(UTC_OFFSET).unwrap_or(at);
    there.strftime("%y%m%d%H%M").to_string()
}

/// A number with its plus is international; what has letters is a name.
fn address(option: &str, written: &str) -> Result<Address> {
    let plus = written.strip_prefix('+');
    let digits = plus.unwrap_or(written);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(
        is_number || plus.is_none(),
        "{option} {written}: write digits behind the plus"
    );
    plain(option, digits, 1, 20)?;
    let (ton, npi) = match (plus, is_number) {
        (Some(_), _) => (1, 1),
        (None, true) => (0, 1),
        (None, false) => (5, 0),
    };
    Ok(Address {
        ton,
        npi,
        digits: digits.to_owned(),
    })
}

fn plain(option: &str, text: &str, least: usize, most: usize) -> Result<()> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(
        plain && (least..=most).contains(&text.len()),
        "{option} {text:?}: it must have {least} to {most} ASCII characters without blanks"
    );
    Ok(())
}

#[cfg(test)]
pub(crate) fn tests_args() -> SmsArgs {
    SmsArgs {
        carry: What::Submit,
        coding: None,
        sequence: 1,
        account: "901234".to_owned(),
        service: String::new(),
        id: "1".to_owned(),
        stat: "DELIVRD".to_owned(),
        at: Some(Timestamp::UNIX_EPOCH),
    }
}

#[cfg(test)]
mod tests;
