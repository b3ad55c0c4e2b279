//! A recording in one file, outside the ring.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::reader::Captured;
use super::writer::{Content, FileWriter};
use super::{Direction, ETHERNET, SerialEvent};

/// Magic of a classic file with nanoseconds.
const NANOSECONDS: u32 = 0xA1B2_3C4D;
/// Longest packet that a classic file says it holds.
const SNAPLEN: u32 = 262_144;
/// What is collected before the system is called: some hundred datagrams.
const BUFFER: usize = 64 * 1_024;

/// Makes a file for a recording: mode 0600, because what was said is personal data.
///
/// # Errors
/// It exists already, or cannot be made.
pub fn create(path: &Path) -> io::Result<BufWriter<File>> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    Ok(BufWriter::with_capacity(BUFFER, file))
}

/// Writes a pcapng file.
pub struct PcapNgFile<W: Write>(FileWriter<W>);

impl<W: Write> core::fmt::Debug for PcapNgFile<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PcapNgFile({} bytes)", self.0.size())
    }
}

impl<W: Write> PcapNgFile<W> {
    /// Begins the file. `comment` stands in its section header.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn new(out: W, comment: Option<&str>) -> io::Result<Self> {
        FileWriter::new(out, comment).map(Self)
    }

    /// Appends one chunk; datagrams as Ethernet frames made for the purpose, all else as
    /// RTAC serial records.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, captured: &Captured) -> io::Result<()> {
        self.0.write(
            &captured.interface,
            captured.description.as_deref().unwrap_or_default(),
            captured.at,
            captured.direction,
            &Content::of(captured),
            captured.comment.as_deref(),
        )
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes a classic pcap file. It has one link type: either datagrams or byte streams; and
/// no room for interfaces, directions of datagrams, and comments.
#[derive(Debug)]
pub struct PcapFile<W: Write> {
    out: W,
    linktype: Option<u32>,
    identification: u16,
}

/// Why a chunk is not in a classic file.
#[derive(Debug, thiserror::Error)]
pub enum PcapError {
    /// The first one was of the other kind.
    #[error("a pcap file holds datagrams or byte streams, this recording has both: use pcapng")]
    Mixed,
    /// The file cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<W: Write> PcapFile<W> {
    /// Begins a file. Its header is written with the first chunk, which decides the link
    /// type, or by [`finish`](Self::finish).
    pub fn new(out: W) -> Self {
        Self {
            out,
            linktype: None,
            identification: 0,
        }
    }

    /// Appends one chunk.
    ///
    /// # Errors
    /// It is of another kind than the first one, or the file cannot be written.
    pub fn write(&mut self, captured: &Captured) -> Result<(), PcapError> {
        let content = Content::of(captured);
        self.identification = self.identification.wrapping_add(1);
        let mut data = Vec::new();
        let linktype = content.put(captured.at, self.identification, &mut data);
        match self.linktype {
            Some(known) if known != linktype => return Err(PcapError::Mixed),
            Some(_) => {}
            None => self.header(linktype)?,
        }
        let seconds = u32::try_from(captured.at.as_second()).unwrap_or(0);
        let nanos = u32::try_from(captured.at.subsec_nanosecond()).unwrap_or(0);
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        for number in [seconds, nanos, length, length] {
            self.out.write_all(&number.to_le_bytes())?;
        }
        Ok(self.out.write_all(&data)?)
    }

    /// Hands everything to the system. A file without chunks is one of datagrams.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        if self.linktype.is_none() {
            self.header(ETHERNET)?;
        }
        self.out.flush()
    }

    fn header(&mut self, linktype: u32) -> io::Result<()> {
        self.linktype = Some(linktype);
        self.out.write_all(&NANOSECONDS.to_le_bytes())?;
        // Version 2.4.
        self.out.write_all(&[2, 0, 4, 0])?;
        for number in [0, 0, SNAPLEN, linktype] {
            self.out.write_all(&number.to_le_bytes())?;
        }
        Ok(())
    }
}

impl<'a> Content<'a> {
    /// What a chunk that was read holds.
    fn of(captured: &'a Captured) -> Self {
        match captured.peers {
            Some((source, destination)) => Self::Datagram {
                source,
                destination,
                payload: &captured.payload,
            },
            None => Self::Serial {
                event: captured.event.unwrap_or(SerialEvent::of(
                    captured.direction.unwrap_or(Direction::Inbound),
                )),
                bytes: &captured.payload,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use jiff::Timestamp;

    use super::super::RTAC_SERIAL;
    use super::super::reader::CaptureReader;
    use super::*;

    fn chunk(peers: bool, payload: &[u8]) -> Captured {
        let address = |port| std::net::SocketAddr::from(([10, 0, 0, 1], port));
        Captured {
            at: Timestamp::new(1_700_000_000, 123_456_789).unwrap(),
            interface: "hb1".to_owned(),
            description: Some("Homebrew".to_owned()),
            linktype: u16::try_from(if peers { ETHERNET } else { RTAC_SERIAL }).unwrap(),
            direction: Some(Direction::Outbound),
            segment: None,
            peers: peers.then(|| (address(1), address(2))),
            event: (!peers).then_some(SerialEvent::Sent),
            payload: payload.to_vec(),
            comment: Some("noted".to_owned()),
        }
    }

    fn read(bytes: &[u8]) -> Vec<Captured> {
        CaptureReader::new(bytes)
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn what_is_written_as_pcapng_is_read_again() {
        let mut out = Vec::new();
        let mut file = PcapNgFile::new(&mut out, None).unwrap();
        let other = Captured {
            interface: "/dev/ttyUSB0".to_owned(),
            ..chunk(false, b"")
        };
        let all = [chunk(true, b"RPTL"), other];
        for captured in &all {
            file.write(captured).unwrap();
        }
        file.flush().unwrap();
        drop(file);
        assert_eq!(read(&out), all);
    }

    #[test]
    fn a_classic_file_keeps_time_addresses_and_bytes_and_refuses_a_mixture() {
        for peers in [true, false] {
            let mut out = Vec::new();
            let mut file = PcapFile::new(&mut out);
            let said = chunk(peers, b"RPTL");
            file.write(&said).unwrap();
            assert!(matches!(
                file.write(&chunk(!peers, b"x")),
                Err(PcapError::Mixed)
            ));
            file.finish().unwrap();
            let all = read(&out);
            assert_eq!(all.len(), 1);
            assert_eq!((all[0].at, all[0].peers), (said.at, said.peers));
            assert_eq!(all[0].payload, b"RPTL");
        }
        let mut out = Vec::new();
        PcapFile::new(&mut out).finish().unwrap();
        assert_eq!(read(&out), []);
    }

    #[test]
    fn a_recording_is_for_its_owner_alone_and_overwrites_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.pcapng");
        drop(create(&path).unwrap());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            create(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
    }
}
