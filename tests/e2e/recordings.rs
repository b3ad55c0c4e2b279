//! Recorded Homebrew sessions, played into a running server by `narrowcast-replay`: they log
//! in, and what radios say in them comes out of the event stream.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use narrowcast_protocol::air::{Address, Delivery, GroupId, RadioId, Slot, Text, TextForm};
use narrowcast_protocol::dmr::csbk::{Csbk, CsbkBody, EmergencyAlarm};
use narrowcast_protocol::dmr::data_header::{Addressing, DataHeader, Sap, StatusPrecoded};
use narrowcast_protocol::dmr::packet::Pdu;
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::text::{self, Options};
use narrowcast_protocol::homebrew::message::{
    Dmrd, FrameType, Mstpong, Quality, Rptack, Rptc, Rptcl, Rptk, Rptl, Rptping, Sent, Slots,
};
use narrowcast_world::rng::Rng;

use crate::support::peers;
use crate::support::place::{FIRST_RADIO, OWN, OWN_GROUP, PASSPHRASE, Place, STATION, http};
use crate::support::stream::{Event, Stream};

/// The repeater's id in the recordings made here: another than the station's.
const RECORDED: u32 = 262_999;
const SPEED: &str = "4";

/// A classic capture of UDP datagrams between a repeater and its master.
struct Recording {
    file: Vec<u8>,
    micros: u64,
    sequence: u8,
    stream: u32,
}

impl Recording {
    /// Begins with the log-in.
    fn begin() -> Self {
        let mut file = Vec::new();
        // Magic, version 2.4, zone, accuracy, longest packet, Ethernet.
        for word in [0xA1B2_C3D4, 0x0002_0004u32.rotate_left(16), 0, 0, 65_535, 1] {
            file.extend(word.to_le_bytes());
        }
        let mut recording = Self {
            file,
            micros: 1_700_000_000_000_000,
            sequence: 0,
            stream: 7,
        };
        let id = RECORDED;
        let value = id.to_be_bytes();
        recording.up(&Rptl { id }.encode());
        recording.down(
            &Rptack {
                value: [1, 2, 3, 4],
            }
            .encode(),
        );
        recording.up(&Rptk {
            id,
            digest: [9; 32],
        }
        .encode());
        recording.down(&Rptack { value }.encode());
        recording.up(&identity().encode());
        recording.down(&Rptack { value }.encode());
        recording.ping();
        recording
    }

    fn ping(&mut self) {
        self.up(&Rptping { id: RECORDED }.encode());
        self.down(&Mstpong { id: RECORDED }.encode());
    }

    fn up(&mut self, payload: &[u8]) {
        self.datagram(40_000, 62_031, payload);
    }

    fn down(&mut self, payload: &[u8]) {
        self.datagram(62_031, 40_000, payload);
    }

