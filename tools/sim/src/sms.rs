//! An operator's centre behind a TCP socket.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use narrowcast_protocol::sms::wall::WallClock;
use narrowcast_world::smsc::{
    Centre, CentreConfig, CentreEvent, CentreKind, Faults, IdForm, Message, People,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stations::Clock;

/// How long a client may take no bytes.
const STALL: Duration = Duration::from_secs(10);

/// Which protocol the centre speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// SMPP 3.4.
    Smpp,
    /// CMPP 2.0.
    Cmpp2,
    /// CMPP 3.0.
    Cmpp3,
}

/// How an SMPP centre writes the names of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ids {
    /// 7f
    Hexadecimal,
    /// 127
    Decimal,
    /// 0000000127 in the answer, 127 in the receipt.
    ZeroPadded,
    /// 7F in the answer, 0000000127 in the receipt.
    HexadecimalThenDecimal,
}

/// A short message centre or gateway, with people who hold the phones.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SmsArguments {
    /// Which protocol it speaks.
    #[arg(long, value_enum, default_value = "smpp")]
    kind: Kind,
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1")]
    host: std::net::IpAddr,
    /// On which port; 0 lets the system choose.
    #[arg(long, default_value_t = 2775)]
    port: u16,
    /// The account: system_id (at most 15 characters) or SP id (at most 6).
    #[arg(long, default_value = "narrow")]
    user: String,
    /// What proves it; at most 8 characters in SMPP.
    #[arg(long, default_value = "secret")]
    password: String,
    /// Write the `[[sms]]` that matches to this file ("-": to the standard output).
    #[arg(long, value_name = "FILE")]
    print_config: Option<PathBuf>,
    /// The number in the printed configuration that phones show.
    #[arg(long, default_value = "10690001")]
    source: String,
    /// What people answer to each text, at most 70 characters.
    #[arg(long)]
    answer: Option<String>,
    /// How many of a hundred texts are answered.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
    answer_percent: u8,
    /// The longest time that people need, in milliseconds; the shortest is half of it.
    #[arg(long, default_value_t = 4_000)]
    answer_ms: u64,
    /// Numbers that are none, separated by commas: messages to them are refused.
    #[arg(long, value_delimiter = ',')]
    unknown: Vec<String>,
    /// Phones that get nothing, separated by commas: their receipts say so.
    #[arg(long, value_delimiter = ',')]
    unreachable: Vec<String>,
    /// How names of messages are written (SMPP).
    #[arg(long, value_enum, default_value = "hexadecimal")]
    ids: Ids,
    /// How long after a message its receipt leaves, in milliseconds.
    #[arg(long, default_value_t = 300)]
    receipt_ms: u64,
    #[command(flatten)]
    faults: FaultArguments,
    /// Seed of everything by chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What the centre does wrong on purpose. Messages are counted from 1, over all connections.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Faults")]
struct FaultArguments {
    /// Receipts come before the answers to their messages.
    #[arg(long)]
    receipt_first: bool,
    /// Receipts come twice.
    #[arg(long)]
    receipt_twice: bool,
    /// Receipts come so many milliseconds later.
    #[arg(long, default_value_t = 0)]
    receipts_held_ms: u64,
    /// Answers come so many milliseconds later.
    #[arg(long, default_value_t = 0)]
    slow_ms: u64,
    /// Every so manyth message is refused as too fast.
    #[arg(long, default_value_t = 0)]
    throttle_every: u32,
    /// In front of every so manyth answer stands one with another sequence number.
    #[arg(long, default_value_t = 0)]
    wrong_sequence_every: u32,
    /// At this message the centre takes its leave.
    #[arg(long, default_value_t = 0)]
    unbind_at: u32,
    /// At this message it falls silent.
    #[arg(long, default_value_t = 0)]
    silent_at: u32,
    /// At this message it closes the connection.
    #[arg(long, default_value_t = 0)]
    close_at: u32,
    /// At this message it sends a length that cannot be.
    #[arg(long, default_value_t = 0)]
    huge_at: u32,
}

