//! What was on the air, as JSON lines.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::csbk::{Context as CsbkContext, Csbk};
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::packet::{Outcome, Pdu, Reassembler};
use narrowcast_protocol::dmr::text::{Message, interpret};
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::AirEvent;
use serde_json::{Map, Value, json};

/// A log that all stations share; none writes nothing.
#[derive(Clone, Default)]
pub(crate) struct AirLog(Option<Arc<Mutex<Book>>>);

/// Station, timeslot and whether it is the radios' side.
type Side = (u32, Slot, bool);

struct Book {
    file: BufWriter<File>,
    ears: BTreeMap<Side, Ear>,
}

/// What was last heard on one side of a timeslot.
#[derive(Default)]
struct Ear {
    reassembler: Reassembler,
    parties: Option<(u32, u32)>,
}

impl AirLog {
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(Some(Arc::new(Mutex::new(Book {
            file: BufWriter::new(file),
            ears: BTreeMap::new(),
        })))))
    }

    /// Writes one event, at once: a reader may look at any time.
    pub(crate) fn write(&self, station: u32, slot: Slot, event: &AirEvent) {
        let Some(log) = &self.0 else { return };
        let millis = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let millis = u64::try_from(millis).unwrap_or(0);
        let mut line = Map::new();
        line.insert("at_ms".into(), json!(millis));
        line.insert("station".into(), json!(station));
        line.insert("slot".into(), json!(slot.number()));
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::from_millis(millis);
        let up = matches!(event, AirEvent::Up(_));
        let ear = log.ears.entry((station, slot, up)).or_default();
        describe(&mut line, ear, now, event);
        let line = Value::Object(line);
        if writeln!(log.file, "{line}")
            .and_then(|()| log.file.flush())
            .is_err()
        {
            eprintln!("narrowcast-sim: the air log cannot be written");
        }
    }
}

fn describe(line: &mut Map<String, Value>, ear: &mut Ear, now: Instant, event: &AirEvent) {
    let (direction, what) = match event {
        AirEvent::Down(_) => ("down", "burst"),
        AirEvent::Up(_) => ("up", "burst"),
        AirEvent::UpEnded => ("up", "end"),
        AirEvent::Shown { .. } => ("down", "shown"),
        AirEvent::Collision => ("up", "collision"),
    };
    line.insert("direction".into(), json!(direction));
    line.insert("what".into(), json!(what));
    match event {
        AirEvent::Down(burst) | AirEvent::Up(burst) => ear.hear(line, now, burst),
        AirEvent::Shown { radio, text } => {
            line.insert("radio".into(), json!(radio));
            line.insert("text".into(), json!(text));
        }
        AirEvent::UpEnded | AirEvent::Collision => {}
    }
}

impl Ear {
    /// Type and parties of a burst, and the text that it completes.
    fn hear(&mut self, line: &mut Map<String, Value>, now: Instant, burst: &[u8; 33]) {
        let Ok(Burst::Data(data)) = Burst::decode(burst).map(|read| read.value) else {
            return;
        };
        line.insert("data_type".into(), json!(data.data_type.number()));
        // Each ear is one side of one timeslot, so the slot makes no difference here.
        let slot = Slot::One;
        let mut outcome = Outcome::Pending;
        let parties = match Pdu::of_burst(&data) {
            Some(Pdu::Csbk(octets)) => {
                let csbk = Csbk::decode(&octets, CsbkContext::default()).ok();
                csbk.and_then(|csbk| csbk.source().zip(csbk.target()))
                    .map(|(source, target)| (source, target.number))
            }
            Some(Pdu::DataHeader(octets)) => {
                let header = DataHeader::decode(&octets).ok();
                let way = header.and_then(|header| header.addressing().copied());
                self.parties = way.map(|way| (way.source, way.destination));
                if let Some(header) = header {
                    outcome = self.reassembler.header(now, slot, &header);
                }
                self.parties
            }
            Some(Pdu::Block(block)) => {
                outcome = self.reassembler.block(now, slot, &block);
                self.parties
            }
            None => None,
        };
        if let Some((source, destination)) = parties {
            line.insert("src".into(), json!(source));
            line.insert("dst".into(), json!(destination));
        }
        if let Outcome::Complete(packet) = outcome
            && let Message::Text { text, .. } = interpret(&packet)
        {
            line.insert("text".into(), json!(text.trim()));
        }
    }
}
