//! What people and fate do in a run.

use std::time::Duration;

use narrowcast_protocol::air::{Phone, RadioId};
use narrowcast_world::smsc::Faults;

use crate::engine::io::Request;

/// Something that people or fate do.
#[derive(Debug, Clone)]
pub enum Happening {
    /// Somebody asks for something.
    Ask(Request),
    /// Somebody cancels one of the alerts that are live then.
    CancelOne(u64),
    /// Somebody sends one of the alerts that are live then again.
    ResendOne(u64),
    /// Somebody takes one of the emergencies that are open then.
    TakeOne(u64),
    /// Somebody closes one of the emergencies that are open then.
    CloseOne(u64),
    /// A radio or its user does something.
    Radio(RadioId, Doing),
    /// Nothing passes between a station and us for so long.
    Cut(usize, Duration),
    /// A modem neither reads nor writes for so long.
    Stall(usize, Duration),
    /// A modem's transmitter is held off for so long.
    LockOut(usize, Duration),
    /// A modem's transmitter is released.
    Release(usize),
    /// Commits take from the first to the second of these from now on.
    Slow(Duration, Duration),
    /// The ledger fails at the n-th commit from now; written or not.
    LedgerFails(u64, bool),
    /// The ledger does nothing for so long, and then goes on.
    Hang(Duration),
    /// So many openings of the ledger fail, and then so many reads.
    RecoveryFails(u64, u64),
    /// The ledger works again.
    LedgerRepaired,
    /// The process is killed and starts again after so long.
    Kill(Duration),
    /// A person writes to the operator of a route, from this telephone.
    PhoneWrites(usize, Phone, String),
    /// An operator of a route does something wrong, or is away.
    Operator(usize, Trouble),
}

/// What goes wrong at an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// From now on this is wrong with it.
    Faults(Faults),
    /// It unbinds at the next message.
    Unbinds,
    /// It closes at the next message without a word.
    Closes,
    /// It is away for so long.
    Away(Duration),
}

/// What a radio or its user does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// Presses the emergency button.
    Emergency,
    /// Writes a text to us.
    Write(String),
    /// Talks to the talkgroup.
    Call(Duration),
    /// Goes off or out of reach, or comes back.
    Switch(bool),
    /// Drives to another carrier.
    Move(usize),
}
