//! What a fact says to others, as JSON.

use serde_json::Value;

use crate::model::facts::Fact;
use crate::model::ids::DeliveryIndex;

/// The fact's fields without its name, without what a token's secret hashes to and without
/// submitters' keys; a mark as it stands on the air; each recipient with its delivery.
#[must_use]
pub fn content(fact: &Fact, deliveries: &[DeliveryIndex]) -> Value {
    let mut content = match serde_json::to_value(fact) {
        Ok(Value::Object(named)) => named
            .into_iter()
            .next()
            .map_or(Value::Null, |(_, content)| content),
        _ => Value::Null,
    };
    match (fact, &mut content) {
        (Fact::TokenCreated { .. }, Value::Object(fields)) => {
            if let Some(Value::Object(token)) = fields.get_mut("token") {
                token.remove("hash");
            }
        }
        (Fact::AlertAccepted(alert), Value::Object(fields)) => {
            fields.remove("idempotency");
            fields.insert("mark".to_owned(), alert.mark.to_string().into());
        }
        (Fact::Recipients { .. }, Value::Object(fields)) => {
            let recipients = fields.get_mut("recipients").and_then(Value::as_array_mut);
            for (recipient, index) in recipients.into_iter().flatten().zip(deliveries) {
                if let Value::Object(recipient) = recipient {
                    recipient.insert("delivery".to_owned(), index.0.into());
                }
            }
        }
        // The document is had from the alert.
        (Fact::DocumentPart { octets, .. }, Value::Object(fields)) => {
            fields.insert("octets".to_owned(), octets.len().into());
        }
        _ => {}
    }
    content
}
