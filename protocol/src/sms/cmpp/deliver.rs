//! DELIVER: a text from a phone, or a report about a message of ours (2.0 clause 7.4.5.1,
//! 3.0 clause 8.4.5.1).

use bytes::{BufMut, BytesMut};
use nom::{IResult, Parser};

use super::report::Report;
use super::wire::{Cut, open, put_text, text, u8, u64};
use super::{PduError, Version};

/// The body of DELIVER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// Msg_Id of this DELIVER, which its response repeats.
    pub message: u64,
    /// Dest_Id: our number with its extension, at most 21 characters.
    pub destination: String,
    /// Service_Id: at most 10 characters.
    pub service: String,
    /// TP_pid (TS 23.040 clause 9.2.3.9).
    pub protocol_id: u8,
    /// TP_udhi: whether the content begins with a header.
    pub header: bool,
    /// Msg_Fmt: 0 ASCII, 4 binary, 8 UCS-2, 15 GBK, and vendors' variants with class bits.
    pub format: u8,
    /// Src_terminal_Id: the phone, at most 21 (2.0) or 32 (3.0) characters.
    pub source: String,
    /// Src_terminal_type, 3.0 only: 0 a real number, 1 a pseudonym.
    pub source_type: u8,
    /// Registered_Delivery: whether the content is a [`Report`].
    pub is_report: bool,
    /// Msg_Content.
    pub content: Vec<u8>,
    /// Whether Msg_Length was not true. The PDU's own length bounds it: a refusal would make the
    /// gateway repeat it for days.
    pub damaged: bool,
}

impl Deliver {
    pub(super) const NAME: &'static str = "DELIVER";

    /// Reads a body.
    ///
    /// # Errors
    /// It ends in front of Msg_Content.
    pub fn decode(version: Version, body: &[u8]) -> Result<Self, PduError> {
        let wide = version == Version::V3;
        let (rest, (mut deliver, length)) = open(Self::NAME, body, |body| fields(wide, body))?;
        let length = usize::from(length);
        let reserved = if wide { 20 } else { 8 };
        deliver.content = rest.get(..length).unwrap_or(rest).to_vec();
        deliver.damaged = rest.len() != length + reserved;
        Ok(deliver)
    }

    /// Appends the body; the content's octets beyond the 255th are left out.
    pub fn encode(&self, version: Version, out: &mut BytesMut) {
        let wide = version == Version::V3;
        out.put_u64(self.message);
        put_text(out, &self.destination, 21);
        put_text(out, &self.service, 10);
        out.put_slice(&[self.protocol_id, self.header.into(), self.format]);
        put_text(out, &self.source, if wide { 32 } else { 21 });
        if wide {
            out.put_u8(self.source_type);
        }
        out.put_u8(self.is_report.into());
        let length = u8::try_from(self.content.len()).unwrap_or(u8::MAX);
        out.put_u8(length);
        let content = self.content.get(..usize::from(length));
        out.put_slice(content.unwrap_or_default());
        out.put_bytes(0, if wide { 20 } else { 8 });
    }

    /// The report in it, if it says that it is one.
    #[must_use]
    pub fn report(&self) -> Option<Result<Report, PduError>> {
        self.is_report.then(|| Report::decode(&self.content))
    }
}

/// The fields in front of the content, and its length.
fn fields(wide: bool, body: &[u8]) -> IResult<&[u8], (Deliver, u8), Cut> {
    let (body, (message, destination, service)) =
        (u64("Msg_Id"), text("Dest_Id", 21), text("Service_Id", 10)).parse(body)?;
    let (body, (protocol_id, header, format)) =
        (u8("TP_pid"), u8("TP_udhi"), u8("Msg_Fmt")).parse(body)?;
    let (body, source) = text("Src_terminal_Id", if wide { 32 } else { 21 }).parse(body)?;
    let (body, source_type) = if wide {
        u8("Src_terminal_type").parse(body)?
    } else {
        (body, 0)
    };
    let (body, (registered, length)) = (u8("Registered_Delivery"), u8("Msg_Length")).parse(body)?;
    let deliver = Deliver {
        message,
        destination,
        service,
        protocol_id,
        header: header != 0,
        format,
        source,
        source_type,
        is_report: registered == 1,
        content: Vec::new(),
        damaged: false,
    };
    Ok((body, (deliver, length)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A phone's first of two parts (version 2.0), written by hand after the specification.
    const BY_HAND: &str = "0000005f0000000500000015bbc1e14003e9001131303639303030310000\
        0000000000000000000000414c45525400000000000001083133383030313338303030\
        00000000000000000000000a0500032a02015c716d2a0000000000000000";

    fn by_hand() -> Vec<u8> {
        hex::decode(BY_HAND).expect("hexadecimal")
    }

    #[test]
    fn a_deliver_written_by_hand_splits_into_its_fields() {
        let octets = by_hand();
        let deliver = Deliver::decode(Version::V2, &octets[12..]).expect("a body");
        assert_eq!(deliver.message, 0xBBC1_E140_03E9_0011);
        assert_eq!(deliver.destination, "10690001");
        assert_eq!(deliver.service, "ALERT");
        assert_eq!(deliver.source, "13800138000");
        assert_eq!((deliver.header, deliver.format), (true, 8));
        assert_eq!(hex::encode(&deliver.content), "0500032a02015c716d2a");
        assert!(!deliver.damaged && !deliver.is_report);
        let mut out = BytesMut::new();
        deliver.encode(Version::V2, &mut out);
        assert_eq!(out, octets[12..]);
    }

    #[test]
    fn a_false_inner_length_is_marked_and_keeps_the_text() {
        let octets = by_hand();
        let mut body = octets[12..].to_vec();
        body[64] = 200;
        let deliver = Deliver::decode(Version::V2, &body).expect("a body");
        assert!(deliver.damaged);
        assert_eq!(deliver.content.len(), 18);
        body[64] = 6;
        let deliver = Deliver::decode(Version::V2, &body).expect("a body");
        assert!(deliver.damaged);
        assert_eq!(hex::encode(&deliver.content), "0500032a0201");
    }

    proptest! {
        #[test]
        fn every_deliver_is_read_as_it_was_written(
            message: u64, three: bool, header: bool, is_report: bool, octets: [u8; 2],
            words in ("[0-9]{0,21}", "[!-~]{0,10}", "[0-9]{0,21}"),
            content in prop::collection::vec(any::<u8>(), 0..=255),
        ) {
            let version = if three { Version::V3 } else { Version::V2 };
            let deliver = Deliver {
                message, destination: words.0, service: words.1, protocol_id: octets[0], header,
                format: octets[1], source: words.2, source_type: u8::from(three), is_report,
                content, damaged: false,
            };
            let mut out = BytesMut::new();
            deliver.encode(version, &mut out);
            prop_assert_eq!(Deliver::decode(version, &out), Ok(deliver));
        }

        #[test]
        fn hostile_bodies_are_read_or_refused(
            body in prop::collection::vec(any::<u8>(), 0..300), three: bool,
        ) {
            let version = if three { Version::V3 } else { Version::V2 };
            if let Ok(deliver) = Deliver::decode(version, &body) {
                prop_assert!(deliver.content.len() <= body.len());
                let _readable = deliver.report();
            }
        }
    }
}
