//! Fixed layouts, written once.
//!
//! A PDU is a list of fields with their widths; decode, encode and the field tree all
//! follow from that one list, so they cannot disagree, and every bit belongs to some
//! field, so nothing heard is lost when it is sent on. Widths are added up at compile
//! time. Octets are read by nom, bits inside an octet group by [`BitReader`].

use nom::IResult;
use nom::Parser;
use nom::number::complete as number;

use super::fields::Field;
use crate::air::Slot;

/// A value of fixed width in a layout.
pub(crate) trait Bits: Copy {
    /// The value of these bits; total.
    fn from_bits(bits: u64) -> Self;
    /// The bits; what does not fit the field's width is cut off by the writer.
    fn to_bits(self) -> u64;
    /// How a technician sees it.
    fn field(self, name: &'static str, width: u8) -> Field;
}

impl Bits for bool {
    fn from_bits(bits: u64) -> Self {
        bits != 0
    }

    fn to_bits(self) -> u64 {
        u64::from(self)
    }

    fn field(self, name: &'static str, _width: u8) -> Field {
        Field::flag(name, self)
    }
}

macro_rules! plain_number {
    ($($number:ty),+) => {$(
        impl Bits for $number {
            fn from_bits(bits: u64) -> Self {
                bits as Self
            }

            fn to_bits(self) -> u64 {
                u64::from(self)
            }

            fn field(self, name: &'static str, width: u8) -> Field {
                Field::number(name, self, width)
            }
        }
    )+};
}

plain_number!(u8, u16);

/// Whole octets without a meaning of their own, at most eight.
impl<const OCTETS: usize> Bits for [u8; OCTETS] {
    fn from_bits(bits: u64) -> Self {
        core::array::from_fn(|i| (bits >> (8 * (OCTETS - 1 - i))) as u8)
    }

    fn to_bits(self) -> u64 {
        self.iter()
            .fold(0, |bits, &octet| bits << 8 | u64::from(octet))
    }

    fn field(self, name: &'static str, _width: u8) -> Field {
        Field::bytes(name, self)
    }
}

impl Bits for Slot {
    fn from_bits(bits: u64) -> Self {
        if bits == 0 { Self::One } else { Self::Two }
    }

    fn to_bits(self) -> u64 {
        u64::from(self.number() - 1)
    }

    fn field(self, name: &'static str, _width: u8) -> Field {
        Field::text(name, self.number().to_string())
    }
}

/// A DMR layout has no other number as wide as an address.
impl Bits for u32 {
    fn from_bits(bits: u64) -> Self {
        bits as Self
    }

    fn to_bits(self) -> u64 {
        u64::from(self)
    }

    fn field(self, name: &'static str, width: u8) -> Field {
        match super::gateway::name(self) {
            Some(meaning) if width == 24 => Field::coded(name, self, width, meaning),
            _ => Field::number(name, self, width),
        }
    }
}

const fn mask(width: u32) -> u64 {
    u64::MAX >> (64 - width)
}

/// Takes fields from the most significant end of a group of octets.
pub(crate) struct BitReader {
    word: u64,
    left: u32,
}

impl BitReader {
    /// The low `bits` bits of `word`.
    pub(crate) const fn new(word: u64, bits: u32) -> Self {
        Self { word, left: bits }
    }

    /// The next `width` bits, 1 to 64.
    pub(crate) const fn take(&mut self, width: u32) -> u64 {
        self.left = self.left.saturating_sub(width);
        (self.word >> self.left) & mask(width)
    }
}

/// Puts fields behind each other, most significant first; holds 64 bits.
#[derive(Default)]
pub(crate) struct BitWriter(u64);

impl BitWriter {
    /// Appends the low `width` bits of `value`, 1 to 64.
    pub(crate) const fn put(&mut self, value: u64, width: u32) {
        self.0 = self.0.unbounded_shl(width) | (value & mask(width));
    }

