//! What a complete packet says.

use crate::air::Position;
use crate::dmr::data_header::{Addressing, DataHeader, Response, Sap, Udt, UdtFormat};
use crate::dmr::ip::{self, CompressedUdp, Datagram, port};
use crate::dmr::packet::{Extent, Packet};
use crate::dmr::udt::{self, Content};

use super::encoding::Encoding;
use super::tms::Tms;
use super::{port5016, short_data};

/// Who says it to whom, as the data header names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parties {
    /// 24-bit address of the sender.
    pub from: u32,
    /// 24-bit address of the receiver.
    pub to: u32,
    /// Whether the receiver is a talkgroup.
    pub group: bool,
}

impl From<&Addressing> for Parties {
    fn from(addressing: &Addressing) -> Self {
        Self {
            from: addressing.source,
            to: addressing.destination,
            group: addressing.group,
        }
    }
}

/// What a packet says.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A text.
    Text {
        /// Who to whom.
        parties: Parties,
        /// What it says, as sent: show it through [`sanitize`](super::sanitize).
        text: String,
        /// How it was written.
        encoding: Encoding,
        /// The sender's message number, where the form carries one.
        reference: Option<u16>,
        /// The sender's application waits for a TMS acknowledgement.
        ask: bool,
    },
    /// A terminal has the text with this TMS number.
    TmsAcknowledgement {
        /// Who to whom.
        parties: Parties,
        /// 0 to 127.
        reference: u8,
    },
    /// A status code.
    Status {
        /// Who to whom.
        parties: Parties,
        /// 0 to 1023.
        code: u16,
    },
    /// A position.
    Location {
        /// Who to whom.
        parties: Parties,
        /// Where.
        position: Position,
    },
    /// The link layer's answer to a packet.
    Response {
        /// Who to whom.
        parties: Parties,
        /// ACK, NACK or SACK.
        response: Response,
        /// The flag octets of a SACK, for [`asked_again`](crate::dmr::packet::response::asked_again).
        flags: Vec<u8>,
    },
    /// A datagram whose own source is another radio than the header's: the header is of one
    /// transmission and the blocks of another. Who says it to whom is not known.
    OfAnother {
        /// Who to whom by the header.
        parties: Parties,
        /// 24-bit id in the source address of the datagram.
        sender: u32,
    },
    /// Something else.
    Other {
        /// Who to whom, where the header says.
        parties: Option<Parties>,
    },
}

impl Message {
    /// Who says it to whom.
    #[must_use]
    pub const fn parties(&self) -> Option<Parties> {
        match self {
            Self::Text { parties, .. }
            | Self::TmsAcknowledgement { parties, .. }
            | Self::Status { parties, .. }
            | Self::Location { parties, .. }
            | Self::Response { parties, .. }
            | Self::OfAnother { parties, .. } => Some(*parties),
            Self::Other { parties } => *parties,
        }
    }
}

/// What `packet` says. Total: what is not understood is [`Message::Other`].
#[must_use]
pub fn interpret(packet: &Packet) -> Message {
    let Some(addressing) = packet.header.addressing() else {
        return Message::Other { parties: None };
    };
    let parties = Parties::from(addressing);
    let said = match &packet.header {
        DataHeader::Udt(header) => unified(parties, header, &packet.data),
        DataHeader::StatusPrecoded(header) => Some(Message::Status {
            parties,
            code: header.status,
        }),
        DataHeader::Response(response) => Some(Message::Response {
            parties,
            response: *response,
            flags: packet.data.clone(),
        }),
        DataHeader::ShortDataDefined(header) => short_data::decode(header.format, &packet.data)
            .map(|short| Message::Text {
                parties,
                text: short.text,
                encoding: short.encoding,
                reference: short.counter,
                ask: false,
            }),
        // A fragment alone is no datagram.
        DataHeader::Confirmed(_) if matches!(packet.extent, Extent::Part { .. }) => None,
        DataHeader::Unconfirmed(_) | DataHeader::Confirmed(_) => {
            datagram(addressing.sap, &packet.data).and_then(|datagram| match datagram.sender {
                Some(sender) if sender != parties.from => {
                    Some(Message::OfAnother { parties, sender })
                }
                _ => application(parties, datagram.port, &datagram.payload),
            })
        }
        _ => None,
    };
    said.unwrap_or(Message::Other {
        parties: Some(parties),
    })
}

/// What a datagram says, however its header travelled.
struct Carried {
    /// The 24-bit id of the radio that wrote it, where its own header says so.
    sender: Option<u32>,
    /// Names the service.
    port: u16,
    payload: Vec<u8>,
}

fn datagram(sap: Sap, data: &[u8]) -> Option<Carried> {
    match sap {
        Sap::Ip => {
            let datagram = Datagram::decode(data).ok()?;
            Some(Carried {
                sender: ip::radio_of(datagram.source),
                port: datagram.destination_port,
                payload: datagram.payload,
            })
        }
        Sap::UdpCompressed => {
            let datagram = CompressedUdp::decode(data).ok()?;
            // Another opcode is another kind of header.
            if datagram.opcode != 0 {
                return None;
            }
            Some(Carried {
                sender: None,
                port: datagram.destination_port.port()?,
                payload: datagram.payload,
            })
        }
        _ => None,
    }
}

fn application(parties: Parties, port: u16, payload: &[u8]) -> Option<Message> {
    match port {
        port::TMS => match Tms::decode(payload).ok()? {
            Tms::Text {
                ask,
                reference,
                text,
            } => Some(Message::Text {
                parties,
                text,
                encoding: Encoding::Utf16Le,
                reference: reference.map(u16::from),
                ask,
            }),
            Tms::Acknowledgement { reference } => Some(Message::TmsAcknowledgement {
                parties,
                reference: reference?,
            }),
            Tms::Availability { .. } | Tms::Other { .. } => None,
        },
        port::TEXT => Some(Message::Text {
            parties,
            text: port5016::decode(payload),
            encoding: Encoding::Utf16Be,
            reference: None,
            ask: false,
        }),
        _ => None,
    }
}

fn unified(parties: Parties, header: &Udt, data: &[u8]) -> Option<Message> {
    let text = |text: String, encoding: Encoding| Message::Text {
        parties,
        text,
        encoding,
        reference: None,
        ask: false,
    };
    match udt::read(header, data) {
        Content::Text { format, text: said } => {
            let encoding = match format {
                UdtFormat::Iso7 => Encoding::SevenBit,
                UdtFormat::Iso8 => Encoding::Latin1,
                _ => Encoding::Utf16Be,
            };
            Some(text(said, encoding))
        }
        Content::Bcd(digits) => Some(text(digits, Encoding::Bcd)),
        Content::Mixed { text: said, .. } => Some(text(said, Encoding::Utf16Be)),
        Content::Nmea(location) => location
            .position()
            .map(|position| Message::Location { parties, position }),
        Content::Binary(_) | Content::Addresses { .. } | Content::Ip(_) | Content::Other { .. } => {
            None
        }
    }
}
