//! What was on the air, as JSON lines.

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
use narrowcast_protocol::dmr::slot_type::DataType;
use narrowcast_world::air::AirEvent;
use serde_json::{Value, json};

/// A log that all stations share; none writes nothing.
#[derive(Clone, Default)]
pub(crate) struct AirLog(Option<Arc<Mutex<BufWriter<File>>>>);

impl AirLog {
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(Some(Arc::new(Mutex::new(BufWriter::new(file))))))
    }

    /// Writes one event, at once: a reader may look at any time.
    pub(crate) fn write(&self, station: u32, slot: Slot, event: &AirEvent) {
        let Some(log) = &self.0 else { return };
        let millis = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        let mut line = json!({ "at_ms": u64::try_from(millis).unwrap_or(0), "station": station, "slot": slot.number() });
        if let (Some(line), Value::Object(more)) = (line.as_object_mut(), describe(event)) {
            line.extend(more);
        }
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if writeln!(log, "{line}").and_then(|()| log.flush()).is_err() {
            eprintln!("narrowcast-sim: the air log cannot be written");
        }
    }
}

fn describe(event: &AirEvent) -> Value {
    match event {
        AirEvent::Down(burst) => described("down", burst),
        AirEvent::Up(burst) => described("up", burst),
        AirEvent::UpEnded => json!({ "direction": "up", "what": "end" }),
        AirEvent::Shown { radio, text } => {
            json!({ "direction": "down", "what": "shown", "radio": radio, "text": text })
        }
        AirEvent::Collision => json!({ "direction": "up", "what": "collision" }),
    }
}

fn described(direction: &str, burst: &[u8; 33]) -> Value {
    let mut line = json!({ "direction": direction, "what": "burst" });
    let Ok(Burst::Data(data)) = Burst::decode(burst).map(|read| read.value) else {
        return line;
    };
    let mut add = |key: &str, value: Value| {
        if let Some(line) = line.as_object_mut() {
            line.insert(key.to_owned(), value);
        }
    };
    add("data_type", json!(data.data_type.number()));
    let pdu = data.info.octets().first_chunk::<12>();
    let parties = match (data.data_type, pdu) {
        (DataType::DataHeader, Some(pdu)) => DataHeader::read(pdu)
            .addressing()
            .map(|way| (way.source, way.destination)),
        (DataType::Csbk, Some(pdu)) => {
            let csbk = Csbk::decode_unchecked(pdu, CsbkContext::default());
            csbk.source()
                .zip(csbk.target())
                .map(|(source, target)| (source, target.number))
        }
        _ => None,
    };
    if let Some((source, destination)) = parties {
        add("src", json!(source));
        add("dst", json!(destination));
    }
    line
}
