//! The MMDVM modem protocol (frames that begin with E0), versions 1 and 2.
//!
//! * [`frame`], [`kind`]: a frame, its types and their legal lengths
//! * [`deframe`]: frames out of a damaged stream
//! * [`message`]: what the frames say, in both directions
//! * [`host`]: the host of a modem, as a session
//! * [`modem`]: a simulated firmware

pub mod deframe;
pub mod frame;
pub mod host;
pub mod kind;
pub mod message;
pub mod modem;
