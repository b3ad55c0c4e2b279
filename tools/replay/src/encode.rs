//! `encode`: the frames that carry a text.

pub(crate) mod sms;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use narrowcast_protocol::air::{Address, Delivery, GroupId, RadioId, Slot, Text, TextForm};
use narrowcast_protocol::dmr::crc::crc32;
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::text::{self, Options, TextError};

use crate::decode::{Kind, kind};
use sms::SmsArgs;

/// The form of a text on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    ShortDataUtf8,
    ShortDataUtf16,
    Tms,
    Udt,
}

impl From<Format> for TextForm {
    fn from(format: Format) -> Self {
        match format {
            Format::ShortDataUtf8 => Self::ShortDataUtf8,
            Format::ShortDataUtf16 => Self::ShortDataUtf16,
            Format::Tms => Self::Tms,
            Format::Udt => Self::Udt,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct EncodeArgs {
    /// Which frames to write
    #[arg(long = "as", value_name = "KIND", value_parser = kind::parser())]
    pub(crate) kind: &'static Kind,
    /// Who sends: a 24-bit address, or on SMS links a number as in +8613800138000 or a name
    #[arg(long)]
    pub(crate) from: String,
    /// Who is to get it, written as --from
    #[arg(long)]
    pub(crate) to: String,
    /// The receiver is a talkgroup
    #[arg(long)]
    pub(crate) group: bool,
    /// What to say; a receipt needs none
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
    /// The form that the receiver understands
    #[arg(long, default_value = "tms")]
    pub(crate) format: Format,
    /// Ask the receiver's link layer to confirm
    #[arg(long)]
    pub(crate) confirmed: bool,
    /// 0 to 15
    #[arg(long, default_value_t = 1)]
    pub(crate) color_code: u8,
    /// Timeslot of homebrew and mmdvm frames, 1 or 2
    #[arg(long, default_value_t = 1)]
    pub(crate) slot: u8,
    /// Repeater id of homebrew frames
    #[arg(long, default_value_t = 1)]
    pub(crate) repeater: u32,
    /// Preambles in front
    #[arg(long, default_value_t = 1)]
    pub(crate) preambles: u8,
    /// Message number where the form carries one, 0 to 127; of the parts of a long short
    /// message 0 to 255
    #[arg(long, default_value_t = 0)]
    pub(crate) reference: u8,
    /// The bursts are those of a radio, not of a base station
    #[arg(long)]
    pub(crate) from_radio: bool,
    #[command(flatten)]
    pub(crate) sms: SmsArgs,
}

impl EncodeArgs {
    /// The sender's 24-bit address.
    pub(crate) fn source(&self) -> Result<u32> {
        radio("--from", &self.from)
    }

    /// The receiver's 24-bit address.
    pub(crate) fn destination(&self) -> Result<u32> {
        radio("--to", &self.to)
    }

    /// What to say.
    pub(crate) fn said(&self) -> Result<&str> {
        let text = self.text.as_deref();
        text.context("--text: it is missing; write what to say")
    }
}

fn radio(option: &str, written: &str) -> Result<u32> {
    let number = written.parse();
    number.with_context(|| format!("{option} {written}: radios and talkgroups have numbers"))
}

/// One burst of a text, to be carried by a frame.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    /// What was asked for.
    pub(crate) args: &'a EncodeArgs,
    /// The 24-bit addresses.
    pub(crate) source: u32,
    pub(crate) destination: u32,
    pub(crate) slot: Slot,
    /// The same for all bursts of the text.
    pub(crate) stream: u32,
    /// Counts the bursts.
    pub(crate) sequence: u8,
    pub(crate) data_type: u8,
    pub(crate) burst: [u8; 33],
}

/// How a family of frames carries a text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wrap {
    /// Burst by burst.
    Bursts(fn(&Sending<'_>) -> Vec<u8>),
    /// The whole text in one frame.
    Whole(fn(&EncodeArgs) -> Result<Vec<u8>>),
    /// In as many PDUs as it takes.
    Pdus(fn(&EncodeArgs) -> Result<Vec<Vec<u8>>>),
}

/// The frames, in sending order.
pub(crate) fn frames(args: &EncodeArgs) -> Result<Vec<Vec<u8>>> {
    let wrap = match args.kind.wrap {
        Some(Wrap::Bursts(wrap)) => wrap,
        Some(Wrap::Whole(write)) => return Ok(vec![write(args)?]),
        Some(Wrap::Pdus(write)) => return write(args),
        None => bail!(
            "--as {}: no text fits such a frame; use dmr-burst",
            args.kind.name
        ),
    };
    let (source, destination) = (args.source()?, args.destination()?);
    let to = if args.group {
        Address::Group(GroupId::new(destination).context("--to")?)
    } else {
        Address::Radio(RadioId::new(destination).context("--to")?)
    };
    let slot = match args.slot {
        1 => Slot::One,
        2 => Slot::Two,
        other => bail!("--slot {other}: there are timeslots 1 and 2"),
    };
    let said = Text {
        from: RadioId::new(source).context("--from")?,
        to,
        text: args.said()?.to_owned(),
        form: args.format.into(),
        delivery: if args.confirmed {
            Delivery::Confirmed
        } else {
            Delivery::Unconfirmed
        },
        reference: args.reference,
    };
    let options = Options {
        preambles: args.preambles,
        limit: u32::MAX,
        ..Options::default()
    };
    let color_code = ColorCode::new(args.color_code).context("--color-code")?;
    let sync = if args.from_radio {
        Sync::MsData
    } else {
        Sync::BsData
    };
    let pdus = text::encode(&said, &options)
        .map_err(|error| anyhow!("--text: {error}{}", remedy(&error)))?;
    // The same frames have the same stream number, different ones hardly ever.
    let all: Vec<u8> = pdus.iter().flat_map(|pdu| pdu.octets().to_vec()).collect();
    let stream = u32::from_be_bytes(crc32(&all));
    Ok(pdus
        .iter()
        .zip((0..=u8::MAX).cycle())
        .map(|(pdu, sequence)| {
            wrap(&Sending {
                args,
                source,
                destination,
                slot,
                stream,
                sequence,
                data_type: pdu.data_type(),
                burst: pdu.to_burst(sync, color_code).encode(),
            })
        })
        .collect())
}

const fn remedy(error: &TextError) -> &'static str {
    match error {
        // Says it itself, or is about another option.
        TextError::Control { .. } | TextError::Reference(_) => "",
        _ => "; shorten the text, or choose another --format",
    }
}

/// Writes the frames as hex lines.
pub(crate) fn run(args: &EncodeArgs) -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    for frame in frames(args)? {
        writeln!(out, "{}", hex::encode(frame))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
pub(crate) fn tests_args() -> EncodeArgs {
    EncodeArgs {
        kind: Kind::named("dmr-burst").unwrap(),
        from: "2308155".to_owned(),
        to: "9990".to_owned(),
        group: false,
        text: Some("water".to_owned()),
        format: Format::Tms,
        confirmed: false,
        color_code: 5,
        slot: 2,
        repeater: 7,
        preambles: 1,
        reference: 3,
        from_radio: false,
        sms: sms::tests_args(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::{self, Context, Messages};
    use crate::input;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn what_is_encoded_decodes_to_its_text(
            said in "[ -~\u{4e00}-\u{4eff}]{1,40}",
            format in prop::sample::select(vec![Format::ShortDataUtf8, Format::ShortDataUtf16, Format::Tms, Format::Udt]),
            kind in prop::sample::select(vec!["dmr-burst", "homebrew", "mmdvm"]),
            group in any::<bool>(),
            confirmed in any::<bool>(),
        ) {
            let kind = Kind::named(kind).unwrap();
            let args = EncodeArgs { kind, group, text: Some(said.clone()), format, confirmed, ..tests_args() };
            let Ok(frames) = frames(&args) else {
                prop_assert!(format == Format::Udt, "only UDT is too short for it");
                return Ok(());
            };
            let lines: String = frames.iter().map(|frame| hex::encode(frame) + "\n").collect();
            let mut messages = Messages::default();
            let mut texts = Vec::new();
            for raw in input::lines(&lines) {
                let report = decode::frame(&raw, Some(kind), Context::default());
                prop_assert!(report.ok, "{:?}", report.error);
                let said = messages.push(&raw, &report).into_iter();
                texts.extend(said.map(|(_, report)| report));
            }
            let [message] = texts.as_slice() else {
                return Err(TestCaseError::fail(format!("{} messages", texts.len())));
            };
            prop_assert_eq!(message.text.as_deref(), Some(said.as_str()));
            prop_assert_eq!((message.src, message.dst, message.group), (Some(2_308_155), Some(9_990), Some(group)));
        }
    }
}
