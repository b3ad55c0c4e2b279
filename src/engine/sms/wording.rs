//! How an alert is written for a route.

use narrowcast_protocol::sms::segment::{Form, SegmentError, Signature, segment};
use narrowcast_protocol::sms::{Part, Reference};

use crate::engine::compose;
use crate::model::alert::Alert;
use crate::model::policy::{Policy, RouteKind, SmsRoute};

/// The parts in which `alert` is given to the operator of `route`, with `reference` tying them
/// together.
///
/// # Errors
/// It takes more parts than telephones put together.
pub(in crate::engine) fn parts(
    policy: &Policy,
    route: &SmsRoute,
    alert: &Alert,
    reference: u8,
) -> Result<Vec<Part>, SegmentError> {
    let text = compose::whole(policy, alert);
    segment(&text, &form(route), Reference::Eight(reference))
}

fn form(route: &SmsRoute) -> Form {
    let form = match route.kind {
        RouteKind::Cmpp2 | RouteKind::Cmpp3 => Form::cmpp(),
        RouteKind::Smpp | RouteKind::Modem => Form::gsm(),
    };
    let signature = match route.signature.as_str() {
        "" => Signature::None,
        name => Signature::Prefix(name.to_owned()),
    };
    Form { signature, ..form }
}
