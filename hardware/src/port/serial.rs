//! Opening a serial device.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_serial::{DataBits, ErrorKind, FlowControl, Parity, SerialStream, StopBits};

use super::PortError;

/// Character format of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialSettings {
    /// 5 to 8 data bits.
    pub data_bits: DataBits,
    /// Parity bit.
    pub parity: Parity,
    /// 1 or 2 stop bits.
    pub stop_bits: StopBits,
    /// Who may stop whom.
    pub flow_control: FlowControl,
}

impl Default for SerialSettings {
    /// 8N1 without flow control.
    fn default() -> Self {
        Self {
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: StopBits::One,
            flow_control: FlowControl::None,
        }
    }
}

/// Opens a device for us alone.
pub(super) async fn open(
    path: PathBuf,
    baud: u32,
    settings: SerialSettings,
) -> Result<SerialStream, PortError> {
    let shown = path.clone();
    // Opening and configuring a terminal are blocking calls, and a sick USB adapter makes
    // them long.
    tokio::task::spawn_blocking(move || open_blocking(&path, baud, settings))
        .await
        .unwrap_or_else(|error| {
            Err(PortError::Unusable {
                path: shown,
                why: error.to_string(),
            })
        })
}

fn open_blocking(
    path: &Path,
    baud: u32,
    settings: SerialSettings,
) -> Result<SerialStream, PortError> {
    let builder = tokio_serial::new(path.to_string_lossy(), baud)
        .data_bits(settings.data_bits)
        .parity(settings.parity)
        .stop_bits(settings.stop_bits)
        .flow_control(settings.flow_control)
        .exclusive(true);
    SerialStream::open(&builder).map_err(|error| {
        let path = path.to_path_buf();
        match error.kind() {
            ErrorKind::Io(std::io::ErrorKind::NotFound) => PortError::NoDevice { path },
            ErrorKind::Io(std::io::ErrorKind::PermissionDenied) => PortError::Permission { path },
            // The library's word for "somebody else has it".
            ErrorKind::NoDevice => PortError::Busy {
                holder: holder(&path),
                path,
            },
            _ => PortError::Unusable {
                path,
                why: error.description,
            },
        }
    })
}

/// The programs that have the device open, as far as /proc shows them to us.
fn holder(path: &Path) -> String {
    let device = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let names: Vec<String> = processes
        .filter(|process| holds(&process.path(), &device))
        .filter_map(|process| {
            let pid = process.file_name().into_string().ok()?;
            if pid == own {
                return Some("this program itself (another link?)".to_owned());
            }
            let name = fs::read_to_string(process.path().join("comm")).ok()?;
            Some(format!("{} (process {pid})", name.trim_end()))
        })
        .take(3)
        .collect();
    if names.is_empty() {
        format!(
            "another program (`sudo fuser -v {}` names it)",
            path.display()
        )
    } else {
        names.join(" and ")
    }
}

fn holds(process: &Path, device: &Path) -> bool {
    fs::read_dir(process.join("fd"))
        .into_iter()
        .flatten()
        .flatten()
        .any(|open| fs::read_link(open.path()).is_ok_and(|target| target == device))
}
