//! Whom an area stands for, as it is written.

use crate::config::error::Fault;
use crate::model::alert::Target;

/// Most targets of an area, or by default.
pub(super) const TARGETS: usize = 100;
/// The targets that are written well.
pub(super) fn targets(texts: &[String]) -> Vec<Target> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Finds what is wrong with targets.
pub(super) fn check_targets(at: &str, texts: &[String], faults: &mut Vec<Fault>) {
    if texts.len() > TARGETS {
        let why = format!("it names {}: name at most {TARGETS} targets", texts.len());
        faults.push(Fault::new(at, why));
    }
    for (index, text) in texts.iter().enumerate() {
        if let Err(error) = text.parse::<Target>() {
            faults.push(Fault::new(format!("{at}[{index}]"), error.to_string()));
        }
    }
}
