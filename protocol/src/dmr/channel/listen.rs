//! From the bursts of the air to what was said.

use std::time::Duration;

use crate::air::{Acknowledgement, Address, GroupId, Heard, HeardKind, Owed, RadioId};
use crate::dmr::burst::{Burst, DataBurst, Middle, VoiceBurst};
use crate::dmr::csbk::{Context, Csbk, CsbkBody, Direction, System};
use crate::dmr::data_header::DataHeader;
use crate::dmr::fec::rs_12_9;
use crate::dmr::lc::FullLc;
use crate::dmr::packet::{Block, Packet, Rate};
use crate::dmr::packet::{Failure, Outcome};
use crate::dmr::slot_type::DataType;
use crate::dmr::text::{Message, Parties, interpret};
use crate::dmr::voice::{VoiceCollector, talker_of};
use crate::time::Instant;

use super::answers::{Due, Urgency};
use super::{Channel, ChannelEvent, compose};

/// How long the radio's link layer waits for a response, the way over the network included.
const RESPONSE_WINDOW: Duration = Duration::from_secs(2);
/// How long a radio's text service waits for its acknowledgement.
const TMS_WINDOW: Duration = Duration::from_secs(20);
/// How long an emergency acknowledgement makes sense; the radio repeats its call.
const EMERGENCY_WINDOW: Duration = Duration::from_secs(20);
/// A radio that goes on is reported as present at most this often.
const PRESENCE_EVERY: Duration = Duration::from_secs(5);

impl Channel {
    /// A burst was received on this channel.
    pub fn heard(&mut self, now: Instant, burst: &[u8; 33]) {
        match Burst::decode(burst) {
            Ok(read) => match read.value {
                Burst::Data(data) => self.data_burst(now, &data),
                Burst::Voice(voice) => self.voice_burst(now, &voice),
            },
            Err(_) => self.dropped("undecodable_burst"),
        }
        self.report_state();
    }

    /// As [`heard`](Self::heard), on a link that counts bursts to streams, one for each
    /// transmission. A data block says nothing of its sender, so one whose stream is not that
    /// of the header before it is another radio's, whose header was lost.
    pub fn heard_in_stream(&mut self, now: Instant, stream: u32, burst: &[u8; 33]) {
        self.stream = Some(stream);
        self.heard(now, burst);
        self.stream = None;
    }

    /// As [`heard_in_stream`](Self::heard_in_stream), of a transmission that another station
    /// hears as well and heard first: the radio is there and not here, so its presence is not
    /// reported.
    pub fn heard_after_another(&mut self, now: Instant, stream: u32, burst: &[u8; 33]) {
        self.is_elsewhere = true;
        self.heard_in_stream(now, stream, burst);
        self.is_elsewhere = false;
    }

    /// The radio's signal was lost: its transmission is over.
    pub fn signal_lost(&mut self, now: Instant) {
        self.end_call();
        let outcome = self.reassembler.ended(self.config.carrier.slot);
        self.packet_outcome(now, outcome);
        self.report_state();
    }

    fn end_call(&mut self) {
        self.occupancy.end();
        self.voice = VoiceCollector::default();
    }

    /// A call begins with a sync, or later with a link control that checks; the bursts in
    /// between prove nothing and only let it go on.
    fn voice_burst(&mut self, now: Instant, burst: &VoiceBurst) {
        match self.voice.push(burst, None) {
            Some(Ok(read)) => self.link_control(now, &FullLc::decode(&read.value)),
            Some(Err(_)) => {
                self.occupancy.go_on(now);
                self.dropped("embedded_lc");
            }
            None if matches!(burst.middle, Middle::Sync(_)) => self.occupancy.begin(now),
            None => {
                if !self.occupancy.go_on(now) {
                    self.dropped("voice_without_a_call");
                }
            }
        }
    }

    /// An embedded link control whose checksum is right.
    fn link_control(&mut self, now: Instant, lc: &FullLc) {
        let talks = lc
            .source()
            .is_some_and(|source| RadioId::new(source).is_ok());
        if talks {
            self.occupancy.begin(now);
            self.talker(now, lc);
        } else {
            self.occupancy.go_on(now);
        }
    }