    fn datagram(&mut self, from: u16, to: u16, payload: &[u8]) {
        self.micros += 60_000;
        let udp = u16::try_from(payload.len() + 8).unwrap();
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        frame.extend([0x45, 0]);
        frame.extend((udp + 20).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend(address(from).octets());
        frame.extend(address(to).octets());
        frame.extend([from, to, udp, 0].map(u16::to_be_bytes).concat());
        frame.extend(payload);
        let length = u32::try_from(frame.len()).unwrap();
        let (seconds, micros) = (self.micros / 1_000_000, self.micros % 1_000_000);
        for word in [seconds as u32, micros as u32, length, length] {
            self.file.extend(word.to_le_bytes());
        }
        self.file.extend(frame);
    }

    /// A radio sends these, as a host forwards them: a stream of its own for each CSBK and
    /// header, the blocks in their header's.
    fn radio(&mut self, source: u32, to: Address, pdus: &[Pdu]) {
        for pdu in pdus {
            if !matches!(pdu, Pdu::Block(_)) {
                self.stream += 1;
            }
            self.sequence = self.sequence.wrapping_add(1);
            let burst = pdu
                .to_burst(Sync::MsData, ColorCode::new(1).unwrap())
                .encode();
            let frame = Dmrd {
                sequence: self.sequence,
                source,
                destination: to.get(),
                repeater: RECORDED,
                slot: Slot::Two,
                group: to.is_group(),
                frame: FrameType::Data(pdu.data_type()),
                stream: self.stream,
                burst,
                quality: Some(Quality {
                    bit_errors: 0,
                    rssi: 60,
                }),
                uuid: None,
            };
            self.up(&frame.encode());
        }
        // A radio holds its breath before it speaks again.
        self.micros += 400_000;
    }

    fn text(&mut self, source: u32, to: Address, words: &str, form: TextForm, how: Delivery) {
        let said = Text {
            from: RadioId::new(source).unwrap(),
            to,
            text: words.to_owned(),
            form,
            delivery: how,
            reference: self.sequence & 0x7F,
        };
        let options = Options {
            limit: u32::MAX,
            ..Options::default()
        };
        let pdus = text::encode(&said, &options).unwrap();
        self.radio(source, to, &pdus);
    }

    fn status(&mut self, source: u32, status: u16) {
        let header = DataHeader::StatusPrecoded(StatusPrecoded {
            addressing: Addressing {
                group: false,
                response_requested: false,
                sap: Sap::ShortData,
                destination: OWN,
                source,
            },
            source_port: 0,
            destination_port: 0,
            status,
        });
        self.radio(source, us(), &[Pdu::DataHeader(header.encode())]);
    }

    fn emergency(&mut self, source: u32) {
        let alarm = CsbkBody::EmergencyAlarm(EmergencyAlarm {
            flags: 0,
            target: OWN_GROUP,
            source,
        });
        let to = Address::Group(GroupId::new(OWN_GROUP).unwrap());
        self.radio(source, to, &[Pdu::Csbk(Csbk::from(alarm).encode())]);
    }

    fn save(mut self, path: &Path) {
        self.ping();
        self.up(&Rptcl { id: RECORDED }.encode());
        std::fs::write(path, self.file).unwrap();
    }
}

fn address(port: u16) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, if port == 62_031 { 1 } else { 2 })
}

fn identity() -> Rptc {
    Rptc {
        id: RECORDED,
        callsign: "N0CALL".into(),
        rx_frequency: Some(431_000_000),
        tx_frequency: Some(439_000_000),
        power: Some(10),
        color_code: Some(1),
        latitude: None,
        longitude: None,
        height: None,
        location: "recorded".into(),
        description: "recorded".into(),
        slots: Slots::Both,
        url: String::new(),
        software: "recorder".into(),
        package: "recorder".into(),
        sent: Sent::default(),
    }
}

fn us() -> Address {
    Address::Radio(RadioId::new(OWN).unwrap())
}

fn radio(index: u32) -> u32 {
    FIRST_RADIO + index
}

/// Plays the recording as the station of the place; whether all recorded answers came.
async fn play(replay: &Path, recording: &Path, place: &Place, speed: &str) {
    let output = tokio::process::Command::new(replay)
        .arg("play")
        .arg(recording)
        .arg(format!("udp:127.0.0.1:{}", place.homebrew))
        .args(["--converse", "--speed", speed, "--passphrase", PASSPHRASE])
        .args(["--id", &STATION.to_string()])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", place.log());
    assert!(said.contains(&format!("logged in as {STATION}")), "{said}");
}

