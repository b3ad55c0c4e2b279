//! What a sink gets of the ledger, and what is recorded of the systems that it feeds.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::api::backend::Backend;
use crate::api::sight::Sight;
use crate::bridge::platform::event::CloudEvent;
use crate::bridge::platform::message::Message;
use crate::bridge::platform::sink::{Entry, Fed, Feed, Paging, Telling};
use crate::engine::io::{Credential, Request, SystemSays};
use crate::model::facts::{Fact, Record};
use crate::model::ids::{DeliveryId, DeliveryIndex, Seq, TokenId};
use crate::model::roster::Node;
use crate::model::token::{Principal, Role};
use crate::model::wall::Wall;
use crate::server::sink_documents::{Documents, document, sees};
use crate::server::sink_marks::Marks;

/// After so many octets of documents a page ends.
const DOCUMENTS: usize = 1 << 20;

/// What a sink gets: a node's share, as a viewer of that node would.
pub(super) struct SinkSight {
    /// The node.
    pub(super) node: Node,
    /// Whether it gets whole telephone numbers.
    pub(super) personal: bool,
    /// `webhook`, `mqtt` or `directory`.
    pub(super) kind: &'static str,
    /// Which documents it gets; it gets events if none.
    pub(super) documents: Option<Documents>,
}

/// One sink's reading end.
struct Reader {
    name: String,
    personal: bool,
    backend: Backend,
    credential: Credential,
    sight: Mutex<Sight>,
    marks: Mutex<Marks>,
    documents: Option<Documents>,
}

impl SinkSight {
    /// How the sink called `name` reads the ledger, and tells what its systems did.
    pub(super) fn feed(self, name: &str, backend: &Backend, jurisdiction: &str) -> Feed {
        let who = Principal {
            token: TokenId(ulid::Ulid::nil()),
            name: name.to_owned(),
            role: Role::Viewer,
            node: self.node,
        };
        let reader = Arc::new(Reader {
            name: name.to_owned(),
            personal: self.personal,
            backend: backend.clone(),
            credential: Credential::Source(Box::new(who.clone())),
            sight: Mutex::new(Sight::of(who)),
            marks: Mutex::new(Marks::default()),
            documents: self.documents,
        });
        let teller = Arc::clone(&reader);
        let taking = SystemSays::by_taking(self.kind);
        Feed {
            read: Arc::new(move |from, limit| {
                let reader = Arc::clone(&reader);
                Box::pin(async move { reader.page(from, limit).await }) as Paging
            }),
            tell: Arc::new(move |deliveries, taken| {
                let teller = Arc::clone(&teller);
                let says = if taken { taking } else { SystemSays::Refused };
                Box::pin(async move { teller.tell(deliveries, says).await }) as Telling
            }),
            behind: behind(name.to_owned(), backend.clone()),
            durable: backend.durable.clone(),
            wall: now,
            jurisdiction: jurisdiction.to_owned(),
        }
    }
}

/// How the sink called `name` lets others know that it does not get on. Nobody waits for it: where
/// the ledger is away, the log and the metrics have it.
fn behind(name: String, backend: Backend) -> Arc<dyn Fn(Option<String>) + Send + Sync> {
    Arc::new(move |why| {
        let (sink, backend) = (name.clone(), backend.clone());
        tokio::spawn(async move {
            let request = Request::SinkSays { sink, why };
            drop(backend.ask(Credential::System, request).await);
        });
    })
}

/// The civil clock.
pub(super) fn now() -> Wall {
    Wall::from_millis(jiff::Timestamp::now().as_millisecond())
}

impl Reader {
    async fn page(&self, from: Seq, limit: usize) -> Result<Vec<Entry>, String> {
        let page = self.backend.read(from, limit).await;
        let page = page.map_err(|error| error.to_string())?;
        let mut sight = self.sight.lock().await;
        if let Some(wanted) = &self.documents {
            return self.documents(&page, wanted, &mut sight).await;
        }
        let events = sight.each(
            &self.backend,
            &self.credential,
            page.iter(),
            |record, seen| CloudEvent::of(record, seen, self.personal),
        );
        let events = events.await.map_err(|problem| problem.detail)?;
        drop(sight);
        let mut entries = Vec::with_capacity(page.len());
        let mut marks = self.marks.lock().await;
        for (record, event) in page.iter().zip(events) {
            let event = match event.flatten() {
                Some(event) => Some(match marks.of(&self.backend, record).await? {
                    Some(mark) => event.marked(mark),
                    None => event,
                }),
                None => None,
            };
            entries.push(Entry {
                seq: record.seq,
                message: event.map(Message::from),
                fed: self.fed(record).await?,
            });
        }
        Ok(entries)
    }

    /// The documents of a page, which ends early where they become much.
    async fn documents(
        &self,
        page: &[Record],
        wanted: &Documents,
        sight: &mut Sight,
    ) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::with_capacity(page.len());
        let mut octets = 0;
        for record in page {
            let document = document(&self.backend, wanted, sight, record).await?;
            let fed = match self.fed(record).await? {
                // What it cannot see it was not told of.
                Some(fed) if sees(&self.backend, sight, record).await? => Some(fed),
                _ => None,
            };
            let xml = document.as_ref().map(|it| &it.xml);
            octets += xml.map_or(0, |it| it.as_ref().map_or(0, String::len));
            entries.push(Entry {
                seq: record.seq,
                message: document.map(Message::Document),
                fed,
            });
            if octets > DOCUMENTS {
                break;
            }
        }
        Ok(entries)
    }

    /// The systems of ours among the recipients that a record names.
    async fn fed(&self, record: &Record) -> Result<Option<Fed>, String> {
        let Fact::Recipients {
            alert,
            first,
            recipients,
        } = &record.fact
        else {
            return Ok(None);
        };
        let ours = (first.0..).zip(recipients).filter(|(_, recipient)| {
            let system = recipient.system();
            system.is_some_and(|(_, sink)| sink == self.name)
        });
        let deliveries: Vec<DeliveryId> = ours
            .map(|(index, _)| DeliveryId {
                alert: *alert,
                index: DeliveryIndex(index),
            })
            .collect();
        if deliveries.is_empty() {
            return Ok(None);
        }
        let accepted = self.backend.of_alert(*alert, Seq(0), 1).await;
        let accepted = accepted.map_err(|error| error.to_string())?;
        Ok(Some(Fed {
            accepted: accepted.first().map_or(record.seq, |first| first.seq),
            deliveries,
        }))
    }

    async fn tell(&self, deliveries: Vec<DeliveryId>, says: SystemSays) -> Result<(), String> {
        for delivery in deliveries {
            let request = Request::SystemSays {
                alert: delivery.alert,
                delivery: delivery.index,
                sink: self.name.clone(),
                says,
            };
            let told = self.backend.ask(Credential::System, request).await;
            let told = told.map_err(|error| error.to_string())?;
            told.map_err(|refusal| refusal.to_string())?;
        }
        Ok(())
    }
}
