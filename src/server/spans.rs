//! A span for each short message: from its hand-over to a link to the end of its job.

use std::collections::HashMap;

use narrowcast_protocol::air::{JobId, Phone, Transmission};
use narrowcast_protocol::session::{Job, Refusal, Step};
use tracing::{Span, debug, info, info_span};

/// The messages that links have.
#[derive(Debug, Default)]
pub(super) struct Spans(HashMap<JobId, Span>);

/// A number of which a reader of the log learns enough to find the person, and no more.
fn masked(phone: Phone) -> String {
    let number = phone.to_string();
    let (shown, all) = (3, number.chars().count());
    let hidden = all.saturating_sub(shown + 2);
    let masked = number.chars().enumerate().map(|(at, digit)| {
        if (shown..shown + hidden).contains(&at) {
            '*'
        } else {
            digit
        }
    });
    masked.collect()
}

impl Spans {
    /// A job is handed over to this link.
    pub(super) fn given(&mut self, job: &Job, link: &str) {
        let Job::Send {
            id,
            transmission: Transmission::Sms(submit),
            ..
        } = job
        else {
            return;
        };
        let part = submit
            .part
            .concatenation
            .map_or((1, 1), |it| (it.number, it.total));
        let span = info_span!(
            "message",
            job = id.0,
            link,
            to = masked(submit.to),
            part = part.0,
            of = part.1
        );
        span.in_scope(|| debug!("given to the link"));
        self.0.insert(*id, span);
    }

    /// Its last byte was written.
    pub(super) fn written(&self, id: JobId) {
        if let Some(span) = self.0.get(&id) {
            span.in_scope(|| debug!("written"));
        }
    }

    /// It came further.
    pub(super) fn step(&mut self, id: JobId, step: Step) {
        let Some(span) = self.0.get(&id) else {
            return;
        };
        span.in_scope(|| match step {
            Step::Taken { message } => debug!(%message, "the operator has taken it"),
            Step::Accepted => debug!("the operator has taken it without a name"),
            Step::Refused(Refusal::Withdrawn) => debug!("taken back"),
            Step::Refused(why) => info!(%why, "refused"),
            Step::Lost => info!("the link was lost before the operator's answer"),
            Step::Done => debug!("over"),
            Step::OnAir | Step::Received { .. } => {}
        });
        if step.is_end() {
            self.0.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_shows_the_beginning_and_end_of_a_number() {
        let shown = |number: &str| masked(Phone::new(number).unwrap());
        assert_eq!(shown("13800138000"), "138******00");
        assert_eq!(shown("110"), "110");
        assert_eq!(shown("+4917012345678"), "+49*********78");
    }
}
