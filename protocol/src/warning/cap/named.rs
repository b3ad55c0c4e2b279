//! Pairs of `valueName` and `value`: `eventCode`, `parameter` and `geocode`.

use super::fields::Fields;
use super::out::Out;

/// A value and the name of the system it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Named {
    /// `valueName`: whose value it is, such as `SAME` or the name of a profile.
    pub value_name: String,
    /// `value`: may be empty.
    pub value: String,
}

impl Named {
    pub(super) fn decode(fields: &mut Fields<'_, '_, '_>) -> Option<Self> {
        Some(Self {
            value_name: fields.text("valueName"),
            value: fields.value("value"),
        })
    }

    pub(super) fn encode(name: &'static str, all: &[Self], out: &mut Out) {
        for pair in all {
            out.open(name);
            out.text("valueName", &pair.value_name);
            out.text_or_nothing("value", &pair.value);
            out.close(name);
        }
    }
}
