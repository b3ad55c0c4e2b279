//! Text messages over DMR packet data, in the four forms that radios understand.
//!
//! [`packet`] and [`encode`] put a text on the air; [`interpret`] says what a packet off
//! the air says; [`fits`], [`split`] and [`bursts`] plan.

mod encoding;
mod hygiene;
mod interpret;
pub mod port5016;
pub mod short_data;
mod size;
pub mod tms;

use crate::air::{Address, Delivery, FRAGMENT_BURSTS, RadioId, Text, TextForm};
use crate::dmr::data_header::{Addressing, DdFormat, OUTBOUND, Sap, UdtFormat};
use crate::dmr::ip::{
    CompressedUdp, Datagram, IpError, NETWORK_GROUP, NETWORK_RADIO, Networks, PortField, port,
};
use crate::dmr::packet::{self as data, BuildError, Outgoing, Pdu, Rate, Sequence};
use crate::dmr::udt::{self, Content, UdtError};

pub use encoding::{Encoding, utf16be, utf16le};
pub use hygiene::{check, is_forbidden, sanitize};
pub use interpret::{Message, Parties, interpret};
pub use size::{PREAMBLE_BURSTS, bursts, capacity, fits, octets, split};
use tms::Tms;

/// Why a text cannot be put on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A control or bidirectional character: it never reaches the air.
    #[error("{character:?} at character {index} must not be sent; take it out")]
    Control {
        /// Its position, counted in characters.
        index: usize,
        /// It.
        character: char,
    },
    /// More than one fragment takes; [`split`] it.
    #[error("{octets} octets of text, one fragment takes {capacity}")]
    TooLong {
        /// Octets of the text in this form.
        octets: usize,
        /// Octets there may be.
        capacity: usize,
    },
    /// More bursts than the options allow.
    #[error("the text takes {bursts} bursts, allowed are {limit}")]
    TooManyBursts {
        /// Preambles, header and blocks.
        bursts: usize,
        /// [`Options::limit`].
        limit: u32,
    },
    /// TMS message numbers end at 127.
    #[error("{0} is no TMS message number: 0 to 127")]
    Reference(u8),
    /// More than a header can announce.
    #[error(transparent)]
    Packet(#[from] BuildError),
    /// More than a datagram can hold.
    #[error(transparent)]
    Datagram(#[from] IpError),
    /// More than a UDT can hold.
    #[error(transparent)]
    Udt(#[from] UdtError),
}

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
/// A character that must not be sent, or more text than the form and
/// [`Options::limit`] allow.
pub fn packet(text: &Text, options: &Options) -> Result<Outgoing, TextError> {
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
        TextForm::ShortDataUtf8 => short(DdFormat::Utf8, text.text.as_bytes())?,
        TextForm::ShortDataUtf16 => short(DdFormat::Utf16Be, &utf16be(&text.text))?,
        TextForm::Tms => {
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
            udp(link, port::TMS, message.encode(), options)?
        }
        TextForm::Udt => {
            let content = Content::Text {
                format: UdtFormat::Utf16Be,
                text: text.text.clone(),
            };
            udt::build(addressing(Sap::Udt), OUTBOUND, &content)?
        }
    };
    let bursts = 1 + outgoing.blocks.len() + usize::from(options.preambles);
    if u32::try_from(bursts).is_ok_and(|bursts| bursts <= options.limit) {
        Ok(outgoing)
    } else {
        let limit = options.limit;
        Err(TextError::TooManyBursts { bursts, limit })
    }
}

/// The PDUs of one transmission of `text`, in the order of the air: preambles that count
/// down, header, blocks.
///
/// # Errors
/// As [`packet`].
pub fn encode(text: &Text, options: &Options) -> Result<Vec<Pdu>, TextError> {
    Ok(packet(text, options)?.pdus(options.preambles))
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
    udp(link, port::TMS, message.encode(), options)
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
    udp(link, port::TEXT, port5016::encode(text), options)
}

/// Between whom a datagram travels, and how.
#[derive(Clone, Copy)]
struct Link {
    from: RadioId,
    to: Address,
    confirmed: bool,
}

fn udp(link: Link, port: u16, payload: Vec<u8>, options: &Options) -> Result<Outgoing, TextError> {
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
    Ok(if link.confirmed {
        data::confirmed(addressing, options.rate, options.sequence, &octets)?
    } else {
        data::unconfirmed(addressing, options.rate, &octets)?
    })
}

#[cfg(test)]
mod tests;
