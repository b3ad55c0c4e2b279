//! `narrowcast doctor`: what keeps this installation from working, each with its remedy.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use narrowcast::config::{Config, ModemPort};
use narrowcast::ledger::ballast::Space;
use serde_json::json;

use super::Access;
use super::client::Client;
use super::output::print;

/// Nobody runs this with a clock before its release.
const RELEASED: i64 = 1_767_225_600;

/// One finding: good, or what is wrong and what to do.
type Finding = Result<String, String>;

pub(super) fn run(access: &Access, path: &Path) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let reached = super::online(async { Client::new(access)?.get("health").await });
    let running = reached.is_ok();
    findings.push(match reached {
        Ok(health) => Ok(format!(
            "a server answers at {}: {}",
            access.server,
            super::output::cell(&health, "status")
        )),
        Err(error) => Err(format!("{error:#}")),
    });
    findings.push(clock());
    match Config::load(path) {
        Ok(config) => {
            findings.push(Ok(format!("{} is sound", path.display())));
            findings.extend(of_config(&config, running));
        }
        Err(error) => findings.push(Err(error.to_string())),
    }
    let bad = findings.iter().filter(|finding| finding.is_err()).count();
    for finding in findings {
        let (ok, sign, says) = match finding {
            Ok(good) => (true, "ok   ", good),
            Err(wrong) => (false, "WRONG", wrong),
        };
        print(access, &json!({"ok": ok, "says": says}), |_| {
            format!("{sign} {says}")
        });
    }
    Ok(if bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn clock() -> Finding {
    let now = Timestamp::now();
    if now.as_second() < RELEASED {
        return Err(format!(
            "the clock says {now}: set it, or start a time service; nothing expires by a wrong clock until it is confirmed"
        ));
    }
    Ok(format!("the clock says {now}"))
}

fn of_config(config: &Config, running: bool) -> Vec<Finding> {
    let mut findings = vec![
        state_dir(&config.server.state_dir),
        space(&config.server.state_dir),
    ];
    if !running {
        findings.push(free_tcp(config.server.listen));
        findings.extend(config.homebrew.iter().map(|link| free_udp(link.listen)));
    }
    for modem in &config.modem {
        if let Some(ModemPort::Serial { path, .. }) = modem.port() {
            findings.push(device(&path));
        }
    }
    findings
}

fn state_dir(path: &Path) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(_) => Ok(format!("{shown} does not exist yet; the server makes it")),
        Ok(found) if !found.is_dir() => {
            Err(format!("{shown} is no directory: set server.state_dir"))
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Err(format!(
            "{shown} can be entered by others: chmod 700 {shown}"
        )),
        Ok(_) => Ok(format!("{shown} is private")),
    }
}

fn space(path: &Path) -> Finding {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(path);
    match Space::of(there) {
        Ok(space) if space.free < 1 << 30 => Err(format!(
            "only {} MiB free at {}: free some; Routine and Priority are refused when little is left",
            space.free >> 20,
            there.display()
        )),
        Ok(space) => Ok(format!(
            "{} MiB free at {}",
            space.free >> 20,
            there.display()
        )),
        Err(error) => Err(format!(
            "cannot measure free space at {}: {error}",
            there.display()
        )),
    }
}

fn free_tcp(address: std::net::SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} (API) is free")),
        Err(error) => Err(format!("cannot listen on {address} (API): {error}")),
    }
}

fn free_udp(address: std::net::SocketAddr) -> Finding {
    match UdpSocket::bind(address) {
        Ok(_) => Ok(format!("{address} (Homebrew) is free")),
        Err(error) => Err(format!("cannot listen on {address} (Homebrew): {error}")),
    }
}

fn device(path: &Path) -> Finding {
    let shown = path.display();
    match std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
    {
        Ok(_) => Ok(format!("{shown} can be opened")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(format!(
            "{shown} is not there: plug the modem in, or see /dev/serial/by-id for its name"
        )),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(format!(
            "{shown} may not be opened: add the server's user to the group dialout"
        )),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}
