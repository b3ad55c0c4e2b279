//! Addresses that are no radio and no talkgroup (TS 102 361-1 Annex A, TS 102 361-4 Table A.8).

macro_rules! gateways {
    ($($constant:ident = $value:literal $doc:literal,)+) => {
        $(#[doc = $doc] pub const $constant: u32 = $value;)+

        /// The standard's name of a gateway or all-call address.
        #[must_use]
        pub const fn name(address: u32) -> Option<&'static str> {
            match address {
                $($value => Some(stringify!($constant)),)+
                _ => None,
            }
        }
    };
}

gateways! {
    PSTNI = 0xFF_FEC0 "Public telephone network, aligned timing.",
    PABXI = 0xFF_FEC1 "Private exchange, aligned timing.",
    LINEI = 0xFF_FEC2 "Line, aligned timing.",
    IPI = 0xFF_FEC3 "IP network, aligned timing.",
    SUPLI = 0xFF_FEC4 "Supplementary data.",
    SDMI = 0xFF_FEC5 "UDT short data.",
    REGI = 0xFF_FEC6 "Registration.",
    MSI = 0xFF_FEC7 "Call diversion to a radio.",
    DIVERTI = 0xFF_FEC9 "Cancels call diversion.",
    TSI = 0xFF_FECA "The trunked system itself.",
    DISPATI = 0xFF_FECB "Dispatcher, aligned timing.",
    STUNI = 0xFF_FECC "Stun and revive.",
    AUTHI = 0xFF_FECD "Authentication.",
    GPI = 0xFF_FECE "Call diversion to a talkgroup.",
    KILLI = 0xFF_FECF "Kill.",
    PSTNDI = 0xFF_FED0 "Public telephone network, offset timing.",
    PABXDI = 0xFF_FED1 "Private exchange, offset timing.",
    LINEDI = 0xFF_FED2 "Line, offset timing.",
    DISPATDI = 0xFF_FED3 "Dispatcher, offset timing.",
    ALLMSI = 0xFF_FED4 "All radios and talkgroups.",
    IPDI = 0xFF_FED5 "IP network, offset timing.",
    DGNAI = 0xFF_FED6 "Dynamic group number assignment.",
    TATTSI = 0xFF_FED7 "Talkgroup attachment.",
    ALLMSIDL = 0xFF_FFFD "All radios of the site.",
    ALLMSIDZ = 0xFF_FFFE "All radios of the zone.",
    ALLMSID = 0xFF_FFFF "All radios.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_have_names_and_radios_have_none() {
        assert_eq!(name(SDMI), Some("SDMI"));
        assert_eq!(name(0xFF_FFFF), Some("ALLMSID"));
        assert_eq!(name(0x23_383B), None);
    }
}
