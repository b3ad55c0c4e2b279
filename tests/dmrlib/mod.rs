//! What ok-dmrlib 0.8.0 prints of a burst or PDU, said from our own decoding, word by word:
//! one word is what it puts between a pair of brackets. So every field it prints is
//! compared, in recorded vectors and in what the program itself says of our bursts.

use narrowcast_protocol::dmr::burst::{Burst, DataBurst, Middle, VoiceBurst};
use narrowcast_protocol::dmr::crc::{self, mask};
use narrowcast_protocol::dmr::csbk::{Context, Csbk, CsbkBody};
use narrowcast_protocol::dmr::data_header::{Addressing, DataHeader};
use narrowcast_protocol::dmr::fields::{Field, FieldValue, Fields as _};
use narrowcast_protocol::dmr::lc::{FullLc, LcBody, ServiceOptions};
use narrowcast_protocol::dmr::slot_type::DataType;
use narrowcast_protocol::dmr::sync::Sync;

/// The words of its printed form; the burst's own octets and guesses at its place in a
/// superframe are left out.
pub(crate) fn said(printed: &str) -> Vec<String> {
    printed
        .split(['[', ']'])
        .map(|word| word.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|word| !word.is_empty() && word != "BURST" && !word.starts_with("VoiceBursts."))
        .filter(|word| word.len() != 66 || !word.bytes().all(|it| it.is_ascii_hexdigit()))
        .collect()
}

/// What it prints of a burst. `None`: it has no words for what is inside.
pub(crate) fn burst(burst: &Burst) -> Option<Vec<String>> {
    match burst {
        Burst::Data(data) => data_burst(data),
        Burst::Voice(voice) => voice_burst(voice),
    }
}

fn sync(sync: Sync) -> &'static str {
    match sync {
        Sync::BsVoice => "BsSourcedVoice",
        Sync::BsData => "BsSourcedData",
        Sync::MsVoice => "MsSourcedVoice",
        Sync::MsData => "MsSourcedData",
        Sync::MsReverseChannel => "MsSourcedRcSync",
        Sync::Direct1Voice => "Tdma1Voice",
        Sync::Direct1Data => "Tdma1Data",
        Sync::Direct2Voice => "Tdma2Voice",
        Sync::Direct2Data => "Tdma2Data",
        Sync::Reserved => "Reserved",
    }
}

fn data_burst(burst: &DataBurst) -> Option<Vec<String>> {
    let octets = burst.info.octets();
    let twelve = || octets.first_chunk::<12>();
    let (name, inside) = match burst.data_type {
        DataType::PiHeader => ("PIHeader", Some(pi(twelve()?))),
        DataType::VoiceLcHeader => ("VoiceLCHeader", full_lc(twelve()?)),
        DataType::TerminatorWithLc => ("TerminatorWithLC", full_lc(twelve()?)),
        DataType::Csbk => ("CSBK", csbk(twelve()?)),
        DataType::DataHeader => ("DataHeader", data_header(&DataHeader::read(twelve()?))),
        DataType::Rate12Data => ("Rate12Data", Some(block("1/2", octets))),
        DataType::Rate34Data => ("Rate34Data", Some(block("3/4", octets))),
        DataType::Rate1Data => ("Rate1Data", Some(block("1", octets))),
        DataType::Idle => ("Idle", Some(Vec::new())),
        _ => return None,
    };
    let mut words = vec![
        sync(burst.sync).to_owned(),
        format!("DataTypes.{name}"),
        format!("CC: {}", burst.color_code.get()),
    ];
    words.extend(inside?);
    Some(words)
}

fn voice_burst(burst: &VoiceBurst) -> Option<Vec<String>> {
    let Middle::Embedded { emb, .. } = burst.middle else {
        return None;
    };
    let lcss = [
        "SingleFragmentLCorCSBK",
        "FirstFragmentLC",
        "LastFragmentLCorCSBK",
        "ContinuationFragmentLCorCSBK",
    ];
    let pi = if emb.reverse_channel {
        "CarriesReverseChannelInformation"
    } else {
        "CarriesSameChannelOrNullEmbeddedMessage"
    };
    Some(vec![
        "EmbeddedSignalling".to_owned(),
        format!("VOCODER BYTES: {}", hex::encode(burst.vocoder)),
        format!("LCSS.{}", lcss[emb.lcss as usize]),
        format!("PreemptionPowerIndicator.{pi}"),
        format!("CC: {}", emb.color_code.get()),
    ])
}

