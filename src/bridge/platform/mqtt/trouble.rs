//! Why there is no connection to a broker, in words that name what to mend in the configuration.

use std::error::Error;
use std::io;

use rumqttc::{ConnectReturnCode, ConnectionError};
use rustls::CertificateError as Wrong;

/// What a connection failed of, and the remedy where there is one in our configuration.
#[must_use]
pub fn why(error: &ConnectionError) -> String {
    if let ConnectionError::ConnectionRefused(
        code @ (ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized),
    ) = error
    {
        return format!(
            "the broker does not let us in ({code:?}): mend `user` and the password, or permit it there"
        );
    }
    of_tls(error).map_or_else(|| error.to_string(), tls)
}

/// The error of TLS that an error comes from.
fn of_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An I/O error shows what it carries, but not as its source.
        let carried = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let carried = carried.and_then(|it| it.downcast_ref());
        if let Some(found) = carried.or_else(|| error.downcast_ref()) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

fn tls(error: &rustls::Error) -> String {
    let remedy = match error {
        rustls::Error::InvalidCertificate(wrong) => match wrong {
            Wrong::UnknownIssuer => {
                "name in `ca` the file of the authority that has signed the broker's certificate"
            }
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
                "write in `url` a name that stands in the broker's certificate"
            }
            Wrong::Expired
            | Wrong::ExpiredContext { .. }
            | Wrong::NotValidYet
            | Wrong::NotValidYetContext { .. } => {
                "renew the broker's certificate, or set the clock of this machine"
            }
            _ => "the broker needs another certificate",
        },
        rustls::Error::InvalidMessage(_) => {
            "name in `url` the port where the broker speaks TLS, or write mqtt:// without it"
        }
        _ => return format!("TLS with the broker fails: {error}"),
    };
    format!("TLS with the broker fails: {error}; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(error: rustls::Error) -> String {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        why(&ConnectionError::Io(error))
    }

    #[test]
    fn what_the_configuration_can_mend_is_named_by_its_key() {
        let name = rustls::Error::InvalidCertificate(Wrong::NotValidForName);
        let strange = rustls::Error::InvalidCertificate(Wrong::UnknownIssuer);
        let no_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(broken(strange).contains("`ca`"));
        assert!(broken(name).contains("`url`"));
        assert!(broken(no_tls).contains("mqtt://"));
        for code in [
            ConnectReturnCode::NotAuthorized,
            ConnectReturnCode::BadUserNamePassword,
        ] {
            let said = why(&ConnectionError::ConnectionRefused(code));
            assert!(said.contains("`user`"), "{said}");
        }
    }

    #[test]
    fn other_trouble_is_told_as_it_came() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let said = why(&ConnectionError::Io(refused));
        assert!(said.contains("refused"), "{said}");
        let busy = why(&ConnectionError::ConnectionRefused(
            ConnectReturnCode::ServerBusy,
        ));
        assert!(busy.contains("ServerBusy"), "{busy}");
    }
}
