//! A client or operator of SMPP or CMPP: what was recorded, with what this connection needs
//! fresh. Requests keep the numbers that they had; an answer takes the number of the request
//! that is answered, and the log-in is proved anew.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use narrowcast_protocol::sms::cmpp::authenticator::{Secret, StatusWidth, of_gateway, of_source};
use narrowcast_protocol::sms::{cmpp, smpp};

use super::Taken;
use crate::decode::Kind;
use crate::play::PlayArgs;

/// Requests of the other side that wait for their answers.
const MOST_OPEN: usize = 1_024;
/// Of the clock that the time of a CONNECT is read from.
const UTC_OFFSET: SignedDuration = SignedDuration::from_hours(8);
/// The bit that makes a request's command that of its response.
const RESPONSE: u32 = 0x8000_0000;

/// One side of a connection.
#[derive(Debug)]
pub(crate) struct Sms {
    is_smpp: bool,
    password: Option<String>,
    open: VecDeque<Request>,
    /// AuthenticatorSource of the client that logs in.
    proof: Option<[u8; 16]>,
}

/// What the other side asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Request {
    command: u32,
    sequence: u32,
    /// Msg_Id of a DELIVER of CMPP.
    message: Option<[u8; 8]>,
}

impl Sms {
    pub(super) fn new(kind: &Kind, args: &PlayArgs) -> Self {
        Self {
            is_smpp: kind.name == "smpp",
            password: args.password.clone(),
            open: VecDeque::new(),
            proof: None,
        }
    }

    /// Whether it only keeps the connection, which is done here without a script.
    pub(super) fn is_keep_alive(&self, bytes: &[u8]) -> bool {
        let test = if self.is_smpp { 0x15 } else { 8 };
        word(bytes, 4).is_some_and(|command| command & !RESPONSE == test)
    }

    /// Takes notice of what the other side says.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Taken {
        let Some((command, sequence)) = word(bytes, 4).zip(word(bytes, self.number())) else {
            return Taken::Script;
        };
        if self.is_keep_alive(bytes) {
            return Taken::Session((command & RESPONSE == 0).then(|| self.alive(sequence)));
        }
        if !self.is_smpp
            && let Some(cmpp::Pdu::Connect(connect)) = cmpp_pdu(bytes)
        {
            self.proof = Some(connect.proof);
        }
        if command & RESPONSE == 0 && self.open.len() < MOST_OPEN {
            let message = bytes.get(12..).and_then(<[u8]>::first_chunk).copied();
            self.open.push_back(Request {
                command,
                sequence,
                message: message.filter(|_| !self.is_smpp && command == 5),
            });
        }
        Taken::Script
    }

    fn alive(&self, sequence: u32) -> Vec<u8> {
        if self.is_smpp {
            return smpp::Pdu::EnquireLinkResp.encode(0, sequence).to_vec();
        }
        let pdu = cmpp::Pdu::ActiveTestResp(cmpp::active_test::ActiveTestResp);
        pdu.encode(cmpp::Version::V2, sequence).to_vec()
    }

    /// A recorded PDU as it is said now.
    pub(super) fn fresh(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let mut bytes = self.logged_in(&bytes).unwrap_or(bytes);
        let Some(command) = word(&bytes, 4).filter(|command| command & RESPONSE != 0) else {
            return bytes;
        };
        let asked = command & !RESPONSE;
        let Some(place) = self.open.iter().position(|open| open.command == asked) else {
            return bytes;
        };
        if let Some(request) = self.open.remove(place) {
            put(&mut bytes, self.number(), &request.sequence.to_be_bytes());
            if let Some(message) = request.message {
                put(&mut bytes, 12, &message);
            }
        }
        bytes
    }

    /// A log-in or its answer with the password of this connection, if one is given.
    fn logged_in(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let password = self.password.as_deref()?;
        if self.is_smpp {
            let (header, body) = bytes.split_first_chunk()?;
            let header = smpp::Header::decode(header);
            let Ok(smpp::Pdu::Bind(mut bind)) = smpp::Pdu::decode(header.command, body) else {
                return None;
            };
            password.clone_into(&mut bind.password);
            let bind = smpp::Pdu::Bind(bind);
            return Some(bind.encode(header.status, header.sequence).to_vec());
        }
        let secret = Secret::new(password);
        let mut fresh = bytes.to_vec();
        match cmpp_pdu(bytes)? {
            cmpp::Pdu::Connect(connect) => {
                let timestamp = now();
                let proof = of_source(&connect.account, &secret, timestamp);
                put(&mut fresh, 18, &proof);
                put(&mut fresh, 35, &timestamp.to_be_bytes());
            }
            cmpp::Pdu::ConnectResp(answer) => {
                // One octet of status in 2.0, four in 3.0.
                let (width, place) = match bytes.len() {
                    30 => (StatusWidth::One, 13),
                    _ => (StatusWidth::Four, 16),
                };
                let proof = of_gateway(width, answer.status, &self.proof?, &secret);
                put(&mut fresh, place, &proof);
            }
            _ => return None,
        }
        Some(fresh)
    }

    /// Where the sequence number stands.
    const fn number(&self) -> usize {
        if self.is_smpp { 12 } else { 8 }
    }
}