/// A block by itself: without its header nobody knows whether it is a confirmed one.
fn block(rate: &str, octets: &[u8]) -> Vec<String> {
    vec![
        format!("RATE {rate} DATA UNCONFIRMED"),
        format!("DATA({}) {}", octets.len(), hex::encode(octets)),
    ]
}

fn pi(octets: &[u8; 12]) -> Vec<String> {
    let data = &octets[..10];
    let bits: String = data.iter().map(|octet| format!("{octet:08b}")).collect();
    let shown = format!("Data(10) {} bitarray('{bits}')", hex::encode(data));
    let mut words = vec!["PI Header".to_owned(), shown];
    if crc::ccitt(data, mask::PI_HEADER) != u16::from_be_bytes([octets[10], octets[11]]) {
        words.push("CRC16-CCIT INVALID".to_owned());
    }
    words
}

fn flag(set: bool) -> &'static str {
    if set { "True" } else { "False" }
}

fn feature_set(fid: u8) -> String {
    let name = match fid {
        0 => "StandardizedFID",
        0x08 => "HytScienceTech",
        0x10 => "MotorolaLtd",
        0x68 => "HytScienceTech2",
        0x04..0x80 => "FlydeMicroLtd",
        0x80.. => "ReservedForFutureMFID",
        _ => "ReservedForFutureStandardization",
    };
    format!("FeatureSetIDs.{name}")
}

fn service_options(options: ServiceOptions) -> String {
    let mut words = "SERVICE_OPTIONS: ".to_owned();
    for (set, word) in [
        (options.emergency, "EMERGENCY "),
        (options.broadcast, "BROADCAST "),
        (options.open_voice_call_mode, "OVCM "),
        (options.privacy, "PRIVACY "),
    ] {
        words.push_str(if set { word } else { "" });
    }
    format!("{words}PRIORITY:{}", options.priority)
}

/// What it prints of link control. It takes the alias for ASCII, so that only such ones
/// have words.
pub(crate) fn full_lc(octets: &[u8]) -> Option<Vec<String>> {
    let lc = FullLc::decode(octets.first_chunk()?);
    let mut words = vec![feature_set(lc.fid)];
    words.extend(match &lc.body {
        LcBody::GroupVoice(call) => [
            "FLCOs.GroupVoiceChannelUser".to_owned(),
            format!("SOURCE: {}", call.source),
            format!("GROUP: {}", call.group_address),
            service_options(call.service_options),
        ],
        LcBody::UnitToUnitVoice(call) => [
            "FLCOs.UnitToUnitVoiceChannelUser".to_owned(),
            format!("SOURCE: {}", call.source),
            format!("TARGET: {}", call.target),
            service_options(call.service_options),
        ],
        _ => return None,
    });
    Some(words)
}

/// The number or flag in a field, wherever it stands.
fn number(fields: &[Field], name: &str) -> u64 {
    let field = fields.iter().find(|field| field.name == name);
    match field.unwrap_or_else(|| panic!("no field {name}")).value {
        FieldValue::Flag(set) => u64::from(set),
        FieldValue::Number { value, .. } | FieldValue::Coded { value, .. } => value,
        ref other => panic!("{name} is {other:?}"),
    }
}

/// TDMA frames that a back-off number stands for.
const BACKOFF: [u8; 16] = [0, 1, 2, 3, 4, 5, 8, 11, 15, 20, 26, 33, 41, 50, 70, 100];

