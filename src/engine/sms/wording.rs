//! How an alert is written for a route.
//!
//! A phone shows, in this order: the signature, the drill sign, the head of the operator's
//! template, the mark, the text, how to answer, and the template's tail. All of it counts as text.

mod frames;
#[cfg(test)]
mod tests;

use std::hash::Hasher;

use fnv::FnvHasher;
use narrowcast_protocol::sms::segment::{Form, SegmentError, Signature, segment};
use narrowcast_protocol::sms::{Part, Reference};
use serde::{Deserialize, Serialize};

use crate::engine::compose;
use crate::model::alert::Said;
use crate::model::policy::{Policy, RouteKind, SmsRoute};

pub(in crate::engine) use frames::Frames;

/// The parts in which an alert is given as `said` to the operator of `route`, with `reference` tying them
/// together.
///
/// # Errors
/// It takes more parts than telephones put together.
pub(in crate::engine) fn parts(
    policy: &Policy,
    route: &SmsRoute,
    said: Said<'_>,
    reference: u8,
) -> Result<Vec<Part>, SegmentError> {
    Frame::of(policy, route).parts(said, reference)
}

/// What makes the wording over a route besides the alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Frame {
    kind: RouteKind,
    /// What an exercise begins with.
    sign: String,
    signature: String,
    template: String,
}

impl Frame {
    pub(in crate::engine) fn of(policy: &Policy, route: &SmsRoute) -> Self {
        Self {
            kind: route.kind,
            sign: policy.exercise_sign.clone(),
            signature: route.signature.clone(),
            template: route.template.clone(),
        }
    }

    /// Tells it from other frames: FNV-1a of all that is in it, folded into 32 bits. Its values
    /// are on record, and FNV's are defined once and for all.
    pub(in crate::engine) fn number(&self) -> u32 {
        let kind = self.kind.to_string();
        let texts = [&kind, &self.sign, &self.signature, &self.template];
        let mut hasher = FnvHasher::default();
        for text in texts {
            hasher.write(text.as_bytes());
            // No text of ours has this octet.
            hasher.write_u8(0xFF);
        }
        let hash = hasher.finish();
        u32::try_from((hash >> 32) ^ (hash & 0xFFFF_FFFF)).unwrap_or(0)
    }

    /// The parts of what is `said`, with `reference` tying them together.
    ///
    /// # Errors
    /// It takes more parts than telephones put together.
    pub(in crate::engine) fn parts(
        &self,
        said: Said<'_>,
        reference: u8,
    ) -> Result<Vec<Part>, SegmentError> {
        let text = compose::whole(&self.sign, &self.template, said);
        segment(&text, &self.form(), Reference::Eight(reference))
    }

    fn form(&self) -> Form {
        let form = match self.kind {
            RouteKind::Cmpp2 | RouteKind::Cmpp3 => Form::cmpp(),
            RouteKind::Smpp | RouteKind::Modem => Form::gsm(),
        };
        let signature = match self.signature.as_str() {
            "" => Signature::None,
            name => Signature::Prefix(name.to_owned()),
        };
        Form { signature, ..form }
    }
}
