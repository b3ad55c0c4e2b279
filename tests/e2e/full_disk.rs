//! A real file system of 40 MiB that is full, under the real program.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use narrowcast_world::radio::Answers;
use serde_json::Value;

use crate::support::place::{FIRST_RADIO, NO_MARKS, Place, http, roster};
use crate::support::site::Site;
use crate::support::stream::Stream;
use crate::support::{books, peers, until};

const RADIOS: u32 = 4;
const IN_DISTRESS: u32 = FIRST_RADIO;
const PATIENCE: Duration = Duration::from_secs(40);
const SUBMITTERS: u32 = 4;

/// A file system in memory, gone with this.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None where it cannot be mounted.
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=40m,mode=0700", "tmpfs"]);
        let mounted = mount.arg(dir.path()).output();
        match mounted {
            Ok(done) if done.status.success() => Some(Self(dir)),
            other => {
                let why = match other {
                    Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
                    Err(error) => error.to_string(),
                };
                peers::missing(&format!(
                    "the test of a full disk cannot mount a small file system ({why}): run it as root"
                ));
                None
            }
        }
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filler())
            .unwrap();
        for size in [1 << 20, 1 << 12] {
            while file.write_all(&vec![0x5A; size]).is_ok() {}
        }
    }

    /// Gives back what was taken.
    fn clear(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// A server on that disk with a site, after it was loaded until the disk was full.
struct Full {
    place: Place,
    http: reqwest::Client,
    site: Site,
    stream: Stream,
    accepted: Vec<String>,
    /// Ended before the disk goes.
    server: tokio::process::Child,
    disk: Disk,
}

impl Full {
    async fn reach(ledger: &str, policy: &str) -> Option<Self> {
        let disk = Disk::mount()?;
        let place = Place::unconfigured(Some(&disk.0.path().join("state")));
        place.configure(ledger, policy, "");
        let http = http();
        let server = place.start();
        place.until_up(&http).await;
        place.import(&http, roster(RADIOS)).await;
        let site = Site::start(place.homebrew, RADIOS, Answers::Never, 0.0, 40).await;
        until("a log-in", PATIENCE, async || site.seen().log_ins == 1).await;
        let types = "types=emergency_raised,emergency_unrecorded";
        let stream = Stream::open(&place, &http, types, None).await;
        let accepted = load_until_full(&place, &http, &disk).await;
        Some(Self {
            place,
            http,
            site,
            stream,
            accepted,
            server,
            disk,
        })
    }

    async fn emergency(&self) -> Option<Value> {
        let (status, body) = self.place.get(&self.http, "emergencies").await;
        assert_eq!(status, 200, "{body}");
        body["emergencies"].as_array().unwrap().first().cloned()
    }

    /// Recorded in the books and acknowledged on the air.
    async fn is_settled(&self) -> bool {
        let shown = self.emergency().await;
        shown.is_some_and(|shown| shown["recorded"] == true)
            && self.site.seen().acknowledged.contains(&IN_DISTRESS)
    }

    async fn end(mut self) {
        assert!(!self.accepted.is_empty(), "no load");
        for id in &self.accepted {
            let (status, body) = self.place.get(&self.http, &format!("alerts/{id}")).await;
            assert_eq!(status, 200, "an accepted alert is gone: {body}");
        }
        let seen = self.site.seen();
        assert_eq!((seen.log_ins, seen.log_outs), (1, 0), "the link was lost");
        assert_eq!(
            self.server.try_wait().unwrap(),
            None,
            "the server ended: {}",
            self.place.log()
        );
        self.server.kill().await.unwrap();
        let records = books::in_directory(&self.place.ledger());
        books::nothing_sent_unrecorded(&records, &self.site.seen().texts);
    }
}

/// Submits from several sides while the disk is filled up; the ids that were accepted.
async fn load_until_full(place: &Place, http: &reqwest::Client, disk: &Disk) -> Vec<String> {
    let submitter = |number: u32| async move {
        let mut accepted = Vec::new();
        loop {
            let radio = FIRST_RADIO + number % RADIOS;
            let (status, body) = place.submit(http, radio, &"山火逼近".repeat(40)).await;
            if status != 201 {
                return accepted;
            }
            accepted.push(body["id"].as_str().unwrap().to_owned());
        }
    };
    let filler = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        disk.fill();
        until("a full disk to be noticed", PATIENCE, async || {
            let (_, health) = place.get(http, "health").await;
            health["status"] == "degraded"
        })
        .await;
    };
    let load = futures_util::future::join_all((0..SUBMITTERS).map(submitter));
    let ((), accepted) = tokio::join!(filler, load);
    accepted.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_hides_no_emergency_and_what_was_acknowledged_is_there_when_space_returns() {
    let Some(full) = Full::reach("ballast = 0", NO_MARKS).await else {
        return;
    };
    full.site.press(IN_DISTRESS);
    full.stream
        .wait("the emergency", |event| {
            event.name == "emergency_unrecorded" && event.data["radio"] == IN_DISTRESS
        })
        .await;
    for _ in 0..12 {
        full.disk.fill();
        let shown = full.emergency().await.expect("the emergency is visible");
        let acknowledged = full.site.seen().acknowledged.contains(&IN_DISTRESS);
        assert_eq!((&shown["recorded"], acknowledged), (&false.into(), false));
        let (status, body) = full.place.submit(&full.http, FIRST_RADIO, "no").await;
        assert_eq!(status, 503, "{body}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    full.disk.clear();
    until("the emergency to be settled", PATIENCE, || {
        full.is_settled()
    })
    .await;
    let (status, body) = full.place.submit(&full.http, FIRST_RADIO, "谢谢").await;
    assert_eq!(status, 201, "{body}");
    full.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_the_ballast_makes_room_for_an_emergency() {
    let marks = "space_low_bytes = \"6 MiB\"\nspace_low_permille = 0\nspace_critical_permille = 0";
    let Some(full) = Full::reach("ballast = \"4 MiB\"", marks).await else {
        return;
    };
    full.site.press(IN_DISTRESS);
    until("the emergency to be settled", PATIENCE, || {
        full.is_settled()
    })
    .await;
    assert!(full.disk.filler().exists() && !full.place.ledger().join("ballast").exists());
    let routine = serde_json::json!({
        "text": "晚饭", "precedence": "routine", "ask": "nothing", "targets": [format!("radio:{IN_DISTRESS}")],
    });
    let (status, body) = full.place.post(&full.http, "alerts", &routine).await;
    assert_eq!(status, 507, "space is for what is urgent: {body}");
    full.disk.clear();
    let ballast = full.place.ledger().join("ballast");
    until("the ballast to be laid in again", PATIENCE, async || {
        File::open(&ballast).is_ok_and(|file| file.metadata().unwrap().len() == 4 << 20)
    })
    .await;
    full.end().await;
}
