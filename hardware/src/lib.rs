//! Where bytes come from and go to: serial lines and sockets.
