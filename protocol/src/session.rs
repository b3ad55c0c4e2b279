//! The protocol state machine of one link, without I/O.
//!
//! A [`Session`] knows bytes and time. Whoever owns the socket or serial line calls
//! [`opened`](Session::opened), [`receive`](Session::receive),
//! [`transmit`](Session::transmit) and, at [`deadline`](Session::deadline),
//! [`tick`](Session::tick); after each call it drains [`poll`](Session::poll) and does
//! what the actions say.
//!
//! The session answers by itself only what carries no message: log-in, keep-alive, a
//! wait. Whatever says "I have your message" is an [`Job::Acknowledge`] from the engine,
//! sent after the message is on disk.

use core::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

use crate::air::{
    Acknowledgement, CarrierId, FRAGMENT_BURSTS, Heard, JobId, RadioId, StationId, Transmission,
};
use crate::sms::{MessageId, RefusalClass};
use crate::time::Instant;

/// The far end of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// The one device at the other end of a serial line or stream.
    Line,
    /// A datagram's address.
    Socket(SocketAddr),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => f.write_str("line"),
            Self::Socket(address) => address.fmt(f),
        }
    }
}

/// Most radios of one [`Job::Collect`]: a run of polls is a fragment, which nothing interrupts.
pub const POLL_RUN: usize = FRAGMENT_BURSTS as usize;

/// Most radios of one [`Job::Admit`].
pub const ADMITTED: usize = 4_096;

/// What the engine asks of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Put one fragment on the air. Takes one unit of the carrier's room.
    Send {
        /// Named in every report about it.
        id: JobId,
        /// Where.
        carrier: CarrierId,
        /// What.
        transmission: Transmission,
    },
    /// Send an acknowledgement now, before anything queued; takes no room. The session
    /// drops it when `until` has passed.
    Acknowledge {
        /// Named when it has been written, or refused as [`Refusal::TooLate`].
        id: JobId,
        /// Where.
        carrier: CarrierId,
        /// What.
        acknowledgement: Acknowledgement,
        /// When it has lost its meaning.
        until: Instant,
    },
    /// Ask these radios for their status, one burst each, where the carrier is a control
    /// channel. Takes one unit of room; answers come as polled statuses, and the job is
    /// `Done` when all have answered or their windows have closed.
    Collect {
        /// Named in every report about it.
        id: JobId,
        /// Where.
        carrier: CarrierId,
        /// Our own address.
        from: RadioId,
        /// Whom; at most [`POLL_RUN`].
        radios: Vec<RadioId>,
    },
    /// These radios are about to answer by random access on a control channel: shape the
    /// access so that they get through. Takes no room and lasts until it is withdrawn; each
    /// that was heard is taken off the list. A later one replaces an earlier one.
    Admit {
        /// Named when it is withdrawn.
        id: JobId,
        /// Where.
        carrier: CarrierId,
        /// Who is expected; at most [`ADMITTED`].
        radios: Vec<RadioId>,
    },
    /// Forget a `Send` or `Collect` whose first burst has not left yet (later it has no
    /// effect), or end an `Admit`.
    Withdraw(JobId),
}

/// How far a job has come. `Sent` is not among them: only whoever wrote the last
/// byte can say so, see [`Action::Send`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The station said that it took it.
    Accepted,
    /// The station said that it was on the air.
    OnAir,
    /// The terminal's link layer confirmed the whole fragment: a data response, or on a
    /// control channel C_ACKU "message accepted".
    Received {
        /// The radio that confirmed.
        by: RadioId,
    },
    /// The operator of an SMS link took it and named it; its receipts will use this name, in
    /// this or another form. A receipt may come before this.
    Taken {
        /// The operator's name of it.
        message: MessageId,
    },
    /// It will not be sent, or the terminal refused it.
    Refused(Refusal),
    /// The link was lost before the outcome was known.
    Lost,
    /// All that the session can learn about it is known; nothing more will come.
    Done,
}

impl Step {
    /// Whether the job is over with it. A session says one end of each job; the pump passes it
    /// on after the job's bytes have left or are given up, see [`Ends`](crate::ends::Ends).
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Refused(_) | Self::Lost | Self::Done)
    }
}

