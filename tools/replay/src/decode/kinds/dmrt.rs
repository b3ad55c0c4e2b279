//! Messages between trunked sites and the network.

use anyhow::{Context as _, Result};
use narrowcast_protocol::dmr::crc::crc32;
use narrowcast_protocol::dmr::fields::Fields;
use narrowcast_protocol::dmr::udt::Content;
use narrowcast_protocol::homebrew::message::Uuid;
use narrowcast_protocol::homebrew::message::dmrt::{Dmrt, UdtTransfer, Way};

use crate::decode::kind::{Context, Kind, Station};
use crate::decode::report::Report;
use crate::encode::{EncodeArgs, Wrap};
use crate::input::Raw;

pub(crate) static KIND: Kind = Kind {
    name: "dmrt",
    about: "Trunking messages of the Homebrew protocol",
    is_likely: |bytes| bytes.starts_with(Dmrt::NAME.as_bytes()),
    read,
    splitter: None,
    wrap: Some(Wrap::Whole(write)),
    varying: &["uuid", "timestamp"],
    station,
};

/// Bit 6 of the opcode says it, where bit 7 does not say that it stays within the site.
fn station(bytes: &[u8]) -> Option<Station> {
    match bytes.get(4)? >> 6 {
        0b00 => Some(Station::Client),
        0b01 => Some(Station::Master),
        _ => None,
    }
}

fn read(raw: &Raw, _: Context) -> Report {
    let mut report = Report::new(KIND.name, &raw.bytes);
    report.pdu = Dmrt::NAME;
    match Dmrt::decode(&raw.bytes) {
        Ok(message) => {
            report.add(&message.to_fields());
            describe(&mut report, &message);
        }
        Err(error) => report.fail(error),
    }
    report
}

/// What a datagram of the Homebrew protocol tells alike.
pub(crate) fn describe(report: &mut Report, message: &Dmrt) {
    report.opcode = Some(message.opcode());
    report.content = Some(name(message));
    let (source, destination, group) = match message {
        Dmrt::UdtTransfer(it) => {
            if let Content::Text { format, text } = it.content() {
                report.text = Some(text);
                report.encoding = Some(format.to_string());
            }
            (it.source, it.destination, it.group)
        }
        Dmrt::Status(it) => (it.source, it.destination, it.group),
        Dmrt::CallSetup(it) => (it.source, it.destination, false),
        Dmrt::UdtAccept(it) | Dmrt::CallAccept(it) | Dmrt::CallReject(it) => {
            (it.source, it.destination, false)
        }
        Dmrt::Registration(_)
        | Dmrt::RegistrationConfirmation(_)
        | Dmrt::Deregistration(_)
        | Dmrt::Subscribe(_)
        | Dmrt::Unsubscribe(_)
        | Dmrt::Channel(_)
        | Dmrt::MasterLoggedIn
        | Dmrt::MasterClosed
        | Dmrt::Other { .. } => return,
    };
    report.src = Some(source);
    report.dst = Some(destination);
    report.group = Some(group);
}

/// What a message is, in one word.
const fn name(message: &Dmrt) -> &'static str {
    match message {
        Dmrt::Registration(_) => "Registration",
        Dmrt::RegistrationConfirmation(_) => "Registration_Confirmation",
        Dmrt::Deregistration(_) => "Deregistration",
        Dmrt::Subscribe(_) => "Group_Subscribe",
        Dmrt::Unsubscribe(_) => "Group_Unsubscribe",
        Dmrt::UdtTransfer(_) => "UDT_Transfer",
        Dmrt::UdtAccept(_) => "UDT_Accept",
        Dmrt::CallSetup(_) => "Private_Call_Setup",
        Dmrt::CallAccept(_) => "Private_Call_Accept",
        Dmrt::CallReject(_) => "Private_Call_Reject",
        Dmrt::Status(_) => "Status",
        Dmrt::Channel(_) => "Channel_Command",
        Dmrt::MasterLoggedIn => "Master_Logged_In",
        Dmrt::MasterClosed => "Master_Closed",
        Dmrt::Other { .. } => "Unknown",
    }
}

/// The transfer that carries a text: from a site with `--from-radio`, else to one.
fn write(args: &EncodeArgs) -> Result<Vec<u8>> {
    let (format, payload) = UdtTransfer::write(args.said()?)
        .context("--text: it does not fit a transfer of 46 octets; shorten it")?;
    // The same text has the same name, different ones hardly ever.
    let mut name = [0; 16];
    for (place, octets) in name.chunks_exact_mut(4).enumerate() {
        let salted = format!("{place} {} {} {}", args.from, args.to, args.said()?);
        octets.copy_from_slice(&crc32(salted.as_bytes()));
    }
    let transfer = UdtTransfer {
        way: if args.from_radio {
            Way::ToNetwork
        } else {
            Way::FromNetwork
        },
        uuid: Uuid::custom(name),
        group: args.group,
        acknowledge: args.confirmed,
        reserved: 0,
        format,
        source: args.source()?,
        destination: args.destination()?,
        payload,
    };
    Ok(Dmrt::UdtTransfer(transfer).encode().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;
    use crate::encode::{frames, tests_args};
    use crate::input;

    fn read_back(line: &str) -> Report {
        let raw = input::lines(line).into_iter().next().unwrap();
        decode::frame(&raw, Some(&KIND), Context::default())
    }

    #[test]
    fn what_is_encoded_decodes_to_its_text_and_addresses() {
        let args = EncodeArgs {
            kind: &KIND,
            text: Some("东山起火".to_owned()),
            ..tests_args()
        };
        let [frame] = frames(&args).unwrap().try_into().unwrap();
        let report = read_back(&hex::encode(&frame));
        assert!(report.ok, "{:?}", report.error);
        assert_eq!(report.text.as_deref(), Some("东山起火"));
        assert_eq!((report.opcode, report.group), (Some(0x45), Some(false)));
        assert_eq!((report.src, report.dst), (Some(2_308_155), Some(9_990)));
        assert_eq!(station(&frame), Some(Station::Master));
        let text = "x".repeat(47);
        assert!(
            frames(&EncodeArgs {
                text: Some(text),
                ..args
            })
            .is_err()
        );
    }

    #[test]
    fn a_list_is_shown_address_by_address_and_a_lying_count_refused() {
        let report = read_back("444d525403020000090f4240");
        let fields = serde_json::to_value(&report.fields).unwrap();
        assert_eq!(fields["group"], serde_json::json!([9, 1_000_000]));
        assert!(!read_back("444d525403030000090f4240").ok);
    }
}