    fn data_burst(&mut self, now: Instant, burst: &DataBurst) {
        let octets = burst.info.octets();
        match (burst.data_type, octets.first_chunk::<12>()) {
            (DataType::VoiceLcHeader, Some(block)) => {
                match rs_12_9::decode(block, rs_12_9::MASK_VOICE_LC_HEADER) {
                    Ok(read) => {
                        self.occupancy.begin(now);
                        self.talker(now, &FullLc::decode(&read.lc));
                    }
                    Err(_) => self.dropped("voice_header_fec"),
                }
            }
            (DataType::TerminatorWithLc, Some(block)) => {
                match rs_12_9::decode(block, rs_12_9::MASK_TERMINATOR) {
                    Ok(_) => self.end_call(),
                    Err(_) => self.dropped("terminator_fec"),
                }
            }
            (DataType::Csbk, Some(pdu)) => self.csbk(now, pdu),
            (DataType::DataHeader, Some(pdu)) => self.header(now, pdu),
            (DataType::Rate12Data, _) => self.block(now, Rate::Half, octets),
            (DataType::Rate34Data, _) => self.block(now, Rate::ThreeQuarters, octets),
            (DataType::Rate1Data, _) => self.block(now, Rate::Full, octets),
            _ => {}
        }
    }

    /// Who talks, where the link control says it.
    fn talker(&mut self, now: Instant, lc: &FullLc) {
        if let Some(radio) = talker_of(lc) {
            self.present(now, radio.get());
        }
    }

    fn csbk(&mut self, now: Instant, pdu: &[u8; 12]) {
        let context = Context {
            direction: Direction::Inbound,
            system: System::Conventional,
        };
        let Ok(csbk) = Csbk::decode(pdu, context) else {
            return self.dropped("csbk_crc");
        };
        self.occupancy.data(now);
        match csbk.body {
            CsbkBody::EmergencyAlarm(alarm) => {
                let Ok(from) = RadioId::new(alarm.source) else {
                    return self.dropped("reserved_address");
                };
                let acknowledgement = Acknowledgement::Emergency {
                    from: self.config.own,
                    to: from,
                };
                let owed = vec![Owed {
                    acknowledgement,
                    until: now + EMERGENCY_WINDOW,
                }];
                self.say(
                    HeardKind::Emergency {
                        from,
                        to: alarm.target,
                    },
                    owed,
                );
            }
            CsbkBody::BsDwnAct(_) => {}
            _ => {
                if let Some(source) = csbk.source() {
                    self.present(now, source);
                }
            }
        }
    }

    fn header(&mut self, now: Instant, pdu: &[u8; 12]) {
        let Ok(header) = DataHeader::decode(pdu) else {
            return self.dropped("data_header_crc");
        };
        self.occupancy.data(now);
        let slot = self.config.carrier.slot;
        let ended = self.reassembler.ended_by(slot, &header);
        self.packet_outcome(now, ended);
        self.packet_stream = self.stream;
        let outcome = self.reassembler.header(now, slot, &header);
        self.packet_outcome(now, outcome);
    }

    fn block(&mut self, now: Instant, rate: Rate, octets: &[u8]) {
        let Some(block) = Block::new(rate, octets) else {
            return;
        };
        if self.stream != self.packet_stream {
            return self.dropped("block_of_another_stream");
        }
        let outcome = self
            .reassembler
            .block(now, self.config.carrier.slot, &block);
        if outcome != Outcome::Stray {
            self.occupancy.data(now);
        }
        self.packet_outcome(now, outcome);
    }

