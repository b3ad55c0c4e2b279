//! A message as a modem writes it: the address of the service centre and the message, in
//! hexadecimal digits (TS 27.005 clause 3.1).

use core::fmt::Write as _;

use super::PduError;

/// The message of a line. `length` counts its octets without the address of the service centre:
/// what follows them is the rest of an older message.
///
/// # Errors
/// The line is not hexadecimal, or ends inside the address.
pub fn decode(line: &str, length: usize) -> Result<Vec<u8>, PduError> {
    let (pairs, rest) = line.as_bytes().as_chunks::<2>();
    let octets: Option<Vec<u8>> = pairs.iter().map(octet).collect();
    let octets = octets.filter(|_| rest.is_empty());
    let octets = octets.ok_or(PduError::NotHexadecimal)?;
    let (centre, rest) = octets.split_first().ok_or(PduError::Cut("SCA length"))?;
    let message = rest.get(usize::from(*centre)..);
    let message = message.ok_or(PduError::Cut("SCA"))?;
    Ok(message.get(..length).unwrap_or(message).to_vec())
}

fn octet(pair: &[u8; 2]) -> Option<u8> {
    let digit = |at: u8| {
        char::from(at)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let [high, low] = *pair;
    Some(digit(high)? << 4 | digit(low)?)
}

/// The line of a message that goes over the service centre that the modem knows.
#[must_use]
pub fn encode(message: &[u8]) -> String {
    let mut line = String::with_capacity(2 + 2 * message.len());
    line.push_str("00");
    for octet in message {
        // Writing to a string never fails.
        let _ = write!(line, "{octet:02X}");
    }
    line
}
