//! DMR bursts: middle, channel coding, and the check of the PDU inside.

use narrowcast_protocol::dmr::burst::{Burst, BurstError, DataBurst, Middle, VoiceBurst};
use narrowcast_protocol::dmr::crc::{self, mask};
use narrowcast_protocol::dmr::csbk::Csbk;
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::fec::rs_12_9;
use narrowcast_protocol::dmr::fields::{Field, Fields};
use narrowcast_protocol::dmr::info::Info;
use narrowcast_protocol::dmr::lc::FullLc;
use narrowcast_protocol::dmr::slot_type::{DataType, SlotType};
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::target::Target;

use super::dmr_csbk;
use crate::decode::kind::{Context, Kind};
use crate::decode::report::Report;
use crate::encode::Wrap;
use crate::input::Raw;

pub(crate) static KIND: Kind = Kind {
    name: "dmr-burst",
    about: "DMR bursts of 33 bytes",
    is_likely: |bytes| bytes.len() == 33,
    read,
    splitter: None,
    wrap: Some(Wrap::Bursts(|sending| sending.burst.to_vec())),
    varying: &[],
    station: |_| None,
};

/// The standard's name of a burst by its data type.
const fn name(data_type: DataType) -> &'static str {
    match data_type {
        DataType::PiHeader => "PI_Header",
        DataType::VoiceLcHeader => "Voice_LC_Header",
        DataType::TerminatorWithLc => "Terminator_with_LC",
        DataType::Csbk => "CSBK",
        DataType::MbcHeader => "MBC_Header",
        DataType::MbcContinuation => "MBC_Continuation",
        DataType::DataHeader => "Data_Header",
        DataType::Rate12Data => "Rate_1/2_Data",
        DataType::Rate34Data => "Rate_3/4_Data",
        DataType::Idle => "Idle",
        DataType::Rate1Data => "Rate_1_Data",
        DataType::UnifiedSingleBlock => "Unified_Single_Block_Data",
        _ => "Reserved",
    }
}

/// What 33 octets say as a burst.
fn read(raw: &Raw, context: Context) -> Report {
    match <&[u8; 33]>::try_from(raw.bytes.as_slice()) {
        Ok(octets) => burst(octets, context),
        Err(_) => {
            let mut report = Report::new(KIND.name, &raw.bytes);
            report.pdu = "Unknown";
            report.fail(format!("a burst has 33 bytes, not {}", raw.bytes.len()));
            report
        }
    }
}

/// What a burst says, wherever it was carried.
pub(crate) fn burst(burst: &[u8; 33], context: Context) -> Report {
    let mut report = Report::new(KIND.name, burst);
    report.pdu = "Unknown";
    match Burst::decode(burst) {
        Ok(read) => {
            report.corrected_bits = Some(read.corrected_bits);
            match read.value {
                Burst::Data(burst) => data(&mut report, &burst, context),
                Burst::Voice(burst) => voice(&mut report, &burst),
            }
        }
        Err(BurstError::Info {
            slot_type,
            error: _,
        }) if slot_type.data_type == DataType::PiHeader => {
            // Vendors put their own things there, in a coding of their own.
            announced(&mut report, slot_type);
            report.check = Some("none");
        }
        Err(error) => {
            if let BurstError::Info { slot_type, .. } = error {
                announced(&mut report, slot_type);
            }
            report.fail(error);
        }
    }
    report
}

fn announced(report: &mut Report, slot_type: SlotType) {
    report.pdu = name(slot_type.data_type);
    report.color_code = Some(slot_type.color_code.get());
    report.data_type = Some(slot_type.data_type.number());
}

fn voice(report: &mut Report, burst: &VoiceBurst) {
    report.check = Some("none");
    match burst.middle {
        Middle::Sync(sync) => {
            report.pdu = "Voice_Sync";
            report.add(&[Field::text("sync", format!("{sync:?}"))]);
        }
        Middle::Embedded { emb, fragment } => {
            report.pdu = "Voice";
            report.color_code = Some(emb.color_code.get());
            report.add(&[
                Field::number("color_code", emb.color_code.get(), 4),
                Field::flag("reverse_channel", emb.reverse_channel),
                Field::coded("lcss", emb.lcss.number(), 2, format!("{:?}", emb.lcss)),
                Field::bytes("fragment", fragment.to_be_bytes()),
            ]);
        }
    }
    report.add(&[Field::bytes("vocoder", burst.vocoder)]);
}

