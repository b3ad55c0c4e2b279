//! What kind of channel each carrier is, and what it may and can carry: from the policy alone.

use narrowcast_protocol::air::{CarrierId, CarrierKind, TextForm};

use crate::engine::state::State;
use crate::model::alert::Alert;
use crate::model::book::DeliveryBook;
use crate::model::delivery::Rung;
use crate::model::roster::Recipient;

impl State {
    /// What kind of channel a carrier is, as its station's policy says.
    pub(super) fn kind(&self, carrier: CarrierId) -> CarrierKind {
        let station = self.station(carrier.station);
        station.map_or(CarrierKind::default(), |station| station.kind)
    }

    /// Whether a carrier belongs to a trunked system.
    pub(super) fn is_trunked(&self, carrier: CarrierId) -> bool {
        self.kind(carrier) != CarrierKind::Conventional
    }

    /// Whether a station's operator is somebody else: we are a guest in its network.
    pub(super) fn is_peer(&self, carrier: CarrierId) -> bool {
        let station = self.station(carrier.station);
        station.is_some_and(|station| station.peer)
    }

    /// Whether an alert may go over this carrier.
    pub(super) fn permits(&self, alert: &Alert, carrier: CarrierId) -> bool {
        let station = self.station(carrier.station);
        station.is_some_and(|station| station.permits(alert.exercise))
            && alert.station.is_none_or(|only| only == carrier.station)
    }

    /// The form in which a radio is addressed over a carrier: a trunked one carries UDT only.
    pub(super) fn form_on(&self, carrier: CarrierId, recipient: &Recipient) -> TextForm {
        match self.kind(carrier) {
            CarrierKind::Conventional => recipient.form,
            CarrierKind::Control | CarrierKind::Backhaul => TextForm::Udt,
        }
    }

    /// Whether stations of this kind take a text over and deliver it by themselves.
    pub(super) fn takes_over(&self, carrier: CarrierId) -> bool {
        self.kind(carrier) == CarrierKind::Backhaul
    }

    /// Whether a carrier is a control channel of our own, on which radios can be polled.
    pub(super) fn is_control(&self, carrier: CarrierId) -> bool {
        self.kind(carrier) == CarrierKind::Control
    }

    /// Whether what is heard over a carrier belongs to an exercise.
    pub(super) fn is_test(&self, carrier: CarrierId) -> bool {
        let station = self.station(carrier.station);
        station.is_some_and(|station| station.test)
    }

    /// Whether a trunked site has accepted a text and nothing higher has come: it is not sent
    /// again before the radio comes back, or a person asks for it.
    pub(super) fn is_with_the_site(&self, delivery: &DeliveryBook) -> bool {
        let at_site = delivery.carrier.is_some_and(|id| self.takes_over(id));
        at_site && delivery.rung == Rung::Accepted && !delivery.again
    }

    /// Whether a person's answer to this alert is collected over this carrier.
    pub(super) fn collects(&self, alert: &Alert, carrier: Option<CarrierId>) -> bool {
        alert.answer_set.is_some() && carrier.is_some_and(|id| self.is_control(id))
    }

    /// Whether answers to this alert are collected by polls over this carrier.
    pub(super) fn polls_on(&self, alert: &Alert, carrier: Option<CarrierId>) -> bool {
        self.policy.collection.polls && self.collects(alert, carrier)
    }
}
