use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use super::*;
use crate::ledger::memory::MemoryStore;
use crate::ledger::record::LIMIT;
use crate::ledger::suite::{InMemory, OnDisk, Place, about, alert, many, text};
use crate::ledger::verify::verify;
use crate::model::facts::Fact;
use crate::model::wall::Wall;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Commit(usize),
    Read(usize),
    Trim(Seq),
    Dropped,
}

/// A ledger that notes what is asked of it, and commits only when it is let.
struct Watched {
    ledger: Box<dyn Ledger>,
    calls: Arc<Mutex<Vec<Call>>>,
    gate: Option<mpsc::Receiver<()>>,
}

impl Watched {
    fn note(&self, call: Call) {
        self.calls.lock().unwrap().push(call);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.note(Call::Dropped);
    }
}

impl Ledger for Watched {
    fn commit(&mut self, batch: &[Entry]) -> Result<Seq, LedgerError> {
        self.note(Call::Commit(batch.len()));
        if let Some(gate) = &self.gate {
            let _ = gate.recv();
        }
        self.ledger.commit(batch)
    }

    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        let page = self.ledger.stored(from, limit)?;
        self.note(Call::Read(page.len()));
        Ok(page)
    }

    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        self.ledger.of_alert(id, from, limit)
    }

    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<AlertId>, LedgerError> {
        self.ledger.alerts(before, limit)
    }

    fn first(&self) -> Seq {
        self.ledger.first()
    }

    fn last(&self) -> Seq {
        self.ledger.last()
    }

    fn save_checkpoint(&mut self, at: Seq, state: &[u8]) -> Result<(), LedgerError> {
        self.ledger.save_checkpoint(at, state)
    }

    fn checkpoint(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LedgerError> {
        self.ledger.checkpoint()
    }

    fn trim(&mut self, up_to: Seq) -> Result<(), LedgerError> {
        self.note(Call::Trim(up_to));
        self.ledger.trim(up_to)
    }

    fn adopt(&mut self, page: &[Stored]) -> Result<(), LedgerError> {
        self.ledger.adopt(page)
    }
}

struct Bench {
    store: MemoryStore,
    keeper: Keeper,
    calls: Arc<Mutex<Vec<Call>>>,
    gate: mpsc::Sender<()>,
}

impl Bench {
    /// A keeper that stands in its first commit, of one entry, until the gate is opened.
    fn standing() -> (Self, Pending<Seq>) {
        let bench = Self::gated(true, MemoryStore::default());
        let first = bench.keeper.commit(many(1), false).unwrap();
        while bench.calls().is_empty() {
            std::thread::yield_now();
        }
        (bench, first)
    }

    fn open(store: MemoryStore) -> Self {
        Self::gated(false, store)
    }

