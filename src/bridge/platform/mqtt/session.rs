//! The client's half of a session: nothing is in flight.
//!
//! The broker keeps its half for a day, so that commands wait for us. Events that it has not
//! acknowledged come again from the ledger as new packets under the same id, so none is replayed
//! from here. `QoS` 1 allows that: the receiver of such packets keeps nothing of them.

use std::pin::Pin;

use rumqttc::{
    MqttOptions, PersistedAckMode, PersistedSession, SessionStore, SessionStoreError,
    SessionStoreKey,
};

type Kept<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

/// Always the same half.
#[derive(Debug)]
pub struct NothingInFlight(PersistedSession);

impl NothingInFlight {
    /// That of a client with these options.
    #[must_use]
    pub fn of(options: &MqttOptions) -> Self {
        Self(PersistedSession {
            format_version: 1,
            client_id: options.client_id(),
            clean_start: options.clean_start(),
            session_expiry_interval: options.session_expiry_interval(),
            outgoing_inflight_upper_limit: options.get_outgoing_inflight_upper_limit(),
            ack_mode: PersistedAckMode::Manual,
            last_pkid: 0,
            last_puback: 0,
            replay: Vec::new(),
            incoming_qos2: Vec::new(),
        })
    }
}

impl SessionStore for NothingInFlight {
    fn load<'a>(&'a self, _: &'a SessionStoreKey) -> Kept<'a, Option<PersistedSession>> {
        Box::pin(async { Ok(Some(self.0.clone())) })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> Kept<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> Kept<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
