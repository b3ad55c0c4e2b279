//! A PDU as a technician reads it: a name and its fields, in the order of the air.

use core::fmt;
use std::borrow::Cow;

/// A PDU that can show its fields.
pub trait Fields {
    /// The standard's short name, as in `C_ALOHA`.
    fn name(&self) -> &'static str;

    /// Appends the fields in the order of transmission.
    fn fields(&self, out: &mut Vec<Field>);

    /// All fields in the order of transmission.
    fn to_fields(&self) -> Vec<Field> {
        let mut out = Vec::new();
        self.fields(&mut out);
        out
    }
}

/// One field: its name in the standard and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The field's name, lower case with underscores.
    pub name: &'static str,
    /// What it holds.
    pub value: FieldValue,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// One bit that means yes or no.
    Flag(bool),
    /// A number of `bits` bits.
    Number {
        /// The number.
        value: u64,
        /// Its width on the air, 1 to 64.
        bits: u8,
    },
    /// A number of `bits` bits that stands for something.
    Coded {
        /// The number.
        value: u64,
        /// Its width on the air, 1 to 64.
        bits: u8,
        /// What it stands for, in words.
        meaning: Cow<'static, str>,
    },
    /// Text, or a quantity with its unit.
    Text(String),
    /// Octets without a meaning of their own here.
    Bytes(Vec<u8>),
    /// Fields inside the field.
    Nested(Vec<Field>),
}

impl Field {
    /// A flag.
    #[must_use]
    pub const fn flag(name: &'static str, set: bool) -> Self {
        let value = FieldValue::Flag(set);
        Self { name, value }
    }

    /// A number of `bits` bits.
    #[must_use]
    pub fn number(name: &'static str, value: impl Into<u64>, bits: u8) -> Self {
        let value = value.into();
        let value = FieldValue::Number { value, bits };
        Self { name, value }
    }

    /// A number of `bits` bits that stands for `meaning`.
    #[must_use]
    pub fn coded(
        name: &'static str,
        value: impl Into<u64>,
        bits: u8,
        meaning: impl Into<Cow<'static, str>>,
    ) -> Self {
        let value = FieldValue::Coded {
            value: value.into(),
            bits,
            meaning: meaning.into(),
        };
        Self { name, value }
    }

    /// Text, or a quantity with its unit.
    #[must_use]
    pub fn text(name: &'static str, text: impl Into<String>) -> Self {
        let value = FieldValue::Text(text.into());
        Self { name, value }
    }

    /// Octets.
    #[must_use]
    pub fn bytes(name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        let value = FieldValue::Bytes(bytes.into());
        Self { name, value }
    }

    /// Everything that `inner` shows, as one field.
    #[must_use]
    pub fn nested(name: &'static str, inner: &(impl Fields + ?Sized)) -> Self {
        let value = FieldValue::Nested(inner.to_fields());
        Self { name, value }
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(set) => f.write_str(if *set { "yes" } else { "no" }),
            Self::Number { value, .. } => value.fmt(f),
            Self::Coded {
                value,
                bits,
                meaning,
            } => {
                let digits = usize::from(bits.div_ceil(4));
                write!(f, "{value:0digits$X}h {meaning}")
            }
            Self::Text(text) => f.write_str(text),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Nested(fields) => {
                for (i, field) in fields.iter().enumerate() {
                    let gap = if i == 0 { "" } else { ", " };
                    write!(f, "{gap}{}=", field.name)?;
                    match &field.value {
                        inner @ Self::Nested(_) => write!(f, "{{{inner}}}")?,
                        value => value.fmt(f)?,
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Inner;

    impl Fields for Inner {
        fn name(&self) -> &'static str {
            "Inner"
        }

        fn fields(&self, out: &mut Vec<Field>) {
            out.push(Field::flag("emergency", true));
            out.push(Field::number("priority", 3_u8, 2));
        }
    }

    #[test]
    fn every_kind_of_value_reads_as_one_line() {
        let shown = |field: Field| field.value.to_string();
        assert_eq!(shown(Field::flag("a", false)), "no");
        assert_eq!(shown(Field::number("a", 2_308_155_u32, 24)), "2308155");
        assert_eq!(
            shown(Field::coded("a", 0x2D_u8, 8, "MS not registered")),
            "2Dh MS not registered"
        );
        assert_eq!(shown(Field::text("a", "57.3 N")), "57.3 N");
        assert_eq!(shown(Field::bytes("a", [0x0A, 0xFF])), "0aff");
        assert_eq!(
            shown(Field::nested("a", &Inner)),
            "emergency=yes, priority=3"
        );
        let inner = Field::nested("b", &Inner);
        let value = FieldValue::Nested(vec![inner]);
        assert_eq!(value.to_string(), "b={emergency=yes, priority=3}");
    }
}
