//! One delivery into a directory: a document is there whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use crate::bridge::platform::delivered::{Delivered, again};

/// A directory into which documents are put. It is never made: where a file system is not mounted,
/// nothing is written beside it.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at this path.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Writes a document as the file `name`, in place of one of the same name. It is taken when it
    /// is on the disk.
    pub async fn deliver(&self, name: &str, octets: Vec<u8>) -> Delivered {
        let (path, name) = (self.path.clone(), name.to_owned());
        let written = spawn_blocking(move || write(&path, &name, &octets)).await;
        match written {
            Ok(Ok(())) => Delivered::Taken,
            Ok(Err(error)) => again(format!(
                "{}: {error}; it must be there, and the server must be allowed to write to it",
                self.path.display()
            )),
            Err(_) => again("the write was broken off"),
        }
    }
}

/// Readers leave names with a dot in front alone, and a rename shows the whole file at once.
fn write(directory: &Path, name: &str, octets: &[u8]) -> io::Result<()> {
    let part = directory.join(format!(".{name}.part"));
    let mut file = File::create(&part)?;
    let whole = file.write_all(octets).and_then(|()| file.sync_all());
    drop(file);
    let there = whole.and_then(|()| fs::rename(&part, directory.join(name)));
    if there.is_err() {
        // What is left of it would take room that may be what is missing.
        let _ = fs::remove_file(&part);
    }
    there?;
    // Else the name could be lost in a crash, after the cursor has gone on.
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_document_is_there_whole_and_once_however_often_it_is_delivered() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::new(place.path().to_owned());
        // A part of an earlier attempt that a crash left behind.
        fs::write(place.path().join(".a.xml.part"), "<aler").unwrap();
        for octets in ["<alert/>", "<alert/>"] {
            let delivered = directory.deliver("a.xml", octets.into()).await;
            assert_eq!(delivered, Delivered::Taken);
        }
        assert_eq!(files(place.path()), ["a.xml"]);
        let written = fs::read_to_string(place.path().join("a.xml")).unwrap();
        assert_eq!(written, "<alert/>");
    }

    #[tokio::test]
    async fn a_directory_that_is_not_there_is_not_made_and_holds_the_document() {
        let place = tempfile::tempdir().unwrap();
        let missing = place.path().join("mount");
        let directory = Directory::new(missing.clone());
        let delivered = directory.deliver("a.xml", b"<alert/>".to_vec()).await;
        let Delivered::Again { why, .. } = delivered else {
            panic!("{delivered:?}");
        };
        assert!(
            why.contains("mount") && why.contains("must be there"),
            "{why}"
        );
        assert!(!missing.exists());
        // A name that is taken by something else leaves no part behind.
        fs::create_dir(place.path().join("b.xml")).unwrap();
        fs::write(place.path().join("b.xml/x"), "").unwrap();
        let directory = Directory::new(place.path().to_owned());
        let delivered = directory.deliver("b.xml", b"<alert/>".to_vec()).await;
        assert!(matches!(delivered, Delivered::Again { .. }));
        assert_eq!(files(place.path()), ["b.xml"]);
    }
}
