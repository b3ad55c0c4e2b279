use std::sync::{Arc, Mutex};
use std::time::Instant as Real;

use super::super::Taking;
use super::*;

/// What an intake was offered, and the way to stop.
struct Watched {
    dir: tempfile::TempDir,
    offered: Arc<Mutex<Vec<Vec<u8>>>>,
    failing: Arc<Mutex<Vec<Option<String>>>>,
    stop: CancellationToken,
}

impl Watched {
    /// A directory whose documents are answered by what they say.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (offered, failing) = <(Arc<Mutex<Vec<Vec<u8>>>>, Arc<Mutex<Vec<_>>>)>::default();
        let stop = CancellationToken::new();
        let (seen, told) = (Arc::clone(&offered), Arc::clone(&failing));
        let take = move |document: Vec<u8>| -> Taking {
            let before = {
                let mut seen = seen.lock().unwrap();
                seen.push(document.clone());
                seen.iter().filter(|it| **it == document).count()
            };
            let text = String::from_utf8_lossy(&document).into_owned();
            Box::pin(async move {
                match text.as_str() {
                    "refuse" => Verdict::Refused("info: it says nothing".into()),
                    "later" if before < 2 => Verdict::Later {
                        why: "busy".into(),
                        retry_after: Some(0),
                    },
                    _ => Verdict::Taken(text),
                }
            })
        };
        let intake = Intake {
            take: Arc::new(take),
            failing: Arc::new(move |why| told.lock().unwrap().push(why)),
        };
        let folder = Folder {
            name: "t".into(),
            path: dir.path().join("in"),
            every: Duration::from_millis(20),
        };
        tokio::spawn(folder.run(intake, stop.clone()));
        Self {
            dir,
            offered,
            failing,
            stop,
        }
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path("").join(name);
        fs::write(&path, text).unwrap();
        age(&path);
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.dir.path().join("in").join(inside)
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let start = Real::now();
        while !holds(self) {
            assert!(start.elapsed() < Duration::from_secs(20), "{what}");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// As if it had been written a while ago.
fn age(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(10))
        .unwrap();
}

#[tokio::test]
async fn documents_go_where_people_find_them_with_the_reason() {
    let watched = Watched::new();
    watched
        .until("it is missing", |it| !it.failing.lock().unwrap().is_empty())
        .await;
    let told = watched.failing.lock().unwrap().clone();
    assert!(told[0].as_ref().unwrap().contains("make it"), "{told:?}");
    fs::create_dir(watched.path("")).unwrap();
    watched.put("A.XML", "good");
    watched.put("b.cap", "refuse");
    watched.put("c.xml", "later");
    watched.put("notes.txt", "not ours");
    watched.put(".half.xml", "not finished");
    std::os::unix::fs::symlink("/etc/hostname", watched.path("link.xml")).unwrap();
    let done = |it: &Watched| {
        ["done/A.XML", "failed/b.cap", "done/c.xml"]
            .iter()
            .all(|name| it.path(name).exists())
    };
    watched.until("all are decided", done).await;
    let why = fs::read_to_string(watched.path("failed/b.cap.reason.txt")).unwrap();
    assert_eq!(why, "info: it says nothing\n");
    // The same name again stands beside the first.
    watched.put("b.cap", "refuse");
    watched
        .until("again", |it| it.path("failed/b.cap.1").exists())
        .await;
    for left in ["notes.txt", ".half.xml", "link.xml"] {
        assert!(watched.path(left).symlink_metadata().is_ok(), "{left}");
    }
    watched.stop.cancel();
    let offered = watched.offered.lock().unwrap();
    let texts: Vec<_> = offered
        .iter()
        .map(|it| String::from_utf8_lossy(it).into_owned())
        .collect();
    assert_eq!(
        texts.iter().filter(|it| *it == "later").count(),
        2,
        "{texts:?}"
    );
    assert!(!texts.iter().any(|it| it.contains("not")), "{texts:?}");
}

#[tokio::test]
async fn a_document_that_is_still_written_waits_and_a_long_one_is_refused_unread() {
    let watched = Watched::new();
    fs::create_dir(watched.path("")).unwrap();
    let slow = watched.path("slow.xml");
    for part in 1..=10 {
        fs::write(&slow, "x".repeat(part)).unwrap();
        sleep(Duration::from_millis(30)).await;
    }
    assert!(watched.offered.lock().unwrap().is_empty(), "it still grows");
    age(&slow);
    watched.put("long.xml", &"y".repeat(DOCUMENT_OCTETS + 1));
    watched
        .until("both", |it| {
            it.path("done/slow.xml").exists() && it.path("failed/long.xml").exists()
        })
        .await;
    watched.stop.cancel();
    let offered = watched.offered.lock().unwrap();
    assert_eq!(*offered, [b"xxxxxxxxxx".to_vec()]);
}
