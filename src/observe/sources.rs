//! Counters of the sources of warnings.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SourceLabel {
    /// The source's name.
    pub source: String,
}

impl SourceLabel {
    /// The source of this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self {
            source: name.to_owned(),
        }
    }
}

/// A source, and what became of a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    source: String,
    verdict: &'static str,
}

/// What came over each source.
#[derive(Debug, Default)]
pub struct SourceCounters {
    documents: Family<VerdictLabel, Counter>,
    failing: Family<SourceLabel, Gauge>,
}

impl SourceCounters {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "warning_documents",
            "Documents from directories and feeds, by what became of them: taken, refused, or offered again later",
            self.documents.clone(),
        );
        r.register(
            "warning_source_failing",
            "1 while the directory or feed cannot be read",
            self.failing.clone(),
        );
    }

    /// A document of a source was decided.
    pub fn count(&self, source: SourceLabel, verdict: &'static str) {
        let label = VerdictLabel {
            source: source.source,
            verdict,
        };
        self.documents.get_or_create(&label).inc();
    }

    /// Whether a source cannot be read.
    pub fn failing(&self, source: SourceLabel, is_failing: bool) {
        self.failing.get_or_create(&source).set(is_failing.into());
    }
}