/// What it prints of a CSBK. It knows opcodes without their feature set.
pub(crate) fn csbk(octets: &[u8; 12]) -> Option<Vec<String>> {
    let csbk = Csbk::decode(octets, Context::default()).ok()?;
    let ways =
        |target: u32, source: u32| [format!("DST ADDR: {target}"), format!("SRC ADDR: {source}")];
    let (opcode, inside): (&str, Vec<String>) = match csbk.body {
        CsbkBody::BsDwnAct(it) => (
            "BSOutboundActivation",
            vec![
                format!("BS ADDR: {}", it.bs_address),
                format!("SRC ADDR: {}", it.source),
            ],
        ),
        CsbkBody::UuVReq(it) => {
            let options = service_options(it.service_options);
            let ways = ways(it.target, it.source);
            (
                "UnitToUnitVoiceServiceRequest",
                [options].into_iter().chain(ways).collect(),
            )
        }
        CsbkBody::UuAnsRsp(it) => {
            let answer = match it.answer_response.number() {
                0x20 => "AnswerResponse.Proceed",
                _ => "AnswerResponse.Deny",
            };
            let words = [service_options(it.service_options), answer.to_owned()];
            (
                "UnitToUnitVoiceServiceAnswerResponse",
                words
                    .into_iter()
                    .chain(ways(it.target, it.source))
                    .collect(),
            )
        }
        CsbkBody::Preamble(it) => {
            let target = if it.group { "GROUP" } else { "INDIVIDUAL" };
            let follows = if it.data_follows { "DATA" } else { "CSBK" };
            let words = [
                format!("TARGET IS {target}"),
                format!("FOLLOWED BY {follows}"),
                format!("BTF: {}", it.blocks_to_follow),
            ];
            (
                "PreambleCSBK",
                words
                    .into_iter()
                    .chain(ways(it.target, it.source))
                    .collect(),
            )
        }
        CsbkBody::CtCsbk(it) => {
            let di = [
                "InitialUnknown",
                "LeaderPreferenceLow",
                "LeaderPreferenceMedium",
                "LeaderPreferenceHigh",
            ];
            let cto = [
                "UnalignedRequest",
                "UnalignedTerminator",
                "AlignedChannelTimingStatus",
                "AlignedChannelTimingPush",
            ];
            let leader_di = di[usize::from(it.leader_dynamic_identifier)];
            let source_di = di[usize::from(it.source_dynamic_identifier)];
            (
                "ChannelTimingCSBK",
                vec![
                    format!("AGE: {}ms", u32::from(it.sync_age) * 500),
                    format!("GENERATION: {}", it.generation),
                    format!("LEADER IDENTIFIER: {}", it.leader_identifier),
                    format!("NEW LEADER: {}", u8::from(it.new_leader)),
                    format!("LEADER DYN IDENTIFIER: DynamicIdentifier.{leader_di}"),
                    format!("SOURCE IDENTIFIER: {}", it.source_identifier),
                    format!("SOURCE DYN IDENTIFIER: DynamicIdentifier.{source_di}"),
                    format!(
                        "CTO: ChannelTimingOpcode.{}",
                        cto[usize::from(it.opcode().number())]
                    ),
                ],
            )
        }
        CsbkBody::Aloha(it) => {
            let service = [
                "ALL_SERVICES",
                "REGISTRATION_AND_PAYLOAD_CHANNEL",
                "REGISTRATION_WITHOUT_PAYLOAD_CHANNEL",
                "REGISTRATION_ONLY",
            ];
            let timing = if it.offset_timing {
                "offset"
            } else {
                "aligned"
            };
            (
                "AlohaPDUsForRandomAccessProtocol",
                vec![
                    format!("TSCCAS support: {}", flag(it.tsccas)),
                    format!(
                        "Timeslot sync enabled: {}",
                        flag(it.site_timeslot_synchronization)
                    ),
                    format!("DOC: v{}", it.version.number()),
                    format!("TIMING: {timing}"),
                    format!("TS ACTIVE CONNECTION: {}", flag(it.active_connection)),
                    format!("MASK: {}", it.mask),
                    format!(
                        "SERVICE: RandomAccessServiceFunction.{}",
                        service[usize::from(it.service_function.number())]
                    ),
                    format!("NRAND_WAIT: {}", it.nrand_wait),
                    format!("REGISTRATION REQUIRED: {}", flag(it.registration)),
                    backoff(it.backoff.0),
                    // The identity as one number stands in octets 5 and 6.
                    format!(
                        "SYSTEM IDENTITY: {}",
                        u16::from_be_bytes([octets[5], octets[6]])
                    ),
                    format!("MS ADDRESS: {}", it.address),
                ],
            )
        }
        CsbkBody::Bcast(it) => {
            let kind = [
                "AnnounceOrWithdrawTSCC",
                "SpecifyCallTimers",
                "VoteNowAdvice",
                "LocalTime",
                "BroadcastMassRegistration",
                "LogicalPhysicalChannelRelationship",
                "AdjacentSiteInformation",
                "GeneralSiteParams",
            ];
            // Its content stands in two places: 14 bits from bit 21 on, and the last 24.
            let before = u32::from_be_bytes([0, octets[2], octets[3], octets[4]]) >> 5 & 0x3FFF;
            let behind = u32::from_be_bytes([0, octets[7], octets[8], octets[9]]);
            (
                "AnnouncementPDUsWithoutResponse",
                vec![
                    format!(
                        "AnnouncementType.{}",
                        kind.get(usize::from(it.announcement.kind()))?
                    ),
                    format!("PARAMS1: {before:014b}"),
                    format!("PARAMS2: {behind:024b}"),
                    format!("REGISTRATION REQUIRED: {}", flag(it.registration)),
                    backoff(it.backoff.0),
                    format!(
                        "SYSTEM IDENTITY: {}",
                        u16::from_be_bytes([octets[5], octets[6]])
                    ),
                ],
            )
        }
        _ => return None,
    };
    let mut words = vec![
        format!("CsbkOpcodes.{opcode}"),
        format!("LB: {}", u8::from(csbk.last_block)),
        format!("PF: {}", u8::from(csbk.protect)),
        feature_set(octets[1]),
    ];
    words.extend(inside);
    Some(words)
}

