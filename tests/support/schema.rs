//! What xmllint says of CAP documents by the standard's schema, which is not in this repository:
//! `NARROWCAST_VECTORS` names the folder that has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::peers::missing;

/// Most documents of one call.
const BATCH: usize = 500;

/// The folder of CAP documents with the schema.
pub(crate) fn folder() -> Option<PathBuf> {
    let Some(root) = std::env::var_os("NARROWCAST_VECTORS") else {
        eprintln!("NARROWCAST_VECTORS is not set: no CAP document was checked");
        return None;
    };
    Some(Path::new(&root).join("cap"))
}

/// Whether each document is valid; none without the program or the schema.
pub(crate) fn verdicts(documents: &[String]) -> Option<Vec<bool>> {
    let schema = folder()?.join("CAP-v1.2.xsd");
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..documents.len()).map(|at| format!("{at}.xml")).collect();
    for (name, document) in names.iter().zip(documents) {
        std::fs::write(dir.path().join(name), document).unwrap();
    }
    let mut valid = Vec::new();
    for batch in names.chunks(BATCH) {
        let output = Command::new("xmllint")
            .current_dir(dir.path())
            .args(["--noout", "--nonet", "--schema"])
            .arg(&schema)
            .args(batch)
            .output();
        let Ok(output) = output else {
            missing("xmllint is missing: install libxml2-utils");
            return None;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        valid.extend(batch.iter().map(|name| {
            let is = |verdict: &str| said.lines().any(|line| line == format!("{name} {verdict}"));
            let (good, bad) = (is("validates"), is("fails to validate"));
            assert!(good != bad, "{name}: {said}");
            good
        }));
    }
    Some(valid)
}

/// Fails with the first document that is not valid.
pub(crate) fn all_valid(documents: &[String]) {
    for (document, valid) in documents
        .iter()
        .zip(verdicts(documents).unwrap_or_default())
    {
        assert!(valid, "not valid by the schema of CAP 1.2: {document}");
    }
}
