//! Datagrams that are no message, from senders at whom a person has to change something.
//!
//! All are counted. Of a station that has proved itself, of the protocol of 2015 and of
//! MMDVMHost's local protocol the log is told, too: once for each address while it goes on.

use std::net::SocketAddr;

use super::HomebrewMaster;
use super::caller::{Caller, Standing};
use crate::homebrew::message::{Dialect, MessageError, Rptc};
use crate::session::{Action, Notice, Peer};
use crate::time::Instant;

/// A close is 9 octets long: what begins like one and is longer means to be a configuration.
const LONGEST_CLOSE: usize = 32;
/// The configuration that MMDVMHost sends to a gateway on its own machine, every 10 s.
const LOCAL: &[u8] = b"DMRC";

/// The id that a datagram names behind the four letters it begins with.
fn claimed(datagram: &[u8]) -> Option<u32> {
    let id = datagram.get(4..)?.first_chunk()?;
    Some(u32::from_be_bytes(*id))
}

/// Whether it means to be a configuration, and in whose words.
fn configuration(datagram: &[u8]) -> Option<Dialect> {
    let dialect = match datagram {
        [b'R', b'P', b'T', b'C', ..] => Dialect::Conventional,
        [b'D', b'T', b'C', b'C', ..] => Dialect::Trunking,
        _ => return None,
    };
    let closes = datagram.get(4) == Some(&b'L') && datagram.len() <= LONGEST_CLOSE;
    (!closes).then_some(dialect)
}

impl HomebrewMaster {
    /// A datagram is no message. A configuration that cannot be read is refused: a station that
    /// is not told would wait for the answer for ever.
    pub(super) fn unfit(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        datagram: &[u8],
        error: MessageError,
    ) {
        let id = claimed(datagram);
        if let (Some(dialect), Some(id)) = (configuration(datagram), id)
            && let Standing::Running(_) | Standing::Proved(_) = self.standing(peer, id)
        {
            self.refuse(now, Caller { peer, dialect }, id, error.label());
            let why = format!(
                "its configuration ({error}) has {} octets and must have {}: a field of it, such \
                 as latitude or longitude, is written too long or too short",
                datagram.len(),
                Rptc::LENGTH
            );
            return self.complain(now, peer, Some(id), why);
        }
        self.drop_from(now, peer, error.label());
        if datagram.starts_with(LOCAL) {
            let why = "it is an MMDVMHost that speaks its local protocol (DMRC) and not Homebrew: \
                       put a gateway such as DMRGateway between it and this port";
            self.complain(now, peer, id, why.to_owned());
        } else if error == MessageError::Outdated {
            self.complain(now, peer, None, error.to_string());
        }
    }

    fn complain(&mut self, now: Instant, peer: SocketAddr, claimed: Option<u32>, why: String) {
        if self.complaints.is_new(now, peer) {
            let peer = Peer::Socket(peer);
            let notice = Notice::Unfit { claimed, peer, why };
            self.actions.push_back(Action::Notice(notice));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ID, at, configuration, drain, exchange, one, peer, prove, station};
    use super::super::{MasterConfig, StationConfig};
    use super::*;
    use crate::homebrew::message::{Mstnak, Rptc};
    use crate::session::Session;

    fn master(stations: Vec<StationConfig>) -> HomebrewMaster {
        HomebrewMaster::new(MasterConfig::new(stations), [7; 32]).unwrap()
    }

    /// What the log is told.
    fn told(master: &mut HomebrewMaster) -> Vec<(Option<u32>, Peer, String)> {
        let unfit = drain(master).into_iter().filter_map(|action| match action {
            Action::Notice(Notice::Unfit { claimed, peer, why }) => Some((claimed, peer, why)),
            _ => None,
        });
        unfit.collect()
    }

    /// The configuration of a station west of Greenwich whose degrees do not fit: 304 octets.
    fn too_long() -> Vec<u8> {
        let whole = configuration(ID).encode();
        let (head, tail) = (&whole[..38], &whole[38 + 8 + 9..]);
        [head, b"-123.4567", b"-1009.8618", tail].concat()
    }

    #[test]
    fn a_configuration_of_the_wrong_length_is_refused_and_told_once_with_id_address_and_length() {
        let mut master = master(vec![station(ID)]);
        for round in 0..5 {
            let now = at(10 + round * 10);
            prove(&mut master, now, peer(1), ID);
            drain(&mut master);
            master.receive(now, Peer::Socket(peer(1)), &too_long());
            let actions = drain(&mut master);
            let refused = actions.iter().any(|action| {
                matches!(action, Action::Send { bytes, .. } if *bytes == Mstnak { id: ID }.encode())
            });
            assert!(refused, "{actions:?}");
            let words = actions.iter().filter_map(|action| match action {
                Action::Notice(Notice::Unfit { claimed, peer, why }) => Some((claimed, peer, why)),
                _ => None,
            });
            let words: Vec<_> = words.collect();
            if round > 0 {
                assert_eq!(words, [], "once while it goes on");
                continue;
            }
            let [(claimed, from, why)] = words.as_slice() else {
                panic!("{actions:?}")
            };
            assert_eq!((**claimed, **from), (Some(ID), Peer::Socket(peer(1))));
            assert!(why.contains("304 octets and must have 302"), "{why}");
            assert!(why.contains("RPTC is 2 bytes too long"), "{why}");
        }
    }

    #[test]
    fn strangers_make_no_line_of_the_log_by_configurations() {
        let mut master = master(vec![station(ID)]);
        master.receive(at(10), Peer::Socket(peer(1)), &too_long());
        master.receive(at(20), Peer::Socket(peer(1)), b"RPTC");
        assert_eq!(told(&mut master), []);
    }

    #[test]
    fn a_close_that_is_too_long_is_no_configuration() {
        let mut master = master(vec![station(ID)]);
        prove(&mut master, at(10), peer(1), ID);
        let id = ID.to_be_bytes();
        master.receive(
            at(10),
            Peer::Socket(peer(1)),
            &[b"RPTCL".as_slice(), &id, b"?"].concat(),
        );
        assert_eq!(told(&mut master), []);
    }

    #[test]
    fn mmdvmhost_without_a_gateway_is_told_once_for_what_it_is() {
        let mut master = master(vec![station(ID)]);
        let id = 460_777u32.to_be_bytes();
        let local = [b"DMRC".as_slice(), &id, &[b' '; 111]].concat();
        let mut all = Vec::new();
        for round in 0..100 {
            master.receive(at(10 + round * 10), Peer::Socket(peer(3)), &local);
            all.extend(told(&mut master));
        }
        let [(claimed, from, why)] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!((*claimed, *from), (Some(460_777), Peer::Socket(peer(3))));
        assert!(
            why.contains("MMDVMHost") && why.contains("gateway"),
            "{why}"
        );
    }

    #[test]
    fn a_right_configuration_after_a_wrong_one_is_taken() {
        let mut master = master(vec![station(ID)]);
        prove(&mut master, at(10), peer(1), ID);
        exchange(&mut master, at(10), peer(1), &too_long());
        let right: Rptc = configuration(ID);
        let answer = one(exchange(&mut master, at(11), peer(1), &right.encode()));
        assert!(answer.starts_with(b"RPTACK"));
    }
}
