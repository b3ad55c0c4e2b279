//! Names of SMPP 3.4: commands, states of commands, optional parameters.

/// `command_id` (clause 5.1.2.1) with its name; a response is its request with the highest bit
/// set.
pub(super) const fn command(id: u32) -> Option<&'static str> {
    Some(match id {
        0x8000_0000 => "generic_nack",
        0x0000_0001 => "bind_receiver",
        0x8000_0001 => "bind_receiver_resp",
        0x0000_0002 => "bind_transmitter",
        0x8000_0002 => "bind_transmitter_resp",
        0x0000_0003 => "query_sm",
        0x8000_0003 => "query_sm_resp",
        0x0000_0004 => "submit_sm",
        0x8000_0004 => "submit_sm_resp",
        0x0000_0005 => "deliver_sm",
        0x8000_0005 => "deliver_sm_resp",
        0x0000_0006 => "unbind",
        0x8000_0006 => "unbind_resp",
        0x0000_0007 => "replace_sm",
        0x8000_0007 => "replace_sm_resp",
        0x0000_0008 => "cancel_sm",
        0x8000_0008 => "cancel_sm_resp",
        0x0000_0009 => "bind_transceiver",
        0x8000_0009 => "bind_transceiver_resp",
        0x0000_000B => "outbind",
        0x0000_0015 => "enquire_link",
        0x8000_0015 => "enquire_link_resp",
        0x0000_0021 => "submit_multi",
        0x8000_0021 => "submit_multi_resp",
        0x0000_0102 => "alert_notification",
        0x0000_0103 => "data_sm",
        0x8000_0103 => "data_sm_resp",
        _ => return None,
    })
}

/// `command_status` (clause 5.1.3) in words.
pub(super) const fn status(code: u32) -> &'static str {
    match code {
        0x00 => "ESME_ROK no error",
        0x01 => "ESME_RINVMSGLEN message length is invalid",
        0x02 => "ESME_RINVCMDLEN command length is invalid",
        0x03 => "ESME_RINVCMDID invalid command id",
        0x04 => "ESME_RINVBNDSTS incorrect bind status for the command",
        0x05 => "ESME_RALYBND already bound",
        0x06 => "ESME_RINVPRTFLG invalid priority flag",
        0x07 => "ESME_RINVREGDLVFLG invalid registered delivery flag",
        0x08 => "ESME_RSYSERR system error",
        0x0A => "ESME_RINVSRCADR invalid source address",
        0x0B => "ESME_RINVDSTADR invalid destination address",
        0x0C => "ESME_RINVMSGID message id is invalid",
        0x0D => "ESME_RBINDFAIL bind failed",
        0x0E => "ESME_RINVPASWD invalid password",
        0x0F => "ESME_RINVSYSID invalid system id",
        0x11 => "ESME_RCANCELFAIL cancel_sm failed",
        0x13 => "ESME_RREPLACEFAIL replace_sm failed",
        0x14 => "ESME_RMSGQFUL message queue full",
        0x15 => "ESME_RINVSERTYP invalid service type",
        0x33 => "ESME_RINVNUMDESTS invalid number of destinations",
        0x34 => "ESME_RINVDLNAME invalid distribution list name",
        0x40 => "ESME_RINVDESTFLAG destination flag is invalid",
        0x42 => "ESME_RINVSUBREP submit with replace is not supported",
        0x43 => "ESME_RINVESMCLASS invalid esm_class",
        0x44 => "ESME_RCNTSUBDL cannot submit to distribution list",
        0x45 => "ESME_RSUBMITFAIL submit_sm or submit_multi failed",
        0x48 => "ESME_RINVSRCTON invalid source address TON",
        0x49 => "ESME_RINVSRCNPI invalid source address NPI",
        0x50 => "ESME_RINVDSTTON invalid destination address TON",
        0x51 => "ESME_RINVDSTNPI invalid destination address NPI",
        0x53 => "ESME_RINVSYSTYP invalid system_type",
        0x54 => "ESME_RINVREPFLAG invalid replace_if_present flag",
        0x55 => "ESME_RINVNUMMSGS invalid number of messages",
        0x58 => "ESME_RTHROTTLED throttling error",
        0x61 => "ESME_RINVSCHED invalid scheduled delivery time",
        0x62 => "ESME_RINVEXPIRY invalid validity period",
        0x63 => "ESME_RINVDFTMSGID predefined message invalid or not found",
        0x64 => "ESME_RX_T_APPN temporary error of the receiver",
        0x65 => "ESME_RX_P_APPN permanent error of the receiver",
        0x66 => "ESME_RX_R_APPN message rejected by the receiver",
        0x67 => "ESME_RQUERYFAIL query_sm failed",
        0xC0 => "ESME_RINVOPTPARSTREAM error in the optional part of the body",
        0xC1 => "ESME_ROPTPARNOTALLWD optional parameter not allowed",
        0xC2 => "ESME_RINVPARLEN invalid parameter length",
        0xC3 => "ESME_RMISSINGOPTPARAM expected optional parameter missing",
        0xC4 => "ESME_RINVOPTPARAMVAL invalid optional parameter value",
        0xFE => "ESME_RDELIVERYFAILURE delivery failure",
        0xFF => "ESME_RUNKNOWNERR unknown error",
        0x400..=0x4FF => "of the vendor",
        _ => "reserved",
    }
}

