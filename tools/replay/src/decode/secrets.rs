//! What a log-in proves itself with is not shown: passwords of SMPP travel in clear, and with
//! the authenticator of CMPP a weak secret can be guessed.

use super::Kind;
use crate::input::Raw;

/// What stands in place of a secret.
pub(crate) const HIDDEN: &str = "(hidden; --secrets shows it)";

/// Commands of SMPP that carry a password: the three binds and outbind.
const WITH_PASSWORD: [u8; 4] = [1, 2, 9, 0xB];
/// Command, status and sequence number of SMPP.
const BEHIND_LENGTH: usize = 12;
/// Octets of a CMPP account, and of an authenticator.
const ACCOUNT: usize = 6;
const PROOF: usize = 16;

/// The bytes of a frame with zeros in place of secrets; `None` if it holds none. In what could
/// not be read (`unread`) log-ins are looked for everywhere.
pub(crate) fn hidden(raw: &Raw, kind: Option<&Kind>, unread: bool) -> Option<Vec<u8>> {
    let guessed = Kind::guess(&raw.bytes);
    let of_sms = kind
        .filter(|kind| kind.is_sms())
        .or(guessed)
        .filter(|kind| kind.is_sms());
    let mut bytes = raw.bytes.clone();
    match of_sms {
        Some(kind) if !raw.skipped && !unread => {
            // The command stands behind the length.
            if kind.name == "smpp" {
                hide_password(&mut bytes, 4);
            } else {
                hide_proof(&mut bytes, 4);
            }
        }
        Some(_) => (0..raw.bytes.len()).for_each(|at| {
            hide_password(&mut bytes, at);
            hide_proof(&mut bytes, at);
        }),
        None if unread => {
            // Bytes of anything: only what has a length in front is taken for a log-in.
            let begins = |at: &usize| {
                let length = at
                    .checked_sub(4)
                    .and_then(|start| raw.bytes.get(start..*at));
                matches!(length, Some([0, 0, _, _]))
            };
            for at in (0..raw.bytes.len()).filter(begins) {
                hide_password(&mut bytes, at);
                let length = raw.bytes.get(at - 1);
                if matches!(length, Some(39 | 30 | 33)) {
                    hide_proof(&mut bytes, at);
                }
            }
        }
        None => {}
    }
    (bytes != raw.bytes).then_some(bytes)
}

/// Where a log-in begins whose command stands at or behind `from`.
pub(super) fn log_in(bytes: &[u8], from: usize) -> Option<usize> {
    let is_one = |at: &usize| matches!(bytes.get(*at..*at + 4), Some([0 | 0x80, 0, 0, command]) if WITH_PASSWORD.contains(command));
    let at = (from..bytes.len()).find(is_one)?;
    Some(at.saturating_sub(4).max(1))
}

/// Everything behind the account of a bind whose command stands at `at`: where the next field
/// begins would tell the length of the password.
fn hide_password(bytes: &mut [u8], at: usize) {
    let Some([0, 0, 0, command, 0, 0, 0, 0, ..]) = bytes.get(at..) else {
        return;
    };
    if !WITH_PASSWORD.contains(command) {
        return;
    }
    let length = at.checked_sub(4).and_then(|start| {
        let length = bytes.get(start..)?.first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        Some(start.saturating_add(length)).filter(|end| *end > at)
    });
    let end = length.unwrap_or(bytes.len()).min(bytes.len());
    if let Some(body) = bytes.get_mut(at + BEHIND_LENGTH..end) {
        let account = body.iter().position(|octet| *octet == 0);
        let secret = body.iter_mut().skip(account.unwrap_or(0));
        secret.for_each(|octet| *octet = 0);
    }
}

/// The authenticator of the CONNECT or CONNECT_RESP whose command stands at `at`.
fn hide_proof(bytes: &mut [u8], at: usize) {
    let body = at + 8;
    let (start, octets) = match bytes.get(at..) {
        Some([0, 0, 0, 1, ..]) => (body + ACCOUNT, PROOF),
        // The status before it has one octet or four.
        Some([0x80, 0, 0, 1, ..]) if at == 4 && bytes.len() == 30 => (body + 1, PROOF),
        Some([0x80, 0, 0, 1, ..]) if at == 4 && bytes.len() == 33 => (body + 4, PROOF),
        Some([0x80, 0, 0, 1, ..]) => (body + 1, PROOF + 3),
        _ => return,
    };
    let proof = bytes.iter_mut().skip(start).take(octets);
    proof.for_each(|octet| *octet = 0);
}
