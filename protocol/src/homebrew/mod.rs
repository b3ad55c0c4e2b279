//! The Homebrew/MMDVM UDP protocol, as the master that repeaters log in to.
