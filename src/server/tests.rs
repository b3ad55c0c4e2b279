//! The server's core over a ledger that fails: nothing is falsely acknowledged, emergencies
//! stay visible, and everything acknowledged is there when the ledger is back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request as HttpRequest, StatusCode};
use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::events::{EventLanes, LinkEvent};
use narrowcast_protocol::air::{
    CarrierId, CarrierKind, Heard, HeardKind, RadioId, Slot, StationId, TextForm,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::space::Hold;
use super::task::{Parts, Task};
use crate::api::auth;
use crate::api::backend::{Backend, Board, Unavailable, backend};
use crate::api::router::router;
use crate::api::shared::Api;
use crate::core::io::Limits;
use crate::engine::io::{Credential, Refusal, Request, Response, Submit};
use crate::ledger::memory::{MemoryLedger, MemoryStore};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::ids::{AlertId, TokenId};
use crate::model::language::Language;
use crate::model::policy::{Policy, SpaceMarks, StationPolicy};
use crate::model::roster::{Node, Radio, RosterEntry};
use crate::model::token::{Role, Token};
use crate::model::wall::Wall;
use crate::observe::metrics::Metrics;
use crate::station::Links;

mod access;
mod cap;
mod cap_out;
mod cap_signature;
mod languages;
mod posture;
mod slow;

const SECRET: &str = "nc_test";

struct Running {
    backend: Backend,
    events: EventLanes,
    store: MemoryStore,
    shutdown: CancellationToken,
    core: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

fn policy() -> Policy {
    let station = StationPolicy {
        id: StationId(1),
        name: "site".into(),
        kind: CarrierKind::Conventional,
        terminal_accepts: false,
        own: radio(9_990),
        groups: vec![],
        test: false,
        exercises: false,
        peer: false,
        reports_air: false,
        node: Node::root(),
    };
    let space = SpaceMarks {
        low_permille: 0,
        low_bytes: 0,
        critical_permille: 0,
    };
    Policy {
        stations: vec![station],
        space,
        ..Policy::default()
    }
}

async fn start() -> Running {
    start_under(policy()).await
}

async fn start_under(policy: Policy) -> Running {
    start_on(MemoryStore::default(), policy).await
}

async fn start_on(store: MemoryStore, policy: Policy) -> Running {
    let opened = store.clone();
    let open = move || Ok(Box::new(MemoryLedger::open(&opened, "test", 1)?) as Box<_>);
    let dir = tempfile::tempdir().unwrap();
    let (backend, ends) = backend(16);
    let (events, events_end) = EventLanes::new(16, 16);
    let task = Task::start(Parts {
        open: Arc::new(open),
        policy,
        limits: Limits::default(),
        hold: Hold::new(dir.path(), 0, 0),
        clock: Clock::start(),
        links: Links::default(),
        events: events_end,
        ends,
        metrics: Arc::new(Metrics::default()),
    })
    .await
    .unwrap();
    task.ready();
    let shutdown = CancellationToken::new();
    let core = tokio::spawn(task.run(shutdown.clone()));
    Running {
        backend,
        events,
        store,
        shutdown,
        core,
        _dir: dir,
    }
}

impl Running {
    async fn ask(&self, request: Request) -> Result<Response, Unavailable> {
        match self.backend.ask(Credential::System, request).await? {
            Ok(response) => Ok(response),
            Err(Refusal::Away) => Err(Unavailable::Away),
            Err(refusal) => panic!("{refusal}"),
        }
    }

    async fn submit(&self, id: u128) -> Result<Response, Unavailable> {
        let submit = Submit {
            id: AlertId(ulid::Ulid::from(id)),
            text: "山火".into(),
            precedence: Precedence::Flash,
            ask: Ask::Receipt,
            targets: vec![Target::Radio(radio(1))],
            expires_at: None,
            exercise: false,
            sms: true,
            station: None,
            idempotency: None,
            language: None,
            translations: Vec::new(),
        };
        self.ask(Request::Submit(submit)).await
    }

    async fn prepare(&self) {
        let entry = RosterEntry::Radio(Radio {
            id: radio(1),
            name: "one".into(),
            node: Node::root(),
            form: TextForm::Tms,
            confirms: true,
            home: None,
            language: Language::default(),
        });
        self.ask(Request::ImportRoster {
            entries: vec![entry],
            replace: true,
        })
        .await
        .unwrap();
        let token = Token {
            id: TokenId(ulid::Ulid::from(1u128)),
            name: "li".into(),
            role: Role::Viewer,
            node: Node::root(),
            hash: auth::hash(SECRET),
            created_at: Wall::default(),
        };
        self.ask(Request::CreateToken(token)).await.unwrap();
    }

    /// Something that a link says.
    async fn link(&self, event: LinkEvent) {
        self.events.lane_of(&event).send(event).await.unwrap();
    }

    async fn distress(&self) {
        let carrier = CarrierId {
            station: StationId(1),
            slot: Slot::One,
        };
        let what = HeardKind::Emergency {
            from: radio(1),
            to: 9,
        };
        self.link(LinkEvent::Heard(Heard {
            carrier,
            what,
            owed: vec![],
        }))
        .await;
    }

    /// Waits until the board shows it, within 20 s.
    async fn board(&self, shows: impl Fn(&Board) -> bool) -> Board {
        let mut board: watch::Receiver<Board> = self.backend.board.clone();
        let shown = tokio::time::timeout(Duration::from_secs(20), board.wait_for(shows)).await;
        shown.expect("the board did not show it").unwrap().clone()
    }

    async fn emergencies_over_http(&self, secret: &str) -> (StatusCode, serde_json::Value) {
        let api = Api::new(self.backend.clone(), Arc::new(Metrics::default()), false);
        let request = HttpRequest::get("/api/v1/emergencies")
            .header("Authorization", format!("Bearer {secret}"))
            .body(Body::empty())
            .unwrap();
        let answer = router(api).oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

#[tokio::test]
async fn a_ledger_that_fails_and_stays_failed_hides_no_emergency_and_loses_nothing_acknowledged() {
    let running = start().await;
    running.prepare().await;
    running.submit(7).await.unwrap();
    running.store.fail_at(1);
    assert!(
        matches!(running.submit(8).await, Err(Unavailable::Away)),
        "not falsely acknowledged"
    );
    running.board(|board| !board.degraded.is_empty()).await;
    running.distress().await;
    running.board(|board| board.unrecorded.len() == 1).await;
    let (status, seen) = running.emergencies_over_http(SECRET).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seen["emergencies"][0]["recorded"], false);
    assert_eq!(
        seen["emergencies"][0]["acknowledged_at"],
        serde_json::Value::Null
    );
    let (status, _) = running.emergencies_over_http("nc_stranger").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a stranger sees nothing");
    // It stays failed over more than one try to open it again.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let still = running.backend.board.borrow().clone();
    assert!(!still.degraded.is_empty() && still.unrecorded.len() == 1);
    running.store.repair();
    running
        .board(|board| board.degraded.is_empty() && board.unrecorded.is_empty())
        .await;
    let (status, seen) = running.emergencies_over_http(SECRET).await;
    assert_eq!(
        (status, &seen["emergencies"][0]["recorded"]),
        (StatusCode::OK, &true.into())
    );
    assert!(
        running
            .ask(Request::Alert(AlertId(ulid::Ulid::from(7u128))))
            .await
            .is_ok()
    );
    running.submit(9).await.unwrap();
    running.shutdown.cancel();
    running.core.await.unwrap();
}

#[tokio::test]
async fn an_emergency_that_breaks_the_ledger_is_recorded_once_when_it_is_back() {
    let running = start().await;
    running.prepare().await;
    running.store.fail_at(1);
    running.distress().await;
    running
        .board(|board| !board.degraded.is_empty() && board.unrecorded.len() == 1)
        .await;
    running.distress().await;
    running.store.repair();
    running
        .board(|board| board.degraded.is_empty() && board.unrecorded.is_empty())
        .await;
    let Ok(Response::Emergencies(all)) = running.ask(Request::Emergencies).await else {
        panic!()
    };
    assert_eq!(all.len(), 1);
    running.shutdown.cancel();
    running.core.await.unwrap();
}
