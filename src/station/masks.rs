//! What the capture shows in place of log-ins that hold a secret. Each mask is given one chunk
//! as a session sends it, which is one whole PDU or command.

use narrowcast_protocol::sms::{cmpp, smpp};

/// Octets of Source_Addr in a CONNECT.
const CMPP_ACCOUNT: usize = 6;

/// A bind without what follows the account: `password` travels in clear, and its length would be
/// known from where the next field begins.
pub(super) fn smpp(pdu: &[u8]) -> Option<Vec<u8>> {
    use smpp::header::{Command, Header, OCTETS};
    let header = pdu.first_chunk().map(Header::decode)?;
    let binds = [
        Command::BIND_RECEIVER,
        Command::BIND_TRANSMITTER,
        Command::BIND_TRANSCEIVER,
    ];
    if !binds.contains(&header.command) {
        return None;
    }
    let body = pdu.get(OCTETS..)?;
    let account = body.iter().position(|octet| *octet == 0)?;
    Some(blanked(pdu, OCTETS + account))
}

/// A CONNECT without its proof: with proof and time a weak secret can be guessed.
pub(super) fn cmpp(pdu: &[u8]) -> Option<Vec<u8>> {
    use cmpp::header::{Command, Header, OCTETS};
    let header = pdu.first_chunk().map(Header::decode)?;
    (header.command == Command::CONNECT).then(|| blanked(pdu, OCTETS + CMPP_ACCOUNT))
}

/// The command that unlocks the card, without its PIN.
pub(super) fn modem(command: &[u8]) -> Option<Vec<u8>> {
    let unlock = b"AT+CPIN=";
    if !command.starts_with(unlock) {
        return None;
    }
    let hidden = |octet: &u8| if octet.is_ascii_digit() { b'*' } else { *octet };
    Some(command.iter().map(hidden).collect())
}

/// With zeros from `from` on.
fn blanked(pdu: &[u8], from: usize) -> Vec<u8> {
    let kept = pdu.iter().take(from).copied();
    let blank = pdu.iter().skip(from).map(|_| 0);
    kept.chain(blank).collect()
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::sms::smpp::bind::{Bind, Way};
    use narrowcast_protocol::sms::{cmpp::connect::Connect, smpp::Pdu};

    use super::*;

    #[test]
    fn a_bind_is_recorded_without_its_password_and_still_as_a_bind() {
        let bind = Bind {
            way: Way::Transceiver,
            system_id: "narrow".to_owned(),
            password: "secret".to_owned(),
            system_type: String::new(),
            version: 0x34,
            ton: 0,
            npi: 0,
            range: String::new(),
        };
        let pdu = Pdu::Bind(bind).encode(0, 1);
        let masked = smpp(&pdu).unwrap();
        assert_eq!(masked.len(), pdu.len());
        let Ok(Pdu::Bind(read)) = Pdu::decode(smpp::Command(9), masked.get(16..).unwrap()) else {
            panic!("no bind");
        };
        assert_eq!(
            (read.system_id.as_str(), read.password.as_str()),
            ("narrow", "")
        );
        assert_eq!(smpp(&Pdu::EnquireLink.encode(0, 2)), None);
        assert_eq!(smpp(b"short"), None);
    }

    #[test]
    fn a_connect_is_recorded_without_its_proof() {
        let connect = Connect {
            account: "901234".to_owned(),
            proof: [7; 16],
            version: 0x20,
            timestamp: 1_123_163_005,
        };
        let pdu = cmpp::Pdu::Connect(connect).encode(cmpp::Version::V2, 1);
        let masked = cmpp(&pdu).unwrap();
        assert_eq!(masked.get(..18), pdu.get(..18));
        assert!(masked.iter().skip(18).all(|octet| *octet == 0));
        let other = cmpp::Pdu::ActiveTest.encode(cmpp::Version::V2, 2);
        assert_eq!(cmpp(&other), None);
    }

    #[test]
    fn a_pin_is_recorded_as_stars() {
        let masked = modem(b"AT+CPIN=\"1234\"\r").unwrap();
        assert_eq!(masked, b"AT+CPIN=\"****\"\r");
        assert_eq!(modem(b"AT+CPIN?\r"), None);
    }
}
