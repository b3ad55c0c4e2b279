//! The messages that are a name and a repeater's id, and nothing else.

use super::error::MessageError;
use super::wire::{exact, id, open};

/// The id of a message behind which nothing may follow.
pub(super) fn alone(name: &'static str, datagram: &[u8]) -> Result<u32, MessageError> {
    exact(name, datagram, id())
}

/// The id of a message; masters exist that send more behind it, which is ignored.
pub(super) fn first(name: &'static str, datagram: &[u8]) -> Result<u32, MessageError> {
    open(name, datagram, id()).map(|(_, id)| id)
}

/// Defines such a message by its name, whose id it carries, and whether the id stands
/// [`alone`] or [`first`].
macro_rules! named_id {
    ($(#[$about:meta])* $message:ident = $name:literal, $(#[$whose:meta])* id: $read:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $message {
            $(#[$whose])*
            pub id: u32,
        }

        impl $message {
            /// The bytes it begins with.
            pub const NAME: &'static str = $name;

            /// Reads a datagram.
            ///
            /// # Errors
            /// The name or the id is cut short, or bytes follow that a station does not send.
            pub fn decode(
                datagram: &[u8],
            ) -> Result<Self, $crate::homebrew::message::MessageError> {
                $crate::homebrew::message::named_id::$read(Self::NAME, datagram)
                    .map(|id| Self { id })
            }

            /// The bytes to send: the name, and the id in 4 bytes.
            #[must_use]
            pub fn encode(&self) -> ::bytes::Bytes {
                $crate::homebrew::message::wire::named_id(Self::NAME, self.id)
            }
        }

        impl $crate::dmr::fields::Fields for $message {
            fn name(&self) -> &'static str {
                Self::NAME
            }

            fn fields(&self, out: &mut Vec<$crate::dmr::fields::Field>) {
                out.push($crate::dmr::fields::Field::number("repeater_id", self.id, 32));
            }
        }
    };
}

pub(super) use named_id;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Mstcl, Mstnak, Mstpong, Rptcl, Rptl, Rptping};
    use super::*;

    /// Reads a datagram as each of the six, and writes what was read.
    type Again = fn(&[u8]) -> Result<(u32, bytes::Bytes), MessageError>;

    macro_rules! again {
        ($message:ident) => {
            (
                $message::NAME,
                (|datagram| $message::decode(datagram).map(|it| (it.id, it.encode()))) as Again,
            )
        };
    }

    const STATIONS: [(&str, Again); 3] = [again!(Rptl), again!(Rptcl), again!(Rptping)];
    const MASTERS: [(&str, Again); 3] = [again!(Mstcl), again!(Mstnak), again!(Mstpong)];

    #[test]
    fn each_is_its_name_and_the_id() {
        let names = ["RPTL", "RPTCL", "RPTPING", "MSTCL", "MSTNAK", "MSTPONG"];
        for ((name, again), expected) in STATIONS.iter().chain(&MASTERS).zip(names) {
            assert_eq!(*name, expected);
            let datagram = [expected.as_bytes(), b"\x00\x23\xc1\x61"].concat();
            let read = again(&datagram).unwrap();
            assert_eq!(read, (0x0023_C161, datagram.clone().into()), "{name}");
            let cut = again(&datagram[..datagram.len() - 2]).unwrap_err();
            assert!(
                matches!(
                    cut,
                    MessageError::Cut {
                        field: "repeater id",
                        ..
                    }
                ),
                "{name}: {cut}"
            );
        }
    }

    #[test]
    fn what_follows_is_refused_from_stations_and_ignored_from_masters() {
        for (name, again) in STATIONS {
            let longer = [name.as_bytes(), &[0, 0, 0, 7, 0xFF]].concat();
            let extra = 1;
            let message = name;
            assert_eq!(
                again(&longer),
                Err(MessageError::Trailing { message, extra })
            );
        }
        for (name, again) in MASTERS {
            let longer = [name.as_bytes(), &[0, 0, 0, 7, 0xFF]].concat();
            assert_eq!(again(&longer).unwrap().0, 7, "{name}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(id: u32) {
            for (name, again) in STATIONS.iter().chain(&MASTERS) {
                let datagram = [name.as_bytes(), &id.to_be_bytes()].concat();
                prop_assert_eq!(again(&datagram), Ok((id, datagram.into())));
            }
        }
    }
}
