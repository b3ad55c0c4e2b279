//! From what is wanted to the bursts of the air.

use crate::air::{Acknowledgement, Address, RadioId, Transmission};
use crate::dmr::csbk::{CallAlertAck, Csbk, CsbkBody, ExtendedFunction, Function};
use crate::dmr::data_header::{Addressing, DataHeader, Sap};
use crate::dmr::packet::{self, Sequence};
use crate::dmr::packet::{Pdu, response};
use crate::dmr::text::{self, Options, TextError};
use crate::session::Refusal;

use super::config::ChannelConfig;
use super::numbering::{Numbering, numbered_for};
use super::outgoing::Outgoing;

/// One preamble wakes a radio; a modem host multiplies it by itself.
const PREAMBLES: u8 = 1;

/// A fragment in the form of its PDUs.
#[derive(Debug)]
pub(super) struct Composed {
    /// Whose response counts; for a talkgroup or a radio check nobody's.
    pub(super) to: RadioId,
    /// The packet whose confirmation is awaited.
    pub(super) confirmed: Option<packet::Outgoing>,
    pdus: Vec<Pdu>,
    way: Way,
}

/// Who sends to whom.
#[derive(Debug, Clone, Copy)]
struct Way {
    src: u32,
    dst: u32,
    group: bool,
}

impl Composed {
    /// Its bursts; the last one names the job.
    pub(super) fn bursts(
        &self,
        config: &ChannelConfig,
        job: Option<crate::air::JobId>,
    ) -> Vec<Outgoing> {
        let mut bursts = on_air(config, &self.pdus, self.way);
        if let Some(last) = bursts.last_mut() {
            last.last_of = job;
        }
        bursts
    }
}

/// The PDUs of a fragment.
pub(super) fn transmission(
    config: &ChannelConfig,
    numbering: &mut Numbering,
    transmission: &Transmission,
) -> Result<Composed, Refusal> {
    match transmission {
        Transmission::Text(text) => {
            let sequence = numbered_for(transmission)
                .map_or_else(Sequence::default, |to| numbering.send_sequence(to, text));
            let options = options(numbering, sequence);
            let packet = text::packet(text, &options).map_err(|error| refusal(&error))?;
            let way = Way {
                src: text.from.get(),
                dst: text.to.get(),
                group: text.to.is_group(),
            };
            let asked =
                parties(&packet.header).is_some_and(|addressing| addressing.response_requested);
            Ok(Composed {
                to: match text.to {
                    Address::Radio(to) => to,
                    Address::Group(_) => config.own,
                },
                pdus: packet.pdus(PREAMBLES),
                confirmed: asked.then_some(packet),
                way,
            })
        }
        Transmission::RadioCheck { from, to } => {
            let check = ExtendedFunction {
                flags: 0,
                function: Function::RadioCheck,
                requester: from.get(),
                radio: to.get(),
            };
            let pdu = Csbk::from(CsbkBody::ExtendedFunction(check)).encode();
            let way = Way {
                src: from.get(),
                dst: to.get(),
                group: false,
            };
            Ok(Composed {
                to: *to,
                confirmed: None,
                pdus: vec![Pdu::Csbk(pdu)],
                way,
            })
        }
        Transmission::Sms(_) => Err(Refusal::NotOffered),
    }
}

/// The bursts of an acknowledgement, the last of which is the job's end.
pub(super) fn acknowledgement(
    config: &ChannelConfig,
    numbering: &mut Numbering,
    acknowledgement: &Acknowledgement,
) -> Result<Vec<Outgoing>, Refusal> {
    let (pdus, from, to) = match *acknowledgement {
        Acknowledgement::Accepted { .. } | Acknowledgement::Sms { .. } => {
            return Err(Refusal::NotOffered);
        }
        Acknowledgement::Data {
            from,
            to,
            sap,
            sequence,
        } => {
            let packet = Addressing {
                group: false,
                response_requested: true,
                sap: Sap::from_code(sap),
                destination: from.get(),
                source: to.get(),
            };
            (response::ack(&packet, sequence).pdus(0), from, to)
        }
        Acknowledgement::Tms {
            from,
            to,
            reference,
        } => {
            let options = options(numbering, Sequence::default());
            let packet = text::tms_acknowledgement(from, to, reference, &options)
                .map_err(|error| refusal(&error))?;
            (packet.pdus(PREAMBLES), from, to)
        }
        Acknowledgement::Emergency { from, to } => {
            let ack = CallAlertAck {
                flags: 0,
                target: to.get(),
                source: from.get(),
            };
            (
                vec![Pdu::Csbk(Csbk::from(CsbkBody::CallAlertAck(ack)).encode())],
                from,
                to,
            )
        }
    };
    Ok(on_air(
        config,
        &pdus,
        Way {
            src: from.get(),
            dst: to.get(),
            group: false,
        },
    ))
}

/// The bursts of PDUs that belong to `packet`, or answer one.
pub(super) fn bursts(
    config: &ChannelConfig,
    pdus: &[Pdu],
    packet: Option<&packet::Outgoing>,
) -> Vec<Outgoing> {
    let way = packet.and_then(|packet| parties(&packet.header)).map_or(
        Way {
            src: config.own.get(),
            dst: 0,
            group: false,
        },
        |addressing| Way {
            src: addressing.source,
            dst: addressing.destination,
            group: addressing.group,
        },
    );
    on_air(config, pdus, way)
}

fn on_air(config: &ChannelConfig, pdus: &[Pdu], way: Way) -> Vec<Outgoing> {
    let bursts = pdus.iter().enumerate().map(|(index, pdu)| {
        let burst = pdu.to_burst(config.source.data_sync(), config.color_code);
        Outgoing {
            burst: burst.encode(),
            data_type: burst.data_type.number(),
            src: way.src,
            dst: way.dst,
            group: way.group,
            new_stream: index == 0,
            last_of: None,
        }
    });
    bursts.collect()
}

fn options(numbering: &mut Numbering, sequence: Sequence) -> Options {
    Options {
        preambles: PREAMBLES,
        sequence,
        ip_id: numbering.ip_id(),
        ..Options::default()
    }
}

fn refusal(error: &TextError) -> Refusal {
    match error {
        TextError::Control { .. } => Refusal::Unencodable,
        _ => Refusal::TooLong,
    }
}

/// The addresses of a packet.
fn parties(header: &DataHeader) -> Option<&Addressing> {
    header.addressing()
}
