//! What is said about packets put together of bursts.

use narrowcast_protocol::dmr::data_header::{DataHeader, DdFormat, Sap};
use narrowcast_protocol::dmr::ip::{CompressedUdp, Datagram, port};
use narrowcast_protocol::dmr::packet::{Failure, Missing, Outcome, Packet};
use narrowcast_protocol::dmr::text::{Encoding, Message, interpret, port5016};

use super::Report;
use super::marks::Marks;

/// The message in a complete packet; `None` if there is no text, or it is the repetition of
/// `last`.
pub(super) fn message(
    packet: &Packet,
    slot: Option<u8>,
    last: &mut Option<Report>,
) -> Option<Report> {
    let Message::Text {
        parties,
        text,
        encoding,
        reference,
        ..
    } = interpret(packet)
    else {
        return None;
    };
    let encoding = order_of_5016(packet).unwrap_or(encoding);
    let message = Report {
        ok: true,
        kind: "message",
        pdu: "Text",
        src: Some(parties.from),
        dst: Some(parties.to),
        group: Some(parties.group),
        slot,
        // Radios begin a text with a line break, which is none of the writer's.
        text: Some(text.strip_prefix("\r\n").unwrap_or(&text).to_owned()),
        encoding: Some(encoding.to_string()),
        note: label(packet)
            .filter(|labels| !labels.contains(&encoding))
            .and_then(<[Encoding]>::first)
            .map(|label| format!("labelled {label}, which it is not")),
        reference,
        ..Report::default()
    };
    // A retry of what was complete before; the mark alone goes by the header, which two
    // different texts may share.
    (!packet.repeated || last.as_ref() != Some(&message)).then(|| {
        *last = Some(message.clone());
        message
    })
}

/// In which order of octets a text of port 5016 was written.
fn order_of_5016(packet: &Packet) -> Option<Encoding> {
    let (number, payload) = match packet.header.addressing()?.sap {
        Sap::Ip => {
            let datagram = Datagram::decode(&packet.data).ok()?;
            (datagram.destination_port, datagram.payload)
        }
        Sap::UdpCompressed => {
            let datagram = CompressedUdp::decode(&packet.data).ok()?;
            (datagram.destination_port.port()?, datagram.payload)
        }
        _ => return None,
    };
    (number == port::TEXT).then(|| port5016::read(&payload).1)
}

/// What the sender called the encoding of short data, and what that may mean.
fn label(packet: &Packet) -> Option<&'static [Encoding]> {
    use Encoding::{Utf16Be, Utf16Le, Utf32Be, Utf32Le};
    let labels: &[Encoding] = match &packet.header {
        DataHeader::ShortDataDefined(header) => match header.format {
            DdFormat::Utf16 => &[Utf16Be, Utf16Le],
            DdFormat::Utf16Be => &[Utf16Be],
            DdFormat::Utf16Le => &[Utf16Le],
            DdFormat::Utf32 => &[Utf32Be, Utf32Le],
            DdFormat::Utf32Be => &[Utf32Be],
            DdFormat::Utf32Le => &[Utf32Le],
            _ => return None,
        },
        // Text of UDP port 5016 is UTF-16BE by the standard.
        _ if order_of_5016(packet).is_some() => &[Utf16Be],
        _ => return None,
    };
    Some(labels)
}

/// What is said of a packet that did not come about: which, and why. `marks` tell
/// which blocks were heard.
pub(super) fn incomplete(outcome: &Outcome, slot: Option<u8>, marks: &Marks) -> Option<Report> {
    let (header, why) = match outcome {
        Outcome::Missing(missing) => (Some(&missing.header), missing_blocks(missing)),
        Outcome::Failed {
            header,
            why: Failure::Incomplete,
        } => (Some(header), lost(marks, usize::from(header.blocks()))),
        Outcome::Failed { header, why } => (Some(header), format!("not read: {why}")),
        Outcome::Stray => {
            let why = "incomplete: blocks of data whose header was not heard";
            (None, why.to_owned())
        }
        Outcome::Complete(_) | Outcome::Fragment(_) | Outcome::Pending => return None,
    };
    let addressing = header.and_then(DataHeader::addressing);
    let mut report = Report {
        kind: "message",
        pdu: "Packet",
        src: addressing.map(|addressing| addressing.source),
        dst: addressing.map(|addressing| addressing.destination),
        group: addressing.map(|addressing| addressing.group),
        slot,
        ..Report::default()
    };
    report.fail(why);
    Some(report)
}

/// What is missing of a packet whose blocks carry no number.
fn lost(marks: &Marks, total: usize) -> String {
    let heard = marks.blocks();
    match marks.missing(total).as_deref() {
        Some([one]) => {
            format!("incomplete: block {one} of {total} is missing, and nobody repeats it")
        }
        Some(several) if !several.is_empty() => {
            let list: Vec<String> = several.iter().map(usize::to_string).collect();
            let list = list.join(", ");
            format!("incomplete: blocks {list} of {total} are missing, and nobody repeats them")
        }
        _ => format!(
            "incomplete: {heard} of {total} blocks heard, {} missing: they carry no number that tells which",
            total.saturating_sub(heard)
        ),
    }
}

fn missing_blocks(missing: &Missing) -> String {
    let list = |of: &dyn Fn(u8) -> u8| {
        let numbers = missing.blocks.iter().map(|serial| of(*serial).to_string());
        numbers.collect::<Vec<_>>().join(", ")
    };
    let (word, verb, number) = match missing.blocks.len() {
        1 => ("block", "is", "number"),
        _ => ("blocks", "are", "numbers"),
    };
    format!(
        "incomplete: {word} {} of {} {verb} missing (serial {number} {})",
        list(&|serial| serial.saturating_add(1)),
        missing.total,
        list(&|serial| serial),
    )
}