impl SmsArguments {
    fn config(&self) -> CentreConfig {
        let kind = match self.kind {
            Kind::Smpp => CentreKind::Smpp,
            Kind::Cmpp2 => CentreKind::Cmpp2,
            Kind::Cmpp3 => CentreKind::Cmpp3,
        };
        let faults = &self.faults;
        let millis = Duration::from_millis;
        let answer_after = millis(self.answer_ms);
        CentreConfig {
            receipt_after: millis(self.receipt_ms),
            ids: match self.ids {
                Ids::Hexadecimal => IdForm::Hexadecimal,
                Ids::Decimal => IdForm::Decimal,
                Ids::ZeroPadded => IdForm::ZeroPadded,
                Ids::HexadecimalThenDecimal => IdForm::HexadecimalThenDecimal,
            },
            people: People {
                answer: self.answer.clone(),
                percent: self.answer_percent,
                after: (answer_after / 2, answer_after),
                unknown: self.unknown.clone(),
                unreachable: self.unreachable.clone(),
            },
            faults: Faults {
                receipt_first: faults.receipt_first,
                receipt_twice: faults.receipt_twice,
                receipts_held: millis(faults.receipts_held_ms),
                slow: millis(faults.slow_ms),
                throttle_every: faults.throttle_every,
                wrong_sequence_every: faults.wrong_sequence_every,
                unbind_at: faults.unbind_at,
                silent_at: faults.silent_at,
                close_at: faults.close_at,
                huge_at: faults.huge_at,
            },
            wall: WallClock::new(now_micros(), 28_800),
            seed: self.seed,
            ..CentreConfig::new(kind, &self.user, &self.password)
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let (user, password) = match self.kind {
            Kind::Smpp => (15, 8),
            Kind::Cmpp2 | Kind::Cmpp3 => (6, 255),
        };
        for (name, text, most) in [
            ("--user", &self.user, user),
            ("--password", &self.password, password),
        ] {
            let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
            ensure!(
                plain && (1..=most).contains(&text.len()),
                "{name}: it must have 1 to {most} ASCII characters without blanks"
            );
        }
        let answer = self.answer.as_deref().unwrap_or_default();
        ensure!(
            answer.encode_utf16().count() <= 70,
            "--answer: it must have at most 70 characters"
        );
        Ok(())
    }

    /// The table of a server's configuration that leads here.
    fn table(&self, at: SocketAddr) -> anyhow::Result<String> {
        let kind = match self.kind {
            Kind::Smpp => "smpp",
            Kind::Cmpp2 => "cmpp2",
            Kind::Cmpp3 => "cmpp3",
        };
        let link = Table {
            sms: [Link {
                name: "operator",
                kind,
                host: at.ip().to_string(),
                port: at.port(),
                user: &self.user,
                password: &self.password,
                source: &self.source,
            }],
        };
        toml::to_string(&link).context("cannot write the configuration")
    }
}

#[derive(serde::Serialize)]
struct Table<'a> {
    sms: [Link<'a>; 1],
}

#[derive(serde::Serialize)]
struct Link<'a> {
    name: &'a str,
    kind: &'a str,
    host: String,
    port: u16,
    user: &'a str,
    password: &'a str,
    source: &'a str,
}

fn now_micros() -> i64 {
    let passed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = passed.map(|passed| i64::try_from(passed.as_micros()));
    micros.ok().and_then(Result::ok).unwrap_or(0)
}

/// `narrowcast-sim sms`: until Ctrl-C.
pub(crate) async fn run(arguments: SmsArguments) -> anyhow::Result<()> {
    arguments.check()?;
    let at = SocketAddr::new(arguments.host, arguments.port);
    let listener = TcpListener::bind(at)
        .await
        .with_context(|| format!("cannot listen on {at}"))?;
    let at = listener.local_addr().context("the socket has no address")?;
    let clock = Clock::start();
    let centre = Centre::new(arguments.config());
    match &arguments.print_config {
        Some(path) if path.as_os_str() == "-" => print!("{}", arguments.table(at)?),
        Some(path) => std::fs::write(path, arguments.table(at)?)
            .with_context(|| format!("cannot write {}", path.display()))?,
        None => {}
    }
    println!("listening on {at}; Ctrl-C ends");
    tokio::select! {
        ended = serve(clock, listener, centre) => ended,
        signal = tokio::signal::ctrl_c() => signal.map_err(Into::into),
    }
}

