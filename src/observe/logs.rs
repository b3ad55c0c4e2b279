//! Setting up `tracing`: lines for people, or JSON for machines, to standard error.
//!
//! Message bodies and numbers never stand in an event at `info` or above. Whatever stands in
//! an event, its line holds no control and no bidirectional character of it: it is one line,
//! and shows what it says.

use std::io::{self, IsTerminal, Write};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogConfig, LogFormat};
use crate::model::text;

/// Why logs could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is wrong.
    #[error("log.filter: {0}; write a level (error, warn, info, debug, trace) or module=level")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Another subscriber is installed.
    #[error("logs are set up already: {0}")]
    Installed(String),
}

/// Sends every event that passes the filter to standard error.
///
/// # Errors
/// The filter is wrong, or logs are set up already.
pub fn init(config: &LogConfig) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(&config.filter)?;
    let colours = io::stderr().is_terminal();
    let installed = match config.format {
        LogFormat::Human => human(filter, colours, io::stderr).try_init(),
        LogFormat::Json => json(filter, io::stderr).try_init(),
    };
    installed.map_err(|error| LogError::Installed(error.to_string()))
}

/// One line an event, as people read it. The colours are ours, so the fields are cleaned and
/// not the line.
fn human<W>(filter: EnvFilter, colours: bool, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let field = debug_fn(|writer, field, value| {
        let clean = text::shown(&format!("{value:?}"));
        match field.name() {
            "message" => writer.write_str(&clean),
            name => write!(writer, "{name}={clean}"),
        }
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .fmt_fields(field.delimited(" "))
        .with_ansi(colours)
        .with_writer(to)
        .finish()
}

/// One JSON object an event.
fn json<W>(filter: EnvFilter, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .json()
        .flatten_event(true)
        .with_writer(Clean(to))
        .finish()
}

/// Writers of lines without forbidden characters.
struct Clean<W>(W);

/// A line on its way.
struct CleanLine<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Clean<W> {
    type Writer = CleanLine<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        CleanLine(self.0.make_writer())
    }
}

impl<W: Write> Write for CleanLine<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let said = String::from_utf8_lossy(line);
        let mut clean = text::shown(said.trim_end_matches('\n'));
        if said.ends_with('\n') {
            clean.push('\n');
        }
        self.0.write_all(clean.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(kept: &Kept) -> String {
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    fn say_hostile_things(hostile: &str) {
        let span = tracing::info_span!("link", name = hostile, other = %hostile, debug = ?hostile);
        let _inside = span.enter();
        tracing::warn!(text = hostile, shown = %hostile, debug = ?hostile, "said {hostile}");
    }

    #[test]
    fn no_line_of_the_log_carries_what_a_stranger_says_raw() {
        for hostile in text::HOSTILE {
            let (for_people, for_machines) = (Kept::default(), Kept::default());
            let (people, machines) = (for_people.clone(), for_machines.clone());
            let all = || EnvFilter::new("trace");
            let human = human(all(), false, move || people.clone());
            tracing::subscriber::with_default(human, || say_hostile_things(hostile));
            let json = json(all(), move || machines.clone());
            tracing::subscriber::with_default(json, || say_hostile_things(hostile));
            for log in [lines_of(&for_people), lines_of(&for_machines)] {
                let line = log.strip_suffix('\n').unwrap();
                assert!(line.contains("said"), "{line}");
                assert_eq!(text::check(line), Ok(()), "{hostile:?}: {line:?}");
            }
            let line: serde_json::Value = serde_json::from_str(&lines_of(&for_machines)).unwrap();
            assert_eq!(line["level"], "WARN");
        }
    }
}
