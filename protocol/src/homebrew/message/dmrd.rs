//! One DMR burst.

use bytes::{BufMut, Bytes, BytesMut};
use nom::Parser;
use nom::combinator::opt;

use super::wire::{address, exact, id, octets, put_u24};
use super::{MessageError, Uuid};
use crate::air::Slot;
use crate::dmr::fields::{Field, Fields};

/// What kind of burst is carried (bits 5 to 0 of the flags).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameType {
    /// A voice burst without sync: B to F are 1 to 5, of 0 to 15.
    Voice(u8),
    /// A voice burst with sync; the number is 0 (burst A), of 0 to 15.
    VoiceSync(u8),
    /// A data or control burst, with its data type 0 to 15 (TS 102 361-1 table 6.1).
    Data(u8),
    /// The unused fourth value, with the four bits below it.
    Reserved(u8),
}

impl FrameType {
    const fn from_bits(bits: u8) -> Self {
        let low = bits & 0x0F;
        match bits >> 4 & 0b11 {
            0b00 => Self::Voice(low),
            0b01 => Self::VoiceSync(low),
            0b10 => Self::Data(low),
            _ => Self::Reserved(low),
        }
    }

    const fn to_bits(self) -> u8 {
        match self {
            Self::Voice(low) => low & 0x0F,
            Self::VoiceSync(low) => 0x10 | low & 0x0F,
            Self::Data(low) => 0x20 | low & 0x0F,
            Self::Reserved(low) => 0x30 | low & 0x0F,
        }
    }
}

/// How well a burst was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// Wrong bits in the burst, 0 to 141.
    pub bit_errors: u8,
    /// Field strength as a magnitude: 47 is -47 dBm, 0 is unknown.
    pub rssi: u8,
}

impl Quality {
    /// Field strength in dBm, where known.
    #[must_use]
    pub fn dbm(self) -> Option<i16> {
        (self.rssi != 0).then(|| -i16::from(self.rssi))
    }
}

/// One burst, heard or to be transmitted. Not answered.
///
/// Source and destination are the link's own: for voice bursts they come from the call's
/// link control, and a station may leave them stale. The burst itself is the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dmrd {
    /// Counts packets of a slot modulo 256; masters in the field repeat and skip numbers.
    pub sequence: u8,
    /// Who transmits, 24 bits.
    pub source: u32,
    /// For whom, 24 bits.
    pub destination: u32,
    /// The repeater that heard it; towards a repeater some masters leave another's id here.
    pub repeater: u32,
    /// On which timeslot.
    pub slot: Slot,
    /// Whether `destination` is a group.
    pub group: bool,
    /// What the burst is.
    pub frame: FrameType,
    /// Opaque. Constant over one call, but one value may cover several calls, and a data
    /// transmission may use several values.
    pub stream: u32,
    /// 264 bits with sync or embedded signalling and slot type, without CACH.
    pub burst: [u8; 33],
    /// The two bytes of the 55-byte form.
    pub quality: Option<Quality>,
    /// The call that a trunked site carries; only in the 71-byte form.
    pub uuid: Option<Uuid>,
}

impl Dmrd {
    /// The bytes it begins with.
    pub const NAME: &'static str = "DMRD";
    /// Bytes of its longest form.
    pub const LONGEST: usize = 71;

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is not 53, 55 or 71 bytes long.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        // The UUID stands behind the quality only.
        let tail = opt((
            octets("bit errors and rssi"),
            opt(octets("call UUID").map(Uuid)),
        ));
        let fields = (
            octets::<1>("sequence"),
            address("source"),
            address("destination"),
            id(),
            octets::<1>("flags"),
            octets("stream id"),
            octets("burst"),
            tail,
        );
        exact(Self::NAME, datagram, fields.map(Self::from_fields))
    }

    #[expect(clippy::type_complexity, reason = "the eight fields in their order")]
    fn from_fields(
        fields: (
            [u8; 1],
            u32,
            u32,
            u32,
            [u8; 1],
            [u8; 4],
            [u8; 33],
            Option<([u8; 2], Option<Uuid>)>,
        ),
    ) -> Self {
        let ([sequence], source, destination, repeater, [flags], stream, burst, tail) = fields;
        let (quality, uuid) = tail.unzip();
        Self {
            sequence,
            source,
            destination,
            repeater,
            slot: if flags & 0x80 == 0 {
                Slot::One
            } else {
                Slot::Two
            },
            group: flags & 0x40 == 0,
            frame: FrameType::from_bits(flags),
            stream: u32::from_be_bytes(stream),
            burst,
            quality: quality.map(|[bit_errors, rssi]| Quality { bit_errors, rssi }),
            uuid: uuid.flatten(),
        }
    }

    /// The 53 or, with `quality`, 55 bytes to send; with `uuid`, 71.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(Self::LONGEST);
        self.encode_into(&mut out)
    }

    /// As [`encode`](Self::encode), into memory that many datagrams share: what is free in `out`. It
    /// takes along what `out` holds, which is nothing between two datagrams.
    pub fn encode_into(&self, out: &mut BytesMut) -> Bytes {
        out.put_slice(Self::NAME.as_bytes());
        out.put_u8(self.sequence);
        put_u24(out, self.source);
        put_u24(out, self.destination);
        out.put_u32(self.repeater);
        let slot = if self.slot == Slot::Two { 0x80 } else { 0 };
        let unit = if self.group { 0 } else { 0x40 };
        out.put_u8(slot | unit | self.frame.to_bits());
        out.put_u32(self.stream);
        out.put_slice(&self.burst);
        let unknown = self.uuid.map(|_| Quality {
            bit_errors: 0,
            rssi: 0,
        });
        if let Some(quality) = self.quality.or(unknown) {
            out.put_u8(quality.bit_errors);
            out.put_u8(quality.rssi);
        }
        if let Some(uuid) = self.uuid {
            out.put_slice(&uuid.0);
        }
        out.split().freeze()
    }
}

