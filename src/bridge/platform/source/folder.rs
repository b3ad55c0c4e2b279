//! A directory into which somebody puts documents.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Intake, Verdict};
use crate::model::warning::DOCUMENT_OCTETS;

/// A file that has not changed for so long is whole.
const STABLE: Duration = Duration::from_secs(2);
/// Most files that are looked at in one turn; the others wait for the next.
const FILES: usize = 1_000;
/// The wait before a document is offered again, where nobody says how long.
const AGAIN: Duration = Duration::from_secs(5);
/// The longest such wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Where documents go that were taken in.
const DONE: &str = "done";
/// Where documents go that were refused, with the reason beside them.
const FAILED: &str = "failed";

/// A watched directory.
#[derive(Debug)]
pub struct Folder {
    /// What people call it.
    pub name: String,
    /// The directory.
    pub path: PathBuf,
    /// Between two looks.
    pub every: Duration,
}

/// How a file stood when it was looked at: a writer that is not finished changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    octets: u64,
    changed: SystemTime,
}

impl Folder {
    /// Looks until `shutdown`.
    pub async fn run(self, intake: Intake, shutdown: CancellationToken) {
        let mut before = BTreeMap::new();
        // What is left where it is: what could not be moved, until it changes, and what is offered
        // again later. None of it holds up the others.
        let mut stuck: BTreeMap<PathBuf, Look> = BTreeMap::new();
        let mut waits: BTreeMap<PathBuf, Instant> = BTreeMap::new();
        loop {
            tokio::select! {
                () = sleep(self.every) => {}
                () = shutdown.cancelled() => return,
            }
            let path = self.path.clone();
            let looked = spawn_blocking(move || look(&path)).await;
            let found = match looked.unwrap_or_else(|error| Err(io::Error::other(error))) {
                Ok(found) => found,
                Err(error) => {
                    let path = self.path.display();
                    let why = format!("{path}: {error}; make it, or give it to us");
                    (intake.failing)(Some(why));
                    continue;
                }
            };
            (intake.failing)(None);
            stuck.retain(|path, look| found.get(path) == Some(look));
            waits.retain(|path, until| found.contains_key(path) && *until > Instant::now());
            for (file, look) in &found {
                let is_quiet = before.get(file) == Some(look) && is_whole(*look);
                if !is_quiet || stuck.contains_key(file) || waits.contains_key(file) {
                    continue;
                }
                if shutdown.is_cancelled() {
                    return;
                }
                match self.offer(&intake, file).await {
                    Ok(None) => {}
                    Ok(Some(wait)) => {
                        waits.insert(file.clone(), Instant::now() + wait);
                    }
                    Err(error) => {
                        let why = format!("{}: {error}; it is left there", file.display());
                        warn!(source = %self.name, %why, "a document cannot be read or moved");
                        stuck.insert(file.clone(), *look);
                    }
                }
            }
            before = found;
        }
    }

    /// Offers a file; what is not decided is to be offered again after the wait.
    async fn offer(&self, intake: &Intake, file: &Path) -> io::Result<Option<Duration>> {
        let path = file.to_owned();
        let read = spawn_blocking(move || document(&path)).await;
        let verdict = match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(Some(document)) => (intake.take)(document).await,
            Ok(None) => Verdict::Refused(format!(
                "it has more than {DOCUMENT_OCTETS} octets; send a shorter one"
            )),
            // Whoever put it there has taken it back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (to, why) = match verdict {
            Verdict::Taken(said) => {
                info!(source = %self.name, file = %file.display(), %said, "a document was taken in");
                (DONE, None)
            }
            Verdict::Refused(why) => {
                warn!(source = %self.name, file = %file.display(), %why, "a document was refused");
                (FAILED, Some(why))
            }
            Verdict::Later { why, retry_after } => {
                let wait = retry_after.map_or(AGAIN, Duration::from_secs).min(LONGEST);
                info!(source = %self.name, file = %file.display(), %why, "a document waits");
                return Ok(Some(wait));
            }
        };
        let (root, file) = (self.path.clone(), file.to_owned());
        let moved = spawn_blocking(move || away(&root, &file, to, why.as_deref())).await;
        moved.unwrap_or_else(|error| Err(io::Error::other(error)))?;
        Ok(None)
    }
}

/// Documents in the directory: files of a name that ends in `.xml` or `.cap`, in any case. What
/// begins with a dot is not finished.
fn look(directory: &Path) -> io::Result<BTreeMap<PathBuf, Look>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if name.starts_with('.') || !(name.ends_with(".xml") || name.ends_with(".cap")) {
            continue;
        }
        // A link could lead to any file of this machine.
        let Ok(about) = fs::symlink_metadata(entry.path()) else {
            continue;
        };
        if about.is_file() {
            let look = Look {
                octets: about.len(),
                changed: about.modified()?,
            };
            found.insert(entry.path(), look);
        }
        if found.len() >= FILES {
            break;
        }
    }
    Ok(found)
}

/// Whether a file that looked the same before is old enough; a clock that went back is no reason
/// to wait.
fn is_whole(look: Look) -> bool {
    SystemTime::now()
        .duration_since(look.changed)
        .map_or(true, |age| age >= STABLE)
}

/// What a file holds; none if it is too long.
fn document(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut octets = Vec::new();
    let most = u64::try_from(DOCUMENT_OCTETS).unwrap_or(u64::MAX) + 1;
    fs::File::open(path)?.take(most).read_to_end(&mut octets)?;
    Ok((octets.len() <= DOCUMENT_OCTETS).then_some(octets))
}

/// Moves a file beside, under a name that is free; the reason goes into a text of that name.
fn away(root: &Path, file: &Path, to: &str, why: Option<&str>) -> io::Result<()> {
    let directory = root.join(to);
    fs::create_dir_all(&directory)?;
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let names = (0u32..10_000).map(|at| match at {
        0 => name.clone(),
        at => format!("{name}.{at}"),
    });
    let free = names
        .map(|name| directory.join(name))
        .find(|path| !path.exists());
    let free =
        free.ok_or_else(|| io::Error::other(format!("{to} is full of files of that name")))?;
    if let Some(why) = why {
        let mut reason = free.clone().into_os_string();
        reason.push(".reason.txt");
        fs::write(reason, format!("{why}\n"))?;
    }
    fs::rename(file, free)
}

#[cfg(test)]
mod tests;
