//! A reader of the event stream.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;

use super::place::Place;

/// One event as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// An open event stream; it is closed with this.
pub(crate) struct Stream {
    events: Arc<Mutex<Vec<Event>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stream {
    /// Opens `events?{query}`, with `Last-Event-ID` if one is given.
    pub(crate) async fn open(
        place: &Place,
        http: &reqwest::Client,
        query: &str,
        last: Option<u64>,
    ) -> Self {
        let mut request = http
            .get(place.url(&format!("events?{query}")))
            .bearer_auth(place.token())
            .timeout(Duration::from_secs(300));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let events = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(read(answer, Arc::clone(&events)));
        Self { events, task }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// The first event that `fits`, awaited for 20 s.
    pub(crate) async fn wait(&self, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let events = self.events();
            if let Some(event) = events.iter().find(|event| fits(event)) {
                return event.clone();
            }
            let late = tokio::time::Instant::now() > end;
            assert!(!late, "the stream did not show {what}: {events:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn read(answer: reqwest::Response, events: Arc<Mutex<Vec<Event>>>) {
    let mut chunks = answer.bytes_stream();
    let mut pending = Vec::new();
    let mut event = Event::default();
    while let Some(Ok(chunk)) = chunks.next().await {
        pending.extend_from_slice(&chunk);
        while let Some(end) = pending.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap();
            match line.trim_end().split_once(':') {
                Some(("id", value)) => event.id = value.trim().parse().ok(),
                Some(("event", value)) => value.trim().clone_into(&mut event.name),
                Some(("data", value)) => event.data = serde_json::from_str(value).unwrap(),
                Some(_) => {}
                None => {
                    let whole = std::mem::take(&mut event);
                    if !whole.name.is_empty() {
                        events.lock().unwrap().push(whole);
                    }
                }
            }
        }
    }
}
