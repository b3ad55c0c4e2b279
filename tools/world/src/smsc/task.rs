//! How far a connection has come, and what is due on it later.

use bytes::Bytes;

use super::delivery::Delivery;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none.
    Away,
    /// Nobody has logged in.
    Open,
    /// Messages flow.
    In,
    /// We have taken our leave: nothing is answered any more.
    Leaving,
    /// Nothing is said any more, whatever comes.
    Silent,
}

/// What is due later.
#[derive(Debug, Clone)]
pub(super) enum Task {
    /// Say this, if the connection is still the one that it was meant for.
    Say(u32, Bytes),
    /// Bring this, on whatever connection.
    Bring(Delivery),
    /// Ask whether the client is there.
    Enquire(u32),
    /// Close this connection, and why.
    Close(u32, &'static str),
}
