//! What a centre is built with.

use std::time::Duration;

use narrowcast_protocol::sms::wall::WallClock;

/// Which protocol a centre speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CentreKind {
    /// SMPP 3.4.
    Smpp,
    /// CMPP 2.0 only: who asks for more is refused with status 4.
    Cmpp2,
    /// CMPP 3.0.
    Cmpp3,
}

/// How an SMPP centre writes the names of messages. A CMPP gateway's have 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IdForm {
    /// `7f` in answer and receipt.
    #[default]
    Hexadecimal,
    /// `127` in both.
    Decimal,
    /// `0000000127` in the answer, `127` in the receipt.
    ZeroPadded,
    /// `7F` in the answer, `0000000127` in the receipt.
    HexadecimalThenDecimal,
}

impl IdForm {
    /// As the answer to the message has it.
    #[must_use]
    pub fn in_answer(self, number: u64) -> String {
        match self {
            Self::Hexadecimal => format!("{number:x}"),
            Self::Decimal => number.to_string(),
            Self::ZeroPadded => format!("{number:010}"),
            Self::HexadecimalThenDecimal => format!("{number:X}"),
        }
    }

    /// As the receipt has it.
    #[must_use]
    pub fn in_receipt(self, number: u64) -> String {
        match self {
            Self::Hexadecimal => format!("{number:x}"),
            Self::Decimal | Self::ZeroPadded => number.to_string(),
            Self::HexadecimalThenDecimal => format!("{number:010}"),
        }
    }
}

/// The people who hold the phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// What they answer to each text; nothing if there is none.
    pub answer: Option<String>,
    /// How many of a hundred texts are answered.
    pub percent: u8,
    /// The shortest and longest time that they need.
    pub after: (Duration, Duration),
    /// Numbers that are none: messages to them are refused.
    pub unknown: Vec<String>,
    /// Phones that get nothing: the receipt says so.
    pub unreachable: Vec<String>,
}

impl Default for People {
    fn default() -> Self {
        Self {
            answer: None,
            percent: 100,
            after: (Duration::from_secs(2), Duration::from_secs(5)),
            unknown: Vec::new(),
            unreachable: Vec::new(),
        }
    }
}

/// What a centre does wrong on purpose. Messages are counted from 1, over all connections, so
/// that a fault at one message strikes once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Receipts come before the answers to their messages.
    pub receipt_first: bool,
    /// Receipts come twice.
    pub receipt_twice: bool,
    /// Receipts come so much later.
    pub receipts_held: Duration,
    /// Answers come so much later.
    pub slow: Duration,
    /// Every so manyth message is refused as too fast; 0 for none.
    pub throttle_every: u32,
    /// In front of every so manyth answer stands one with another sequence number; 0 for none.
    pub wrong_sequence_every: u32,
    /// At this message the centre takes its leave and answers nothing any more; 0 for none.
    pub unbind_at: u32,
    /// At this message it falls silent; 0 for none.
    pub silent_at: u32,
    /// At this message it closes the connection without a word; 0 for none.
    pub close_at: u32,
    /// At this message it sends a PDU that says it has two gigabytes; 0 for none.
    pub huge_at: u32,
}

/// Everything that a centre is built with.
#[derive(Debug, Clone)]
pub struct CentreConfig {
    /// Which protocol it speaks.
    pub kind: CentreKind,
    /// The account: `system_id` or SP id.
    pub user: String,
    /// What proves it.
    pub password: String,
    /// How long after a message its answer leaves.
    pub answer_after: Duration,
    /// How long after a message its receipt leaves.
    pub receipt_after: Duration,
    /// Between two questions whether the client is there; none for no questions.
    pub keep_alive: Option<Duration>,
    /// How it writes the names of messages.
    pub ids: IdForm,
    /// The first name is the number after this one.
    pub first_id: u64,
    /// The people who hold the phones.
    pub people: People,
    /// What it does wrong.
    pub faults: Faults,
    /// Its clock.
    pub wall: WallClock,
    /// Seed of everything by chance.
    pub seed: u64,
}

impl CentreConfig {
    /// A centre without faults, whose people answer nothing.
    #[must_use]
    pub fn new(kind: CentreKind, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            kind,
            user: user.into(),
            password: password.into(),
            answer_after: Duration::from_millis(20),
            receipt_after: Duration::from_millis(300),
            keep_alive: Some(Duration::from_secs(30)),
            ids: IdForm::default(),
            first_id: 436_948,
            people: People::default(),
            faults: Faults::default(),
            // 2026-11-23 16:30:05 in Beijing.
            wall: WallClock::new(1_795_422_605_000_000, 28_800),
            seed: 1,
        }
    }
}
