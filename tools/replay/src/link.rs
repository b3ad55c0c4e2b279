//! Ports as they are named on the command line.

use core::fmt;
use core::str::FromStr;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use narrowcast_hardware::port::{Port, PortConfig, SerialSettings};
use tokio::net::{TcpListener, lookup_host};
use tokio_serial::{SerialPort as _, SerialStream};

/// Where frames come from or go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Datagrams to and from one far end.
    Udp(String),
    /// Datagrams from anybody to an own address.
    UdpListen(String),
    /// A stream to a server.
    Tcp(String),
    /// A stream from whoever connects to an own address.
    TcpListen(String),
    /// A serial line.
    Serial(PathBuf),
    /// A pseudo-terminal that is made here, with a link to it.
    Pty(Option<PathBuf>),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (sort, rest) = text.split_once(':').unwrap_or((text, ""));
        let address = || match rest.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(rest.to_owned())
            }
            _ => Err(format!("{text}: expected {sort}:HOST:PORT")),
        };
        match sort {
            "udp" => address().map(Self::Udp),
            "udp-listen" => address().map(Self::UdpListen),
            "tcp" => address().map(Self::Tcp),
            "tcp-listen" => address().map(Self::TcpListen),
            "serial" if rest.is_empty() => Err(format!("{text}: expected serial:PATH")),
            "serial" => Ok(Self::Serial(rest.into())),
            "pty" => Ok(Self::Pty((!rest.is_empty()).then(|| rest.into()))),
            _ => Err(format!(
                "{text}: expected udp:, udp-listen:, tcp: or tcp-listen: and HOST:PORT, \
                 serial:PATH, or pty[:PATH]"
            )),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "udp:{address}"),
            Self::UdpListen(address) => write!(f, "udp-listen:{address}"),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::TcpListen(address) => write!(f, "tcp-listen:{address}"),
            Self::Serial(path) => path.display().fmt(f),
            Self::Pty(Some(path)) => write!(f, "pty:{}", path.display()),
            Self::Pty(None) => f.write_str("pty"),
        }
    }
}

impl Place {
    /// Whether it carries datagrams; otherwise a byte stream.
    pub(crate) const fn is_datagrams(&self) -> bool {
        matches!(self, Self::Udp(_) | Self::UdpListen(_))
    }
}

/// A port that can be opened, and opened again when it was lost.
#[derive(Debug)]
pub(crate) struct Link {
    place: Place,
    baud: u32,
    listener: Option<TcpListener>,
    pty: Option<Pty>,
}

/// What must be kept for as long as a pseudo-terminal is used.
#[derive(Debug)]
struct Pty {
    /// Holds the far end open without claiming it: a line without a far end reports a
    /// hang-up without pause.
    _far: std::fs::File,
    link: Option<PathBuf>,
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            // A dangling link hurts nobody.
            let _gone = std::fs::remove_file(link);
        }
    }
}

impl Link {
    pub(crate) const fn new(place: Place, baud: u32) -> Self {
        Self {
            place,
            baud,
            listener: None,
            pty: None,
        }
    }

    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// Opens the port; for a listening TCP address, waits for whoever connects. Says on
    /// standard error where others find it, when that was chosen here.
    pub(crate) async fn open(&mut self) -> Result<Port> {
        let config = match &self.place {
            Place::Udp(address) => PortConfig::UdpClient {
                remote: resolve(address).await?,
                local: None,
            },
            Place::UdpListen(address) => {
                let listen = resolve(address).await?;
                let port = Port::open(&PortConfig::Udp { listen }).await?;
                if let Some(local) = port.local() {
                    eprintln!("listening on udp:{local}");
                }
                return Ok(port);
            }
            Place::Tcp(address) => PortConfig::TcpClient {
                address: address.clone(),
            },
            Place::TcpListen(address) => {
                let address = address.clone();
                return self.accept(&address).await;
            }
            Place::Serial(path) => PortConfig::Serial {
                path: path.clone(),
                baud: self.baud,
                settings: SerialSettings::default(),
            },
            Place::Pty(link) => {
                let (port, pty) = pseudo_terminal(link.as_deref())?;
                self.pty = Some(pty);
                return Ok(port);
            }
        };
        Ok(Port::open(&config).await?)
    }

    async fn accept(&mut self, address: &str) -> Result<Port> {
        let listener = match &self.listener {
            Some(listener) => listener,
            None => {
                let listener = TcpListener::bind(address)
                    .await
                    .with_context(|| format!("cannot listen on {address}"))?;
                eprintln!("listening on tcp:{}", listener.local_addr()?);
                self.listener.insert(listener)
            }
        };
        let (stream, from) = listener.accept().await?;
        eprintln!("{from} is connected");
        Ok(Port::from_tcp(stream))
    }
}

/// The first address of a name.
pub(crate) async fn resolve(name: &str) -> Result<SocketAddr> {
    lookup_host(name)
        .await
        .with_context(|| format!("cannot resolve {name}"))?
        .next()
        .with_context(|| format!("{name} has no address"))
}

fn pseudo_terminal(link: Option<&Path>) -> Result<(Port, Pty)> {
    let (ours, mut theirs) = SerialStream::pair().context("cannot make a pseudo-terminal")?;
    let device = theirs.name().context("the pseudo-terminal has no name")?;
    // Whoever uses it wants the device for himself.
    theirs
        .set_exclusive(false)
        .context("cannot share the pseudo-terminal")?;
    let far = std::fs::File::open(&device).with_context(|| format!("cannot open {device}"))?;
    drop(theirs);
    if let Some(link) = link {
        match link.symlink_metadata() {
            Ok(there) if there.is_symlink() => std::fs::remove_file(link)?,
            Ok(_) => bail!(
                "{} exists and is no link: choose another name",
                link.display()
            ),
            Err(_) => {}
        }
        symlink(&device, link).with_context(|| format!("cannot make {}", link.display()))?;
    }
    let shown = link.map_or_else(|| device.clone(), |link| link.display().to_string());
    eprintln!("the pseudo-terminal is {shown}");
    let pty = Pty {
        _far: far,
        link: link.map(Path::to_owned),
    };
    Ok((Port::from_serial(ours), pty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_shown() {
        for text in [
            "udp:127.0.0.1:62031",
            "udp-listen:[::]:62031",
            "tcp:modem.example:7000",
            "tcp-listen:0.0.0.0:7000",
            "pty",
            "pty:/run/modem",
        ] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        let serial: Place = "serial:/dev/ttyUSB0".parse().unwrap();
        assert_eq!(serial, Place::Serial("/dev/ttyUSB0".into()));
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_is_expected() {
        for (text, expected) in [
            ("udp:62031", "udp:HOST:PORT"),
            ("udp:host:no", "udp:HOST:PORT"),
            ("serial:", "serial:PATH"),
            ("/dev/ttyUSB0", "serial:PATH"),
            ("", "pty"),
        ] {
            let error = text.parse::<Place>().unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
