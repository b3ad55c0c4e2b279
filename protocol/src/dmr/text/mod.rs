//! Text messages over DMR packet data, in the four forms that radios understand.
//!
//! [`packet`], [`packets`] and [`encode`] put a text on the air; [`interpret`] says what a packet off
//! the air says; [`fits`], [`split`] and [`bursts`] plan.

mod encoding;
mod error;
mod hygiene;
mod interpret;
pub mod port5016;
pub mod short_data;
mod size;
pub mod tms;

use crate::air::{Address, Delivery, FRAGMENT_BURSTS, RadioId, Text, TextForm};
use crate::dmr::data_header::{Addressing, DdFormat, OUTBOUND, Sap, UdtFormat};
use crate::dmr::ip::{
    CompressedUdp, Datagram, NETWORK_GROUP, NETWORK_RADIO, Networks, PortField, port,
};
use crate::dmr::packet::{self as data, Outgoing, Pdu, Rate, Sequence};
use crate::dmr::udt::{self, Content};

pub use encoding::{Encoding, utf16be, utf16le};
pub use error::TextError;
pub use hygiene::{check, is_forbidden, sanitize};
pub use interpret::{Message, Parties, interpret};
pub use size::{PREAMBLE_BURSTS, bursts, capacity, fits, octets, split};
use tms::Tms;

/// How a UDP datagram travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IpHeader {
    /// Whole, service access point 4, as recorded Motorola radios send it.
    #[default]
    Full,
    /// Compressed, service access point 3: 23 octets shorter.
    Compressed,
}

/// What a text does not say about its transmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Rate of the blocks; UDT always takes 1/2.
    pub rate: Rate,
    /// Preambles in front.
    pub preambles: u8,
    /// N(S) of a confirmed packet; counts up per link, a retry keeps it.
    pub sequence: Sequence,
    /// IPv4 identification of a datagram.
    pub ip_id: u16,
    /// How a datagram travels.
    pub ip: IpHeader,
    /// Addresses of radios and talkgroups in a full datagram.
    pub networks: Networks,
    /// Most bursts, preambles included.
    pub limit: u32,
    /// Most blocks of one packet: a confirmed datagram that needs more goes in fragments,
    /// where [`limit`](Self::limit) lets it. At most [`MOST_BLOCKS`](data::MOST_BLOCKS).
    pub most_blocks: usize,
}

impl Default for Options {
    /// Rate 1/2, one preamble, full IPv4 headers, at most one fragment.
    fn default() -> Self {
        Self {
            rate: Rate::Half,
            preambles: 1,
            sequence: Sequence::default(),
            ip_id: 1,
            ip: IpHeader::Full,
            networks: Networks::default(),
            limit: FRAGMENT_BURSTS,
            most_blocks: data::MOST_BLOCKS,
        }
    }
}

/// A talkgroup is never asked to confirm: many would answer at once.
const fn is_confirmed(text: &Text) -> bool {
    matches!(text.delivery, Delivery::Confirmed) && !text.to.is_group()
}

/// The packet that carries `text`, to be kept for the retries of a confirmed one. To a
/// talkgroup it is always unconfirmed.
///
/// # Errors
/// A character that must not be sent, or more text than the form, one packet and
/// [`Options::limit`] allow.
pub fn packet(text: &Text, options: &Options) -> Result<Outgoing, TextError> {
    let [outgoing] = <[Outgoing; 1]>::try_from(packets(text, options)?).map_err(|several| {
        let packets = several.len();
        TextError::Fragments { packets }
    })?;
    Ok(outgoing)
}

/// The packets that carry `text`, in the order of the air: one, or the fragments of a
/// confirmed datagram that one packet does not hold, each with the next N(S). Its sender
/// waits for the acknowledgement of each before the next.
///
/// # Errors
/// A character that must not be sent, or more text than the form and
/// [`Options::limit`] allow.
pub fn packets(text: &Text, options: &Options) -> Result<Vec<Outgoing>, TextError> {
    check(&text.text)?;
    let confirmed = is_confirmed(text);
    let addressing = |sap| Addressing {
        group: text.to.is_group(),
        response_requested: confirmed,
        sap,
        destination: text.to.get(),
        source: text.from.get(),
    };
    let short = |format, octets: &[u8]| {
        data::short_data(addressing(Sap::ShortData), options.rate, format, octets)
    };
    let outgoing = match text.form {
        TextForm::ShortDataUtf8 => vec![short(DdFormat::Utf8, text.text.as_bytes())?],
        TextForm::ShortDataUtf16 => vec![short(DdFormat::Utf16Be, &utf16be(&text.text))?],
        TextForm::Tms => tms_packets(text, confirmed, options)?,
        TextForm::Udt => {
            let content = Content::Text {
                format: UdtFormat::Utf16Be,
                text: text.text.clone(),
            };
            vec![udt::build(addressing(Sap::Udt), OUTBOUND, &content)?]
        }
    };
    let around = 1 + usize::from(options.preambles);
    let bursts = outgoing
        .iter()
        .map(|packet| around + packet.blocks.len())
        .sum();
    if u32::try_from(bursts).is_ok_and(|bursts| bursts <= options.limit) {
        Ok(outgoing)
    } else {
        let limit = options.limit;
        Err(TextError::TooManyBursts { bursts, limit })
    }
}

