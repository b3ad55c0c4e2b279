//! The body that `submit_sm` and `deliver_sm` share (clauses 4.4.1 and 4.6.1).

use bytes::{BufMut, BytesMut};
use nom::{IResult, Parser};

use super::Cut;
use super::tlv::{Tag, Tlvs};
use super::wire::{Inside, open, put_text, text, u8};

/// Most octets of `short_message`.
pub const MOST: usize = 254;

/// A number as it is written on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Type of number (clause 5.2.5): 0 unknown, 1 international, 2 national, 5 alphanumeric.
    pub ton: u8,
    /// Numbering plan (clause 5.2.6): 0 unknown, 1 E.164.
    pub npi: u8,
    /// Digits or a name, at most 20 characters.
    pub digits: String,
}

/// A message, in either direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// `service_type`: at most 5 characters, often none.
    pub service: String,
    /// `source_addr`.
    pub source: Address,
    /// `destination_addr`.
    pub destination: Address,
    /// `esm_class` (clause 5.2.12): bits 5-2 say what it is, bit 6 that a header is in front of
    /// the text.
    pub esm_class: u8,
    /// `protocol_id` (TS 23.040 clause 9.2.3.9).
    pub protocol_id: u8,
    /// `priority_flag`: 0 to 3.
    pub priority: u8,
    /// `schedule_delivery_time`: 16 characters, or none for now.
    pub schedule: String,
    /// `validity_period`: 16 characters, or none.
    pub validity: String,
    /// `registered_delivery` (clause 5.2.17): 1 asks for a receipt.
    pub registered: u8,
    /// `replace_if_present_flag`.
    pub replace: u8,
    /// `data_coding` (clause 5.2.19).
    pub data_coding: u8,
    /// `sm_default_msg_id`: a text that the centre keeps.
    pub canned: u8,
    /// `short_message`, at most [`MOST`] octets.
    pub short_message: Vec<u8>,
    /// Optional parameters.
    pub tlvs: Tlvs,
    /// Whether `sm_length` was not true and the text ends with the PDU.
    pub cut: bool,
}

impl Message {
    /// `esm_class`: a header is in front of the text.
    pub const HEADER: u8 = 0x40;
    /// `esm_class`: the bits that say what a `deliver_sm` is.
    pub const TYPE: u8 = 0x3C;
    /// `esm_class`: it is a receipt of the centre.
    pub const RECEIPT: u8 = 0x04;
    /// `esm_class`: it tells that a message is still under way.
    pub const INTERMEDIATE: u8 = 0x20;

    /// Reads a body. Only its length bounds it: a false `sm_length` cuts the text at the end,
    /// and what stands behind the text and is no optional parameter is dropped.
    ///
    /// # Errors
    /// It ends in front of `short_message`.
    pub fn decode(pdu: &'static str, body: &[u8]) -> Result<Self, Cut> {
        let (rest, (mut message, length)) = open(pdu, body, fields)?;
        match rest.split_at_checked(usize::from(length)) {
            Some((text, tlvs)) => {
                message.short_message = text.to_vec();
                message.tlvs = Tlvs::decode(tlvs);
            }
            None => {
                message.short_message = rest.to_vec();
                message.cut = true;
            }
        }
        Ok(message)
    }

    /// Appends the body. Texts that are longer than their fields are cut, and octets of the
    /// message beyond [`MOST`] are left out.
    pub fn encode(&self, out: &mut BytesMut) {
        put_text(out, &self.service, 6);
        for address in [&self.source, &self.destination] {
            out.put_slice(&[address.ton, address.npi]);
            put_text(out, &address.digits, 21);
        }
        out.put_slice(&[self.esm_class, self.protocol_id, self.priority]);
        put_text(out, &self.schedule, 17);
        put_text(out, &self.validity, 17);
        let message = self.short_message.get(..MOST);
        let message = message.unwrap_or(&self.short_message);
        let length = u8::try_from(message.len()).unwrap_or(u8::MAX);
        out.put_slice(&[self.registered, self.replace, self.data_coding]);
        out.put_slice(&[self.canned, length]);
        out.put_slice(message);
        self.tlvs.encode(out);
    }

    /// The text, with the header if there is one: `short_message`, or `message_payload` in its
    /// place.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        if self.short_message.is_empty() {
            let payload = self.tlvs.get(Tag::MESSAGE_PAYLOAD);
            return payload.unwrap_or_default();
        }
        &self.short_message
    }
}

/// The fields in front of the text, and its length.
fn fields(body: &[u8]) -> IResult<&[u8], (Message, u8), Inside> {
    let (body, service) = text("service_type").parse(body)?;
    let source = (
        u8("source_addr_ton"),
        u8("source_addr_npi"),
        text("source_addr"),
    );
    let destination = (
        u8("dest_addr_ton"),
        u8("dest_addr_npi"),
        text("destination_addr"),
    );
    let (body, (source, destination)) =
        (source.map(address), destination.map(address)).parse(body)?;
    let (body, (esm_class, protocol_id, priority, schedule, validity)) = (
        u8("esm_class"),
        u8("protocol_id"),
        u8("priority_flag"),
        text("schedule_delivery_time"),
        text("validity_period"),
    )
        .parse(body)?;
    let (body, (registered, replace, data_coding, canned, length)) = (
        u8("registered_delivery"),
        u8("replace_if_present_flag"),
        u8("data_coding"),
        u8("sm_default_msg_id"),
        u8("sm_length"),
    )
        .parse(body)?;
    let message = Message {
        service,
        source,
        destination,
        esm_class,
        protocol_id,
        priority,
        schedule,
        validity,
        registered,
        replace,
        data_coding,
        canned,
        ..Message::default()
    };
    Ok((body, (message, length)))
}

fn address((ton, npi, digits): (u8, u8, String)) -> Address {
    Address { ton, npi, digits }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_message_is_read_as_it_was_written(
            octets: [u8; 11],
            words in ("[!-~]{0,5}", "[0-9]{0,20}", "[!-~]{0,20}", "[0-9]{16}[+R-]{0}", "([0-9]{15}R)?"),
            short_message in prop::collection::vec(any::<u8>(), 0..=254),
            tlvs in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..300)), 0..6),
        ) {
            let mut message = Message {
                service: words.0,
                source: Address { ton: octets[0], npi: octets[1], digits: words.1 },
                destination: Address { ton: octets[2], npi: octets[3], digits: words.2 },
                esm_class: octets[4], protocol_id: octets[5], priority: octets[6],
                schedule: words.3, validity: words.4,
                registered: octets[7], replace: octets[8], data_coding: octets[9],
                canned: octets[10], short_message,
                ..Message::default()
            };
            for (tag, value) in tlvs {
                message.tlvs.push(Tag(tag), value);
            }
            let mut out = BytesMut::new();
            message.encode(&mut out);
            prop_assert_eq!(Message::decode("submit_sm", &out), Ok(message));
        }
    }
}