fn backoff(number: u8) -> String {
    let frames = match BACKOFF[usize::from(number & 0xF)] {
        0 => "None".to_owned(),
        frames => frames.to_string(),
    };
    format!("BACKOFF: TDMA Frame Length = {frames}")
}

fn sap(addressing: &Addressing) -> String {
    let name = match addressing.sap.code() {
        0 => "UDT",
        2 => "TCP_IP_compression",
        3 => "UDP_IP_compression",
        4 => "IP_PacketData",
        5 => "ARP",
        9 => "Proprietary",
        10 => "ShortData",
        _ => "Reserved",
    };
    format!("SAPIdentifier.{name}")
}

/// Format and addresses, as it prints them for every format; a response has no group.
fn addressed(format: &str, addressing: &Addressing, with_target: bool) -> Vec<String> {
    let mut words = vec![
        format!("DataPacketFormats.{format}"),
        sap(addressing),
        format!("SOURCE: {}", addressing.source),
        format!("DESTINATION: {}", addressing.destination),
    ];
    if with_target {
        let target = if addressing.group {
            "GROUP"
        } else {
            "INDIVIDUAL"
        };
        words.push(format!("TARGET IS {target}"));
    }
    if addressing.response_requested {
        words.push("RESPONSE REQUESTED".to_owned());
    }
    words
}

fn full_message(full: bool) -> String {
    let name = if full {
        "FirstTryToCompletePacket"
    } else {
        "SubsequentTry"
    };
    format!("FullMessageFlag.{name}")
}

fn fragment(number: u8) -> String {
    match number {
        0 => "FSN: Unconfirmed data single fragment".to_owned(),
        8 => "FSN: Confirmed data single fragment".to_owned(),
        other => {
            let last = if other & 8 == 0 { "Subsequent" } else { "Last" };
            format!("FSN: {last} confirmed data fragment, number {}", other & 7)
        }
    }
}

fn dd_format(code: u8) -> String {
    let name = match code {
        0 => "Binary".to_owned(),
        1 => "BCD".to_owned(),
        2 => "Charset7bit".to_owned(),
        0x03..=0x0D => format!("CharsetISO_8859_{}", code - 2),
        0x0E..=0x11 => format!("CharsetISO_8859_{}", code - 1),
        0x12 => "CharsetUTF8".to_owned(),
        0x13 => "CharsetUTF16".to_owned(),
        0x14 => "CharsetUTF16_BE".to_owned(),
        0x15 => "CharsetUTF16_LE".to_owned(),
        0x16 => "CharsetUTF32".to_owned(),
        0x17 => "CharsetUTF32_BE".to_owned(),
        0x18 => "CharsetUTF32_LE".to_owned(),
        _ => "Reserved".to_owned(),
    };
    format!("DefinedDataFormats.{name}")
}

