//! Results of CMPP in words.

/// Status of CONNECT_RESP (2.0 clause 7.4.1.2, 3.0 clause 8.4.1.2).
pub(super) const fn connect(status: u32) -> &'static str {
    match status {
        0 => "let in",
        1 => "structure of the message is wrong",
        2 => "source address is wrong",
        3 => "authentication failed",
        4 => "version is too high",
        _ => "other error",
    }
}

/// Result of SUBMIT_RESP and DELIVER_RESP (2.0 clause 7.4.3.2, 3.0 clause 8.4.3.2).
pub(super) const fn message(result: u32) -> &'static str {
    match result {
        0 => "taken",
        1 => "structure of the message is wrong",
        2 => "command is wrong",
        3 => "sequence number is repeated",
        4 => "length of the message is wrong",
        5 => "charging code is wrong",
        6 => "message is longer than the most",
        7 => "service code is wrong",
        8 => "flow control",
        9 => "gateway does not serve this charged number",
        10 => "Src_Id is wrong",
        11 => "Msg_src is wrong",
        12 => "Fee_terminal_Id is wrong",
        13 => "Dest_terminal_Id is wrong",
        _ => "other error",
    }
}
