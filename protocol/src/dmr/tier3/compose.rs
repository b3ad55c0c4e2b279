//! From what is wanted to the bursts of a control channel.

use crate::air::{Acknowledgement, Address, Delivery, RadioId, Text, TextForm, Transmission};
use crate::dmr::channel::Outgoing;
use crate::dmr::csbk::{Ack, Ahoy, Csbk, CsbkBody, Reason, ServiceKind};
use crate::dmr::gateway::TSI;
use crate::dmr::packet::Pdu;
use crate::dmr::sync::Sync;
use crate::dmr::text::{self, Options, TextError};
use crate::session::Refusal;

use super::ControlConfig;
use super::fragment::{Expect, Fragment};

impl ControlConfig {
    /// The burst that carries one CSBK.
    pub(super) fn csbk(&self, body: CsbkBody) -> Outgoing {
        let csbk = Csbk::from(body);
        let target = csbk.target();
        self.burst(
            &Pdu::Csbk(csbk.encode()),
            csbk.source().unwrap_or(TSI),
            target.map_or(0, |target| target.number),
            target.is_some_and(|target| target.group),
        )
    }

    /// An answer of the system to radio `to`.
    pub(super) fn answer(&self, reason: Reason, to: RadioId, source: u32) -> Outgoing {
        self.csbk(CsbkBody::AckD(Ack::new(reason, to.get(), source)))
    }

    fn burst(&self, pdu: &Pdu, src: u32, dst: u32, group: bool) -> Outgoing {
        let burst = pdu.to_burst(Sync::BsData, self.color_code);
        Outgoing {
            burst: burst.encode(),
            data_type: burst.data_type.number(),
            src,
            dst,
            group,
            new_stream: false,
            last_of: None,
        }
    }

    /// The bursts of a fragment, and what answers it.
    pub(super) fn fragment(&self, transmission: &Transmission) -> Result<Fragment, Refusal> {
        match transmission {
            Transmission::Text(text) => self.text(text),
            Transmission::Sms(_) => Err(Refusal::NotOffered),
            Transmission::RadioCheck { to, .. } => {
                let check = Ahoy {
                    service_kind: ServiceKind::Registration,
                    target: to.get(),
                    source: TSI,
                    ..Ahoy::default()
                };
                Ok(Fragment {
                    bursts: vec![self.csbk(CsbkBody::Ahoy(check))],
                    expect: Expect::Presence { by: *to },
                })
            }
        }
    }

    fn text(&self, text: &Text) -> Result<Fragment, Refusal> {
        if text.form != TextForm::Udt {
            return Err(Refusal::NotOffered);
        }
        let options = Options {
            preambles: 0,
            ..Options::default()
        };
        let packet = text::packet(text, &options).map_err(|error| match error {
            TextError::Control { .. } => Refusal::Unencodable,
            _ => Refusal::TooLong,
        })?;
        let (src, dst, group) = (text.from.get(), text.to.get(), text.to.is_group());
        let bursts = packet.pdus(0).into_iter();
        Ok(Fragment {
            bursts: bursts
                .map(|pdu| self.burst(&pdu, src, dst, group))
                .collect(),
            expect: match (text.to, text.delivery) {
                (Address::Radio(by), Delivery::Confirmed) => Expect::Acknowledgement {
                    by,
                    from: text.from,
                },
                _ => Expect::Nothing,
            },
        })
    }

    /// One poll for each radio.
    pub(super) fn polls(&self, from: RadioId, radios: &[RadioId]) -> Fragment {
        let poll = |radio: &RadioId| Ahoy::status_poll(radio.get(), from.get());
        let polls = radios
            .iter()
            .map(|radio| self.csbk(CsbkBody::Ahoy(poll(radio))));
        Fragment {
            bursts: polls.collect(),
            expect: Expect::Statuses,
        }
    }

    /// The burst of an acknowledgement.
    pub(super) fn acknowledgement(
        &self,
        acknowledgement: &Acknowledgement,
    ) -> Result<Outgoing, Refusal> {
        match *acknowledgement {
            Acknowledgement::Accepted { from, to } => {
                Ok(self.answer(Reason::MessageAccepted, to, from))
            }
            Acknowledgement::Emergency { from, to } => {
                Ok(self.answer(Reason::MessageAccepted, to, from.get()))
            }
            Acknowledgement::Data { .. }
            | Acknowledgement::Tms { .. }
            | Acknowledgement::Sms { .. } => Err(Refusal::NotOffered),
        }
    }
}
