//! The links of a configuration, with somebody in the engine's place.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use narrowcast::config::Config;
use narrowcast::station::{self, Links};
use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::events::{EventEnds, EventLanes, LinkEvent};
use narrowcast_protocol::air::{Acknowledgement, CarrierId, HeardKind, JobId, Slot, Transmission};
use narrowcast_protocol::session::{CarrierState, Job, Refusal, Step};
use narrowcast_protocol::sms::segment::{Form, segment};
use narrowcast_protocol::sms::{Answer, MessageId, Outcome, Phone, Reference, Submit};
use tokio_util::sync::CancellationToken;

/// Acknowledgements have numbers from here on.
const ACKNOWLEDGEMENTS: u64 = 1_000_000;

pub(crate) struct Client {
    links: Links,
    events: EventEnds,
    carrier: CarrierId,
    form: Form,
    room: u8,
    up: bool,
    waiting: VecDeque<Job>,
    /// What was handed over, to hand it over again if there was no room after all.
    given: HashMap<JobId, Job>,
    owed: u64,
    shutdown: CancellationToken,
    /// All that the link has said.
    pub(crate) got: Vec<LinkEvent>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Client {
    /// Starts the one link of a configuration.
    pub(crate) fn start(text: &str) -> Self {
        let mut config = Config::parse("t", text).unwrap();
        assert_eq!(config.check(), []);
        config.capture.enabled = text.contains("state_dir");
        let (lanes, events) = EventLanes::new(16, 256);
        let shutdown = CancellationToken::new();
        let links = station::start(&config, Clock::start(), &lanes, &shutdown).unwrap();
        let [link] = config.sms.try_into().unwrap();
        assert_eq!(links.name(link.station()), Some("sms operator"));
        Self {
            links,
            events,
            carrier: CarrierId {
                station: link.station(),
                slot: Slot::One,
            },
            form: match text.contains("\"cmpp") {
                true => Form::cmpp(),
                false => Form::gsm(),
            },
            room: 0,
            up: false,
            waiting: VecDeque::new(),
            given: HashMap::new(),
            owed: ACKNOWLEDGEMENTS,
            shutdown,
            got: Vec::new(),
        }
    }

    /// Hands over the parts of a text as soon as there is room; numbers count on from `first`.
    pub(crate) async fn submit(&mut self, first: u64, to: &str, text: &str) {
        let parts = segment(text, &self.form, Reference::Eight(7)).unwrap();
        for (id, part) in (first..).zip(parts) {
            let submit = Submit {
                to: Phone::new(to).unwrap(),
                part,
                receipt: true,
                validity: Some(Duration::from_secs(600)),
                at_once: false,
            };
            self.waiting.push_back(Job::Send {
                id: JobId(id),
                carrier: self.carrier,
                transmission: Transmission::Sms(submit),
            });
        }
        self.hand_over();
    }

    fn hand_over(&mut self) {
        if self.room > 0
            && let Some(job) = self.waiting.pop_front()
        {
            self.room = 0;
            if let Job::Send { id, .. } = &job {
                self.given.insert(*id, job.clone());
            }
            self.links.give(job).unwrap();
        }
    }

    /// Takes what the link says until it holds.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            let event = tokio::time::timeout_at(end, self.events.others.recv()).await;
            let Ok(Some(event)) = event else {
                panic!("not in time: {what}: {:#?}", self.got);
            };
            self.take(event);
        }
    }

    fn take(&mut self, event: LinkEvent) {
        match &event {
            // The room was taken back before the job came, as by a lost line.
            LinkEvent::Job {
                id,
                step: Step::Refused(Refusal::NoRoom | Refusal::NoCarrier),
            } => {
                let job = self.given.get(id).unwrap().clone();
                self.waiting.push_front(job);
                return;
            }
            LinkEvent::Carrier { id, state, room } => {
                assert_eq!(*id, self.carrier);
                (self.up, self.room) = (*state == CarrierState::Up, *room);
                self.hand_over();
            }
            LinkEvent::Heard(heard) => {
                for owed in &heard.owed {
                    let Acknowledgement::Sms { token, .. } = owed.acknowledgement else {
                        panic!("{owed:?}");
                    };
                    self.owed += 1;
                    let job = Job::Acknowledge {
                        id: JobId(self.owed),
                        carrier: self.carrier,
                        acknowledgement: Acknowledgement::Sms {
                            token,
                            answer: Answer::Taken,
                        },
                        until: owed.until,
                    };
                    self.links.give(job).unwrap();
                }
            }
            _ => {}
        }
        self.got.push(event);
    }

    /// Shuts the link down and hears its last words.
    pub(crate) async fn leave(&mut self) {
        self.shutdown.cancel();
        while let Some(event) = self.events.others.recv().await {
            self.got.push(event);
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up
    }

    fn steps(&self) -> impl Iterator<Item = (u64, &Step)> {
        let steps = self.got.iter().filter_map(|event| match event {
            LinkEvent::Job { id, step } => Some((id.0, step)),
            _ => None,
        });
        steps.filter(|(id, _)| *id < ACKNOWLEDGEMENTS)
    }

    pub(crate) fn count(&self, is: impl Fn(&Step) -> bool) -> usize {
        self.steps().filter(|(_, step)| is(step)).count()
    }

    /// How often a job has ended.
    pub(crate) fn ended(&self, job: u64) -> usize {
        let of_job = self.steps().filter(|(id, _)| *id == job);
        of_job.filter(|(_, step)| step.is_end()).count()
    }

    pub(crate) fn taken(&self) -> Vec<MessageId> {
        let taken = self.steps().filter_map(|(_, step)| match step {
            Step::Taken { message } => Some(*message),
            _ => None,
        });
        taken.collect()
    }

    fn heard(&self) -> impl Iterator<Item = &HeardKind> {
        self.got.iter().filter_map(|event| match event {
            LinkEvent::Heard(heard) => Some(&heard.what),
            _ => None,
        })
    }

    pub(crate) fn receipts(&self) -> Vec<(MessageId, Outcome)> {
        let receipts = self.heard().filter_map(|what| match what {
            HeardKind::Receipt(receipt) => Some((receipt.message, receipt.outcome)),
            _ => None,
        });
        receipts.collect()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.heard().filter_map(|what| match what {
            HeardKind::Sms(text) => Some(text.part.coding.decode(&text.part.octets)),
            _ => None,
        });
        texts.collect()
    }
}
