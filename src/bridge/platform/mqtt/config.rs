//! A broker, and how we introduce ourselves to it.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{
    AckMode, LastWill, LastWillProperties, MqttOptions, QoS, SessionMode, TlsConfiguration,
    Transport,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::bridge::platform::mqtt::command;
use crate::bridge::platform::mqtt::session::NothingInFlight;
use crate::bridge::platform::mqtt::state::{Presence, State};
use crate::model::ids::Seq;
use crate::model::wall::Wall;

/// How long the broker keeps our session while we are away, in seconds: commands wait so long.
const SESSION: u32 = 86_400;
/// How long after a lost connection the will is published, in seconds: a short loss is none.
const WILL_DELAY: u32 = 10;
/// Between two packets of a connection on which nothing happens, in seconds.
const KEEP_ALIVE: u16 = 20;
/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// Events in flight at the library; more than we ever have.
const IN_FLIGHT: u16 = 20;

/// A broker.
#[derive(Debug, Clone)]
pub struct MqttConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Certificates, in PEM, of which the broker's must come; those of the system if none.
    pub ca: Option<Vec<u8>>,
    /// What the broker knows us by; the same after every start.
    pub client_id: String,
    /// What every topic begins with, without a slash at the end.
    pub prefix: String,
    /// The account, if the broker wants one.
    pub account: Option<Account>,
    /// Between two publications of the state; none for only one after each connection.
    pub heartbeat: Option<Duration>,
    /// The jurisdiction whose ledger it is.
    pub jurisdiction: String,
}

/// An account at a broker; its `Debug` does not show the password.
#[derive(Clone)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Why a broker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MqttError {
    /// The file of certificates has none that can be read.
    #[error("the `ca` file cannot be used: {0}; it must hold certificates in PEM")]
    Ca(String),
    /// No certificates of the system.
    #[error("TLS cannot be set up: {0}; name a `ca` file")]
    Tls(String),
}

impl MqttConfig {
    /// How TLS is spoken; none if it is not.
    ///
    /// # Errors
    /// There are no certificates to check the broker's by.
    pub fn transport(&self) -> Result<Transport, MqttError> {
        if !self.tls {
            return Ok(Transport::Tcp);
        }
        let Some(pem) = &self.ca else {
            let system = TlsConfiguration::try_default_rustls();
            return system
                .map(Transport::Tls)
                .map_err(|error| MqttError::Tls(error.to_string()));
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| MqttError::Ca(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| MqttError::Ca(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(MqttError::Ca("no certificate stands in it".to_owned()));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| MqttError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Transport::Tls(TlsConfiguration::Rustls(Arc::new(client))))
    }

    /// What one connection is made with; `now` stands in its will.
    pub(super) fn options(&self, transport: &Transport, now: Wall) -> MqttOptions {
        let mut options = MqttOptions::new(&self.client_id, (self.host.clone(), self.port));
        options
            .set_transport(transport.clone())
            .set_session_mode(SessionMode::Persistent)
            .set_session_expiry_interval(Some(SESSION))
            .set_keep_alive(KEEP_ALIVE)
            .set_connect_timeout(CONNECTING)
            .set_ack_mode(AckMode::Manual)
            .set_receive_maximum(Some(command::AT_ONCE))
            .set_max_packet_size(Some(command::PACKET_LIMIT))
            .set_outgoing_inflight_upper_limit(IN_FLIGHT)
            .set_last_will(self.will(now));
        if let Some(Account { user, password }) = &self.account {
            options.set_credentials(user, password.clone().into_bytes());
        }
        let session = NothingInFlight::of(&options);
        options.set_session_store(session);
        options
    }

    fn will(&self, now: Wall) -> LastWill {
        let properties = LastWillProperties {
            delay_interval: Some(WILL_DELAY),
            payload_format_indicator: Some(1),
            message_expiry_interval: None,
            content_type: Some("application/json".to_owned()),
            response_topic: None,
            correlation_data: None,
            user_properties: Vec::new(),
        };
        let payload = self.state(Presence::Offline, Seq(0), now);
        let qos = QoS::AtLeastOnce;
        LastWill::new(self.state_topic(), payload, qos, true, Some(properties))
    }

    /// Where our state stands.
    #[must_use]
    pub fn state_topic(&self) -> String {
        format!("{}/state", self.prefix)
    }

    pub(super) fn state(&self, state: Presence, seq: Seq, at: Wall) -> Vec<u8> {
        let online = state == Presence::Online;
        State {
            state,
            jurisdiction: &self.jurisdiction,
            at,
            seq,
            again_in: self.heartbeat.filter(|_| online).map(|it| it.as_secs()),
        }
        .json()
    }
}