fn reports(events: &[Event]) -> Vec<(u32, String)> {
    let reports = events.iter().filter(|event| event.name == "report_heard");
    reports
        .map(|event| {
            let report = &event.data["data"];
            let from = report["from"].as_u64().unwrap();
            (from as u32, report["text"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_statuses_and_emergencies_of_a_played_recording_come_out_of_the_event_stream() {
    let Some(replay) = peers::of_workspace("narrowcast-replay") else {
        return;
    };
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    let stream = Stream::open(&place, &http, "from=1", None).await;
    let mut recording = Recording::begin();
    let mut said = Vec::new();
    let mut rng = Rng::new(20_26);
    let forms = [
        (TextForm::ShortDataUtf8, Delivery::Unconfirmed),
        (TextForm::ShortDataUtf16, Delivery::Confirmed),
        (TextForm::Tms, Delivery::Confirmed),
        (TextForm::Tms, Delivery::Unconfirmed),
        (TextForm::Udt, Delivery::Unconfirmed),
    ];
    for (index, (form, how)) in (0..).zip(forms) {
        for words in [format!("桥断了 {index}"), some_text(&mut rng, form)] {
            recording.text(radio(index), us(), &words, form, how);
            said.push((radio(index), words));
        }
    }
    let group = Address::Group(GroupId::new(OWN_GROUP).unwrap());
    recording.text(
        radio(5),
        group,
        "全体注意",
        TextForm::Tms,
        Delivery::Unconfirmed,
    );
    said.push((radio(5), "全体注意".to_owned()));
    let stranger = Address::Radio(RadioId::new(4_321).unwrap());
    recording.text(
        radio(6),
        stranger,
        "not for us",
        TextForm::Tms,
        Delivery::Unconfirmed,
    );
    recording.status(radio(7), 5);
    said.push((radio(7), "status 5".to_owned()));
    recording.emergency(radio(8));
    let path = place.path("recording.pcap");
    recording.save(&path);
    play(&replay, &path, &place, SPEED).await;

    stream
        .wait("the emergency", |event| {
            event.name == "emergency_raised" && event.data["data"]["radio"] == radio(8)
        })
        .await;
    let events = stream.events();
    assert_eq!(reports(&events), said);
    let status = events
        .iter()
        .find(|event| event.data["data"]["from"] == radio(7))
        .unwrap();
    assert_eq!(status.data["data"]["status"], 5);
    let up = |event: &Event| event.name == "station_changed" && event.data["data"]["up"] == true;
    let station = stream.wait("the station", up).await;
    assert_eq!(station.data["data"]["station"], STATION);
}

/// Words by chance that fit one fragment of the form, Chinese among them.
fn some_text(rng: &mut Rng, form: TextForm) -> String {
    let longest = if form == TextForm::Udt { 18 } else { 40 };
    let length = 2 + rng.below(longest);
    (0..length)
        .map(|index| match rng.below(3) {
            _ if index == 0 || index + 1 == length => '山',
            0 => char::from(b'a' + rng.below(26) as u8),
            1 => ' ',
            _ => char::from_u32(0x4E00 + rng.below(0x5000) as u32).unwrap(),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_session_of_a_real_repeater_logs_in_and_its_radios_are_heard() {
    let Some(vectors) = std::env::var_os("NARROWCAST_VECTORS").map(PathBuf::from) else {
        eprintln!("NARROWCAST_VECTORS is not set: no recorded session was played");
        return;
    };
    let Some(replay) = peers::of_workspace("narrowcast-replay") else {
        return;
    };
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    let speakers = "kind,id,name,node,form\nradio,2343265,Speaker,city,tms\n";
    place.import(&http, speakers.to_owned()).await;
    let stream = Stream::open(&place, &http, "from=1", None).await;
    let recording = vectors.join("homebrew/mmdvm_example_55555.pcap");
    play(&replay, &recording, &place, "100").await;
    let identified = |event: &Event| {
        let said = event.data["data"]["description"].as_str();
        said.is_some_and(|said| said.contains("2E0SIP") && said.contains("436.500000"))
    };
    stream
        .wait("what the repeater says of itself", identified)
        .await;
    let heard = |event: &Event| event.name == "radio_heard";
    stream.wait("a radio of the recording", heard).await;
}
