//! What stands in a ledger, read after the server has gone.

use std::collections::BTreeMap;
use std::path::Path;

use narrowcast::ledger::sled::SledLedger;
use narrowcast::ledger::{Ledger, verify};
use narrowcast::model::facts::{Fact, Record};
use narrowcast::model::ids::Seq;

/// Every record of the ledger in this directory, after its chain was found whole.
pub(crate) fn in_directory(dir: &Path) -> Vec<Record> {
    all(&mut SledLedger::open(dir, "default", 1).unwrap())
}

/// Every record, after the chain was found whole.
pub(crate) fn all(ledger: &mut dyn Ledger) -> Vec<Record> {
    verify::verify(ledger, |_| {}).expect("the chain is whole");
    let mut records: Vec<Record> = Vec::new();
    loop {
        let from = records.last().map_or(Seq(1), |record| record.seq.next());
        let page = ledger.read(from, 1_000).unwrap();
        if page.is_empty() {
            return records;
        }
        records.extend(page);
    }
}

/// How many attempts were made for each radio.
pub(crate) fn attempts(records: &[Record]) -> BTreeMap<u32, u32> {
    let mut radio_of = BTreeMap::new();
    let mut attempts = BTreeMap::new();
    for record in records {
        match &record.fact {
            Fact::Recipients {
                alert, recipients, ..
            } => drop(radio_of.insert(*alert, recipients[0].radio.unwrap().get())),
            Fact::AttemptStarted { alert, .. } => {
                *attempts.entry(radio_of[alert]).or_default() += 1;
            }
            _ => {}
        }
    }
    attempts
}

/// No text went out of which there is no attempt on record.
pub(crate) fn nothing_sent_unrecorded(records: &[Record], on_air: &BTreeMap<u32, u32>) {
    let attempts = attempts(records);
    for (radio, sent) in on_air {
        let recorded = attempts.get(radio).copied().unwrap_or(0);
        assert!(
            *sent <= recorded,
            "radio {radio}: {sent} texts on the air, {recorded} attempts on record"
        );
    }
}
