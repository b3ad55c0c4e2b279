//! The octet that says what a trunking message is (section 3 of the protocol's document).

/// Bit 7: between a gateway and its own controller, never to the master.
const INTERNAL: u8 = 0x80;
/// Bit 6: from the network to the site.
const FROM_NETWORK: u8 = 0x40;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// From a site to the network.
    ToNetwork,
    /// From the network to a site.
    FromNetwork,
}

impl Way {
    pub(super) const fn of(opcode: u8) -> Self {
        if opcode & FROM_NETWORK == 0 {
            Self::ToNetwork
        } else {
            Self::FromNetwork
        }
    }

    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::ToNetwork => 0,
            Self::FromNetwork => FROM_NETWORK,
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::ToNetwork => "to the network",
            Self::FromNetwork => "from the network",
        }
    }
}

/// Whether the message stays between a gateway and its controller.
pub(super) const fn is_internal(opcode: u8) -> bool {
    opcode & INTERNAL != 0
}

/// Bits 5 to 0.
pub(super) const fn operation(opcode: u8) -> u8 {
    opcode & 0x3F
}

pub(super) const REGISTRATION: u8 = 0x01;
pub(super) const DEREGISTRATION: u8 = 0x02;
pub(super) const SUBSCRIBE: u8 = 0x03;
pub(super) const UNSUBSCRIBE: u8 = 0x04;
pub(super) const UDT_TRANSFER: u8 = 0x05;
pub(super) const UDT_ACCEPT: u8 = 0x06;
pub(super) const CALL_SETUP: u8 = 0x07;
pub(super) const CALL_ACCEPT: u8 = 0x08;
pub(super) const CALL_REJECT: u8 = 0x09;
pub(super) const STATUS: u8 = 0x0A;

/// Internal: whether a channel is in use.
pub(super) const CHANNEL: u8 = 0x81;
/// Internal: the first and the last reverse-channel command.
pub(super) const REVERSE_CHANNEL: core::ops::RangeInclusive<u8> = 0x82..=0x87;
/// Internal: the gateway has logged in to the master.
pub(super) const MASTER_LOGGED_IN: u8 = 0xC1;
/// Internal: the link to the master is closed.
pub(super) const MASTER_CLOSED: u8 = 0xC2;
