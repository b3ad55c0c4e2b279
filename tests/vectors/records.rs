//! Reading the records.

use std::path::PathBuf;

use serde_json::Value;

/// The folder, if it is there. Says on standard error when it is not.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("NARROWCAST_VECTORS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("NARROWCAST_VECTORS is not set: the recorded vectors are not checked");
    }
    folder
}

/// The records of a file of JSON lines; none without the folder.
pub(crate) fn records(file: &str) -> Vec<Value> {
    let Some(folder) = folder() else {
        return Vec::new();
    };
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The bytes of a record.
pub(crate) fn bytes(record: &Value) -> Vec<u8> {
    hex::decode(record["hex"].as_str().unwrap()).unwrap()
}

/// The bits of a record, first bit first.
pub(crate) fn bits(record: &Value) -> Vec<u8> {
    record["bits"]
        .as_str()
        .unwrap()
        .bytes()
        .map(|bit| bit - b'0')
        .collect()
}

/// What a reference program made of it.
pub(crate) fn reference(record: &Value) -> &Value {
    &record["reference_decode"]["value"]
}

/// Up to 64 bits as a number.
pub(crate) fn number(bits: &[u8]) -> u64 {
    bits.iter()
        .fold(0, |value, bit| value << 1 | u64::from(*bit))
}

/// The numbers in a text such as `bd00..', 17, 459, CrcMasks.X)` between commas.
pub(crate) fn arguments(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('(').trim_end_matches(')');
    inner
        .split(", ")
        .map(|part| part.trim_matches('\'').to_owned())
        .collect()
}

/// The fields in a text such as `{'sarq': SARQ.NotRequired, 'appended_blocks': 1}`.
pub(crate) fn dictionary(text: &str) -> Vec<(String, String)> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    inner
        .split(", '")
        .map(|entry| {
            let (name, value) = entry.split_once(": ").unwrap();
            (name.replace('\'', ""), value.to_owned())
        })
        .collect()
}