fn cmpp_pdu(bytes: &[u8]) -> Option<cmpp::Pdu> {
    let (header, body) = bytes.split_first_chunk()?;
    let command = cmpp::Header::decode(header).command;
    cmpp::Pdu::decode(cmpp::Version::V3, command, body).ok()
}

/// MMDDHHMMSS as a number, by the clock of the gateways of China.
fn now() -> u32 {
    let now = Timestamp::now();
    let there = now.checked_add(UTC_OFFSET).unwrap_or(now);
    let text = there.strftime("%m%d%H%M%S").to_string();
    text.parse().unwrap_or(0)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let octets = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*octets))
}

fn put(bytes: &mut [u8], at: usize, octets: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + octets.len()) {
        place.copy_from_slice(octets);
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::sms::cmpp::authenticator::is_of_gateway;
    use narrowcast_protocol::sms::cmpp::connect::Connect;
    use narrowcast_protocol::sms::cmpp::connect_resp::ConnectResp;
    use narrowcast_protocol::sms::cmpp::deliver_resp::DeliverResp;

    use super::*;

    fn sms(is_smpp: bool) -> Sms {
        Sms {
            is_smpp,
            password: Some("secret".to_owned()),
            open: VecDeque::new(),
            proof: None,
        }
    }

    #[test]
    fn an_answer_takes_the_number_of_the_request_that_it_answers() {
        let mut client = sms(true);
        let asked = |sequence| smpp::Pdu::Unbind.encode(0, sequence);
        assert_eq!(client.take(&asked(77)), Taken::Script);
        assert_eq!(client.take(&asked(78)), Taken::Script);
        let recorded = smpp::Pdu::UnbindResp.encode(0, 5).to_vec();
        let said = |client: &mut Sms| word(&client.fresh(recorded.clone()), 12);
        let numbers = [said(&mut client), said(&mut client), said(&mut client)];
        assert_eq!(numbers, [Some(77), Some(78), Some(5)]);
    }

    #[test]
    fn a_delivery_is_answered_under_its_own_msg_id() {
        let mut client = sms(false);
        let mut deliver = vec![0; 100];
        deliver[3..12].copy_from_slice(&[100, 0, 0, 0, 5, 0, 0, 0, 9]);
        deliver[12..20].fill(0xAB);
        client.take(&deliver);
        let recorded = cmpp::Pdu::DeliverResp(DeliverResp {
            message: 1,
            result: 0,
        });
        let said = client.fresh(recorded.encode(cmpp::Version::V3, 2).to_vec());
        assert_eq!(
            said[8..20],
            [0, 0, 0, 9, 171, 171, 171, 171, 171, 171, 171, 171]
        );
    }

    #[test]
    fn a_test_of_the_link_is_answered_at_once() {
        let enquire = smpp::Pdu::EnquireLink.encode(0, 9);
        let answer = smpp::Pdu::EnquireLinkResp.encode(0, 9).to_vec();
        assert_eq!(
            sms(true).take(&enquire),
            Taken::Session(Some(answer.clone()))
        );
        assert_eq!(sms(true).take(&answer), Taken::Session(None));
    }

    #[test]
    fn both_ends_prove_themselves_anew_to_each_other() {
        let secret = Secret::new("secret");
        for version in [cmpp::Version::V2, cmpp::Version::V3] {
            let recorded = cmpp::Pdu::Connect(Connect {
                account: "901234".to_owned(),
                proof: [0; 16],
                version: version.code(),
                timestamp: 0,
            });
            let said = sms(false).fresh(recorded.encode(version, 1).to_vec());
            let Some(cmpp::Pdu::Connect(connect)) = cmpp_pdu(&said) else {
                panic!("{said:?}");
            };
            assert_eq!(
                connect.proof,
                of_source("901234", &secret, connect.timestamp)
            );
            assert!(connect.timestamp >= 101_000_000);
            let mut operator = sms(false);
            operator.take(&said);
            let answer = cmpp::Pdu::ConnectResp(ConnectResp {
                status: 0,
                proof: [0; 16],
                version: version.code(),
            });
            let said = operator.fresh(answer.encode(version, 1).to_vec());
            let Some(cmpp::Pdu::ConnectResp(answer)) = cmpp_pdu(&said) else {
                panic!("{said:?}");
            };
            assert!(is_of_gateway(&answer.proof, 0, &connect.proof, &secret));
        }
    }
}
