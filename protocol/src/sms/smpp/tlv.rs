//! Optional parameters behind the mandatory fields of a body (clause 3.2.4.1).

use bytes::{BufMut, BytesMut};

/// What an optional parameter is (clause 5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(pub u16);

impl Tag {
    /// The message that a receipt is about; a text with its NUL.
    pub const RECEIPTED_MESSAGE_ID: Self = Self(0x001E);
    /// What became of it, one octet.
    pub const MESSAGE_STATE: Self = Self(0x0427);
    /// The network's own code for it, three octets.
    pub const NETWORK_ERROR_CODE: Self = Self(0x0423);
    /// The text in place of `short_message`.
    pub const MESSAGE_PAYLOAD: Self = Self(0x0424);
    /// Joins the parts of a long text, two octets.
    pub const SAR_MSG_REF_NUM: Self = Self(0x020C);
    /// How many parts it has, one octet.
    pub const SAR_TOTAL_SEGMENTS: Self = Self(0x020E);
    /// Which part this is, one octet from 1.
    pub const SAR_SEGMENT_SEQNUM: Self = Self(0x020F);
    /// The version that a centre speaks, one octet.
    pub const SC_INTERFACE_VERSION: Self = Self(0x0210);
}

/// One optional parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tlv {
    /// What it is; 1400 to 3FFF are the vendors' own.
    pub tag: Tag,
    /// What it says, at most 65,535 octets.
    pub value: Vec<u8>,
}

/// All optional parameters of a PDU, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tlvs {
    /// Those that could be read.
    pub all: Vec<Tlv>,
    /// Whether octets were left over that are none: they are dropped, the rest is used.
    pub damaged: bool,
}

impl Tlvs {
    /// Reads parameters to the end.
    #[must_use]
    pub fn decode(mut octets: &[u8]) -> Self {
        let mut all = Vec::new();
        while let [a, b, c, d, rest @ ..] = octets {
            let length = usize::from(u16::from_be_bytes([*c, *d]));
            let Some((value, next)) = rest.split_at_checked(length) else {
                break;
            };
            all.push(Tlv {
                tag: Tag(u16::from_be_bytes([*a, *b])),
                value: value.to_vec(),
            });
            octets = next;
        }
        let damaged = !octets.is_empty();
        Self { all, damaged }
    }

    /// Appends all parameters; octets of a value beyond the 65,535th are left out.
    pub fn encode(&self, out: &mut BytesMut) {
        for Tlv { tag, value } in &self.all {
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            out.put_u16(tag.0);
            out.put_u16(length);
            let value = value.get(..usize::from(length));
            out.put_slice(value.unwrap_or_default());
        }
    }

    /// The value of the first parameter with this tag.
    #[must_use]
    pub fn get(&self, tag: Tag) -> Option<&[u8]> {
        let found = self.all.iter().find(|it| it.tag == tag);
        found.map(|it| it.value.as_slice())
    }

    /// Adds one.
    pub fn push(&mut self, tag: Tag, value: impl Into<Vec<u8>>) {
        let value = value.into();
        self.all.push(Tlv { tag, value });
    }
}
