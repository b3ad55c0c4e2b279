//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::ledger::LedgerError;

pub(crate) fn at_path(path: &Path, error: &std::io::Error) -> LedgerError {
    LedgerError::Store(format!("{}: {error}", path.display()))
}

/// Forces the names in `dir` to the medium.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), LedgerError> {
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| at_path(dir, &error))
}

/// Makes the file `path` of what `fill` writes: under another name first, forced to the
/// medium, then renamed. On an error nothing is left behind, and what stood there stays.
pub(crate) fn write_whole<T>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let write = || {
        let file = File::create(&part).map_err(|error| at_path(&part, &error))?;
        let mut writer = std::io::BufWriter::new(file);
        let value = fill(&mut writer)?;
        writer
            .into_inner()
            .map_err(|error| at_path(&part, error.error()))?
            .sync_all()
            .and_then(|()| fs::rename(&part, path))
            .map_err(|error| at_path(&part, &error))?;
        sync_dir(path.parent().unwrap_or(Path::new("")))?;
        Ok(value)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}
