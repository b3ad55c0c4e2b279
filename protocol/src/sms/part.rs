//! One part of a text, as octets.

use super::udh::{Concatenation, Reference};

/// How the octets of a part are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// The GSM 7-bit default alphabet, one septet in each octet (3GPP TS 23.038 clause 6.2.1).
    /// A link packs them where its operator wants them packed.
    Gsm7,
    /// ASCII (CMPP format 0).
    Ascii,
    /// ISO 8859-1 (SMPP data coding 3).
    Latin1,
    /// No text: octets.
    Octets,
    /// UTF-16, big endian, called UCS-2 everywhere.
    Ucs2,
    /// GBK, and what GB 18030 adds to it (CMPP format 15).
    Gbk,
}

impl Coding {
    /// Most octets of the text in one part: alone, or with the header of a long text in front.
    #[must_use]
    pub const fn room(self, header: Option<Reference>) -> usize {
        use Reference::{Eight, Sixteen};
        match (self, header) {
            (Self::Gsm7, None) => 160,
            (Self::Gsm7, Some(Eight(_))) => 153,
            (Self::Gsm7, Some(Sixteen(_))) => 152,
            // CMPP 2.0 clause 7.4.3.1 says "less than 160".
            (Self::Ascii, None) => 159,
            (Self::Latin1 | Self::Octets | Self::Ucs2 | Self::Gbk, None) => 140,
            // Gateways that do not pack ASCII leave 140 octets for header and text.
            (_, Some(Eight(_))) => 134,
            (Self::Ucs2, Some(Sixteen(_))) => 132,
            (_, Some(Sixteen(_))) => 133,
        }
    }
}

/// One part of a text, or a whole short one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How `octets` are to be read.
    pub coding: Coding,
    /// Which part of a long text it is; none if it is the whole text. A link writes it as a
    /// header in front of the octets.
    pub concatenation: Option<Concatenation>,
    /// The text, without any header. At most [`Coding::room`].
    pub octets: Vec<u8>,
}

impl Part {
    /// Whether it fits one short message.
    #[must_use]
    pub fn fits(&self) -> bool {
        let header = self.concatenation.map(|it| it.reference);
        self.octets.len() <= self.coding.room(header)
    }
}
