use std::sync::Mutex;
use std::sync::mpsc::{self as gates, Receiver, Sender};
use std::time::Duration;

use super::*;
use crate::ledger::Ledger;
use crate::ledger::memory::MemoryStore;
use crate::ledger::suite::{InMemory, Place, about, alert, many};
use crate::model::facts::Entry;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Commit(usize),
    Read(usize),
    Trim(Seq),
    Opened,
    Dropped,
}

/// A ledger that notes what is asked of it, and commits only when it is let.
struct Watched {
    ledger: Box<dyn Ledger>,
    calls: Arc<Mutex<Vec<Call>>>,
    gate: Option<Receiver<()>>,
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
    ) -> Result<Vec<OnRecord>, LedgerError> {
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
    answers: mpsc::Receiver<Answer>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Bench {
    /// A keeper that was asked for nothing. With a gate its commits wait for it.
    fn closed(gate: Option<Receiver<()>>) -> Self {
        let store = MemoryStore::default();
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let (opened, noted) = (store.clone(), Arc::clone(&calls));
        let gate = Mutex::new(gate);
        let open = move || {
            noted.lock().unwrap().push(Call::Opened);
            Ok(Box::new(Watched {
                ledger: InMemory(opened.clone()).open()?,
                calls: Arc::clone(&noted),
                gate: gate.lock().unwrap().take(),
            }) as Box<dyn Ledger>)
        };
        let (answers_in, answers) = mpsc::channel(1);
        let keeper = Keeper::start(Arc::new(open), answers_in).unwrap();
        Self {
            store,
            keeper,
            answers,
            calls,
        }
    }

    async fn open() -> Self {
        let mut bench = Self::closed(None);
        bench.opens().await;
        bench
    }

    /// A keeper that stands in its first commit, of one entry, until the gate is opened.
    async fn standing() -> (Self, Sender<()>) {
        let (gate, waits) = gates::channel();
        let mut bench = Self::closed(Some(waits));
        bench.opens().await;
        bench.keeper.ask(Request::Commit(many(1)));
        while bench.calls().len() < 2 {
            tokio::task::yield_now().await;
        }
        (bench, gate)
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    async fn answer(&mut self) -> Answer {
        let answer = tokio::time::timeout(Duration::from_secs(10), self.answers.recv());
        answer.await.expect("an answer within 10 s").unwrap()
    }

    async fn opens(&mut self) -> (Seq, Option<Checkpoint>) {
        self.keeper.ask(Request::Open);
        match self.answer().await {
            Answer::Opened(opened) => opened.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn committed(&mut self) -> Result<Seq, LedgerError> {
        match self.answer().await {
            Answer::Committed(result) => result,
            other => panic!("{other:?}"),
        }
    }

    async fn commit(&mut self, entries: Vec<Entry>) -> Result<Seq, LedgerError> {
        self.keeper.ask(Request::Commit(entries));
        self.committed().await
    }

    async fn read(&self, from: Seq, limit: usize) -> Vec<Record> {
        let (reply, page) = oneshot::channel();
        self.keeper.read(from, limit, reply);
        page.await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn requests_are_answered_one_by_one() {
    let mut bench = Bench::open().await;
    assert_eq!(bench.commit(many(3)).await, Ok(Seq(3)));
    bench.keeper.ask(Request::Read {
        from: Seq(2),
        limit: 10,
    });
    let Answer::Page(Ok(page)) = bench.answer().await else {
        panic!("no page")
    };
    let seqs: Vec<Seq> = page.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [Seq(2), Seq(3)]);
    bench.keeper.save_checkpoint(Seq(3), vec![7]);
    bench.keeper.let_go();
    assert_eq!(bench.opens().await, (Seq(3), Some((Seq(3), vec![7]))));
    let expected = [
        Call::Opened,
        Call::Commit(3),
        Call::Read(2),
        // The hash of the record before them.
        Call::Read(1),
        Call::Dropped,
        Call::Opened,
    ];
    assert_eq!(bench.calls(), expected);
}

#[tokio::test]
async fn the_answer_waits_for_the_medium() {
    let (mut bench, gate) = Bench::standing().await;
    let early = tokio::time::timeout(Duration::from_millis(30), bench.answers.recv()).await;
    assert!(early.is_err());
    drop(gate);
    assert_eq!(bench.committed().await, Ok(Seq(1)));
}

#[tokio::test]
async fn a_ledger_that_failed_is_let_go_and_opened_again() {
    let mut bench = Bench::open().await;
    bench.store.fail_at(1);
    let failed = bench.commit(many(2)).await;
    assert!(matches!(failed, Err(LedgerError::Store(_))), "{failed:?}");
    bench.keeper.let_go();
    // Without a ledger nothing is read, and whoever asked is not left waiting.
    let (reply, page) = oneshot::channel();
    bench.keeper.read(Seq(1), 9, reply);
    assert!(page.await.is_err());
    let closed = bench.commit(many(1)).await;
    assert!(matches!(closed, Err(LedgerError::Store(_))), "{closed:?}");
    bench.store.repair();
    assert_eq!(bench.opens().await.0, Seq(0));
    assert_eq!(bench.commit(many(1)).await, Ok(Seq(1)));
    let dropped = bench
        .calls()
        .into_iter()
        .filter(|call| *call == Call::Dropped);
    assert_eq!(dropped.count(), 1);
}

#[tokio::test]
async fn no_request_overtakes_letting_go() {
    let (mut bench, gate) = Bench::standing().await;
    let (reply, page) = oneshot::channel();
    bench.keeper.read(Seq(1), 9, reply);
    bench.keeper.let_go();
    bench.keeper.ask(Request::Open);
    drop(gate);
    assert_eq!(bench.committed().await, Ok(Seq(1)));
    assert_eq!(page.await.unwrap().unwrap().len(), 1);
    assert!(matches!(
        bench.answer().await,
        Answer::Opened(Ok((Seq(1), None)))
    ));
    assert_eq!(
        bench.commit(many(1)).await,
        Ok(Seq(2)),
        "the new one is kept"
    );
}

#[tokio::test]
async fn what_cannot_be_opened_is_said() {
    let why = LedgerError::InUse { path: "x".into() };
    let said = why.clone();
    let (answers_in, mut answers) = mpsc::channel(1);
    let keeper = Keeper::start(Arc::new(move || Err(said.clone())), answers_in).unwrap();
    keeper.ask(Request::Open);
    match answers.recv().await {
        Some(Answer::Opened(Err(told))) => assert_eq!(told, why),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn long_reads_and_trimmings_let_commits_pass_between_their_steps() {
    let (gate, waits) = gates::channel();
    let mut bench = Bench::closed(Some(waits));
    bench.opens().await;
    gate.send(()).unwrap();
    bench.commit(many(2_000)).await.unwrap();
    let stands = async |bench: &Bench, commits: usize| {
        let is_commit = |call: &Call| matches!(call, Call::Commit(_));
        while bench.calls().into_iter().filter(is_commit).count() < commits {
            tokio::task::yield_now().await;
        }
    };
    bench.keeper.ask(Request::Commit(many(1)));
    stands(&bench, 2).await;
    let (reply, page) = oneshot::channel();
    bench.keeper.read(Seq(2), 1_000, reply);
    bench.keeper.trim(Seq(700));
    for commits in 3..6 {
        bench.keeper.ask(Request::Commit(many(1)));
        gate.send(()).unwrap();
        bench.committed().await.unwrap();
        stands(&bench, commits).await;
    }
    drop(gate);
    bench.committed().await.unwrap();
    assert_eq!(page.await.unwrap().unwrap().len(), 1_000);
    let (reply, left) = oneshot::channel();
    bench.keeper.stored(Seq(0), 1, reply);
    assert_eq!(left.await.unwrap().unwrap()[0].seq, Seq(701));
    // With the hash of the record before each page.
    let expected = [
        Call::Commit(2_000),
        Call::Commit(1),
        Call::Read(256),
        Call::Read(1),
        Call::Commit(1),
        Call::Trim(Seq(256)),
        Call::Commit(1),
        Call::Read(256),
        Call::Read(1),
        Call::Commit(1),
    ];
    assert_eq!(bench.calls().get(1..11), Some(expected.as_slice()));
}

#[tokio::test]
async fn readers_get_pages_of_any_length_up_to_the_most() {
    let mut bench = Bench::open().await;
    let entries = (0..5_000).map(|n| about(alert(u128::from(n % 600) + 1), n));
    bench.commit(entries.collect()).await.unwrap();
    for limit in [0, 1, 255, 256, 257, 512, 700, PAGE] {
        let page = bench.read(Seq(10), limit).await;
        assert_eq!(page.len(), limit);
        assert!(page.first().is_none_or(|first| first.seq == Seq(10)));
        let (reply, alerts) = oneshot::channel();
        bench.keeper.alerts(None, limit, reply);
        let alerts = alerts.await.unwrap().unwrap();
        assert_eq!(alerts.len(), limit.min(600));
        assert!(alerts.is_sorted_by(|a, b| a.id > b.id));
    }
    assert_eq!(bench.read(Seq(0), usize::MAX).await.len(), PAGE);
    let (reply, of) = oneshot::channel();
    bench.keeper.of_alert(alert(3), Seq(0), 99, reply);
    assert_eq!(of.await.unwrap().unwrap().len(), 9);
    bench.keeper.save_checkpoint(Seq(9_999), vec![]);
    assert!(bench.commit(many(1)).await.is_ok(), "it stays usable");
}

#[tokio::test]
async fn more_readers_than_may_wait_are_told_so() {
    let (mut bench, gate) = Bench::standing().await;
    let mut waiting = Vec::new();
    for _ in 0..READERS {
        let (reply, page) = oneshot::channel();
        bench.keeper.read(Seq(1), 1, reply);
        waiting.push(page);
    }
    let (reply, page) = oneshot::channel();
    bench.keeper.read(Seq(1), 1, reply);
    assert!(matches!(page.await.unwrap(), Err(LedgerError::Store(_))));
    drop(gate);
    bench.committed().await.unwrap();
    for page in waiting {
        assert_eq!(page.await.unwrap().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn closing_does_what_was_given_before() {
    let (bench, gate) = Bench::standing().await;
    bench.keeper.save_checkpoint(Seq(1), vec![9]);
    let closed = tokio::spawn(bench.keeper.close());
    drop(gate);
    closed.await.unwrap();
    assert_eq!(bench.calls.lock().unwrap().last(), Some(&Call::Dropped));
    let kept = InMemory(bench.store).open().unwrap().checkpoint().unwrap();
    assert_eq!(kept, Some((Seq(1), vec![9])));
}