/// Why a job was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The carrier is not there.
    NoCarrier,
    /// The carrier had no room.
    NoRoom,
    /// The text does not fit one fragment in this form.
    TooLong,
    /// The text cannot be written in this form.
    Unencodable,
    /// The station refused it, with the reason code of its protocol.
    Station(u8),
    /// The terminal refused it, with the type of its NACK (0 to 7) or on a control channel the
    /// reason code of its C_ACKU.
    Terminal(u8),
    /// The operator of an SMS link refused it.
    Operator {
        /// What it means for the next try.
        class: RefusalClass,
        /// The code of the link's protocol.
        code: u32,
    },
    /// This kind of carrier cannot do that.
    NotOffered,
    /// The engine withdrew it.
    Withdrawn,
    /// It is an acknowledgement whose window has closed.
    TooLate,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCarrier => f.write_str("the carrier is not there"),
            Self::NoRoom => f.write_str("the carrier had no room"),
            Self::TooLong => f.write_str("the text does not fit one fragment"),
            Self::Unencodable => f.write_str("the text cannot be written in this form"),
            Self::Station(code) => write!(f, "the station refused it (code {code})"),
            Self::Terminal(code) => write!(f, "the terminal refused it (code {code})"),
            Self::Operator { class, code } => {
                write!(f, "the operator refused it: {class} (code {code})")
            }
            Self::NotOffered => f.write_str("this kind of carrier cannot do that"),
            Self::Withdrawn => f.write_str("withdrawn"),
            Self::TooLate => f.write_str("the window of the acknowledgement has closed"),
        }
    }
}

/// What a carrier can do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarrierState {
    /// Free to take a fragment.
    Up,
    /// There, but a call or a lock-out holds it.
    Busy,
    /// Gone: logged out, timed out, line lost.
    Gone,
}

/// A notable thing about a link or station that changes no delivery: for logs and counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A station logged in or a modem started: what it says about itself.
    StationIdentified {
        /// Which.
        station: StationId,
        /// Callsign, firmware, frequencies, as printable text.
        description: String,
    },
    /// A station logged in from another address while it was still logged in: its address
    /// changed, or two stations use one id.
    StationMoved {
        /// Which.
        station: StationId,
        /// Where it was.
        from: Peer,
        /// Where it is.
        to: Peer,
    },
    /// A station that is logged in says that it closes, or somebody in its name: it is gone,
    /// and reported as such, once it has stayed silent for a while.
    StationCloses {
        /// Which.
        station: StationId,
    },
    /// A station that had logged in is gone.
    StationLeft {
        /// Which.
        station: StationId,
        /// Why, in words.
        why: &'static str,
    },
    /// A log-in was refused.
    LogInRefused {
        /// The id that was claimed.
        claimed: u32,
        /// From where.
        peer: Peer,
        /// Why, in words.
        why: &'static str,
        /// How many log-ins were refused, here or elsewhere, since the last one that was
        /// reported; this one counts too.
        count: u32,
    },
    /// Somebody sends what cannot be used, and a person has to change something there. Told
    /// once while it goes on.
    Unfit {
        /// The id that it names, if it names one; for a [`Peer::Socket`] that is not logged in
        /// anybody can have sent it.
        claimed: Option<u32>,
        /// From where.
        peer: Peer,
        /// What it is, and what has to be changed, in words.
        why: String,
    },
    /// Bytes or frames were dropped, by cause (a short fixed word, usable as a metric label).
    Dropped {
        /// Which station, where known.
        station: Option<StationId>,
        /// The cause.
        cause: &'static str,
        /// How many frames or bytes.
        count: u32,
    },
}

/// What a session wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Write these bytes. When `for_job` is set and the port has written them, the whole
    /// job has been written: report `Sent`.
    Send {
        /// To whom.
        to: Peer,
        /// What.
        bytes: Bytes,
        /// The job whose last bytes these are.
        for_job: Option<JobId>,
    },
    /// Something usable was heard.
    Heard(Heard),
    /// A job came further.
    Job {
        /// Which.
        id: JobId,
        /// How far.
        step: Step,
    },
    /// A carrier appeared, changed or went. `room` is how many fragments it takes now; on a
    /// control channel it comes back when a fragment's first burst leaves, long before the
    /// fragment is acknowledged.
    Carrier {
        /// Which.
        id: CarrierId,
        /// Its state.
        state: CarrierState,
        /// The engine's credit, 0 when busy or gone.
        room: u8,
    },
    /// Something for the log and the counters.
    Notice(Notice),
    /// The link itself is unusable (modem silent, version refused): close the port,
    /// wait, open again.
    Reopen {
        /// Why, in words.
        why: &'static str,
    },
}

/// The protocol state machine of one link.
pub trait Session: Send {
    /// The port is open; `now` is the first instant of this connection.
    fn opened(&mut self, now: Instant);
    /// The port was lost: forget half-read bytes, report carriers gone and jobs lost.
    fn closed(&mut self, now: Instant);
    /// The port is about to be closed in order: say good-bye, where the protocol has a word
    /// for it. [`closed`](Session::closed) follows.
    fn leaving(&mut self, _now: Instant) {}
    /// Bytes arrived.
    fn receive(&mut self, now: Instant, from: Peer, bytes: &[u8]);
    /// The engine asks for something.
    fn transmit(&mut self, now: Instant, job: Job);
    /// Time has reached [`deadline`](Session::deadline). Calling it earlier does no harm.
    fn tick(&mut self, now: Instant);
    /// When to call [`tick`](Session::tick) next.
    fn deadline(&self) -> Option<Instant>;
    /// The next action, until there is none.
    fn poll(&mut self) -> Option<Action>;
}