    /// What was put.
    pub(crate) const fn finish(self) -> u64 {
        self.0
    }
}

/// A group of whole octets.
pub(crate) trait Octets {
    /// Its width.
    const BITS: u32;
    /// Reads it, most significant octet first.
    fn parse(i: &[u8]) -> IResult<&[u8], u64>;
}

macro_rules! octets {
    ($($name:ident = $bits:literal, $parser:expr;)+) => {$(
        pub(crate) struct $name;

        impl Octets for $name {
            const BITS: u32 = $bits;

            fn parse(i: &[u8]) -> IResult<&[u8], u64> {
                $parser.parse(i)
            }
        }
    )+};
}

octets! {
    U8 = 8, number::be_u8.map(u64::from);
    U16 = 16, number::be_u16.map(u64::from);
    U24 = 24, number::be_u24.map(u64::from);
    U32 = 32, number::be_u32.map(u64::from);
    U40 = 40, (number::be_u8, number::be_u32).map(|(high, low)| u64::from(high) << 32 | u64::from(low));
    U48 = 48, (number::be_u16, number::be_u32).map(|(high, low)| u64::from(high) << 32 | u64::from(low));
    U56 = 56, (number::be_u24, number::be_u32).map(|(high, low)| u64::from(high) << 32 | u64::from(low));
    U64 = 64, number::be_u64;
}

/// A PDU of whole octets: groups of octets, each a list of `field: type = width`.
///
/// Makes the struct with `parse`, `to_bits`, `Default` (all bits zero) and `Fields`.
/// With `also path`, that function appends what follows from the fields.
macro_rules! pdu {
    (
        $(#[$doc:meta])*
        $name:ident, $standard:literal {
            $($octets:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty = $width:literal,)+ })+
        }
        $(also $also:path)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            $($($(#[$field_doc])* pub $field: $ty,)+)+
        }

        impl $name {
            /// Reads the fields from the front of `i`.
            pub(crate) fn parse(i: &[u8]) -> nom::IResult<&[u8], Self> {
                use $crate::dmr::layout::{self, BitReader, Bits, Octets};
                $(
                    const { assert!(0 $(+ $width)+ == <layout::$octets as Octets>::BITS) };
                    let (i, word) = <layout::$octets as Octets>::parse(i)?;
                    let mut bits = BitReader::new(word, <layout::$octets as Octets>::BITS);
                    $(let $field = <$ty as Bits>::from_bits(bits.take($width));)+
                )+
                Ok((i, Self { $($($field,)+)+ }))
            }

            /// All fields in one number, the last bit of the PDU lowest.
            pub(crate) fn to_bits(self) -> u64 {
                use $crate::dmr::layout::{BitWriter, Bits};
                let mut bits = BitWriter::default();
                $($(bits.put(Bits::to_bits(self.$field), $width);)+)+
                bits.finish()
            }
        }

        impl Default for $name {
            /// All bits zero.
            fn default() -> Self {
                use $crate::dmr::layout::Bits;
                Self { $($($field: <$ty as Bits>::from_bits(0),)+)+ }
            }
        }

        impl $crate::dmr::fields::Fields for $name {
            fn name(&self) -> &'static str {
                $standard
            }

            fn fields(&self, out: &mut Vec<$crate::dmr::fields::Field>) {
                use $crate::dmr::layout::Bits;
                $($(out.push(Bits::field(self.$field, stringify!($field), $width));)+)+
                $($also(self, out);)?
            }
        }
    };
}
pub(crate) use pdu;

/// A group of bits inside a PDU, written like a [`pdu`]; makes the struct with its
/// [`Bits`], `Default` and `Fields`.
macro_rules! bits {
    (
        $(#[$doc:meta])*
        $name:ident: $total:literal {
            $($(#[$field_doc:meta])* $field:ident: $ty:ty = $width:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $ty,)+
        }

        impl $crate::dmr::layout::Bits for $name {
            fn from_bits(bits: u64) -> Self {
                const { assert!(0 $(+ $width)+ == $total) };
                let mut bits = $crate::dmr::layout::BitReader::new(bits, $total);
                $(let $field = $crate::dmr::layout::Bits::from_bits(bits.take($width));)+
                Self { $($field,)+ }
            }

            fn to_bits(self) -> u64 {
                let mut bits = $crate::dmr::layout::BitWriter::default();
                $(bits.put($crate::dmr::layout::Bits::to_bits(self.$field), $width);)+
                bits.finish()
            }

            fn field(self, name: &'static str, _width: u8) -> $crate::dmr::fields::Field {
                $crate::dmr::fields::Field::nested(name, &self)
            }
        }

        impl Default for $name {
            /// All bits zero.
            fn default() -> Self {
                $crate::dmr::layout::Bits::from_bits(0)
            }
        }

        impl $crate::dmr::fields::Fields for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }

            fn fields(&self, out: &mut Vec<$crate::dmr::fields::Field>) {
                $(out.push($crate::dmr::layout::Bits::field(self.$field, stringify!($field), $width));)+
            }
        }
    };
}
pub(crate) use bits;

/// A number whose values stand for something; the meaning is the variant's
/// documentation too. `else` names what holds all other values.
macro_rules! codes {
    (
        $(#[$doc:meta])*
        $name:ident { $($variant:ident = $value:literal $meaning:literal,)+ }
        else $other:ident $other_meaning:literal
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
            #[doc = $other_meaning]
            $other(u8),
        }

        impl $name {
            /// The value of this number; total.
            #[must_use]
            pub const fn from_number(number: u8) -> Self {
                match number {
                    $($value => Self::$variant,)+
                    other => Self::$other(other),
                }
            }

            /// The number on the air.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $value,)+
                    Self::$other(other) => other,
                }
            }

            /// What it stands for, in words.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)+
                    Self::$other(_) => $other_meaning,
                }
            }
        }

        impl $crate::dmr::layout::Bits for $name {
            fn from_bits(bits: u64) -> Self {
                Self::from_number(bits as u8)
            }

            fn to_bits(self) -> u64 {
                u64::from(self.number())
            }

            fn field(self, name: &'static str, width: u8) -> $crate::dmr::fields::Field {
                $crate::dmr::fields::Field::coded(name, self.number(), width, self.meaning())
            }
        }
    };
}
pub(crate) use codes;

