//! Log-ins of SMS links are recorded without their secrets: the password of a bind and the
//! authenticators of CMPP are zeros.
//!
//! A stream is cut where its PDUs end, so that a secret that comes in several pieces is found. Only
//! a log-in is held back until it is whole; everything else is recorded piece by piece as it came.

use crate::decode::{Kind, secrets};
use crate::input::Raw;

/// Most octets of a log-in and of its answer.
const LONGEST_LOG_IN: usize = 256;
/// Most octets of any PDU.
const LONGEST: usize = 128 * 1024;
/// Octets of a header: CMPP, and SMPP.
const HEADER: usize = 12;
const WIDE_HEADER: usize = 16;

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Nothing is known of it yet.
    #[default]
    New,
    /// A PDU of this family begins.
    Between(&'static Kind),
    /// So many octets of a PDU without secrets are to come.
    Within(&'static Kind, usize),
    /// It is of a family that has no log-in of these.
    Other,
    /// PDUs could not be told apart any more: log-ins are looked for in every piece.
    Lost(&'static Kind),
}

/// One direction of a byte stream.
#[derive(Debug, Default)]
pub(super) struct Mask {
    state: State,
    held: Vec<u8>,
}

/// What is to be recorded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Masked {
    pub(super) bytes: Vec<u8>,
    /// Whether there are zeros in place of a secret.
    pub(super) hidden: bool,
}

impl Mask {
    /// What of the stream may be recorded with this piece; empty while a log-in is not whole.
    pub(super) fn take(&mut self, piece: &[u8]) -> Masked {
        let mut masked = Masked::default();
        self.held.extend_from_slice(piece);
        while !self.held.is_empty() && self.step(&mut masked) {}
        masked
    }

    /// What was held back, when nothing follows.
    pub(super) fn end(&mut self) -> Masked {
        let mut masked = Masked::default();
        let kind = match self.state {
            State::Between(kind) | State::Within(kind, _) | State::Lost(kind) => Some(kind),
            State::New | State::Other => None,
        };
        masked.add(core::mem::take(&mut self.held), kind, true);
        *self = Self::default();
        masked
    }

    /// Takes what is certain off the front; whether there may be more.
    fn step(&mut self, masked: &mut Masked) -> bool {
        match self.state {
            State::Other => {
                masked.bytes.append(&mut self.held);
                false
            }
            State::Lost(kind) => {
                masked.add(core::mem::take(&mut self.held), Some(kind), true);
                false
            }
            State::Within(kind, left) => {
                let rest = self.held.split_off(left.min(self.held.len()));
                let passed = core::mem::replace(&mut self.held, rest);
                self.state = match left - passed.len() {
                    0 => State::Between(kind),
                    left => State::Within(kind, left),
                };
                masked.bytes.extend(passed);
                true
            }
            State::New => self.begin(),
            State::Between(kind) => self.next(kind, masked),
        }
    }

    /// Finds out what the stream is.
    fn begin(&mut self) -> bool {
        // PDUs are short: their first octets are zero. Other streams are not held up.
        if self.held.iter().take(2).any(|octet| *octet != 0) {
            self.state = State::Other;
            return true;
        }
        let Some((length, _)) = self.header() else {
            return false;
        };
        let is_possible = (HEADER..=LONGEST).contains(&length);
        // Log-ins of both families may begin alike.
        if is_possible && self.held.len() < length.min(LONGEST_LOG_IN) {
            return false;
        }
        let guessed = Kind::guess(&self.held).filter(|kind| is_possible && kind.is_sms());
        self.state = guessed.map_or(State::Other, State::Between);
        true
    }

    fn next(&mut self, kind: &'static Kind, masked: &mut Masked) -> bool {
        let Some((length, command)) = self.header() else {
            return false;
        };
        let is_log_in = match kind.name {
            "smpp" => matches!(command, 1 | 2 | 9 | 0xB),
            _ => command & 0x7FFF_FFFF == 1,
        };
        let most = if is_log_in { LONGEST_LOG_IN } else { LONGEST };
        if !(HEADER..=most).contains(&length) {
            self.state = State::Lost(kind);
            return true;
        }
        if !is_log_in {
            self.state = State::Within(kind, length);
            return true;
        }
        if self.held.len() < length {
            return false;
        }
        let rest = self.held.split_off(length);
        let pdu = core::mem::replace(&mut self.held, rest);
        masked.add(pdu, Some(kind), false);
        true
    }

    /// Length and command of the PDU that begins, once they are there.
    fn header(&self) -> Option<(usize, u32)> {
        let (length, rest) = self.held.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let command = u32::from_be_bytes(*rest.first_chunk()?);
        // By a header of SMPP its family is known better.
        let needed = length.clamp(HEADER, WIDE_HEADER);
        (self.held.len() >= needed).then_some((length, command))
    }
}

impl Masked {
    fn add(&mut self, bytes: Vec<u8>, kind: Option<&'static Kind>, unread: bool) {
        let raw = Raw {
            bytes,
            ..Raw::default()
        };
        match secrets::hidden(&raw, kind, unread) {
            Some(hidden) => {
                self.hidden = true;
                self.bytes.extend(hidden);
            }
            None => self.bytes.extend(raw.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::sms::cmpp::{self, Version, connect::Connect};
    use narrowcast_protocol::sms::smpp::{self, bind::Bind, bind::Way};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cr3tpw";
    const PROOF: [u8; 16] = *b"PROOFproofPROOF!";

    fn smpp() -> Vec<u8> {
        let bind = smpp::Pdu::Bind(Bind {
            way: Way::Transceiver,
            system_id: "narrow".to_owned(),
            password: SECRET.to_owned(),
            system_type: String::new(),
            version: 0x34,
            ton: 0,
            npi: 0,
            range: String::new(),
        });
        let pdus = [bind, smpp::Pdu::EnquireLink, smpp::Pdu::Unbind];
        let pdus = (1..).zip(pdus).map(|(number, pdu)| pdu.encode(0, number));
        pdus.flatten().collect()
    }

    fn cmpp(version: Version) -> Vec<u8> {
        let connect = cmpp::Pdu::Connect(Connect {
            account: "901234".to_owned(),
            proof: PROOF,
            version: version.code(),
            timestamp: 1_123_163_005,
        });
        let pdus = [connect, cmpp::Pdu::ActiveTest, cmpp::Pdu::Terminate];
        let pdus = (1..)
            .zip(pdus)
            .map(|(number, pdu)| pdu.encode(version, number));
        pdus.flatten().collect()
    }

    fn has(bytes: &[u8], secret: &[u8]) -> bool {
        bytes.windows(secret.len()).any(|window| window == secret)
    }

    proptest! {
        #[test]
        fn a_secret_is_never_recorded_however_the_stream_is_cut(
            is_smpp: bool, three: bool,
            cuts in prop::collection::vec(1usize..40, 0..40),
            ends in 0usize..200,
        ) {
            let version = if three { Version::V3 } else { Version::V2 };
            let stream = if is_smpp { smpp() } else { cmpp(version) };
            let secret = if is_smpp { SECRET.as_bytes() } else { &PROOF };
            prop_assert!(has(&stream, secret));
            let whole = ends >= stream.len();
            let stream = &stream[..ends.min(stream.len())];
            let mut mask = Mask::default();
            let (mut recorded, mut hidden) = (Vec::new(), 0);
            let mut rest = stream;
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (piece, next) = rest.split_at(cut.min(rest.len()));
                rest = next;
                let masked = mask.take(piece);
                hidden += usize::from(masked.hidden);
                recorded.extend(masked.bytes);
            }
            recorded.extend(mask.end().bytes);
            prop_assert_eq!(recorded.len(), stream.len(), "nothing is lost");
            // Half a password is none of anybody's business either.
            prop_assert!(!has(&recorded, &secret[..4]), "{:02X?}", recorded);
            if whole {
                prop_assert_eq!(hidden, 1);
                let log_in = if is_smpp { smpp().len() - 32 } else { 39 };
                prop_assert_eq!(&recorded[log_in..], &stream[log_in..]);
            }
        }

        #[test]
        fn what_is_no_sms_link_is_recorded_piece_by_piece_as_it_came(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 1..20),
        ) {
            let mut mask = Mask::default();
            let first = [0xE0, 3, 0];
            prop_assert_eq!(mask.take(&first).bytes, first);
            for piece in pieces {
                let masked = mask.take(&piece);
                prop_assert_eq!(masked, Masked { bytes: piece, hidden: false });
            }
        }

        #[test]
        fn hostile_streams_lose_no_octet(
            pieces in prop::collection::vec(prop::collection::vec(0u8..4, 0..40), 0..20),
            begins_as_sms: bool,
        ) {
            let mut mask = Mask::default();
            let mut given = 0;
            let mut recorded = 0;
            let first = begins_as_sms.then(smpp);
            for piece in first.into_iter().chain(pieces) {
                given += piece.len();
                recorded += mask.take(&piece).bytes.len();
                prop_assert!(given - recorded <= LONGEST_LOG_IN);
            }
            prop_assert_eq!(recorded + mask.end().bytes.len(), given);
        }
    }
}
