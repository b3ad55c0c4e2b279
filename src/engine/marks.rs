//! Which mark an alert gets.
//!
//! There are [`Mark::COUNT`] marks. While fewer alerts are open, each has its own. With more,
//! a mark is given twice, but not to two open alerts of one radio as long as that can be
//! avoided: an answer comes from a radio, so that the mark and the radio together still say
//! which alert is meant. Only a radio with [`Mark::COUNT`] open alerts can hear a mark twice;
//! what it answers under that mark fits two alerts then, answers neither, and becomes a report
//! that names both.
//!
//! Of the marks that may be given, the one that was given longest ago is: a late answer to an
//! alert that is over should not find its mark on another.

use std::collections::HashSet;

use crate::engine::Engine;
use crate::model::alert::Mark;
use crate::model::roster::Recipient;

impl Engine {
    /// The mark for an alert to these recipients.
    pub(super) fn fresh_mark(&self, recipients: &[Recipient]) -> Mark {
        let free = self.longest_unused(|mark| !self.state.marks.contains_key(&mark));
        free.or_else(|| {
            let taken = self.marks_of(recipients);
            self.longest_unused(|mark| !taken.contains(&mark))
        })
        .or_else(|| self.longest_unused(|_| true))
        .unwrap_or(Mark::nth(self.state.accepted))
    }

    fn longest_unused(&self, may: impl Fn(Mark) -> bool) -> Option<Mark> {
        let marks = (0..u64::from(Mark::COUNT)).map(Mark::nth);
        marks
            .filter(|mark| may(*mark))
            .min_by_key(|mark| self.state.given.get(mark).copied().unwrap_or(0))
    }

    /// The marks of open alerts that go to one of these recipients.
    fn marks_of(&self, recipients: &[Recipient]) -> HashSet<Mark> {
        let radios = recipients.iter().flat_map(Recipient::radios);
        let phones = recipients.iter().flat_map(Recipient::phones);
        let alerts = radios
            .flat_map(|radio| self.whereabouts.alerts_of(radio))
            .chain(phones.flat_map(|phone| self.sms.alerts_of(*phone)));
        alerts
            .filter_map(|alert| self.state.alerts.get(&alert))
            .filter(|book| book.ended_at.is_none())
            .map(|book| book.alert.mark)
            .collect()
    }
}
