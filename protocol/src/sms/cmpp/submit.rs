//! SUBMIT: a message from us (2.0 clause 7.4.3.1, 3.0 clause 8.4.3.1).

use bytes::{BufMut, BytesMut};
use nom::bytes::complete::take;
use nom::error::context;
use nom::multi::count;
use nom::{IResult, Parser};

use super::wire::{Cut, exact, put_text, text, u8, u64};
use super::{PduError, Version};

/// The body of SUBMIT. Without numbers and content it has 126 octets in 2.0 and 151 in 3.0; each
/// number takes 21 and 32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Msg_Id: zero, the gateway gives one.
    pub message: u64,
    /// Pk_total: parts of the text, from 1.
    pub total: u8,
    /// Pk_number: which part this is, from 1.
    pub number: u8,
    /// Registered_Delivery: 1 asks for a report.
    pub registered: u8,
    /// Msg_level: 0 to 9, a hint.
    pub level: u8,
    /// Service_Id: given by the contract, at most 10 characters.
    pub service: String,
    /// Fee_UserType: who pays; 0 the destination, 1 the source, 2 the service provider, 3 the
    /// number in `fee_number`.
    pub fee_user: u8,
    /// Fee_terminal_Id: at most 21 (2.0) or 32 (3.0) characters.
    pub fee_number: String,
    /// Fee_terminal_type, 3.0 only: 0 a real number, 1 a pseudonym.
    pub fee_number_type: u8,
    /// TP_pId (TS 23.040 clause 9.2.3.9).
    pub protocol_id: u8,
    /// TP_udhi: whether the content begins with a header.
    pub header: bool,
    /// Msg_Fmt: 0 ASCII, 4 binary, 8 UCS-2, 15 GBK.
    pub format: u8,
    /// Msg_src: the account, at most 6 characters.
    pub account: String,
    /// FeeType: 2 characters.
    pub fee_type: String,
    /// FeeCode: cents, at most 6 characters.
    pub fee_code: String,
    /// ValId_Time: 16 characters as in SMPP 3.3, or none.
    pub valid_until: String,
    /// At_Time: as `valid_until`; none for now.
    pub at: String,
    /// Src_Id: the number that the phone shows, at most 21 characters.
    pub source: String,
    /// Dest_terminal_Id: 1 to 99 numbers of at most 21 (2.0) or 32 (3.0) characters.
    pub numbers: Vec<String>,
    /// Dest_terminal_type, 3.0 only: one for all numbers, 0 real, 1 pseudonyms.
    pub number_type: u8,
    /// Msg_Content: header and text, at most 160 octets.
    pub content: Vec<u8>,
    /// LinkID (3.0, 20 octets) or Reserve (2.0, 8 octets): for services on demand.
    pub link: String,
}

impl Submit {
    pub(super) const NAME: &'static str = "SUBMIT";

    /// Reads a body.
    ///
    /// # Errors
    /// A field is cut short, or octets follow.
    pub fn decode(version: Version, body: &[u8]) -> Result<Self, PduError> {
        exact(Self::NAME, body, |body| fields(version, body))
    }

    /// Appends the body. Texts that are longer than their fields are cut, and numbers and octets
    /// beyond the 255th are left out.
    pub fn encode(&self, version: Version, out: &mut BytesMut) {
        let wide = version == Version::V3;
        let width = width(version);
        out.put_u64(self.message);
        out.put_slice(&[self.total, self.number, self.registered, self.level]);
        put_text(out, &self.service, 10);
        out.put_u8(self.fee_user);
        put_text(out, &self.fee_number, width);
        if wide {
            out.put_u8(self.fee_number_type);
        }
        out.put_slice(&[self.protocol_id, self.header.into(), self.format]);
        put_text(out, &self.account, 6);
        put_text(out, &self.fee_type, 2);
        put_text(out, &self.fee_code, 6);
        put_text(out, &self.valid_until, 17);
        put_text(out, &self.at, 17);
        put_text(out, &self.source, 21);
        let many = u8::try_from(self.numbers.len()).unwrap_or(u8::MAX);
        out.put_u8(many);
        for number in self.numbers.iter().take(usize::from(many)) {
            put_text(out, number, width);
        }
        if wide {
            out.put_u8(self.number_type);
        }
        let length = u8::try_from(self.content.len()).unwrap_or(u8::MAX);
        out.put_u8(length);
        let content = self.content.get(..usize::from(length));
        out.put_slice(content.unwrap_or_default());
        put_text(out, &self.link, if wide { 20 } else { 8 });
    }
}