fn data(report: &mut Report, burst: &DataBurst, Context { trunked, .. }: Context) {
    announced(
        report,
        SlotType {
            color_code: burst.color_code,
            data_type: burst.data_type,
        },
    );
    report.add(&[
        Field::text("sync", format!("{:?}", burst.sync)),
        Field::number("color_code", burst.color_code.get(), 4),
        Field::coded(
            "data_type",
            burst.data_type.number(),
            4,
            burst.data_type.to_string(),
        ),
        Field::bytes("info", burst.info.octets()),
    ]);
    match burst.info {
        Info::Bptc(octets) => {
            let context = dmr_csbk::context(burst.sync == Sync::BsData, trunked);
            let csbk = || Csbk::decode_unchecked(&octets, context);
            match burst.data_type {
                DataType::VoiceLcHeader => lc(report, &octets, rs_12_9::MASK_VOICE_LC_HEADER),
                DataType::TerminatorWithLc => lc(report, &octets, rs_12_9::MASK_TERMINATOR),
                DataType::Csbk => {
                    ccitt(report, &octets, mask::CSBK);
                    report.content = Some(csbk().name());
                    dmr_csbk::describe(report, &octets, &csbk());
                }
                DataType::MbcHeader => {
                    ccitt(report, &octets, mask::MBC_HEADER);
                    report.content = Some(csbk().name());
                    dmr_csbk::describe(report, &octets, &csbk());
                }
                DataType::DataHeader => {
                    ccitt(report, &octets, mask::DATA_HEADER);
                    header(report, &octets);
                }
                DataType::UnifiedSingleBlock => ccitt(report, &octets, mask::USBD),
                DataType::PiHeader => {
                    ccitt(report, &octets, mask::PI_HEADER);
                    if !report.ok {
                        // A vendor's own check, which nobody but the vendor knows.
                        report.ok = true;
                        report.error = None;
                        report.check = Some("none");
                    }
                }
                _ => report.check = Some("fec"),
            }
        }
        Info::Trellis(_) => report.check = Some("fec"),
        Info::Rate1(_) | Info::Unknown(_) => report.check = Some("none"),
    }
}

fn ccitt(report: &mut Report, octets: &[u8; 12], mask: u16) {
    let [information @ .., high, low] = octets;
    let (found, computed) = (
        u16::from_be_bytes([*high, *low]),
        crc::ccitt(information, mask),
    );
    report.check = Some("crc-ccitt");
    if found != computed {
        report.fail(format!(
            "{}: CRC-CCITT is {found:04x}, computed {computed:04x}",
            report.pdu
        ));
    }
}

fn lc(report: &mut Report, octets: &[u8; 12], mask: u8) {
    report.check = Some("rs(12,9)");
    let [lc @ .., _, _, _] = *octets;
    let lc = match rs_12_9::decode(octets, mask) {
        Ok(read) => {
            report.corrected_bits = report.corrected_bits.map(|bits| bits + read.corrected_bits);
            read.lc
        }
        Err(error) => {
            report.fail(format!("{}: {error}", report.pdu));
            lc
        }
    };
    let lc = FullLc::decode(&lc);
    report.opcode = Some(lc.body.flco());
    report.content = Some(lc.name());
    report.addresses(lc.source(), lc.target());
    report.add(&lc.to_fields());
}

fn header(report: &mut Report, octets: &[u8; 12]) {
    let header = DataHeader::read(octets);
    report.content = Some(header.name());
    if let Some(addressing) = header.addressing() {
        let target = Target {
            number: addressing.destination,
            group: addressing.group,
        };
        report.addresses(Some(addressing.source), Some(target));
    }
    report.add(&header.to_fields());
}