fn tms_packets(
    text: &Text,
    confirmed: bool,
    options: &Options,
) -> Result<Vec<Outgoing>, TextError> {
    if text.reference > tms::LAST_REFERENCE {
        return Err(TextError::Reference(text.reference));
    }
    let message = Tms::Text {
        ask: !text.to.is_group(),
        reference: Some(text.reference),
        text: text.text.clone(),
    };
    let link = Link {
        from: text.from,
        to: text.to,
        confirmed,
    };
    let (addressing, octets) = udp(link, port::TMS, message.encode(), options)?;
    let Options { rate, sequence, .. } = *options;
    let most = options.most_blocks.min(data::MOST_BLOCKS);
    Ok(if !confirmed {
        vec![data::unconfirmed(addressing, rate, &octets)?]
    } else if data::blocks_for(octets.len(), rate, true) <= most {
        vec![data::confirmed(addressing, rate, sequence, &octets)?]
    } else {
        data::fragments(addressing, rate, sequence, most, &octets)?
    })
}

/// The PDUs of `text`, in the order of the air: for each of its packets preambles that
/// count down, header, blocks.
///
/// # Errors
/// As [`packets`].
pub fn encode(text: &Text, options: &Options) -> Result<Vec<Pdu>, TextError> {
    let packets = packets(text, options)?;
    let pdus = packets
        .iter()
        .flat_map(|packet| packet.pdus(options.preambles));
    Ok(pdus.collect())
}

/// The packet that acknowledges the TMS text `reference` of radio `to`, unconfirmed.
///
/// # Errors
/// `reference` is above 127.
pub fn tms_acknowledgement(
    from: RadioId,
    to: RadioId,
    reference: u8,
    options: &Options,
) -> Result<Outgoing, TextError> {
    if reference > tms::LAST_REFERENCE {
        return Err(TextError::Reference(reference));
    }
    let message = Tms::Acknowledgement {
        reference: Some(reference),
    };
    let link = Link {
        from,
        to: Address::Radio(to),
        confirmed: false,
    };
    let (addressing, octets) = udp(link, port::TMS, message.encode(), options)?;
    Ok(data::unconfirmed(addressing, options.rate, &octets)?)
}

/// The packet that carries `text` as DMR standard text on UDP port 5016, unconfirmed.
///
/// # Errors
/// A character that must not be sent, or more text than a packet holds.
pub fn standard_text(
    from: RadioId,
    to: Address,
    text: &str,
    options: &Options,
) -> Result<Outgoing, TextError> {
    check(text)?;
    let link = Link {
        from,
        to,
        confirmed: false,
    };
    let (addressing, octets) = udp(link, port::TEXT, port5016::encode(text), options)?;
    Ok(data::unconfirmed(addressing, options.rate, &octets)?)
}

/// Between whom a datagram travels, and how.
#[derive(Clone, Copy)]
struct Link {
    from: RadioId,
    to: Address,
    confirmed: bool,
}

/// The addresses and the user data of a packet.
fn udp(
    link: Link,
    port: u16,
    payload: Vec<u8>,
    options: &Options,
) -> Result<(Addressing, Vec<u8>), TextError> {
    let (sap, octets) = match options.ip {
        IpHeader::Full => {
            let datagram = Datagram {
                identification: options.ip_id,
                source: options.networks.address(Address::Radio(link.from)),
                destination: options.networks.address(link.to),
                source_port: port,
                destination_port: port,
                payload,
            };
            (Sap::Ip, datagram.encode()?)
        }
        IpHeader::Compressed => {
            let group = link.to.is_group();
            let datagram = CompressedUdp {
                identification: options.ip_id,
                source_network: NETWORK_RADIO,
                destination_network: if group { NETWORK_GROUP } else { NETWORK_RADIO },
                opcode: 0,
                source_port: PortField::of(port),
                destination_port: PortField::of(port),
                payload,
            };
            (Sap::UdpCompressed, datagram.encode())
        }
    };
    let addressing = Addressing {
        group: link.to.is_group(),
        response_requested: link.confirmed,
        sap,
        destination: link.to.get(),
        source: link.from.get(),
    };
    Ok((addressing, octets))
}

#[cfg(test)]
mod tests;
