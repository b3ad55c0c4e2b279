//! The MMDVM modem protocol, as the host of a modem.
