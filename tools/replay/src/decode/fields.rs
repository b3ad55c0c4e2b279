//! The fields of a PDU, in the order of the air.

use narrowcast_protocol::dmr::fields::{Field, FieldValue};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// Fields; one that comes several times is one list in JSON.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldList(Vec<Field>);

impl FieldList {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends fields.
    pub(crate) fn extend(&mut self, fields: &[Field]) {
        self.0.extend_from_slice(fields);
    }

    /// Puts another value in the place of the first of this name.
    pub(crate) fn replace(&mut self, field: Field) {
        if let Some(old) = self.0.iter_mut().find(|old| old.name == field.name) {
            *old = field;
        }
    }

    /// All, in their order.
    pub(crate) fn as_slice(&self) -> &[Field] {
        &self.0
    }

    /// The first of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&FieldValue> {
        let field = self.0.iter().find(|field| field.name == name)?;
        Some(&field.value)
    }
}

impl Serialize for FieldList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields(&self.0).serialize(serializer)
    }
}

struct Fields<'a>(&'a [Field]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (place, field) in self.0.iter().enumerate() {
            let is_same = |other: &&Field| other.name == field.name;
            if self.0.iter().take(place).any(|other| is_same(&other)) {
                continue;
            }
            let all: Vec<&Field> = self.0.iter().filter(is_same).collect();
            match all.as_slice() {
                [one] => map.serialize_entry(field.name, &Value(&one.value))?,
                several => map.serialize_entry(field.name, &List(several))?,
            }
        }
        map.end()
    }
}

struct List<'a>(&'a [&'a Field]);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for field in self.0 {
            list.serialize_element(&Value(&field.value))?;
        }
        list.end()
    }
}

struct Value<'a>(&'a FieldValue);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            FieldValue::Flag(set) => serializer.serialize_bool(*set),
            FieldValue::Number { value, .. } => serializer.serialize_u64(*value),
            FieldValue::Coded { value, meaning, .. } => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("value", value)?;
                map.serialize_entry("meaning", meaning)?;
                map.end()
            }
            FieldValue::Text(text) => serializer.serialize_str(text),
            FieldValue::Bytes(bytes) => serializer.serialize_str(&hex::encode(bytes)),
            FieldValue::Nested(fields) => Fields(fields).serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_repeated_ones_become_a_list() {
        let mut list = FieldList::default();
        list.extend(&[
            Field::number("z", 1_u8, 8),
            Field::flag("a", true),
            Field::number("z", 2_u8, 8),
            Field::coded("c", 3_u8, 2, "three"),
        ]);
        assert_eq!(
            serde_json::to_string(&list).unwrap(),
            r#"{"z":[1,2],"a":true,"c":{"value":3,"meaning":"three"}}"#
        );
    }
}