/// An optional parameter by its tag (clause 5.3.2).
pub(super) const fn tag(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x0005 => "dest_addr_subunit",
        0x0006 => "dest_network_type",
        0x0007 => "dest_bearer_type",
        0x0008 => "dest_telematics_id",
        0x000D => "source_addr_subunit",
        0x000E => "source_network_type",
        0x000F => "source_bearer_type",
        0x0010 => "source_telematics_id",
        0x0017 => "qos_time_to_live",
        0x0019 => "payload_type",
        0x001D => "additional_status_info_text",
        0x001E => "receipted_message_id",
        0x0030 => "ms_msg_wait_facilities",
        0x0201 => "privacy_indicator",
        0x0202 => "source_subaddress",
        0x0203 => "dest_subaddress",
        0x0204 => "user_message_reference",
        0x0205 => "user_response_code",
        0x020A => "source_port",
        0x020B => "destination_port",
        0x020C => "sar_msg_ref_num",
        0x020D => "language_indicator",
        0x020E => "sar_total_segments",
        0x020F => "sar_segment_seqnum",
        0x0210 => "sc_interface_version",
        0x0302 => "callback_num_pres_ind",
        0x0303 => "callback_num_atag",
        0x0304 => "number_of_messages",
        0x0381 => "callback_num",
        0x0420 => "dpf_result",
        0x0421 => "set_dpf",
        0x0422 => "ms_availability_status",
        0x0423 => "network_error_code",
        0x0424 => "message_payload",
        0x0425 => "delivery_failure_reason",
        0x0426 => "more_messages_to_send",
        0x0427 => "message_state",
        0x0501 => "ussd_service_op",
        0x1201 => "display_time",
        0x1203 => "sms_signal",
        0x1204 => "ms_validity",
        0x130C => "alert_on_message_delivery",
        0x1380 => "its_reply_type",
        0x1383 => "its_session_info",
        _ => return None,
    })
}

/// `message_state` (clause 5.2.28).
pub(super) const fn message_state(state: u8) -> &'static str {
    match state {
        1 => "ENROUTE",
        2 => "DELIVERED",
        3 => "EXPIRED",
        4 => "DELETED",
        5 => "UNDELIVERABLE",
        6 => "ACCEPTED",
        7 => "UNKNOWN",
        8 => "REJECTED",
        _ => "reserved",
    }
}

/// Type of number (clause 5.2.5).
pub(super) const fn type_of_number(ton: u8) -> &'static str {
    match ton {
        0 => "unknown",
        1 => "international",
        2 => "national",
        3 => "network specific",
        4 => "subscriber number",
        5 => "alphanumeric",
        6 => "abbreviated",
        _ => "reserved",
    }
}

/// Numbering plan indicator (clause 5.2.6).
pub(super) const fn numbering_plan(npi: u8) -> &'static str {
    match npi {
        0 => "unknown",
        1 => "ISDN (E.163/E.164)",
        3 => "data (X.121)",
        4 => "telex (F.69)",
        6 => "land mobile (E.212)",
        8 => "national",
        9 => "private",
        10 => "ERMES",
        14 => "internet (IP)",
        18 => "WAP client id",
        _ => "reserved",
    }
}

/// `esm_class` (clause 5.2.12): what the bits say, one word for each.
pub(super) fn esm_class(class: u8, deliver: bool) -> String {
    let kind = match (class & 0x3C, deliver) {
        (0x00, _) => "message",
        (0x04, true) => "receipt of the SMSC",
        (0x08, _) => "delivery acknowledgement",
        (0x10, _) => "user acknowledgement",
        (0x18, true) => "conversation abort",
        (0x20, true) => "intermediate notification",
        _ => "reserved type",
    };
    let mut said = match (class & 3, deliver) {
        (1, false) => format!("datagram {kind}"),
        (2, false) => format!("forward {kind}"),
        (3, false) => format!("store and forward {kind}"),
        _ => kind.to_owned(),
    };
    if class & 0x40 != 0 {
        said += ", header in front of the text";
    }
    if class & 0x80 != 0 {
        said += ", reply path";
    }
    said
}
