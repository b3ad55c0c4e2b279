//! A GSM modem on a pseudo-terminal: what the session asks at the start, one reference after the
//! other, and a report for each message.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::{SerialPort, SerialStream};

pub(crate) struct Modem {
    path: String,
    came: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
    /// Holds the far end open: a line without one reports a hang-up without pause.
    _theirs: std::fs::File,
}

impl Drop for Modem {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Modem {
    pub(crate) fn start() -> Self {
        let (ours, mut theirs) = SerialStream::pair().unwrap();
        let path = theirs.name().unwrap();
        theirs.set_exclusive(false).unwrap();
        let held = std::fs::File::open(&path).unwrap();
        drop(theirs);
        let came = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(serve(ours, Arc::clone(&came)));
        Self {
            path,
            came,
            task,
            _theirs: held,
        }
    }

    pub(crate) fn table(&self) -> String {
        format!(
            "[[sms]]\nname = \"operator\"\nkind = \"modem\"\npath = {:?}\npin = \"1234\"\n",
            self.path
        )
    }

    /// All commands and messages.
    pub(crate) fn came(&self) -> Vec<String> {
        self.came.lock().unwrap().clone()
    }
}

async fn serve(mut line: SerialStream, came: Arc<Mutex<Vec<String>>>) {
    let mut state = State::default();
    let mut buffer = [0; 256];
    loop {
        let count = match line.read(&mut buffer).await {
            Ok(count) if count > 0 => count,
            _ => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        for byte in &buffer[..count] {
            let Some(typed) = state.byte(*byte) else {
                continue;
            };
            let answer = state.answer(&typed);
            came.lock().unwrap().push(typed);
            line.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

#[derive(Default)]
struct State {
    typed: String,
    prompting: bool,
    unlocked: bool,
    reference: u8,
}

impl State {
    /// The next whole line or message.
    fn byte(&mut self, byte: u8) -> Option<String> {
        match byte {
            0x1B => {
                self.typed.clear();
                self.prompting = false;
                None
            }
            0x1A if self.prompting => Some(std::mem::take(&mut self.typed)),
            b'\r' if !self.prompting => Some(std::mem::take(&mut self.typed)),
            byte => {
                self.typed.push(char::from(byte));
                None
            }
        }
    }

    fn answer(&mut self, typed: &str) -> String {
        if std::mem::take(&mut self.prompting) {
            self.reference = self.reference.wrapping_add(1);
            let mr = self.reference;
            return format!(
                "\r\n+CMGS: {mr}\r\n\r\nOK\r\n\r\n+CDS: 26\r\n\
                 0006{mr:02X}0D91683108108300F0621132610350236211326103012300\r\n"
            );
        }
        let info = match typed {
            "AT+CPIN?" if self.unlocked => "\r\n+CPIN: READY\r\n",
            "AT+CPIN?" => "\r\n+CPIN: SIM PIN\r\n",
            "AT+CPIN=\"1234\"" => {
                self.unlocked = true;
                ""
            }
            "AT+CREG?" => "\r\n+CREG: 0,1\r\n",
            "AT+CSQ" => "\r\n+CSQ: 17,99\r\n",
            "AT+CGSN" => "\r\n861234567890123\r\n",
            typed if typed.starts_with("AT+CMGS=") => {
                self.prompting = true;
                return "\r\n> ".to_owned();
            }
            _ => "",
        };
        format!("{info}\r\nOK\r\n")
    }
}