impl Fields for Dmrd {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("sequence", self.sequence, 8));
        out.push(Field::number("source", self.source, 24));
        out.push(Field::number("destination", self.destination, 24));
        out.push(Field::number("repeater_id", self.repeater, 32));
        out.push(Field::number("slot", self.slot.number(), 1));
        out.push(Field::flag("group", self.group));
        let (kind, name, low) = match self.frame {
            FrameType::Voice(low) => ("voice", "voice_index", low),
            FrameType::VoiceSync(low) => ("voice sync", "voice_index", low),
            FrameType::Data(low) => ("data", "data_type", low),
            FrameType::Reserved(low) => ("reserved", "data_type", low),
        };
        out.push(Field::coded(
            "frame_type",
            self.frame.to_bits() >> 4,
            2,
            kind,
        ));
        out.push(Field::number(name, low, 4));
        out.push(Field::bytes("stream_id", self.stream.to_be_bytes()));
        out.push(Field::bytes("burst", self.burst));
        if let Some(quality) = self.quality {
            out.push(Field::number("bit_errors", quality.bit_errors, 8));
            let dbm = quality.dbm();
            let rssi = dbm.map_or_else(|| "unknown".to_owned(), |dbm| format!("{dbm} dBm"));
            out.push(Field::text("rssi", rssi));
        }
        if let Some(uuid) = self.uuid {
            out.push(Field::text("uuid", uuid.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECORDED: &str = "444d52440b27fd7900238b002811d1e31b6bf08343f0007d899035ac17893812c4\
                            cdff57d75df5dac92265f88be83ae0bf1d6f1398002f";

    #[test]
    fn recorded_preamble_reads_as_its_log_says() {
        let datagram = hex::decode(RECORDED).unwrap();
        let message = Dmrd::decode(&datagram).unwrap();
        assert_eq!((message.source, message.destination), (2_620_793, 9_099));
        assert_eq!((message.sequence, message.repeater), (11, 2_626_001));
        assert_eq!((message.slot, message.group), (Slot::Two, false));
        assert_eq!(message.frame, FrameType::Data(3));
        assert_eq!(message.stream, 460_058_755);
        assert_eq!(message.burst[..3], [0x43, 0xF0, 0x00]);
        assert_eq!(message.quality.and_then(Quality::dbm), Some(-47));
        assert_eq!(message.encode(), datagram);
    }

    #[test]
    fn the_short_form_has_no_quality() {
        let datagram = hex::decode(RECORDED).unwrap();
        let message = Dmrd::decode(&datagram[..53]).unwrap();
        assert_eq!(message.quality, None);
        assert_eq!(message.encode(), datagram[..53]);
    }

    #[test]
    fn the_long_form_names_the_call() {
        let uuid = b"0123456789abcdef";
        let datagram = [hex::decode(RECORDED).unwrap(), uuid.to_vec()].concat();
        let message = Dmrd::decode(&datagram).unwrap();
        assert_eq!(datagram.len(), 71);
        assert_eq!(message.uuid, Some(Uuid(*uuid)));
        assert_eq!(message.encode(), datagram);
        let quality = None;
        assert_eq!(Dmrd { quality, ..message }.encode().len(), 71);
    }

    #[test]
    fn any_other_length_is_refused() {
        let datagram = [hex::decode(RECORDED).unwrap(), vec![0; 18]].concat();
        for length in (0..=datagram.len()).filter(|length| ![53, 55, 71].contains(length)) {
            assert!(Dmrd::decode(&datagram[..length]).is_err(), "{length}");
        }
        assert_eq!(
            Dmrd::decode(&datagram[..52]).unwrap_err().to_string(),
            "DMRD of 52 bytes ends within its burst"
        );
    }

    proptest! {
        #[test]
        fn round_trip(
            head: [u8; 20],
            burst in proptest::collection::vec(any::<u8>(), 33),
            tail in proptest::option::of(any::<[u8; 2]>()),
            uuid in proptest::option::of(any::<[u8; 16]>()),
        ) {
            let mut datagram = head.to_vec();
            datagram[..4].copy_from_slice(b"DMRD");
            datagram.extend(burst);
            datagram.extend(tail.into_iter().flatten());
            datagram.extend(tail.and(uuid).into_iter().flatten());
            let message = Dmrd::decode(&datagram).unwrap();
            prop_assert_eq!(message.encode(), datagram);
        }
    }
}