/// One client at a time, as the contract allows: a second one is closed at once.
async fn serve(clock: Clock, listener: TcpListener, mut centre: Centre) -> anyhow::Result<()> {
    let mut client: Option<TcpStream> = None;
    let mut buffer = [0; 4_096];
    loop {
        while let Some(event) = centre.poll() {
            match event {
                CentreEvent::Send(bytes) => {
                    if let Some(stream) = &mut client {
                        let written = tokio::time::timeout(STALL, stream.write_all(&bytes)).await;
                        if !matches!(written, Ok(Ok(()))) {
                            lose(&mut client, &mut centre, "it takes no bytes");
                        }
                    }
                }
                CentreEvent::Close(why) => {
                    client = None;
                    println!("closed: {why}");
                }
                event => println!("{}", line(&event)),
            }
        }
        let due = centre.deadline();
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, from)) = accepted else { continue };
                if client.is_some() {
                    println!("closed: {from} is a second client");
                    continue;
                }
                println!("connected: {from}");
                // Small PDUs wait for nobody; without it all works too.
                let _without = stream.set_nodelay(true);
                client = Some(stream);
                centre.connected(clock.now());
            }
            read = heard(&mut client, &mut buffer) => match read {
                Ok(length) if length > 0 => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    centre.receive(clock.now(), bytes);
                }
                _ => lose(&mut client, &mut centre, "the client hung up"),
            },
            () = async {
                match due {
                    Some(at) => clock.until(at).await,
                    None => std::future::pending().await,
                }
            } => centre.tick(clock.now()),
        }
    }
}

async fn heard(client: &mut Option<TcpStream>, buffer: &mut [u8]) -> std::io::Result<usize> {
    match client {
        Some(stream) => stream.read(buffer).await,
        None => std::future::pending().await,
    }
}

fn lose(client: &mut Option<TcpStream>, centre: &mut Centre, why: &str) {
    *client = None;
    centre.disconnected();
    println!("closed: {why}");
}

/// One line for people and tests.
fn line(event: &CentreEvent) -> String {
    match event {
        CentreEvent::LoggedIn => "logged in".to_owned(),
        CentreEvent::Refused(why) => format!("log-in refused: {why}"),
        CentreEvent::LoggedOut => "logged out".to_owned(),
        CentreEvent::Taken(message) => taken(message),
        CentreEvent::NotTaken { to, code } => format!("refused: to={to} code={code:#x}"),
        CentreEvent::Brought { what, kept, .. } => {
            let answer = if *kept { "kept" } else { "not now" };
            format!("brought: {} ({answer})", plain(what))
        }
        CentreEvent::Odd(why) => format!("odd: {why}"),
        CentreEvent::Send(_) | CentreEvent::Gives(_) | CentreEvent::Close(_) => String::new(),
    }
}

fn taken(message: &Message) -> String {
    let part = message.part.map_or_else(String::new, |part| {
        format!(" part={}/{}", part.number, part.total)
    });
    format!(
        "message: id={} from={} to={}{part} receipt={} text={}",
        message.id,
        plain(&message.from),
        plain(&message.to),
        if message.receipt { "yes" } else { "no" },
        plain(&message.text),
    )
}

/// On one line, whatever the client wrote.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let control = c.is_control();
            control
                .then(|| c.escape_default())
                .into_iter()
                .flatten()
                .chain((!control).then_some(c))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_one_line_whatever_its_text() {
        let message = Message {
            id: "6aad5".to_owned(),
            from: "10690001".to_owned(),
            to: "8613800138000".to_owned(),
            text: "山洪\n预警\u{1b}[2J".to_owned(),
            part: None,
            receipt: true,
            validity: String::new(),
            service: String::new(),
        };
        assert_eq!(
            line(&CentreEvent::Taken(message)),
            "message: id=6aad5 from=10690001 to=8613800138000 receipt=yes \
             text=山洪\\n预警\\u{1b}[2J"
        );
    }
}