fn udt_format(code: u8) -> String {
    let name = match code {
        0 => "Binary",
        1 => "AddressMSorTG",
        2 => "BCD4bit",
        3 => "ISO7bit",
        4 => "ISO8bit",
        5 => "LocationNMEA",
        6 => "AddressIP",
        7 => "Unicode16bit",
        8 | 9 => "ManufacturerSpecific",
        10 => "Mixed",
        _ => "Reserved",
    };
    format!("UDTFormat.{name}")
}

fn udt_opcode(opcode: u8) -> Option<String> {
    let name = match opcode {
        0x1A => "UnifiedDataTransportOutboundHeader",
        0x1B => "UnifiedDataTransportInboundHeader",
        0x24 => "UnifiedDataTransportForDGNAOutboundHeader",
        0x25 => "UnifiedDataTransportForDGNAInboundHeader",
        _ => return None,
    };
    Some(format!("UDT Opcode: CsbkOpcodes.{name}"))
}

/// What it prints of a data header whose check holds.
pub(crate) fn data_header(header: &DataHeader) -> Option<Vec<String>> {
    Some(match header {
        DataHeader::Confirmed(it) => {
            let mut words = addressed("DataPacketConfirmed", &it.addressing, true);
            let resynchronise = if it.resynchronise {
                "SyncSeqNumberWithDataHeader"
            } else {
                "DoNotSync"
            };
            words.extend([
                format!("PAD OCTETS: {}", it.pad_octets),
                full_message(it.full_message),
                format!("BTF: {}", it.blocks_to_follow),
                format!("ResynchronizeFlag.{resynchronise}"),
                format!("N(S): {}", it.send_sequence),
                fragment(it.fragment),
            ]);
            words
        }
        DataHeader::Unconfirmed(it) => {
            let mut words = addressed("DataPacketUnconfirmed", &it.addressing, true);
            words.extend([
                format!("PAD OCTETS: {}", it.pad_octets),
                full_message(it.full_message),
                format!("BTF: {}", it.blocks_to_follow),
                fragment(it.fragment),
            ]);
            words
        }
        DataHeader::Response(it) => {
            let fields = it.to_fields();
            let of = |name: &str| number(&fields, name);
            let mut words = addressed("ResponsePacket", &it.addressing, false);
            words.extend([
                format!(
                    "RESPONSE TYPE: {} CLASS: {} STATUS: {}",
                    of("type"),
                    of("class"),
                    of("status")
                ),
                // It reads bit 64, which a response does not use, as its F.
                full_message(false),
                format!("BTF: {}", it.blocks_to_follow),
            ]);
            words
        }
        DataHeader::ShortDataDefined(it) => {
            let mut words = addressed("ShortDataDefined", &it.addressing, true);
            let sarq = if it.selective_repeat {
                "Required"
            } else {
                "NotRequired"
            };
            words.extend([
                dd_format(it.format.code()),
                format!("SARQ.{sarq}"),
                full_message(it.full_message),
                format!("APPENDED BLOCKS: {}", it.appended_blocks),
            ]);
            words
        }
        DataHeader::Udt(it) => {
            let mut words = addressed("UnifiedDataTransport", &it.addressing, true);
            let flag = if it.supplementary {
                "SupplementaryData"
            } else {
                "ShortData"
            };
            words.extend([
                udt_format(it.format.code()),
                udt_opcode(it.opcode)?,
                format!("SupplementaryFlag.{flag}"),
            ]);
            words
        }
        _ => return None,
    })
}

/// Fails unless both say the same words, in whatever order.
pub(crate) fn assert_same(ours: &[String], theirs: &[String], what: &str) {
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        words
    };
    assert_eq!(sorted(ours), sorted(theirs), "{what}");
}
