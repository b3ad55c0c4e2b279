//! `narrowcast doctor`: what keeps this installation from working, each with its remedy.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use narrowcast::config::{Config, HomebrewPeer, ModemPort};
use narrowcast::ledger::ballast::Space;
use narrowcast::model::policy::SpaceMarks;
use narrowcast_protocol::dmr::fields::Fields;
use narrowcast_protocol::homebrew::message::{Message, Role, Rptl};
use serde_json::json;

use super::access::Access;
use super::client::Client;
use super::output::print;

/// Nobody runs this with a clock before its release.
const RELEASED: i64 = 1_767_225_600;

/// One finding: good, or what is wrong and what to do.
type Finding = Result<String, String>;

pub(super) fn run(access: &Access, path: &Path) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    let mut warnings = Vec::new();
    let reached = super::access::online(async { Client::new(access)?.get("health").await });
    let running = reached.is_ok();
    let reasons = reached
        .as_ref()
        .ok()
        .and_then(|health| health["degraded"].as_array());
    let reasons = reasons.into_iter().flatten().filter_map(|why| why.as_str());
    let degraded: Vec<Finding> = reasons.map(|why| Err(why.to_owned())).collect();
    findings.push(match reached {
        Ok(health) => Ok(format!(
            "a server answers at {}: {}",
            access.server,
            super::output::cell(&health, "status")
        )),
        Err(error) => Err(format!("{error:#}")),
    });
    findings.extend(degraded);
    findings.push(clock());
    match Config::load(path) {
        Ok(config) => {
            findings.push(Ok(format!("{} is sound", path.display())));
            findings.extend(of_config(&config, running));
            warnings = config.warnings();
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
    for says in warnings {
        let warning = json!({"ok": true, "warning": true, "says": says});
        print(access, &warning, |_| format!("note  {says}"));
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
        space(&config.server.state_dir, &config.policy.space()),
    ];
    if !running {
        findings.push(free_tcp(config.server.listen));
        findings.extend(config.homebrew.iter().map(|link| free_udp(link.listen)));
        // A log-in under the same id would disturb a server that is logged in.
        findings.extend(config.homebrew_peer.iter().map(answers));
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

/// By the marks at which the server begins to refuse.
fn space(path: &Path, marks: &SpaceMarks) -> Finding {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(path);
    match Space::of(there) {
        Ok(space) => {
            let free = format!("{} MiB free at {}", space.free >> 20, there.display());
            match marks.level(space.free, space.total).told() {
                Some(refused) => Err(format!("only {free}: {refused} until there is more")),
                None => Ok(free),
            }
        }
        Err(error) => Err(format!(
            "cannot measure free space at {}: {error}",
            there.display()
        )),
    }
}

fn free_tcp(address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} (API) is free")),
        Err(error) => Err(format!("cannot listen on {address} (API): {error}")),
    }
}

fn free_udp(address: SocketAddr) -> Finding {
    match UdpSocket::bind(address) {
        Ok(_) => Ok(format!("{address} (Homebrew) is free")),
        Err(error) => Err(format!("cannot listen on {address} (Homebrew): {error}")),
    }
}

/// How long a master may take to answer.
const ANSWER_WAIT: Duration = Duration::from_secs(3);

/// Whether a master would let us in: the first step of a log-in, which changes nothing there.
fn answers(peer: &HomebrewPeer) -> Finding {
    let (master, id) = (peer.master, peer.id);
    match ask(peer) {
        Ok(Message::Rptack(_)) => Ok(format!("the master {master} knows id {id}")),
        Ok(Message::Mstnak(_)) => Err(format!(
            "the master {master} refuses id {id}: ask whoever runs it to admit it"
        )),
        Ok(other) => Err(format!(
            "{master} answers with {}: it is no Homebrew master",
            other.name()
        )),
        Err(error) => Err(format!(
            "the master {master} does not answer ({error}): check homebrew_peer.master and the firewall"
        )),
    }
}

fn ask(peer: &HomebrewPeer) -> std::io::Result<Message> {
    let here: SocketAddr = if peer.master.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(here)?;
    socket.connect(peer.master)?;
    socket.set_read_timeout(Some(ANSWER_WAIT))?;
    socket.send(&Rptl { id: peer.id.0 }.encode())?;
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer)?;
    let datagram = buffer.get(..length).unwrap_or_default();
    Message::decode(datagram, Role::Master).map_err(std::io::Error::other)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(master: SocketAddr) -> HomebrewPeer {
        let text = format!(
            "[[homebrew_peer]]\nmaster = \"{master}\"\nid = 310901\nname = \"P\"\nown = 9990001\n"
        );
        let config = Config::parse("t", &text).unwrap();
        config.homebrew_peer.into_iter().next().unwrap()
    }

    #[test]
    fn a_master_that_admits_us_is_told_from_one_that_refuses_and_from_something_else() {
        for (answer, says) in [
            (b"RPTACK\x01\x02\x03\x04".as_slice(), "knows id 310901"),
            (b"MSTNAK\x00\x04\xbe\x75", "refuses id 310901"),
            (b"HTTP/1.1 400", "does not answer (no message begins"),
            (b"RPTSBKN", "it is no Homebrew master"),
        ] {
            let master = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = master.local_addr().unwrap();
            let serving = std::thread::spawn(move || {
                let mut buffer = [0; 64];
                let (length, from) = master.recv_from(&mut buffer).unwrap();
                assert_eq!(buffer[..length], Rptl { id: 310_901 }.encode()[..]);
                master.send_to(answer, from).unwrap();
            });
            let finding = answers(&peer(address));
            serving.join().unwrap();
            assert_eq!(finding.is_ok(), says.starts_with("knows"), "{finding:?}");
            let (Ok(text) | Err(text)) = finding;
            assert!(text.contains(says), "{text}");
        }
    }
}