    /// What became of a packet. A request for missing blocks or a refusal carries no "I
    /// have your message", so it needs nobody's leave.
    pub(super) fn packet_outcome(&mut self, now: Instant, outcome: Outcome) {
        match &outcome {
            Outcome::Complete(packet) | Outcome::Fragment(packet) => {
                return self.packet(now, packet);
            }
            Outcome::Pending => return,
            Outcome::Stray => return self.dropped("stray_block"),
            Outcome::Missing(_) => {}
            Outcome::Failed { why, .. } => self.dropped(match why {
                Failure::Checksum => "packet_crc",
                Failure::Malformed => "packet_malformed",
                Failure::Incomplete => "packet_incomplete",
                Failure::UnknownRetry => "packet_unknown_retry",
                Failure::OutOfSequence => "fragment_out_of_sequence",
                Failure::TooLong => "datagram_too_long",
            }),
        }
        if let Some(response) = outcome.response()
            && response
                .header
                .addressing()
                .is_some_and(|way| way.source == self.config.own.get())
        {
            let bursts = compose::bursts(&self.config, &response.pdus(0), Some(&response));
            self.answer(Due {
                id: None,
                urgency: Urgency::Usual,
                bursts,
                until: now + RESPONSE_WINDOW,
            });
        }
    }

    fn packet(&mut self, now: Instant, packet: &Packet) {
        let message = interpret(packet);
        let Some(parties) = message.parties() else {
            return;
        };
        if let Message::OfAnother { .. } = message {
            return self.dropped("packet_of_two_radios");
        }
        let Ok(from) = RadioId::new(parties.from) else {
            return self.dropped("reserved_address");
        };
        // What was asked of this radio again has come late.
        self.answers.forget_questions_to(parties.from);
        let Some(to) = self.ours(parties) else {
            return self.present(now, parties.from);
        };
        let mut owed = self.link_response(now, packet, from);
        let what = match message {
            Message::Text {
                text,
                reference,
                ask,
                ..
            } => {
                if let Some(reference) = reference
                    .filter(|_| ask)
                    .and_then(|number| u8::try_from(number).ok())
                {
                    let acknowledgement = Acknowledgement::Tms {
                        from: self.config.own,
                        to: from,
                        reference,
                    };
                    owed.push(Owed {
                        acknowledgement,
                        until: now + TMS_WINDOW,
                    });
                }
                HeardKind::Text {
                    from,
                    to,
                    text,
                    reference,
                }
            }
            Message::TmsAcknowledgement { reference, .. } => {
                HeardKind::TextAcknowledged { from, reference }
            }
            Message::Status { code, .. } => HeardKind::Status {
                from,
                to,
                code,
                polled: false,
            },
            Message::Location { position, .. } => HeardKind::Position { from, position },
            Message::Response {
                response, flags, ..
            } => return self.responded(from, &response, &flags),
            Message::OfAnother { .. } | Message::Other { .. } => HeardKind::Presence { from },
        };
        self.say(what, owed);
    }

    /// The address if it is our own or a group of ours.
    fn ours(&self, parties: Parties) -> Option<Address> {
        if parties.group {
            GroupId::new(parties.to)
                .ok()
                .filter(|group| self.config.groups.contains(group))
                .map(Address::Group)
        } else {
            (parties.to == self.config.own.get()).then_some(Address::Radio(self.config.own))
        }
    }

    fn link_response(&self, now: Instant, packet: &Packet, to: RadioId) -> Vec<Owed> {
        packet
            .header
            .awaits_response()
            .map(|addressing| Owed {
                acknowledgement: Acknowledgement::Data {
                    from: self.config.own,
                    to,
                    sap: addressing.sap.code(),
                    sequence: packet.header.send_sequence(),
                },
                until: now + RESPONSE_WINDOW,
            })
            .into_iter()
            .collect()
    }

    fn present(&mut self, now: Instant, source: u32) {
        let Ok(from) = RadioId::new(source) else {
            return;
        };
        if self.is_elsewhere {
            return;
        }
        let known = self
            .present
            .is_some_and(|(radio, at)| radio == from && now.since(at) < PRESENCE_EVERY);
        if !known {
            self.present = Some((from, now));
            self.say(HeardKind::Presence { from }, Vec::new());
        }
    }

    fn say(&mut self, what: HeardKind, owed: Vec<Owed>) {
        self.out.push_back(ChannelEvent::Heard(Heard {
            carrier: self.config.carrier,
            what,
            owed,
        }));
    }

    pub(super) fn dropped(&mut self, cause: &'static str) {
        self.out
            .push_back(ChannelEvent::Dropped { cause, count: 1 });
    }
}
