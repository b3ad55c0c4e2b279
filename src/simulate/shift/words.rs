//! Nodes and languages of a shift.

use narrowcast_world::rng::Rng;

use crate::model::language::{Language, Translation};
use crate::model::roster::Node;

/// The node of this path; the root if it is none.
pub(super) fn node(path: &str) -> Node {
    path.parse().unwrap_or_else(|_| Node::root())
}

/// Most read what everybody reads.
pub(super) fn a_language(rng: &mut Rng) -> Language {
    let known = if rng.chance(0.2) { "en" } else { "zh-CN" };
    known.parse().unwrap_or_default()
}

/// Some alerts are said in English too.
pub(super) fn in_english(rng: &mut Rng, number: u64, length: usize) -> Vec<Translation> {
    if !rng.chance(0.4) {
        return Vec::new();
    }
    let words = "Forest fire at Dongshan, leave by road to the stadium, mind the wind ".chars();
    let words: String = words.cycle().take(length * 2).collect();
    let translation = "en".parse().map(|language| Translation {
        language,
        text: format!("#{number} {words}"),
    });
    translation.into_iter().collect()
}