fn fields(version: Version, body: &[u8]) -> IResult<&[u8], Submit, Cut> {
    let wide = version == Version::V3;
    let width = width(version);
    let (body, (message, total, number, registered, level)) = (
        u64("Msg_Id"),
        u8("Pk_total"),
        u8("Pk_number"),
        u8("Registered_Delivery"),
        u8("Msg_level"),
    )
        .parse(body)?;
    let (body, (service, fee_user, fee_number)) = (
        text("Service_Id", 10),
        u8("Fee_UserType"),
        text("Fee_terminal_Id", width),
    )
        .parse(body)?;
    let (body, fee_number_type) = optional("Fee_terminal_type", wide).parse(body)?;
    let (body, (protocol_id, header, format, account, fee_type, fee_code)) = (
        u8("TP_pId"),
        u8("TP_udhi"),
        u8("Msg_Fmt"),
        text("Msg_src", 6),
        text("FeeType", 2),
        text("FeeCode", 6),
    )
        .parse(body)?;
    let (body, (valid_until, at, source, many)) = (
        text("ValId_Time", 17),
        text("At_Time", 17),
        text("Src_Id", 21),
        u8("DestUsr_tl"),
    )
        .parse(body)?;
    let number_field = text("Dest_terminal_Id", width);
    let (body, numbers) = count(number_field, usize::from(many)).parse(body)?;
    let (body, number_type) = optional("Dest_terminal_type", wide).parse(body)?;
    let (body, length) = u8("Msg_Length").parse(body)?;
    let content = context("Msg_Content", take(usize::from(length)));
    let link = text("LinkID", if wide { 20 } else { 8 });
    let (body, (content, link)) = (content, link).parse(body)?;
    let submit = Submit {
        message,
        total,
        number,
        registered,
        level,
        service,
        fee_user,
        fee_number,
        fee_number_type,
        protocol_id,
        header: header != 0,
        format,
        account,
        fee_type,
        fee_code,
        valid_until,
        at,
        source,
        numbers,
        number_type,
        content: content.to_vec(),
        link,
    };
    Ok((body, submit))
}

/// Octets of a terminal's number.
const fn width(version: Version) -> usize {
    match version {
        Version::V2 => 21,
        Version::V3 => 32,
    }
}

/// An octet that only 3.0 has.
fn optional<'a>(
    field: &'static str,
    there: bool,
) -> impl Parser<&'a [u8], Output = u8, Error = Cut> {
    context(field, take(usize::from(there)))
        .map(|octets: &[u8]| octets.first().copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn any_submit()(
            numbers in prop::collection::vec("[0-9]{3,21}", 1..99),
            content in prop::collection::vec(any::<u8>(), 0..=160),
            octets: [u8; 9],
            header: bool,
            words in ("[!-~]{0,10}", "[0-9]{0,21}", "[!-~]{0,6}", "[0-9]{2}", "[0-9]{0,6}"),
            times in ("[0-9]{15}R", "([0-9]{15}\\+)?", "[0-9]{0,21}", "[!-~]{0,8}"),
            message: u64,
        ) -> Submit {
            let [total, number, registered, level, fee_user, protocol_id, format, ..] = octets;
            Submit {
                message, total, number, registered, level, service: words.0, fee_user,
                fee_number: words.1, fee_number_type: 0, protocol_id, header, format,
                account: words.2, fee_type: words.3, fee_code: words.4, valid_until: times.0,
                at: times.1, source: times.2, numbers, number_type: 0, content, link: times.3,
            }
        }
    }

    fn encode(submit: &Submit, version: Version) -> BytesMut {
        let mut out = BytesMut::new();
        submit.encode(version, &mut out);
        out
    }

    proptest! {
        #[test]
        fn every_submit_is_read_as_it_was_written(submit in any_submit(), three: bool) {
            let version = if three { Version::V3 } else { Version::V2 };
            let octets = encode(&submit, version);
            let many = submit.numbers.len();
            let fixed = if three { 151 + 32 * many } else { 126 + 21 * many };
            prop_assert_eq!(octets.len(), fixed + submit.content.len());
            prop_assert_eq!(Submit::decode(version, &octets), Ok(submit));
        }

        #[test]
        fn a_body_that_is_cut_anywhere_is_refused(submit in any_submit(), at: prop::sample::Index) {
            let octets = encode(&submit, Version::V2);
            let cut = &octets[..at.index(octets.len())];
            let refused = matches!(Submit::decode(Version::V2, cut), Err(PduError::Cut { .. }));
            prop_assert!(refused);
        }
    }
}