/// The property that no bit of a PDU is lost or moved, as a test.
#[cfg(test)]
macro_rules! keeps_every_bit {
    ($name:ident, $octets:literal) => {
        proptest::proptest! {
            #![proptest_config(proptest::test_runner::Config::with_cases(128))]
            #[test]
            fn decoded_and_encoded_again_every_bit_is_kept(bytes: [u8; $octets]) {
                let (rest, pdu) = $name::parse(&bytes).unwrap();
                proptest::prop_assert!(rest.is_empty());
                let bits = pdu.to_bits().to_be_bytes();
                proptest::prop_assert_eq!(&bits[8 - $octets..], &bytes[..]);
            }
        }
    };
}
#[cfg(test)]
pub(crate) use keeps_every_bit;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macros make public types")]
mod tests {
    use crate::dmr::fields::Fields;

    codes! {
        /// Two known values of four.
        Colour { Red = 0 "red", Blue = 2 "blue", } else Other "unknown colour"
    }

    bits! {
        /// Eleven bits.
        Inner: 11 {
            /// Three.
            count: u8 = 3,
            /// Eight.
            rest: u16 = 8,
        }
    }

    pdu! {
        /// Five octets.
        Sample, "Sample" {
            U16 {
                /// One.
                set: bool = 1,
                /// Four.
                colour: Colour = 4,
                /// Eleven.
                inner: Inner = 11,
            }
            U24 {
                /// Twenty-four.
                address: u32 = 24,
            }
        }
    }

    #[test]
    fn fields_are_taken_from_the_most_significant_end() {
        let (rest, sample) = Sample::parse(&[0x96, 0x81, 0, 0, 9, 0xEE]).unwrap();
        assert_eq!(rest, [0xEE]);
        assert_eq!(
            sample,
            Sample {
                set: true,
                colour: Colour::Blue,
                inner: Inner {
                    count: 6,
                    rest: 0x81
                },
                address: 9
            }
        );
        assert_eq!(sample.to_bits(), 0x96_8100_0009);
        let shown: Vec<String> = sample
            .to_fields()
            .iter()
            .map(|field| format!("{} {}", field.name, field.value))
            .collect();
        assert_eq!(
            shown,
            [
                "set yes",
                "colour 2h blue",
                "inner count=6, rest=129",
                "address 9"
            ]
        );
    }

    #[test]
    fn unknown_values_and_oversized_ones_keep_to_their_width() {
        assert_eq!(Colour::from_number(3), Colour::Other(3));
        let sample = Sample {
            address: u32::MAX,
            ..Sample::default()
        };
        assert_eq!(sample.to_bits(), 0xFF_FFFF);
    }

    #[test]
    fn too_few_octets_are_refused() {
        assert!(Sample::parse(&[0; 4]).is_err());
    }
}
