//! The trunking protocol's log-in: the messages of the conventional one under other names.

use bytes::Bytes;

/// Which names a link's log-in and keep-alive carry. One link speaks one of them only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// RPTL, RPTK, ...: a repeater, hotspot or gateway.
    #[default]
    Conventional,
    /// DTCL, DTCK, ...: the gateway of a trunked site.
    Trunking,
}

impl Dialect {
    /// The datagram as this dialect says it. Messages without a twin stay as they are.
    #[must_use]
    pub fn speak(self, conventional: Bytes) -> Bytes {
        if self == Self::Conventional {
            return conventional;
        }
        let mut twins = CLIENT.iter().chain(&MASTER);
        let twin = twins
            .find_map(|(name, twin)| Some((name, conventional.strip_prefix(twin.as_bytes())?)));
        match twin {
            Some((name, rest)) => [name.as_bytes(), rest].concat().into(),
            None => conventional,
        }
    }
}

/// What a site says, and its conventional twin. Longer names stand first; the close (DTCCL)
/// is found by the twin's own rule, as a DTCC of another length.
pub(super) const CLIENT: [(&str, &str); 6] = [
    ("DTCPING", "RPTPING"),
    ("DTCL", "RPTL"),
    ("DTCK", "RPTK"),
    ("DTCC", "RPTC"),
    ("DTCO", "RPTO"),
    ("DTCG", "RPTG"),
];

/// What a master says.
pub(super) const MASTER: [(&str, &str); 5] = [
    ("DTCPONG", "MSTPONG"),
    ("DTCSBKN", "RPTSBKN"),
    ("DTCACK", "RPTACK"),
    ("DTCNAK", "MSTNAK"),
    ("DTCCL", "MSTCL"),
];

#[cfg(test)]
mod tests {
    use super::super::{Dtc, Message, MessageError, Mstcl, Mstnak, Role, Rptack, Rptcl, Rptl};
    use super::*;
    use crate::dmr::fields::Fields;

    #[test]
    fn the_names_change_and_nothing_else() {
        let pairs: [(Bytes, &[u8]); 5] = [
            (Rptl { id: 7 }.encode(), b"DTCL\0\0\0\x07"),
            (Rptcl { id: 7 }.encode(), b"DTCCL\0\0\0\x07"),
            (Mstcl { id: 7 }.encode(), b"DTCCL\0\0\0\x07"),
            (Mstnak { id: 7 }.encode(), b"DTCNAK\0\0\0\x07"),
            (Rptack { value: [1; 4] }.encode(), b"DTCACK\x01\x01\x01\x01"),
        ];
        for (conventional, trunking) in pairs {
            assert_eq!(
                Dialect::Conventional.speak(conventional.clone()),
                conventional
            );
            assert_eq!(Dialect::Trunking.speak(conventional), trunking);
        }
    }

    #[test]
    fn a_close_reads_by_its_sender() {
        let datagram = b"DTCCL\0\0\0\x07";
        let site = Dtc::decode(datagram, Role::Client).unwrap();
        assert_eq!(site.name(), "DTCCL");
        assert_eq!(site.encode(), datagram.as_slice());
        assert_eq!(site.into_twin(), Message::Rptcl(Rptcl { id: 7 }));
        let master = Dtc::decode(datagram, Role::Master).unwrap();
        assert_eq!(master.into_twin(), Message::Mstcl(Mstcl { id: 7 }));
    }

    #[test]
    fn what_is_wrong_is_told_under_its_own_name() {
        assert_eq!(
            Dtc::decode(b"DTCL\0", Role::Client)
                .unwrap_err()
                .to_string(),
            "DTCL of 5 bytes ends within its repeater id"
        );
        for (datagram, sender) in [
            (b"DTCACK\0\0\0\x07".as_slice(), Role::Client),
            (b"DTCL\0\0\0\x07", Role::Master),
            (b"DTCX", Role::Client),
        ] {
            assert_eq!(Dtc::decode(datagram, sender), Err(MessageError::Unknown));
        }
    }
}