    fn gated(gated: bool, store: MemoryStore) -> Self {
        let calls = Arc::default();
        let (gate, opened) = mpsc::channel();
        let ledger = Watched {
            ledger: InMemory(store.clone()).open().unwrap(),
            calls: Arc::clone(&calls),
            gate: gated.then_some(opened),
        };
        let keeper = Keeper::start(Box::new(ledger)).unwrap();
        Self {
            store,
            keeper,
            calls,
            gate,
        }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn open_gate(&mut self) {
        self.gate = mpsc::channel().0;
    }
}

fn store_error<T>(result: &Result<T, KeeperError>) -> bool {
    matches!(result, Err(KeeperError::Ledger(LedgerError::Store(_))))
}

#[tokio::test]
async fn what_waits_is_committed_together_in_order_and_no_commit_is_split() {
    let (mut bench, first) = Bench::standing();
    let waiting: Vec<_> = (0..600)
        .map(|n| bench.keeper.commit(many(3), n % 7 == 0).unwrap())
        .collect();
    bench.open_gate();
    assert_eq!(first.await, Ok(Seq(1)));
    for (n, ticket) in (1..).zip(waiting) {
        assert_eq!(ticket.await, Ok(Seq(1 + 3 * n)));
    }
    assert_eq!(
        bench.calls(),
        [
            Call::Commit(1),
            Call::Commit(3 * GROUP),
            Call::Commit(3 * (600 - GROUP))
        ]
    );
    assert_eq!(bench.keeper.last(), Seq(1_801));
    let latency = bench.keeper.latency();
    assert_eq!((latency.groups, latency.commits), (3, 601));
    assert!(latency.max >= latency.last && latency.sum >= latency.max);
}

#[tokio::test]
async fn the_answer_waits_for_the_medium() {
    let (mut bench, mut first) = Bench::standing();
    let early = tokio::time::timeout(Duration::from_millis(30), &mut first).await;
    assert!(early.is_err());
    assert_eq!(bench.keeper.last(), Seq(0));
    assert!(bench.keeper.under_way().unwrap() >= Duration::from_millis(30));
    bench.open_gate();
    assert_eq!(first.await, Ok(Seq(1)));
    assert_eq!(bench.keeper.under_way(), None);
}

#[tokio::test]
async fn a_failed_commit_fails_all_that_waits_and_the_ledger_can_be_opened_again() {
    let (mut bench, first) = Bench::standing();
    bench.store.fail_at(2);
    let group: Vec<_> = (0..GROUP + 9)
        .map(|_| bench.keeper.commit(many(1), false).unwrap())
        .collect();
    let read = bench.keeper.read(Seq(1), 2_000).unwrap();
    let trim = bench.keeper.trim(Seq(1)).unwrap();
    bench.open_gate();
    assert_eq!(first.await, Ok(Seq(1)));
    for ticket in group {
        assert!(store_error(&ticket.await));
    }
    let why = bench.keeper.ended().await;
    assert!(matches!(why, KeeperError::Ledger(LedgerError::Store(_))));
    assert_eq!(bench.calls().last(), Some(&Call::Dropped));
    assert!(store_error(&read.await));
    assert!(store_error(&trim.await));
    assert!(store_error(&bench.keeper.commit(many(1), true)));
    assert!(store_error(&bench.keeper.read(Seq(1), 1)));
    tokio::time::timeout(Duration::from_secs(5), bench.keeper.has_room())
        .await
        .expect("an ended keeper lets nobody wait for room");

    bench.store.repair();
    let store = bench.store.clone();
    let keeper = Keeper::open(move || InMemory(store).open()).await.unwrap();
    assert_eq!(keeper.last(), Seq(1));
    assert_eq!(keeper.commit(many(1), false).unwrap().await, Ok(Seq(2)));
}

#[tokio::test]
async fn what_cannot_be_opened_is_said_and_its_thread_is_gone() {
    let why = LedgerError::InUse { path: "x".into() };
    let said = why.clone();
    let opened = Keeper::open(move || Err(said)).await.map(|_| ());
    assert_eq!(opened, Err(why));
}

#[tokio::test]
async fn a_fact_too_large_ends_the_keeper_but_not_the_commits_before_it() {
    let (mut bench, first) = Bench::standing();
    let before = bench.keeper.commit(many(2), false).unwrap();
    let guilty = bench
        .keeper
        .commit(vec![text(&"x".repeat(LIMIT))], false)
        .unwrap();
    let behind = bench.keeper.commit(many(1), false).unwrap();
    bench.open_gate();
    assert_eq!(first.await, Ok(Seq(1)));
    assert_eq!(before.await, Ok(Seq(3)));
    let large = |result| {
        matches!(
            result,
            Err(KeeperError::Ledger(LedgerError::TooLarge { .. }))
        )
    };
    assert!(large(guilty.await));
    assert!(large(behind.await));
    assert!(large(Err(bench.keeper.ended().await)));
    assert_eq!(InMemory(bench.store).open().unwrap().last(), Seq(3));
}

#[tokio::test]
async fn a_full_queue_refuses_all_but_what_is_urgent_until_it_has_room() {
    let (mut bench, first) = Bench::standing();
    let mut waiting = Vec::new();
    for _ in 0..CAPACITY {
        waiting.push(bench.keeper.commit(many(1), false).unwrap());
    }
    assert_eq!(bench.keeper.room(), 0);
    let refused = bench.keeper.commit(many(1), false).map(|_| ());
    assert_eq!(refused, Err(KeeperError::Full));
    for _ in 0..RESERVE {
        waiting.push(bench.keeper.commit(many(1), true).unwrap());
    }
    let refused = bench.keeper.commit(many(1), true).map(|_| ());
    assert_eq!(refused, Err(KeeperError::Full));
    let room = tokio::time::timeout(Duration::from_millis(20), bench.keeper.has_room());
    assert!(room.await.is_err());
    let keeper = bench.keeper.clone();
    let room = tokio::spawn(async move { keeper.has_room().await });
    bench.open_gate();
    room.await.unwrap();
    assert!(bench.keeper.room() >= CAPACITY / 2);
    assert_eq!(first.await, Ok(Seq(1)));
    for (n, ticket) in (2..).zip(waiting) {
        assert_eq!(ticket.await, Ok(Seq(n)));
    }
}

#[tokio::test]
async fn long_reads_and_trimmings_let_commits_pass_between_their_steps() {
    let (mut bench, first) = Bench::standing();
    let seed = bench.keeper.commit(many(2_000), false).unwrap();
    bench.gate.send(()).unwrap();
    bench.gate.send(()).unwrap();
    first.await.unwrap();
    seed.await.unwrap();
    let stop = bench.keeper.commit(many(1), false).unwrap();
    while bench.calls().len() < 3 {
        std::thread::yield_now();
    }
    let read = bench.keeper.read(Seq(2), 1_000).unwrap();
    let trim = bench.keeper.trim(Seq(700)).unwrap();
    let commits: Vec<_> = (0..GROUP + 1)
        .map(|_| bench.keeper.commit(many(1), false).unwrap())
        .collect();
    bench.open_gate();
    stop.await.unwrap();
    for commit in commits {
        commit.await.unwrap();
    }
    let page = read.await.unwrap();
    trim.await.unwrap();
    assert_eq!(
        bench.calls().get(3..10),
        Some(
            [
                Call::Commit(GROUP),
                Call::Read(256),
                // The hash of the record before them.
                Call::Read(1),
                Call::Commit(1),
                Call::Trim(Seq(256)),
                Call::Read(256),
                Call::Read(1),
            ]
            .as_slice()
        )
    );
    assert_eq!(page.len(), 1_000);
    let hash = bench.keeper.hash_of(Seq(700)).unwrap().await;
    assert_eq!(hash, Ok(None));
    let left = bench.keeper.stored(Seq(0), 1).unwrap().await.unwrap();
    assert_eq!(left[0].seq, Seq(701));
}

#[tokio::test]
async fn readers_get_pages_of_any_length_up_to_the_most() {
    let bench = Bench::open(MemoryStore::default());
    let keeper = &bench.keeper;
    let entries = (0..5_000).map(|n| about(alert(u128::from(n % 600) + 1), n));
    keeper
        .commit(entries.collect(), false)
        .unwrap()
        .await
        .unwrap();
    for limit in [0, 1, 255, 256, 257, 512, 700, PAGE] {
        let page = keeper.read(Seq(10), limit).unwrap().await.unwrap();
        assert_eq!(page.len(), limit);
        assert!(page.first().is_none_or(|first| first.seq == Seq(10)));
        let alerts = keeper.alerts(None, limit).unwrap().await.unwrap();
        assert_eq!(alerts.len(), limit.min(600));
        assert!(alerts.is_sorted_by(|a, b| a > b));
    }
    let most = keeper.read(Seq(0), usize::MAX).unwrap().await.unwrap();
    assert_eq!(most.len(), PAGE);
    let of = keeper
        .of_alert(alert(3), Seq(0), 99)
        .unwrap()
        .await
        .unwrap();
    assert_eq!(of.len(), 9);
    keeper
        .save_checkpoint(Seq(9), vec![1])
        .unwrap()
        .await
        .unwrap();
    let checkpoint = keeper.checkpoint().unwrap().await;
    assert_eq!(checkpoint, Ok(Some((Seq(9), vec![1]))));
    assert!(
        keeper
            .save_checkpoint(Seq(9_999), vec![])
            .unwrap()
            .await
            .is_err()
    );
    assert!(keeper.commit(many(1), false).unwrap().await.is_ok());
}

#[tokio::test]
async fn closing_commits_what_waits_and_takes_nothing_in() {
    let (mut bench, first) = Bench::standing();
    let waiting = bench.keeper.commit(many(2), false).unwrap();
    let keeper = bench.keeper.clone();
    let closed = tokio::spawn(async move { keeper.close().await });
    while bench.keeper.commit(many(1), false).is_ok() {
        tokio::task::yield_now().await;
    }
    bench.open_gate();
    assert_eq!(first.await, Ok(Seq(1)));
    assert_eq!(waiting.await, Ok(Seq(3)));
    assert_eq!(closed.await.unwrap(), KeeperError::Closed);
    assert_eq!(bench.calls().last(), Some(&Call::Dropped));
    let refused = bench.keeper.read(Seq(1), 1).map(|_| ());
    assert_eq!(refused, Err(KeeperError::Closed));
}

#[test]
fn the_thread_ends_with_the_last_handle() {
    let bench = Bench::open(MemoryStore::default());
    let calls = Arc::clone(&bench.calls);
    let second = bench.keeper.clone();
    drop(bench);
    assert_eq!(second.commit(many(1), false).unwrap().wait(), Ok(Seq(1)));
    drop(second);
    let until = std::time::Instant::now() + Duration::from_secs(5);
    while calls.lock().unwrap().last() != Some(&Call::Dropped) {
        assert!(
            std::time::Instant::now() < until,
            "the ledger is still held"
        );
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_ledger_on_disk_is_verified_while_it_is_written_and_trimmed() {
    let place = OnDisk(tempfile::tempdir().unwrap());
    let path = place.path().to_owned();
    let keeper = Keeper::open(move || {
        let ledger = crate::ledger::sled::SledLedger::open(&path, "city", 1)?;
        Ok(Box::new(ledger))
    })
    .await
    .unwrap();
    keeper.commit(many(3_000), false).unwrap().await.unwrap();
    let up_to = Seq(1_000);
    let hash = keeper.hash_of(up_to).unwrap().await.unwrap().unwrap();
    let fact = Fact::Trimmed {
        by: "someone".into(),
        up_to,
        hash,
    };
    let at = Wall::from_millis(0);
    keeper
        .commit(vec![Entry { at, fact }], false)
        .unwrap()
        .await
        .unwrap();
    let mut pages = keeper.clone();
    let walk = tokio::task::spawn_blocking(move || verify(&mut pages, |_| ()));
    let trim = keeper.trim(up_to).unwrap();
    for _ in 0..20 {
        keeper.commit(many(5), false).unwrap().await.unwrap();
    }
    assert!(walk.await.unwrap().unwrap().last >= Seq(3_001));
    trim.await.unwrap();
    keeper.close().await;
    let mut ledger = place.open().unwrap();
    let sound = verify(&mut *ledger, |_| ()).unwrap();
    assert_eq!((sound.first, sound.last), (Seq(1_001), Seq(3_101)));
}
